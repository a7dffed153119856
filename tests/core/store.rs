//! The store: whole objects or none, whoever writes, breaks or kills.

use crate::support::Sandbox;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use stillroom::disk::faults::{self, Fault};
use stillroom::run::Home;
use stillroom::run::store::{Found, Object, Store};

pub fn key(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

pub fn store(sandbox: &Sandbox) -> Store {
    Store::at(&home(sandbox))
}

pub fn home(sandbox: &Sandbox) -> Home {
    Home::of(Path::new(""), Some(sandbox.file("home")))
}

fn files() -> Vec<(String, Vec<u8>)> {
    let weights = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
    vec![("last.safetensors".into(), weights), ("empty".into(), Vec::new())]
}

pub fn commit(store: &Store, key: &str) -> Object {
    store.commit(key, json!({ "accuracy": 0.1 + 0.2, "name": "ü" }), files()).expect("committed")
}

#[track_caller]
fn hit(store: &Store, key: &str) -> Object {
    match store.get(key).expect("a store") {
        Found::Hit(object) => object,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn missing(store: &Store, key: &str) {
    let found = store.get(key).expect("a store");
    assert!(matches!(found, Found::Missing), "{found:?}");
}

/// Drafts in `objects/`.
fn drafts(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.file("home/objects")).into_iter().flatten().flatten();
    let draft = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('.');
    entries.map(|entry| entry.path()).filter(draft).collect()
}

/// This very test binary as another process that does one thing to the store.
fn child(sandbox: &Sandbox, act: &str, fault: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", "core::store::as_another_process", "--nocapture"]);
    command.env("STILL_TEST_ACT", act).env("STILL_TEST_HOME", sandbox.path());
    if let Some(fault) = fault {
        command.env(faults::VARIABLE, fault);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process")
}

#[test]
fn as_another_process() {
    let Ok(act) = std::env::var("STILL_TEST_ACT") else { return };
    let home = PathBuf::from(std::env::var("STILL_TEST_HOME").expect("a home")).join("home");
    let store = Store::at(&Home::of(Path::new(""), Some(home.clone())));
    match act.as_str() {
        "commit" => drop(commit(&store, &key("shared"))),
        "lock" => {
            let _lock = store.lock(&key("shared"), &mut || Ok(())).expect("a lock");
            std::fs::write(home.join("locked"), "").expect("a file");
            std::thread::sleep(Duration::from_secs(60));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_committed_is_found() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    missing(&store, &key("a"));
    assert!(store.objects().is_empty());
    let committed = commit(&store, &key("a"));
    let found = hit(&store, &key("a"));
    assert_eq!(found.meta, json!({ "accuracy": 0.1 + 0.2, "name": "ü" }));
    assert_eq!((found.path, found.committed), (committed.path.clone(), committed.committed));
    assert_eq!(committed.read("last.safetensors").expect("weights"), files()[0].1);
    assert_eq!(committed.read("empty").expect("nothing"), b"");
    assert!(committed.read("../object.json").is_err());
    let manifest = std::fs::read(committed.path.join("object.json")).expect("a file");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["object"]["key"], key("a"));
    // A second one of this key changes nothing.
    let again = store.commit(&key("a"), json!(1), Vec::new()).expect("the first one");
    assert_eq!(again.meta, committed.meta);
    commit(&store, &key("b"));
    let keys: Vec<String> = store.objects().into_iter().map(|meta| meta.key).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(store.objects()[0].bytes, 80_000);
    store.remove(&key("a")).expect("removed");
    store.remove(&key("a")).expect("nothing to remove");
    missing(&store, &key("a"));
    assert!(drafts(&sandbox).is_empty());
}

#[test]
fn a_name_that_would_leave_the_folder_is_refused() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    for name in ["../a", "/a", "a/b", "", "..", "object.json", "a\\b"] {
        assert!(store.commit(&key("a"), json!(0), vec![(name.into(), vec![])]).is_err(), "{name}");
    }
    for bad in ["", "..", &"A".repeat(64), &key("a")[..63], "é"] {
        assert!(store.get(bad).is_err() && store.lock(bad, &mut || Ok(())).is_err(), "{bad}");
    }
    missing(&store, &key("a"));
    assert!(drafts(&sandbox).is_empty());
}

#[test]
fn a_damaged_object_is_put_aside_and_told() {
    type Damage = fn(&Path);
    fn flip(path: &Path, at: usize) {
        let mut bytes = std::fs::read(path).expect("a file");
        bytes[at] ^= 1;
        std::fs::write(path, bytes).expect("a file");
    }
    let weights = "last.safetensors has another hash";
    let manifest = "object.json has another hash";
    let damages: [(&str, Damage); 9] = [
        (weights, |path| flip(&path.join("last.safetensors"), 79_999)),
        ("last.safetensors has 79999 bytes instead of 80000", |path| {
            let whole = std::fs::read(path.join("last.safetensors")).expect("a file");
            std::fs::write(path.join("last.safetensors"), &whole[..79_999]).expect("a file");
        }),
        ("empty is missing", |path| std::fs::remove_file(path.join("empty")).expect("a file")),
        ("object.json is missing", |path| {
            std::fs::remove_file(path.join("object.json")).expect("a file")
        }),
        (manifest, |path| flip(&path.join("object.json"), 100)),
        (manifest, |path| flip(&path.join("object.json"), 11)),
        (manifest, |path| std::fs::write(path.join("object.json"), "").expect("a file")),
        ("empty is no file", |path| {
            std::fs::remove_file(path.join("empty")).expect("a file");
            let made = Command::new("mkfifo").arg(path.join("empty")).status();
            assert!(made.expect("mkfifo").success());
        }),
        ("it is no folder", |path| {
            std::fs::remove_dir_all(path).expect("a folder");
            std::fs::write(path, "a file").expect("a file");
        }),
    ];
    for (reason, damage) in damages {
        let sandbox = Sandbox::new();
        let store = store(&sandbox);
        let object = commit(&store, &key("a"));
        damage(&object.path);
        match store.get(&key("a")).expect("a store") {
            Found::Damaged(told) => assert_eq!(told, reason),
            other => panic!("{reason}: {other:?}"),
        }
        missing(&store, &key("a"));
        let aside = std::fs::read_dir(sandbox.file("home/damaged")).expect("a folder").count();
        assert_eq!(aside, 1, "{reason}");
        // Without a look into it before, `commit` finds the damage itself.
        let object = commit(&store, &key("a"));
        damage(&object.path);
        commit(&store, &key("a"));
        hit(&store, &key("a"));
        assert!(drafts(&sandbox).is_empty());
    }
}

#[test]
fn an_object_under_another_key_is_no_hit() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    let object = commit(&store, &key("a"));
    let other = sandbox.file("home/objects").join(&key("b")[..2]);
    std::fs::create_dir_all(&other).expect("a folder");
    std::fs::rename(&object.path, other.join(key("b"))).expect("renamed");
    let found = store.get(&key("b")).expect("a store");
    assert!(matches!(found, Found::Damaged(reason) if reason.contains("another key")));
}

#[test]
fn threads_and_processes_that_commit_one_key_agree() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    let mut children: Vec<Child> = (0..3).map(|_| child(&sandbox, "commit", None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..20 {
                    let object = commit(&store, &key(&format!("round {round}")));
                    assert_eq!(object.read("last.safetensors").expect("weights").len(), 80_000);
                }
            });
        }
    });
    for child in &mut children {
        assert!(child.wait().expect("an end").success());
    }
    hit(&store, &key("shared"));
    assert_eq!(store.objects().len(), 21);
    assert!(drafts(&sandbox).is_empty());
}

