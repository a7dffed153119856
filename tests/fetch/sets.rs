//! The published sets: their table, layouts, split archives, and what verifying finds.

use super::archives::{Entry, entry, noise, split_zip, tar_gz, zip};
use super::server::Server;
use super::{archive, esc50, fetched, set};
use crate::support::{Sandbox, golden};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use stillroom::data::fetch::{
    Against, NAMES, Record, Sum, Unwatched, folder_by, listed, published, verify,
};
use tar::EntryType;

#[test]
fn the_table_is_in_order() {
    for name in NAMES {
        let set = published(name).expect(name);
        assert!(set.clips.is_some());
        let files: BTreeSet<&str> = set.archives.iter().map(|one| one.file.as_str()).collect();
        assert_eq!(files.len(), set.archives.len(), "{name}: a file twice");
        let mut sums = BTreeSet::new();
        for archive in &set.archives {
            let url = archive.url.as_deref().expect("an address");
            assert!(url.starts_with("https://"), "{url}");
            let digits = match archive.sum.as_ref().expect("a checksum") {
                Sum::Md5(digits) => (digits, 32),
                Sum::Sha256(digits) => (digits, 64),
            };
            assert_eq!(digits.0.len(), digits.1, "{url}");
            assert!(digits.0.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
            assert!(sums.insert(digits.0.clone()), "{url}: a checksum twice");
        }
        let known: u64 = set.archives.iter().filter_map(|one| one.bytes).sum();
        assert!(known < set.unpacked_most, "{name}");
    }
    let error = published("esc5").expect_err("no such set");
    assert_eq!(error.report().hint.as_deref(), Some("did you mean 'esc50'?"));
}

fn fsd50k() -> (Vec<Entry>, Vec<Entry>) {
    let table = |ids: &[u64], split: &str| {
        let rows = ids.iter().map(|id| format!("{id},\"A,B\",\"/m/1,/m/2\"{split}\n"));
        rows.collect::<String>()
    };
    let truth = vec![
        entry(
            "FSD50K.ground_truth/dev.csv",
            format!("fname,labels,mids,split\n{}", table(&[1, 2, 3], ",train")),
        ),
        entry("FSD50K.ground_truth/eval.csv", format!("fname,labels,mids\n{}", table(&[4, 5], ""))),
        entry("FSD50K.ground_truth/vocabulary.csv", "0,A,/m/1\n1,B,/m/2\n"),
    ];
    let clip = |id: u64| Entry {
        is_packed: id.is_multiple_of(2),
        ..entry(
            &format!("FSD50K.{}_audio/{id}.wav", if id < 4 { "dev" } else { "eval" }),
            noise(id, 30_000),
        )
    };
    (truth, (1..=5).map(clip).collect())
}

#[test]
fn split_archives_are_joined_by_their_disks() {
    for part in [7000, 30_000, 41_000, 1 << 20] {
        let (truth, clips) = fsd50k();
        let truth = zip(&truth);
        let mut archives = vec![("FSD50K.ground_truth.zip".to_string(), truth)];
        for (name, own) in [("dev", &clips[..3]), ("eval", &clips[3..])] {
            let parts = split_zip(own, part);
            let last = parts.len() - 1;
            for (index, content) in parts.into_iter().enumerate() {
                let ending =
                    if index == last { "zip".into() } else { format!("z{:02}", index + 1) };
                archives.push((format!("FSD50K.{name}_audio.{ending}"), content));
            }
        }
        let served: Vec<(&str, &[u8])> =
            archives.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let server = Server::of(&served);
        let all = served.iter().map(|(name, content)| archive(name, content)).collect();
        let sandbox = Sandbox::new();
        let found = fetched(&set("fsd50k", all, false), &server, &sandbox).expect("a set");
        assert_eq!(found.files, 8);
        for clip in &clips {
            assert_eq!(std::fs::read(found.folder.join(&clip.name)).expect("a clip"), clip.content);
        }
    }
}

/// The parts were written by Info-ZIP 3.0: `zip -0 -s 64k -r FSD50K.eval_audio.zip FSD50K.eval_audio`.
#[test]
fn a_split_archive_of_info_zip_is_unpacked() {
    let names = ["z01", "z02", "zip"].map(|ending| format!("FSD50K.eval_audio.{ending}"));
    let contents =
        names.clone().map(|name| std::fs::read(golden(&format!("split/{name}"))).expect("a part"));
    let served: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&contents)
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    let server = Server::of(&served);
    let all = served.iter().map(|(name, content)| archive(name, content)).collect();
    let sandbox = Sandbox::new();
    let found = fetched(&set("own", all, false), &server, &sandbox).expect("a set");
    assert_eq!(found.files, 4);
    for n in 0..4 {
        let lines: String = (0..2600).map(|line| format!("{n} {line:06} still\n")).collect();
        assert_eq!(sandbox.read(&format!("sets/own/FSD50K.eval_audio/{n}.wav")), lines);
    }
}

