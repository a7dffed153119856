//! `still runs` and `still gc`: what they show, and how mistakes are told.

use crate::support::past::{ended, past, write};
use crate::support::{Sandbox, TINY};
use serde_json::{Value, json};
use stillroom::disk::Lock;

fn two(sandbox: &Sandbox) {
    past(sandbox, "2026-01-01_10-00-00_tiny", "fn tau(ctx) { 1.0 }\n", &ended());
    past(sandbox, "2026-01-02_10-00-00_tiny", "fn tau(ctx) { 2.0 }\n", &ended());
}

#[test]
fn a_list_tells_how_far_each_run_has_come() {
    let sandbox = Sandbox::new();
    let signal = json!({ "event": "interrupted", "message": "error[interrupted]: a" });
    let error = json!({ "event": "failed", "message": "error[script]: b\n  --> c" });
    past(&sandbox, "1_ended", "", &ended());
    past(&sandbox, "2_failed", "", &[error]);
    past(&sandbox, "3_interrupted", "", std::slice::from_ref(&signal));
    past(&sandbox, "4_stopped", "", &[signal.clone(), json!({ "event": "resumed" })]);
    past(&sandbox, "5_running", "", &[signal, json!({ "event": "resumed" })]);
    past(&sandbox, "6_paused", "", &[json!({ "event": "paused" })]);
    let hit = json!({ "event": "store_hit", "stage": "student", "key": "00" });
    past(&sandbox, "7_hit", "", &[hit, json!({ "event": "end" })]);
    let lock = |name: &str| {
        let path = sandbox.file(&format!("home/runs/{name}/run.lock"));
        Lock::try_take(&path).expect("a file").expect("a free lock")
    };
    let held = [lock("5_running"), lock("6_paused")];
    let ran = sandbox.still(&["runs", "ls"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"");
    assert_eq!(sandbox.still(&["runs"]).good().out, ran.out);
    drop(held);
    // No file changed, but the processes are gone.
    let ran = sandbox.still(&["runs", "ls"]).good();
    assert!(!ran.out.contains(" running ") && !ran.out.contains(" paused "), "{}", ran.out);
    let ran = sandbox.still(&["runs", "ls", "--json"]).good();
    let first: Value = serde_json::from_str(ran.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["run"], &first["state"]), (&json!("7_hit"), &json!("ended")));
    assert_eq!(ran.out.lines().count(), 7);
}

#[test]
fn a_run_is_shown() {
    let sandbox = Sandbox::new();
    let edit = json!({ "event": "edit", "stage": "teacher", "step": 4, "version": 1,
                       "outcome": "in_force", "functions": ["tau", "lr"] });
    let [end, over] = ended();
    past(&sandbox, "2026-01-01_10-00-00_tiny", "old\n", &[edit, end, over]);
    sandbox.write("home/runs/2026-01-01_10-00-00_tiny/recipe/0001/tiny.rhai", "new\n");
    sandbox.still(&["runs", "tag", "tiny", "good", "first"]).good();
    let ran = sandbox.still(&["runs", "show", "last"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"");
    let ran = sandbox.still(&["runs", "show", "last", "--json"]).good();
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(shown["edits"][0]["functions"], json!(["tau", "lr"]));
    assert_eq!((&shown["version"], &shown["seed"]), (&json!(1), &json!(7)));
}

#[test]
fn two_runs_are_compared() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let text = sandbox.read("home/runs/2026-01-02_10-00-00_tiny/events.jsonl");
    let text = text.replace("0.005", "0.001").replace("\"epochs\":\"2\"", "\"epochs\":\"3\"");
    let text = text.replace("0.75", "0.7").replace("abab", "cdcd");
    sandbox.write("home/runs/2026-01-02_10-00-00_tiny/events.jsonl", text);
    let ran = sandbox.still(&["runs", "diff", "2026-01-01", "last"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"");
    let ran = sandbox.still(&["runs", "diff", "last", "last"]).good();
    assert!(ran.out.contains("Arguments and options are the same.\n\nThe recipes are the same."));
}

#[test]
fn a_run_has_many_names() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.still(&["runs", "tag", "2026-01-01", "baseline"]).good();
    let folder = sandbox.file("home/runs/2026-01-01_10-00-00_tiny");
    let path = folder.display().to_string();
    for name in ["2026-01-01_10-00-00_tiny", "2026-01-01", "01-01", "baseline", &path] {
        let ran = sandbox.still(&["runs", "show", name]).good();
        assert!(ran.out.starts_with("2026-01-01_10-00-00_tiny\n"), "{name}: {}", ran.out);
    }
    let ran = sandbox.still(&["runs", "show", "last"]).good();
    assert!(ran.out.starts_with("2026-01-02_10-00-00_tiny\n"));
}

