//! Servers that cut, lie, wait and change.

use super::archives::noise;
use super::{archive, esc50, fetched, options, set};
use crate::support::Sandbox;
use std::time::{Duration, Instant};
use stillroom::data::fetch::{Patience, Unwatched, fetch, installed_in, verify};
use stillroom::disk::Lock;
use stillroom::disk::faults::{self, Fault};
use stillroom::error::Kind;

#[test]
fn a_set_is_fetched_once_and_whole() {
    let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
    let found = fetched(&set, &server, &sandbox).expect("a set");
    assert_eq!((found.files, found.was_there), (11, false));
    let sets = sandbox.file("sets");
    assert_eq!(installed_in(&sets, "esc50"), Some(found.folder.clone()));
    assert!(found.folder.join("audio/5-51-A-1.wav").is_file());
    assert!(!sets.join("downloads").exists(), "archives and locks are gone");
    assert!(verify(&found.folder, &mut Unwatched).expect("a verdict").is_well());
    let again = fetched(&set, &server, &sandbox).expect("a set");
    assert!(again.was_there);
    assert_eq!(server.ranges(), [""], "asked for once");
}

#[test]
fn connections_that_are_cut_anywhere_go_on_where_they_were() {
    for seed in 0..12 {
        let (sandbox, (server, content, set)) = (Sandbox::new(), esc50());
        let cuts: Vec<usize> =
            noise(seed, 6).iter().map(|byte| *byte as usize * content.len() / 1000).collect();
        server.manners().cuts = cuts.iter().copied().collect();
        server.manners().etag = (seed % 2 == 0).then(|| "\"one\"".to_string());
        let found = fetched(&set, &server, &sandbox);
        let ranges = server.ranges();
        let at = |range: &String| -> usize {
            range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0)
        };
        found.unwrap_or_else(|error| panic!("seed {seed}, {ranges:?}: {error}"));
        assert!(ranges.len() > 2, "seed {seed}: {ranges:?}");
        let starts: Vec<usize> = ranges.iter().map(at).collect();
        // Nothing is asked for twice: each request begins where the one before was cut.
        for (pair, cut) in starts.windows(2).zip(&cuts) {
            assert_eq!(pair[1], pair[0] + (*cut).min(content.len() - pair[0]), "seed {seed}");
        }
    }
}

#[test]
fn a_server_without_ranges_is_asked_anew() {
    let (sandbox, (server, content, set)) = (Sandbox::new(), esc50());
    server.manners().no_ranges = true;
    server.manners().cuts = [1000, content.len() / 2].into();
    fetched(&set, &server, &sandbox).expect("a set");
    assert_eq!(server.ranges(), ["", "bytes=1000-", &format!("bytes={}-", content.len() / 2)]);
}

#[test]
fn a_server_that_tells_no_length_is_believed_by_the_checksum_only() {
    let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
    server.manners().no_length = true;
    server.manners().cuts = [5000].into();
    let mut unknown = set.clone();
    unknown.archives[0].bytes = None;
    let error = fetched(&unknown, &server, &sandbox).expect_err("half a file");
    assert!(error.headline().contains("the checksum is not the published one"), "{error}");
    fetched(&unknown, &server, &sandbox).expect("a set");
}

#[test]
fn a_file_that_changes_between_two_tries_is_never_mixed() {
    let (sandbox, (server, content, set)) = (Sandbox::new(), esc50());
    let mut loose = set.clone();
    (loose.archives[0].is_loose, loose.archives[0].sum) = (true, None);
    let impatient = Patience { tries: 1, ..super::PATIENCE };
    let once = stillroom::data::fetch::Options {
        patience: impatient,
        ..options(&server, &sandbox.file("sets"))
    };
    // Another file with as many bytes, up to the last of which nothing tells them apart but the tag.
    let mut old = content.clone();
    old.reverse();
    server.manners().files.insert("/esc.zip".into(), old);
    server.manners().etag = Some("\"old\"".into());
    server.manners().cuts = [20_000].into();
    let error = fetch(&loose, &once, &mut Unwatched).expect_err("a cut");
    assert_eq!(error.kind(), Kind::File);
    assert_eq!(
        std::fs::metadata(sandbox.file("sets/downloads/esc50/esc.zip.part")).expect("a part").len(),
        20_000
    );
    server.manners().files.insert("/esc.zip".into(), content);
    server.manners().etag = Some("\"new\"".into());
    fetch(&loose, &once, &mut Unwatched).expect("the new file");
    assert_eq!(server.ranges(), ["", "bytes=20000-"]);
}

#[test]
fn a_wrong_checksum_leaves_nothing() {
    let (sandbox, (server, mut content, set)) = (Sandbox::new(), esc50());
    content[700] ^= 1;
    server.manners().files.insert("/esc.zip".into(), content);
    let error = fetched(&set, &server, &sandbox).expect_err("another file");
    assert_eq!(error.kind(), Kind::Data);
    assert!(error.headline().contains("the checksum is not the published one"), "{error}");
    let left = stillroom::disk::files_in(&sandbox.file("sets"));
    assert_eq!(left, ["downloads/esc50.lock"]);
}