fn speech_commands() -> Vec<(Entry, EntryType)> {
    let clips = [
        "yes/a_nohash_0.wav",
        "yes/b_nohash_0.wav",
        "no/a_nohash_0.wav",
        "_background_noise_/pink.wav",
    ];
    let mut entries = vec![(entry("./", ""), EntryType::Directory)];
    let files =
        clips.iter().map(|name| entry(&format!("./{name}"), noise(name.len() as u64, 3000)));
    let lists = [
        ("testing_list.txt", "no/a_nohash_0.wav\n"),
        ("validation_list.txt", "yes/b_nohash_0.wav\n"),
    ];
    let lists = lists.map(|(name, text)| entry(&format!("./{name}"), text));
    entries.extend(files.chain(lists).map(|own| (own, EntryType::Regular)));
    entries
}

#[test]
fn tar_archives_are_unpacked() {
    let content = tar_gz(&speech_commands());
    let server = Server::of(&[("speech.tar.gz", &content)]);
    let sandbox = Sandbox::new();
    let own = set("speech_commands", vec![archive("speech.tar.gz", &content)], false);
    let found = fetched(&own, &server, &sandbox).expect("a set");
    assert_eq!(found.files, 6);
    std::fs::remove_file(found.folder.join("still-dataset.json")).expect("the record");
    let verdict = verify(&found.folder, &mut Unwatched).expect("a verdict");
    assert!(
        verdict.is_well() && verdict.against == Against::Lists("speech_commands"),
        "{verdict:?}"
    );
}

#[test]
fn an_archive_of_another_set_or_half_of_one_is_refused() {
    let mut half = super::archives::esc50();
    half.remove(0);
    let content = zip(&half);
    let server = Server::of(&[("esc.zip", &content)]);
    for (name, words) in [
        ("esc50", "clips that its list tells of are not in the archive"),
        ("urbansound8k", "what was unpacked is another set"),
    ] {
        let sandbox = Sandbox::new();
        let own = set(name, vec![archive("esc.zip", &content)], true);
        let error = fetched(&own, &server, &sandbox).expect_err("another set");
        assert!(error.headline().contains(words), "{error}");
        assert!(!sandbox.file("sets").join(name).exists());
    }
    // All of its own, but not the published set.
    let (server, _, mut own) = esc50();
    own.clips = published("esc50").expect("the set").clips;
    let error = fetched(&own, &server, &Sandbox::new()).expect_err("another set");
    assert!(error.headline().contains("another number of clips"), "{error}");
    own.clips = own.clips.map(|clips| stillroom::data::fetch::Clips { count: 10, ..clips });
    own.archives[0].is_loose = true;
    let sandbox = Sandbox::new();
    let error = fetched(&own, &server, &sandbox).expect_err("another set");
    assert!(error.headline().contains("not the bytes that were published"), "{error}");
    let left = stillroom::disk::files_in(&sandbox.file("sets"));
    assert_eq!(left, ["downloads/esc50.lock"], "an archive that nobody vouches for is not kept");
}