#[test]
fn mistakes_in_naming_a_run() {
    let sandbox = Sandbox::new();
    let none = sandbox.still(&["runs", "show", "last"]);
    insta::assert_snapshot!(none.error(), @"");
    two(&sandbox);
    let told = |named: &str| {
        let ran = sandbox.still(&["runs", "show", named]);
        assert_eq!(ran.code, 2);
        ran.error()
    };
    insta::assert_snapshot!(told("tiny"), @"");
    insta::assert_snapshot!(told("tyni"), @"");
    insta::assert_snapshot!(told("teacher"), @"");
    insta::assert_snapshot!(told("home/runs"), @"");
    insta::assert_snapshot!(told("home/nope"), @"");
}

#[test]
fn filters_that_fit_nothing_are_slips() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.still(&["runs", "tag", "last", "good"]).good();
    let ran = sandbox.still(&["runs", "ls", "--tag", "good"]).good();
    assert_eq!(ran.out.lines().count(), 2);
    let ran = sandbox.still(&["runs", "ls", "--recipe", "scripts/tiny.rhai"]).good();
    assert_eq!(ran.out.lines().count(), 3);
    let ran = sandbox.still(&["runs", "ls", "--tag", "god"]);
    insta::assert_snapshot!(ran.error(), @"");
    let ran = sandbox.still(&["runs", "ls", "--recipe", "tinny"]);
    insta::assert_snapshot!(ran.error(), @"");
}

#[test]
fn tags_come_and_go() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let out = |arguments: &[&str]| {
        let ran = sandbox.still(&[&["runs", "tag", "last"], arguments].concat()).good();
        ran.out.trim_end().to_string()
    };
    assert_eq!(out(&[]), "2026-01-02_10-00-00_tiny: no tags");
    assert_eq!(out(&["b", "a", "b"]), "2026-01-02_10-00-00_tiny: a, b");
    assert_eq!(out(&["--remove", "a"]), "2026-01-02_10-00-00_tiny: b");
    assert_eq!(out(&["--remove", "b"]), "2026-01-02_10-00-00_tiny: no tags");
    assert!(!sandbox.file("home/runs/2026-01-02_10-00-00_tiny/tags.json").exists());
    let ran = sandbox.still(&["runs", "tag", "last", "two words"]);
    insta::assert_snapshot!(ran.error(), @"");
    let ran = sandbox.still(&["runs", "tag", "last", "last"]);
    insta::assert_snapshot!(ran.error(), @"");
    let ran = sandbox.still(&["runs", "tag", "last", "--remove", "c"]);
    insta::assert_snapshot!(ran.error(), @"");
}

#[test]
fn runs_are_removed_when_that_was_meant() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let ran = sandbox.still(&["runs", "rm", "last"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @"");
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "nope", "--yes"]);
    assert_eq!(ran.code, 2, "one name is wrong, so nothing goes");
    let path = sandbox.file("home/runs/2026-01-02_10-00-00_tiny/run.lock");
    let lock = Lock::try_take(&path).expect("a file").expect("a free lock");
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "last", "--yes"]);
    insta::assert_snapshot!(ran.error(), @"");
    drop(lock);
    assert_eq!(std::fs::read_dir(sandbox.file("home/runs")).expect("runs").count(), 2);
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "last", "01-01", "--yes"]).good();
    assert_eq!(ran.out, "removed 2026-01-01_10-00-00_tiny\nremoved 2026-01-02_10-00-00_tiny\n");
    assert_eq!(std::fs::read_dir(sandbox.file("home/runs")).expect("runs").count(), 0);
    assert!(sandbox.still(&["runs", "ls"]).good().err.starts_with("no runs yet in SANDBOX/home"));
}

