//! What `gc` frees, and what it must not.

use super::store::{age, commit, home, key, store};
use crate::support::Sandbox;
use stillroom::run::store::{Freed, gc};

/// An object that is older than what is kept for its youth.
fn old(sandbox: &Sandbox, name: &str) {
    let object = commit(&store(sandbox), &key(name));
    age(&object.path, 3600);
}

fn names(sandbox: &Sandbox, all: &[&str]) -> Vec<String> {
    let objects = store(sandbox).objects();
    let known = |name: &&&str| objects.iter().any(|object| object.key == key(name));
    all.iter().filter(known).map(|name| name.to_string()).collect()
}

#[test]
fn what_a_run_names_stays() {
    let sandbox = Sandbox::new();
    let all = ["in results", "ended", "hit", "cut", "young", "locked", "unused"];
    for name in all {
        match name {
            "young" => drop(commit(&store(&sandbox), &key(name))),
            _ => old(&sandbox, name),
        }
    }
    let keyed = |name: &str| format!("\"key\":\"{}\"", key(name));
    sandbox.write(
        "home/runs/one/results.json",
        format!("{{\"stages\":[{{{}}}]}}", keyed("in results")),
    );
    sandbox.write(
        "home/runs/two/events.jsonl",
        format!(
            "{{\"event\":\"stage_end\",{}}}\n{{\"event\":\"store_hit\",{}}}\n\u{0}garbage {} {{",
            keyed("ended"),
            keyed("hit"),
            keyed("cut")
        ),
    );
    sandbox.write("home/runs/a file", key("unused"));
    let store = store(&sandbox);
    let lock = store.lock(&key("locked"), &mut || Ok(())).expect("a lock");
    let would = gc(&home(&sandbox), true).expect("a home");
    assert_eq!(names(&sandbox, &all).len(), 7, "nothing went");
    let freed = gc(&home(&sandbox), false).expect("a home");
    assert_eq!(would, freed);
    assert!(freed.bytes > 80_000);
    assert_eq!(
        freed,
        Freed { objects: 1, kept: 6, young: 1, bytes: freed.bytes, ..Freed::default() }
    );
    assert_eq!(names(&sandbox, &all), all[..6]);
    drop(lock);
    assert_eq!(gc(&home(&sandbox), false).expect("a home").objects, 1, "the lock is free now");
}

#[test]
fn what_was_left_and_damaged_goes() {
    let sandbox = Sandbox::new();
    let object = commit(&store(&sandbox), &key("a"));
    std::fs::write(object.path.join("empty"), "not empty").expect("a file");
    store(&sandbox).get(&key("a")).expect("a store");
    for (name, seconds) in [("old", 25 * 3600), ("young", 3600)] {
        for place in ["objects", "runs/r", "data"] {
            let file = sandbox.write(&format!("home/{place}/.still-{name}/file"), "text");
            age(file.parent().expect("a folder"), seconds);
        }
    }
    sandbox.write("home/runs/r/events.jsonl", "{\"event\":\"run\"}\n{\"event\":\"end\"}\n");
    sandbox.write("home/runs/r/checkpoints/1", "weights");
    sandbox.write("home/runs/s/events.jsonl", "{\"event\":\"run\"}\n{\"event\":\"failed\"}\n");
    sandbox.write("home/runs/s/checkpoints/1", "weights");
    let would = gc(&home(&sandbox), true).expect("a home");
    let freed = gc(&home(&sandbox), false).expect("a home");
    assert_eq!(would, freed);
    let expected =
        Freed { damaged: 1, drafts: 3, checkpoints: 1, bytes: freed.bytes, ..Freed::default() };
    assert_eq!(freed, expected);
    assert!(sandbox.file("home/runs/s/checkpoints/1").is_file());
    assert!(!sandbox.file("home/runs/r/checkpoints").exists());
    assert!(sandbox.file("home/runs/r/.still-young").is_dir());
    let again = gc(&home(&sandbox), false).expect("a home");
    assert_eq!(again, Freed::default());
}

#[test]
fn what_was_just_taken_out_stays() {
    let sandbox = Sandbox::new();
    old(&sandbox, "taken");
    store(&sandbox).get(&key("taken")).expect("a store");
    let freed = gc(&home(&sandbox), false).expect("a home");
    assert_eq!(freed, Freed { kept: 1, young: 1, ..Freed::default() });
}

#[test]
fn a_run_that_cannot_be_read_stops_it() {
    let sandbox = Sandbox::new();
    old(&sandbox, "a");
    std::fs::create_dir_all(sandbox.file("home/runs/r/results.json")).expect("a folder");
    let error = gc(&home(&sandbox), false).expect_err("a folder is no file");
    assert_eq!(
        error.report().hint.as_deref(),
        Some("what this run needs is not known, so nothing was freed")
    );
    assert_eq!(names(&sandbox, &["a"]), ["a"]);
}

#[test]
fn a_home_without_a_store_has_nothing_to_free() {
    let sandbox = Sandbox::new();
    assert_eq!(gc(&home(&sandbox), false).expect("nothing"), Freed::default());
    assert!(!sandbox.file("home").exists());
}