#[test]
fn verifying_names_what_is_missing_changed_or_too_much() {
    let (sandbox, (server, _, own)) = (Sandbox::new(), esc50());
    let folder = fetched(&own, &server, &sandbox).expect("a set").folder;
    let record = Record::read(&folder).expect("a record").expect("a record");
    assert_eq!((record.set.as_str(), record.files.len()), ("esc50", 11));
    assert_eq!(record.archives[0].sum, own.archives[0].sum);
    let file = |name: &str| folder.join("audio").join(name);
    std::fs::remove_file(file("1-10-A-0.wav")).expect("a file");
    let mut bytes = std::fs::read(file("2-20-A-0.wav")).expect("a file");
    bytes[100] ^= 1;
    std::fs::write(file("2-20-A-0.wav"), bytes).expect("a file");
    std::fs::write(file("new.wav"), "new").expect("a file");
    let verdict = verify(&folder, &mut Unwatched).expect("a verdict");
    assert_eq!(verdict.missing, ["audio/1-10-A-0.wav"]);
    assert_eq!(verdict.changed, ["audio/2-20-A-0.wav"]);
    assert_eq!(verdict.extra, ["audio/new.wav"]);
    // Without the record the lists still tell of two of them.
    std::fs::remove_file(folder.join("still-dataset.json")).expect("the record");
    std::fs::write(file("3-30-A-0.wav"), "").expect("a file");
    let verdict = verify(&folder, &mut Unwatched).expect("a verdict");
    assert_eq!(verdict.against, Against::Lists("esc50"));
    assert_eq!(verdict.missing, ["audio/1-10-A-0.wav"]);
    assert_eq!(verdict.changed, ["audio/3-30-A-0.wav"]);
    assert_eq!(verdict.extra, ["audio/new.wav"]);
    std::fs::write(folder.join("still-dataset.json"), "{").expect("a file");
    let error = verify(&folder, &mut Unwatched).expect_err("a damaged record");
    assert!(error.headline().contains("the record is damaged"), "{error}");
}

#[test]
fn lists_of_ones_own_are_looked_through() {
    let sandbox = Sandbox::new();
    for (text, words) in [
        ("", "this is no list of archives"),
        ("{}", "no set is called 'own'"),
        (r#"{"own": {"archives": []}}"#, "'own' has no archives"),
        (r#"{"own": {"archives": [{"file": "../a.zip"}]}}"#, "is no name for a file"),
        (
            r#"{"own": {"archives": [{"file": "a.zip", "md5": "ABC"}]}}"#,
            "the checksum of a.zip is none",
        ),
        (r#"{"own": {"archives": [{"file": "a.zip", "sha1": "abc"}]}}"#, "unknown field `sha1`"),
    ] {
        let error = listed(&sandbox.write("list.json", text), "own").expect_err(text);
        assert!(error.headline().contains(words), "{text}: {error}");
    }
    let text = r#"{"../own": {"archives": [{"file": "a.zip"}]}}"#;
    let error = listed(&sandbox.write("list.json", text), "../own").expect_err(text);
    assert!(error.headline().contains("is no name for a file"), "{error}");
}

#[test]
fn sets_go_where_the_environment_says() {
    let by = |pairs: &[(&str, &str)]| {
        folder_by(&|name| {
            let found = pairs.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| PathBuf::from(value))
        })
    };
    let all = [("STILL_DATA", "/d"), ("STILL_HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("HOME", "/u")];
    assert_eq!(by(&all).as_deref(), Some(Path::new("/d")));
    assert_eq!(by(&all[1..]).as_deref(), Some(Path::new("/h/datasets")));
    if cfg!(target_os = "linux") {
        assert_eq!(by(&all[2..]).as_deref(), Some(Path::new("/x/stillroom/datasets")));
        assert_eq!(by(&all[3..]).as_deref(), Some(Path::new("/u/.local/share/stillroom/datasets")));
    }
    assert_eq!(by(&[]), None);
}