#[test]
fn a_lock_is_waited_for_and_given_back_by_death() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    let mut holder = child(&sandbox, "lock", None);
    let begun = Instant::now();
    while !sandbox.file("home/locked").exists() {
        assert!(begun.elapsed().as_secs() < 60, "no lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(store.locked(&key("shared")));
    drop(store.lock(&key("another"), &mut || panic!("free")).expect("a lock"));
    let stopped = store.lock(&key("shared"), &mut || {
        Err(stillroom::error::Error::new(stillroom::error::Kind::Interrupted, "a", "stopped"))
    });
    assert_eq!(stopped.expect_err("stopped").headline(), "a: stopped");
    let mut waits = 0;
    let lock = store.lock(&key("shared"), &mut || {
        waits += 1;
        if waits == 3 {
            holder.kill().expect("killed");
        }
        Ok(())
    });
    holder.wait().expect("an end");
    // The system gives it back a moment after the signal.
    assert!(lock.is_ok() && waits >= 3);
    assert!(store.locked(&key("shared")));
    drop(lock);
    assert!(!store.locked(&key("shared")));
}

#[test]
fn a_full_disk_at_any_operation_leaves_all_or_nothing() {
    for n in 1.. {
        let sandbox = Sandbox::new();
        let store = store(&sandbox);
        let armed = faults::fail_after(n, Fault::Full);
        let committed = store.commit(&key("a"), json!(1), files());
        let struck = armed.struck();
        drop(armed);
        assert!(drafts(&sandbox).is_empty(), "operation {n}");
        match committed {
            Ok(_) if !struck => {
                assert!(n > 12, "all {n} operations were walked through");
                break;
            }
            Ok(_) => drop(hit(&store, &key("a"))),
            Err(error) => {
                let full = "No space left on device";
                assert!(error.headline().contains(full), "{n}: {error}");
                let found = store.get(&key("a")).expect("a store");
                assert!(!matches!(found, Found::Damaged(_)), "operation {n}: {found:?}");
            }
        }
        commit(&store, &key("a"));
        hit(&store, &key("a"));
    }
}

#[test]
fn a_kill_at_any_operation_leaves_all_or_nothing() {
    let sandbox = Sandbox::new();
    let store = store(&sandbox);
    let mut left = 0;
    for n in 1.. {
        let ended = child(&sandbox, "commit", Some(&format!("{n}!"))).wait().expect("an end");
        let found = store.get(&key("shared")).expect("a store");
        assert!(!matches!(found, Found::Damaged(_)), "operation {n}: {found:?}");
        if ended.success() {
            assert!(n > 12, "all {n} operations were walked through");
            break;
        }
        store.remove(&key("shared")).expect("removed");
        left = drafts(&sandbox).len();
    }
    assert!(left > 5, "a kill leaves its draft: {left}");
    // A day later the next commit removes them.
    for draft in drafts(&sandbox) {
        age(&draft, 25 * 3600);
    }
    commit(&store, &key("b"));
    assert!(drafts(&sandbox).is_empty());
}

/// Makes a file or folder as old as that many seconds.
pub fn age(path: &Path, seconds: u64) {
    let time = std::time::SystemTime::now() - Duration::from_secs(seconds);
    std::fs::File::open(path).and_then(|file| file.set_modified(time)).expect("another time");
}
