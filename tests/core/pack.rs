//! Packed runs: the same run gives the same file, and no file does harm.

use super::store::{commit, home, key, store};
use crate::support::Sandbox;
use crate::support::past::past;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use stillroom::disk::faults::{self, Fault};
use stillroom::run::Home;
use stillroom::run::pack::{Packed, pack, unpack};
use zip::write::SimpleFileOptions;

/// A run with one stage from the store, and its file without or with weights.
fn packed(sandbox: &Sandbox, weights: bool) -> (PathBuf, Packed) {
    commit(&store(sandbox), &key("teacher"));
    let hit = json!({ "event": "store_hit", "stage": "teacher", "key": key("teacher") });
    past(sandbox, "1_a", "fn tau(ctx) { 1.0 }\n", &[hit, json!({ "event": "end" })]);
    sandbox.write("home/runs/1_a/weights/teacher.best.safetensors", [7; 5000]);
    sandbox.write("home/runs/1_a/weights/teacher.last.safetensors", [7; 5000]);
    sandbox.write("home/runs/1_a/checkpoints/1/state", "not packed");
    sandbox.write("home/runs/1_a/recipe/0001/.still-draft", "not packed");
    sandbox.write("home/runs/1_a/run.lock", "");
    let file = sandbox.file("a.still");
    let told = pack(&sandbox.file("home/runs/1_a"), Some(&home(sandbox)), weights, &file);
    (file, told.expect("packed"))
}

fn other(sandbox: &Sandbox) -> Home {
    Home::of(Path::new(""), Some(sandbox.file("other")))
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    stillroom::disk::files_in(&sandbox.file("other"))
}

#[test]
fn it_goes_there_and_back() {
    let sandbox = Sandbox::new();
    let (file, told) = packed(&sandbox, false);
    assert_eq!(told.files, 3);
    let first = std::fs::read(&file).expect("the file");
    packed(&sandbox, false);
    assert_eq!(std::fs::read(&file).expect("the file"), first, "the same bytes");
    let unpacked = unpack(&file, &other(&sandbox)).expect("unpacked");
    assert!(!unpacked.known);
    let object = format!("runs/1_a/objects/{}/object.json", key("teacher"));
    let lean = ["runs/1_a/events.jsonl", &object, "runs/1_a/recipe/0000/tiny.rhai"];
    assert_eq!(names(&sandbox), lean);
    assert!(unpack(&file, &other(&sandbox)).expect("the same").known);
    // What was unpacked packs to the same again.
    pack(&sandbox.file("other/runs/1_a"), None, false, &sandbox.file("b.still")).expect("packed");
    assert_eq!(std::fs::read(sandbox.file("b.still")).expect("the file"), first);

    sandbox.write("other/runs/1_a/tags.json", "[\"mine\"]");
    assert!(unpack(&file, &other(&sandbox)).expect("tags are the user's own").known);
    sandbox.write("other/runs/1_a/events.jsonl", "{}\n");
    let error = unpack(&file, &other(&sandbox)).expect_err("another run");
    assert_eq!(error.report().problem, "there is another run of this name");
    assert_eq!(sandbox.read("other/runs/1_a/events.jsonl"), "{}\n");
}

#[test]
fn with_weights_each_content_is_packed_once() {
    let sandbox = Sandbox::new();
    let (file, told) = packed(&sandbox, true);
    assert_eq!(told.files, 7);
    assert!(told.bytes < 100_000, "{told:?}");
    unpack(&file, &other(&sandbox)).expect("unpacked");
    let twins = ["best", "last"].map(|which| {
        std::fs::read(sandbox.file(&format!("other/runs/1_a/weights/teacher.{which}.safetensors")))
    });
    assert!(twins.into_iter().all(|bytes| bytes.expect("weights") == [7; 5000]));
}

#[test]
fn a_cut_or_changed_file_leaves_nothing() {
    let sandbox = Sandbox::new();
    let (file, _) = packed(&sandbox, false);
    let whole = std::fs::read(&file).expect("the file");
    for length in 0..whole.len() {
        std::fs::write(&file, &whole[..length]).expect("cut");
        assert!(unpack(&file, &other(&sandbox)).is_err(), "cut at {length}");
    }
    assert!(names(&sandbox).is_empty());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&file, &bytes).expect("changed");
        // A byte of the archive's own bookkeeping may not matter; then all is as it was packed.
        if unpack(&file, &other(&sandbox)).is_ok() {
            std::fs::write(&file, &whole).expect("the file");
            assert!(unpack(&file, &other(&sandbox)).is_ok_and(|told| told.known), "byte {at}");
            std::fs::remove_dir_all(sandbox.file("other")).expect("removed");
        }
        assert!(names(&sandbox).is_empty(), "byte {at}");
    }
}

/// An archive of these members, whose manifest names them unless it is given.
fn archive(
    sandbox: &Sandbox,
    run: &str,
    members: &[(&str, &str)],
    manifest: Option<Value>,
) -> PathBuf {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut files = json!({});
    for (name, text) in members {
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        files[name] = json!({ "blake3": hash, "bytes": text.len() });
        archive.start_file(*name, SimpleFileOptions::default()).expect("a member");
        archive.write_all(text.as_bytes()).expect("room");
    }
    let manifest = manifest.unwrap_or(
        json!({ "format": 1, "run": run, "still": "0", "weights": false, "files": files }),
    );
    archive.start_file("manifest.json", SimpleFileOptions::default()).expect("a member");
    archive.write_all(manifest.to_string().as_bytes()).expect("room");
    sandbox.write("bad.still", archive.finish().expect("an archive").into_inner())
}

