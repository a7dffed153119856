//! Files that are written whole or not at all, also on a full disk.

use crate::support::Sandbox;
use serde_json::json;
use stillroom::disk::faults::{self, Fault};
use stillroom::disk::{self, Journal, Lock};
use stillroom::error::Kind;

#[test]
fn a_full_disk_leaves_the_old_content_or_the_new() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("file", "old");
    for n in 1.. {
        std::fs::write(&file, "old").expect("a file");
        let armed = faults::fail_after(n, Fault::Full);
        let written = disk::write_whole(&file, b"new and longer");
        let struck = armed.struck();
        drop(armed);
        let content = sandbox.read("file");
        assert!(content == "old" || content == "new and longer", "operation {n}: {content}");
        assert_eq!(std::fs::read_dir(sandbox.path()).expect("a folder").count(), 1, "no draft");
        let Err(error) = written else {
            assert!(!struck && n > 4, "all {n} operations were walked through");
            assert_eq!(content, "new and longer");
            break;
        };
        assert_eq!(error.kind(), Kind::File);
        let hint = error.report().hint.as_deref();
        assert_eq!(hint, Some("free some space, for instance with `still gc`"));
    }
}

#[test]
fn a_fault_is_no_fault_of_other_threads() {
    let sandbox = Sandbox::new();
    let _armed = faults::fail_after(1, Fault::FullFromThere);
    std::thread::scope(|scope| {
        scope.spawn(|| disk::write_whole(&sandbox.file("a"), b"a").expect("a file"));
    });
    assert!(disk::write_whole(&sandbox.file("b"), b"b").is_err());
    assert!(disk::write_whole(&sandbox.file("c"), b"c").is_err());
}

#[test]
fn a_journal_goes_on_after_a_line_that_was_cut() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("events.jsonl");
    let mut journal = Journal::open(&path).expect("a journal");
    journal.append(&json!({ "n": 1 })).expect("room");
    let armed = faults::fail_after(1, Fault::Full);
    assert!(journal.append(&json!({ "n": 2, "long": "x".repeat(50) })).is_err());
    drop(armed);
    journal.append(&json!({ "n": 3, "text": "two\nlines" })).expect("room again");
    journal.sync().expect("a disk");
    // Killed within a line, and opened by another process.
    let text = sandbox.read("events.jsonl");
    std::fs::write(&path, format!("{text}{{\"n\": 4, ")).expect("a file");
    let mut journal = Journal::open(&path).expect("a journal");
    journal.append(&json!({ "n": 5 })).expect("room");
    let numbers: Vec<_> = disk::read_lines(&path)
        .expect("a journal")
        .iter()
        .map(|line| line["n"].as_i64().expect("a number"))
        .collect();
    assert_eq!(numbers, [1, 3, 5]);
}

#[test]
fn a_journal_of_garbage_has_no_lines() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("events.jsonl", b"\xff\xfe\0\n{\n\n[[[[[\n\"\\ud800\"\n");
    assert!(disk::read_lines(&path).expect("a file").is_empty());
    let deep = sandbox.write("deep.jsonl", "[".repeat(100_000) + "\n{}\n");
    assert_eq!(disk::read_lines(&deep).expect("a file"), [json!({})]);
}

#[test]
fn a_folder_is_removed_under_another_name() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a/b", "text");
    disk::remove_folder(&sandbox.file("folder")).expect("removed");
    disk::remove_folder(&sandbox.file("folder")).expect("nothing to remove");
    disk::remove_file(&sandbox.file("file")).expect("nothing to remove");
    assert_eq!(std::fs::read_dir(sandbox.path()).expect("a folder").count(), 0);
}

#[test]
fn a_lock_is_had_once() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("a.lock");
    assert!(!Lock::held(&path));
    let lock = Lock::try_take(&path).expect("a file").expect("a free lock");
    assert!(Lock::held(&path));
    assert!(Lock::try_take(&path).expect("a file").is_none());
    drop(lock);
    assert!(!Lock::held(&path));
    // A lock whose file was removed meanwhile is not taken for one that others see.
    Lock::try_take(&path).expect("a file").expect("a free lock").remove();
    assert!(!path.exists());
    let _lock = Lock::try_take(&path).expect("a file").expect("a free lock");
    assert!(Lock::held(&path));
}

#[test]
fn paths_are_told_with_one_slash() {
    for (path, told) in
        [("/tmp/a.wav", "/tmp/a.wav"), ("audio/a.wav", "audio/a.wav"), ("./a", "./a"), ("/", "")]
    {
        assert_eq!(stillroom::disk::slashed(std::path::Path::new(path)), told);
    }
}