#[test]
fn what_a_server_answers_is_told_or_waited_for() {
    let last = |status| vec![(status, String::new())];
    for (answers, requests, outcome) in [
        (last(404), 1, Some("the server answers 404")),
        (last(403), 1, Some("the server answers 403")),
        (last(500), 2, None),
        (vec![(503, String::new()); 4], 4, Some("the server gives no whole file")),
        (vec![(429, "Retry-After: 1\r\n".into())], 2, None),
        (vec![(429, "Retry-After: 900\r\n".into())], 1, Some("the server asks to come back later")),
        (vec![(302, "Location: /esc.zip\r\n".into())], 2, None),
        (vec![(302, "Location: /esc.zip\r\n".into()); 30], 11, Some("too many redirects")),
    ] {
        let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
        server.manners().answers = answers.clone().into();
        let begun = Instant::now();
        let found = fetched(&set, &server, &sandbox);
        match (found, outcome) {
            (Ok(_), None) => {}
            (Err(error), Some(words)) => assert!(error.headline().contains(words), "{error}"),
            (found, outcome) => panic!("{answers:?}: {found:?} instead of {outcome:?}"),
        }
        assert_eq!(server.ranges().len(), requests, "{answers:?}");
        let waits = answers[0].1.contains(": 1\r");
        assert!(
            !waits || begun.elapsed() >= Duration::from_secs(1),
            "it waits as long as it is told"
        );
    }
}

#[test]
fn a_file_of_another_length_is_refused_before_it_comes() {
    let (sandbox, (server, mut content, set)) = (Sandbox::new(), esc50());
    content.push(0);
    server.manners().files.insert("/esc.zip".into(), content.clone());
    let error = fetched(&set, &server, &sandbox).expect_err("another file");
    assert!(error.headline().contains("has another length"), "{error}");
    server.manners().no_length = true;
    let error = fetched(&set, &server, &sandbox).expect_err("another file");
    assert!(error.headline().contains("sends more than the file has"), "{error}");
}

#[test]
fn a_silent_server_is_left_and_asked_again() {
    let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
    server.manners().silence = Some((30_000, Duration::from_secs(15)));
    let silence = Duration::from_millis(400);
    let options = stillroom::data::fetch::Options {
        patience: Patience { silence, ..super::PATIENCE },
        ..options(&server, &sandbox.file("sets"))
    };
    let begun = Instant::now();
    fetch(&set, &options, &mut Unwatched).expect("a set");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert!(server.ranges()[1].starts_with("bytes="), "{:?}", server.ranges());
}

#[test]
fn a_full_disk_anywhere_leaves_no_half_set_and_what_came_is_kept() {
    let mut resumed = 0;
    for n in 1.. {
        let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
        let armed = faults::fail_after(n, Fault::Full);
        let found = fetched(&set, &server, &sandbox);
        let struck = armed.struck();
        drop(armed);
        let sets = sandbox.file("sets");
        if !struck {
            found.expect("a set");
            assert!(n > 40, "all {n} operations were walked through");
            break;
        }
        if let Err(error) = found {
            assert_eq!(error.kind(), Kind::File, "operation {n}: {error}");
        }
        if let Some(folder) = installed_in(&sets, "esc50") {
            assert!(verify(&folder, &mut Unwatched).expect("a verdict").is_well(), "operation {n}");
        } else {
            assert!(!sets.join("esc50").exists(), "operation {n}: half a set");
        }
        let before = server.ranges().len();
        let folder =
            fetched(&set, &server, &sandbox).unwrap_or_else(|error| panic!("{n}: {error}")).folder;
        assert!(verify(&folder, &mut Unwatched).expect("a verdict").is_well(), "operation {n}");
        let after = &server.ranges()[before..];
        resumed += usize::from(after.is_empty() || after[0].starts_with("bytes="));
    }
    assert!(resumed > 10, "most of the time something is kept: {resumed}");
}

#[test]
fn two_at_once_do_not_meet() {
    let (sandbox, (server, _, set)) = (Sandbox::new(), esc50());
    std::fs::create_dir_all(sandbox.file("sets/downloads")).expect("a folder");
    let lock = Lock::try_take(&sandbox.file("sets/downloads/esc50.lock")).expect("a lock");
    let error = fetched(&set, &server, &sandbox).expect_err("the other one");
    assert!(error.headline().contains("another process is fetching this set"), "{error}");
    drop(lock);
    fetched(&set, &server, &sandbox).expect("a set");
}

#[test]
fn what_is_damaged_on_the_disk_is_fetched_again() {
    let (sandbox, (server, content, set)) = (Sandbox::new(), esc50());
    let downloads = "sets/downloads/esc50/";
    // A part of something else, an archive of something else: both are found out.
    sandbox.write(&format!("{downloads}esc.zip"), noise(1, content.len()));
    fetched(&set, &server, &sandbox).expect("a set");
    let sandbox = Sandbox::new();
    sandbox.write(&format!("{downloads}esc.zip.part"), noise(1, 5000));
    let error = fetched(&set, &server, &sandbox).expect_err("a mixture");
    assert!(error.headline().contains("checksum"), "{error}");
    fetched(&set, &server, &sandbox).expect("a set");
    // An archive of the user's own is taken, and no server is asked.
    let sandbox = Sandbox::new();
    sandbox.write(&format!("{downloads}esc.zip"), &content);
    let before = server.ranges().len();
    fetched(&set, &server, &sandbox).expect("a set");
    assert_eq!(server.ranges().len(), before);
}

#[test]
fn a_folder_of_the_users_is_left_alone() {
    let (sandbox, (server, _, esc)) = (Sandbox::new(), esc50());
    sandbox.write("sets/esc50/mine.txt", "mine");
    let error = fetched(&esc, &server, &sandbox).expect_err("a folder of another's");
    assert!(error.headline().contains("is there, but was not fetched"), "{error}");
    assert_eq!(sandbox.read("sets/esc50/mine.txt"), "mine");
    assert!(server.ranges().is_empty());
    let none = set("other", vec![archive("a.rar", b"x")], false);
    server.manners().files.insert("/a.rar".into(), b"x".to_vec());
    let error = fetched(&none, &server, &sandbox).expect_err("no archive");
    assert!(error.headline().contains("this kind of archive is not known"), "{error}");
}