#[test]
fn hostile_files_are_refused() {
    let sandbox = Sandbox::new();
    let refused = |run: &str, members: &[(&str, &str)], manifest: Option<Value>| {
        let file = archive(&sandbox, run, members, manifest);
        let error = unpack(&file, &other(&sandbox)).expect_err("hostile");
        assert!(names(&sandbox).is_empty() && !sandbox.file("evil").exists());
        error.report().problem.clone()
    };
    let out = "a name in it leads out of the run's folder";
    for name in ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:evil", "./a", "a//b", ""] {
        assert_eq!(refused("1_a", &[(name, "x")], None), out, "{name}");
    }
    let run = "the run's name is no name of a folder";
    for name in ["..", "../x", "", ".still-x", "a/b", "/a", &"x".repeat(300)] {
        assert_eq!(refused(name, &[("events.jsonl", "{}")], None), run, "{name}");
    }
    let manifest = |files: Value| {
        Some(json!({ "format": 1, "run": "1_a", "still": "0", "weights": false, "files": files }))
    };
    let hash = |text: &str| blake3::hash(text.as_bytes()).to_hex().to_string();
    assert_eq!(
        refused("", &[("events.jsonl", "{}")], manifest(json!({}))),
        "'events.jsonl' is not in manifest.json"
    );
    let absent = json!({ "a": { "blake3": hash("x"), "bytes": 1 } });
    assert_eq!(refused("", &[], manifest(absent)), "'a' is damaged");
    let circle = json!({ "a": { "blake3": hash("x"), "bytes": 1, "same_as": "a" } });
    assert_eq!(refused("", &[], manifest(circle)), "'a' is damaged");
    let longer = json!({ "a": { "blake3": hash("x"), "bytes": 1 } });
    assert_eq!(refused("", &[("a", &"x".repeat(9999))], manifest(longer)), "'a' is damaged");
    let bomb = json!({ "a": { "blake3": hash("x"), "bytes": u64::MAX } });
    assert_eq!(refused("", &[("a", "x")], manifest(bomb)), "it would become far longer than it is");
    let many: serde_json::Map<String, Value> = (0..1000)
        .map(|n| {
            (format!("b{n}"), json!({ "blake3": hash("x"), "bytes": 1 << 30, "same_as": "a" }))
        })
        .collect();
    assert_eq!(
        refused("", &[("a", "x")], manifest(many.into())),
        "it would become far longer than it is"
    );
    let newer = json!({ "format": 2, "run": "1_a", "still": "9", "weights": false, "files": {} });
    assert_eq!(
        refused("", &[], Some(newer)),
        "the pack has a format that this Stillroom does not know"
    );
    assert_eq!(refused("", &[], Some(json!([]))), "'manifest.json' is damaged");
    for name in ["granted.json", "origin", "clips.json"] {
        let told = format!("'{name}' belongs to one machine, and is in no packed run");
        assert_eq!(refused("1_a", &[("events.jsonl", "{}"), (name, "[\"/\"]")], None), told);
    }
    // A file and a folder of one name.
    refused("1_a", &[("a", "x"), ("a/b", "x")], None);

    let mut link = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    link.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).expect("a link");
    link.start_file("manifest.json", SimpleFileOptions::default()).expect("a member");
    let files = json!({ "a": { "blake3": hash("/etc/passwd"), "bytes": 11 } });
    let text = manifest(files).expect("a manifest").to_string();
    link.write_all(text.as_bytes()).expect("room");
    let file = sandbox.write("link.still", link.finish().expect("an archive").into_inner());
    let error = unpack(&file, &other(&sandbox)).expect_err("a link");
    assert_eq!(error.report().problem, "'a' is no file");
}

#[test]
fn a_full_disk_leaves_no_part_of_it() {
    let sandbox = Sandbox::new();
    let (file, _) = packed(&sandbox, false);
    let whole = std::fs::read(&file).expect("the file");
    for n in 1.. {
        let armed = faults::fail_after(n, Fault::Full);
        let told = pack(&sandbox.file("home/runs/1_a"), Some(&home(&sandbox)), false, &file);
        let struck = armed.struck();
        drop(armed);
        assert_eq!(std::fs::read(&file).expect("the file"), whole, "operation {n}");
        if !struck {
            told.expect("packed");
            break;
        }
    }
    for n in 1.. {
        let armed = faults::fail_after(n, Fault::Full);
        let told = unpack(&file, &other(&sandbox));
        let struck = armed.struck();
        drop(armed);
        let drafts = std::fs::read_dir(sandbox.file("other/runs"));
        let drafts = drafts.into_iter().flatten().flatten();
        let drafts = drafts.filter(|entry| entry.file_name() != "1_a").count();
        assert_eq!(drafts, 0, "operation {n}");
        if !struck {
            assert!(n > 10 && told.is_ok());
            break;
        }
        assert!(matches!(names(&sandbox).len(), 0 | 3), "operation {n}");
        let _ = std::fs::remove_dir_all(sandbox.file("other"));
    }
}

#[test]
fn a_kill_leaves_no_part_of_a_run() {
    let sandbox = Sandbox::new();
    packed(&sandbox, false);
    for n in 1.. {
        let mut command = sandbox.command();
        command.env(faults::VARIABLE, format!("{n}!")).env("STILL_HOME", sandbox.file("other"));
        let output = command.args(["runs", "unpack", "a.still"]).output().expect("the binary");
        let runs = sandbox.file("other/runs/1_a");
        assert!(matches!(stillroom::disk::files_in(&runs).len(), 0 | 3), "operation {n}");
        if output.status.success() {
            assert!(n > 10, "all {n} operations were walked through");
            break;
        }
        let _ = std::fs::remove_dir_all(sandbox.file("other"));
    }
}