#[test]
fn the_home_is_looked_for_where_no_recipe_says_it() {
    let sandbox = Sandbox::new();
    let still = |arguments: &[&str]| {
        let mut command = sandbox.command();
        command.env_remove("STILL_HOME").args(arguments);
        sandbox.finish(command.output().expect("the binary"))
    };
    insta::assert_snapshot!(still(&["runs", "ls"]).error(), @"");
    insta::assert_snapshot!(still(&["gc", "--home", "nope"]).error(), @"");
    sandbox.write("scripts/.still/runs/1_a/events.jsonl", "{\"event\":\"run\"}\n");
    assert!(still(&["runs", "ls"]).good().out.contains("1_a"));
    sandbox.write("lab/.still/runs/2_b/events.jsonl", "{\"event\":\"run\"}\n");
    insta::assert_snapshot!(still(&["runs", "ls"]).error(), @"");
    assert!(still(&["runs", "ls", "--home", "lab/.still"]).good().out.contains("2_b"));
    assert!(still(&["runs", "show", "lab/.still/runs/2_b"]).good().out.starts_with("2_b\n"));
    sandbox.write(".still/runs/3_c/events.jsonl", "{\"event\":\"run\"}\n");
    assert!(still(&["runs", "ls"]).good().out.contains("3_c"));
}

#[test]
fn garbage_in_a_run_hurts_nobody() {
    let sandbox = Sandbox::new();
    sandbox.write("home/runs/1_binary/events.jsonl", b"\xff\0\x1b[2J\n{\n\"x\"\n[]\n");
    sandbox.write("home/runs/1_binary/results.json", "[{\"stages\": 3}");
    sandbox.write("home/runs/1_binary/tags.json", "{\"a\": 1}");
    sandbox.write("home/runs/1_binary/recipe", "a file");
    std::fs::create_dir_all(sandbox.file("home/runs/2_empty")).expect("a folder");
    std::fs::create_dir_all(sandbox.file("home/runs/3_odd/events.jsonl")).expect("a folder");
    let odd = "\u{1b}[31mred\u{7}\n";
    write(
        &sandbox,
        "4_values",
        &[
            json!({ "event": "run", "recipe": odd, "seed": -1, "set": [1], "device": {} }),
            json!({ "event": "stage", "stage": odd, "kind": 3, "spec": [], "parameters": 1e300 }),
            json!({ "event": "epoch", "stage": odd, "accuracy": 1e308, "step": u64::MAX }),
            json!({ "event": "epoch", "stage": "b", "accuracy": "x", "step": u64::MAX }),
            json!({ "event": "stage_end", "name": odd, "seconds": -1e300, "key": "../../.." }),
            json!({ "event": "edit", "step": {}, "version": u64::MAX, "functions": [1, odd] }),
            json!({ "event": 7 }),
            json!([]),
        ]
        .map(|event| if event.is_array() { json!({ "event": event }) } else { event }),
    );
    sandbox.write("home/runs/a file", "no folder");
    for arguments in [
        &["runs", "ls"][..],
        &["runs", "ls"],
        &["runs", "ls", "--json"],
        &["runs", "show", "1_"],
        &["runs", "show", "2_"],
        &["runs", "show", "3_"],
        &["runs", "show", "4_"],
        &["runs", "show", "4_", "--json"],
        &["runs", "diff", "1_", "4_"],
        &["runs", "pack", "4_"],
        &["runs", "pack", "1_", "--weights"],
    ] {
        let ran = sandbox.still(arguments).good();
        assert!(!ran.out.contains(['\u{1b}', '\u{7}']), "{arguments:?}: {}", ran.out);
    }
    let ran = sandbox.still(&["runs", "pack", "2_"]);
    insta::assert_snapshot!(ran.error(), @"");
}

#[test]
fn a_real_run_is_shown_packed_and_unpacked() {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &["--set", "epochs=1"]).good();
    let shown = sandbox.still(&["runs", "show", "last"]).good().out;
    for word in ["state      ended", "arguments  ", "epochs=1", "student  distill  ast"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let ran = sandbox.still(&["runs", "pack", "last", "--weights", "-o", "a.still"]).good();
    assert!(ran.out.starts_with("a.still: "), "{}", ran.out);
    sandbox.still(&["runs", "unpack", "a.still", "--home", "other"]).good();
    let names = |home: &str| {
        let run = sandbox.run_folder();
        let name = run.file_name().expect("a name").to_str().expect("UTF-8").to_string();
        stillroom::disk::files_in(&sandbox.file(&format!("{home}/runs/{name}")))
    };
    let own = |name: &String| name != "run.lock" && !name.starts_with("checkpoints/");
    assert_eq!(names("home").into_iter().filter(own).collect::<Vec<_>>(), names("other"));
    let ran = sandbox.still(&["gc", "--dry-run", "--json"]).good();
    let freed: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&freed["dry_run"], &freed["objects"]), (&json!(true), &json!(0)));
}
