//! Archives that want out of their folder, or to fill the disk.

use super::archives::{Entry, entry, noise, split_zip, tar_gz, zip};
use super::server::Server;
use super::{archive, fetched, set};
use crate::support::Sandbox;
use stillroom::error::Kind;
use tar::EntryType;

/// What fetching an archive says; nothing may be left but the archive itself.
fn refused(file: &str, content: &[u8], strip: bool) -> String {
    let (sandbox, server) = (Sandbox::new(), Server::of(&[(file, content)]));
    let own = set("own", vec![archive(file, content)], strip);
    let error = fetched(&own, &server, &sandbox).expect_err("a hostile archive");
    assert_eq!(error.kind(), Kind::Data, "{error}");
    let left = stillroom::disk::files_in(sandbox.path());
    let kept = [format!("sets/downloads/own/{file}"), "sets/downloads/own.lock".to_string()];
    let mut kept = kept.to_vec();
    kept.sort();
    assert_eq!(left, kept, "{error}");
    error.headline()
}

#[test]
fn no_path_leads_out() {
    for (name, words) in [
        ("../out.txt", "leads out of the folder"),
        ("a/../../out.txt", "leads out of the folder"),
        ("/tmp/out.txt", "is absolute"),
        ("..\\out.txt", "not all systems understand"),
        ("C:out.txt", "not all systems understand"),
        ("a\u{7}b", "not all systems understand"),
        ("a./b", "ends in a dot or a space"),
        ("still-dataset.json", "Stillroom's own record"),
        ("Still-Dataset.JSON", "Stillroom's own record"),
    ] {
        let entries = [entry("ok.txt", "ok"), entry(name, "out")];
        let told = refused("a.zip", &zip(&entries), false);
        assert!(told.contains(words), "{name}: {told}");
        let entries = entries.map(|entry| (entry, EntryType::Regular));
        let told = refused("a.tar.gz", &tar_gz(&entries), false);
        assert!(told.contains(words), "{name}: {told}");
    }
    let two = [entry("one/a", "a"), entry("two/b", "b")];
    let told = refused("a.zip", &zip(&two), true);
    assert!(told.contains("not in the one folder at the top"), "{told}");
}

#[test]
fn no_links_and_no_devices() {
    for kind in
        [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo]
    {
        let told = refused("a.tar.gz", &tar_gz(&[(entry("link", ""), kind)]), false);
        assert!(told.contains("a link or a device"), "{kind:?}: {told}");
    }
    for mode in [0o120_777, 0o020_666, 0o060_666, 0o010_666] {
        let link = Entry { mode, ..entry("link", "/etc/passwd") };
        let told = refused("a.zip", &zip(&[link]), false);
        assert!(told.contains("a link or a device"), "{mode:o}: {told}");
    }
}

#[test]
fn no_two_files_in_one_place() {
    for (one, two, words) in [
        ("a/b", "a/b", "a path occurs twice"),
        ("a/b", "A/c", "differ in case only"),
        ("a/b.wav", "a/B.wav", "differ in case only"),
        ("a", "a/b", "a path occurs twice"),
        ("a/b", "a", "a path occurs twice"),
        ("a/b", "./a//b", "a path occurs twice"),
    ] {
        let told = refused("a.zip", &zip(&[entry(one, "1"), entry(two, "2")]), false);
        assert!(told.contains(words), "{one}, {two}: {told}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let zeros = vec![0u8; 12_000_000];
    let bomb = zip(&[entry("zeros", &zeros)]);
    assert!(bomb.len() < 20_000);
    let told = refused("a.zip", &bomb, false);
    assert!(told.contains("unpacks to more than the set has"), "{told}");
    let told = refused("a.tar.gz", &tar_gz(&[(entry("zeros", &zeros), EntryType::Regular)]), false);
    assert!(told.contains("unpacks to more than the set has"), "{told}");
    // Said to be small.
    let liar = Entry { said: Some(100), ..entry("zeros", &zeros) };
    let told = refused("a.zip", &zip(&[liar]), false);
    assert!(told.contains("is longer than the archive says"), "{told}");
    // Together too much.
    let many: Vec<Entry> = (0..4).map(|n| entry(&format!("{n}"), &zeros[..3_000_000])).collect();
    let told = refused("a.zip", &zip(&many), false);
    assert!(told.contains("unpacks to more than the set has"), "{told}");
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let entries: Vec<Entry> = (0..4).map(|n| entry(&format!("{n}.wav"), noise(n, 400))).collect();
    let whole = zip(&entries);
    let gz = tar_gz(&entries.iter().map(|e| (e.clone(), EntryType::Regular)).collect::<Vec<_>>());
    for (file, content, step) in [("a.zip", &whole, 37), ("a.tar.gz", &gz, 61)] {
        for length in (0..content.len()).step_by(step) {
            refused(file, &content[..length], false);
        }
    }
    // A flipped byte anywhere: told, or without a meaning (times, versions, names).
    for at in (0..whole.len()).step_by(23) {
        let mut content = whole.clone();
        content[at] ^= 0x41;
        let (sandbox, server) = (Sandbox::new(), Server::of(&[("a.zip", &content)]));
        let own = set("own", vec![archive("a.zip", &content)], false);
        match fetched(&own, &server, &sandbox) {
            Err(error) => assert_eq!(error.kind(), Kind::Data, "byte {at}: {error}"),
            Ok(found) => {
                let bytes: Vec<Vec<u8>> = stillroom::disk::files_in(&found.folder)
                    .iter()
                    .filter(|name| *name != "still-dataset.json")
                    .map(|name| std::fs::read(found.folder.join(name)).expect("a file"))
                    .collect();
                assert!(
                    bytes.iter().all(|own| entries.iter().any(|e| &e.content == own)),
                    "byte {at}"
                );
            }
        }
    }
}

#[test]
fn a_missing_part_of_a_split_archive_is_told() {
    let entries: Vec<Entry> = (0..4).map(|n| entry(&format!("{n}.wav"), noise(n, 4000))).collect();
    let parts = split_zip(&entries, 5000);
    let told = refused("a.zip", parts.last().expect("a part"), false);
    assert!(told.contains("some of its parts are missing"), "{told}");
}
