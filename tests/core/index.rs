//! The index of runs: whatever is done to its file, the list is that of the folders.

use super::store::home;
use crate::support::Sandbox;
use crate::support::past::{ended, past};
use rusqlite::Connection;
use std::time::{Duration, Instant};
use stillroom::run::index::{self, Row};

fn three(sandbox: &Sandbox) -> Vec<Row> {
    for name in ["1_a", "2_b", "3_c"] {
        past(sandbox, name, "", &ended());
    }
    index::runs(&home(sandbox)).expect("runs")
}

fn again(sandbox: &Sandbox) -> Vec<Row> {
    index::runs(&home(sandbox)).expect("runs")
}

#[test]
fn it_follows_what_happens_to_the_folders() {
    let sandbox = Sandbox::new();
    let rows = three(&sandbox);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].best_accuracy(), Some(0.8));
    assert_eq!(again(&sandbox), rows);
    std::fs::remove_dir_all(sandbox.file("home/runs/2_b")).expect("removed");
    sandbox.write("home/runs/3_c/tags.json", "[\"good\"]");
    past(&sandbox, "4_d", "", &[]);
    let rows = again(&sandbox);
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["1_a", "3_c", "4_d"]);
    assert_eq!(rows[1].tags, ["good"]);
    let index = Connection::open(sandbox.file("home/index.sqlite")).expect("the index");
    let asked =
        "SELECT name || ' ' || state || ' ' || steps || ' ' || tags FROM runs ORDER BY name";
    let mut asked = index.prepare(asked).expect("columns");
    let told: Vec<String> =
        asked.query_map([], |row| row.get(0)).expect("rows").flatten().collect();
    assert_eq!(told, ["1_a ended 6 []", "3_c ended 6 [\"good\"]", "4_d stopped 3 []"]);
}

#[test]
fn a_damaged_one_is_made_anew() {
    let sandbox = Sandbox::new();
    let rows = three(&sandbox);
    let file = sandbox.file("home/index.sqlite");
    let whole = std::fs::read(&file).expect("the index");
    for length in (0..whole.len()).step_by(997) {
        std::fs::write(&file, &whole[..length]).expect("cut");
        assert_eq!(again(&sandbox), rows, "cut at {length}");
    }
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&file, &bytes).expect("changed");
        let names: Vec<String> = again(&sandbox).into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["1_a", "2_b", "3_c"], "byte {at}");
    }
    std::fs::write(&file, "no database").expect("a file");
    assert_eq!(again(&sandbox), rows);
    std::fs::write(&file, &whole[..100]).expect("a file");
    sandbox.write("home/index.sqlite-journal", "no journal");
    assert_eq!(again(&sandbox), rows);
    std::fs::remove_file(&file).expect("removed");
    std::fs::create_dir(&file).expect("a folder in its place");
    assert_eq!(again(&sandbox), rows);
}

#[test]
fn one_of_another_make_is_made_anew() {
    let sandbox = Sandbox::new();
    let rows = three(&sandbox);
    let file = sandbox.file("home/index.sqlite");
    for change in [
        "PRAGMA user_version = 99",
        "DROP TABLE runs",
        "ALTER TABLE runs DROP COLUMN stamp",
        "UPDATE runs SET results = 'garbage', state = 3",
        "UPDATE runs SET stamp = NULL, seed = 'x', name = NULL WHERE name = '1_a'",
        "DROP TABLE runs; CREATE VIEW runs AS SELECT 1",
    ] {
        let index = Connection::open(&file).expect("the index");
        index.execute_batch(change).expect(change);
        drop(index);
        assert_eq!(again(&sandbox), rows, "{change}");
        assert_eq!(again(&sandbox), rows, "{change}");
    }
}

#[test]
fn one_that_another_process_holds_is_not_waited_for_long() {
    let sandbox = Sandbox::new();
    let rows = three(&sandbox);
    let other = Connection::open(sandbox.file("home/index.sqlite")).expect("the index");
    other.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let begun = Instant::now();
    assert_eq!(again(&sandbox), rows);
    assert!(begun.elapsed() < Duration::from_secs(5));
}
