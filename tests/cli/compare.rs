//! `still runs diff`.

use crate::support::Sandbox;
use crate::support::past::{past, two};
use serde_json::json;

#[test]
fn two_runs_are_compared() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let text = sandbox.read("home/runs/2026-01-02_10-00-00_tiny/events.jsonl");
    let text = text.replace("0.005", "0.001").replace("\"epochs\":\"2\"", "\"epochs\":\"3\"");
    let text = text.replace("0.75", "0.7").replace("abab", "cdcd");
    sandbox.write("home/runs/2026-01-02_10-00-00_tiny/events.jsonl", text);
    let ran = sandbox.still(&["runs", "diff", "2026-01-01", "last"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @r"
    a: 2026-01-01_10-00-00_tiny
    b: 2026-01-02_10-00-00_tiny

                           a      b
    --set epochs           2      3
    teacher: optimizer.lr  0.005  0.001

    --- a/the recipe
    +++ b/the recipe
    @@ -1 +1 @@
    -fn tau(ctx) { 1.0 }
    +fn tau(ctx) { 2.0 }

    stage                       a         b   b - a
    teacher  accuracy      75.0 %    70.0 %    -5.0
             best          80.0 %    80.0 %    +0.0
             steps              6         6
             parameters       246       246
             time           1.5 s     1.5 s
             weights     abababab  cdcdcdcd  differ
    ");
    let ran = sandbox.still(&["runs", "diff", "last", "last"]).good();
    assert!(ran.out.contains("Arguments and options are the same.\n\nThe recipes are the same."));
}

/// Two runs of two stages each, whose recipes have other names and were edited.
fn edited(sandbox: &Sandbox) {
    for (run, file, tau) in [("1_a", "old.rhai", 2.0), ("2_b", "new.rhai", 3.0)] {
        let stage = |name: &str| {
            json!({ "event": "stage", "stage": name, "epochs": tau, "batch": 8,
                    "key": run, "optimizer": { "lr": if name == "teacher" { 1.0 } else { tau } } })
        };
        let edit = |step: u64, version: u64, outcome: &str| json!({ "event": "edit", "step": step, "version": version, "outcome": outcome });
        let events = [
            json!({ "event": "resumed", "recipe": format!("lab/{file}"), "set": { "x": "1" } }),
            stage("teacher"),
            stage("student"),
            edit(1, 1, "in_force"),
            edit(2, 2, "in_force"),
            edit(3, 1, "reverted"),
            edit(4, 1, "rejected"),
        ];
        past(sandbox, run, "before\n", &events);
        let version = |number: u64, name: &str, text: String| {
            sandbox.write(&format!("home/runs/{run}/recipe/000{number}/{name}"), text);
        };
        version(1, file, format!("same\nfn tau(ctx) {{ {tau:.1} }}\n"));
        version(1, "lib/loss.rhai", format!("{}\n", if run == "1_a" { "a" } else { "\u{1b}[2Jb" }));
        version(2, file, "taken back\n".into());
    }
}

#[test]
fn as_json_it_is_whole() {
    let sandbox = Sandbox::new();
    edited(&sandbox);
    let ran = sandbox.still(&["runs", "diff", "1_a", "2_b", "--json"]).good();
    assert_eq!(ran.out.lines().count(), 1);
    let told: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&told["a"], &told["b"]), (&json!("1_a"), &json!("2_b")));
    let settings = told["settings"].as_array().expect("settings");
    let lr = json!({ "stage": "student", "name": "optimizer.lr", "a": "2.0", "b": "3.0" });
    let file = json!({ "stage": null, "name": "recipe", "a": "old.rhai", "b": "new.rhai" });
    assert!(settings.contains(&lr) && settings.contains(&file), "{settings:?}");
    assert!(told["recipes"].as_str().expect("a text").contains("--- a/lib/loss.rhai"));
    assert_eq!(told["stages"]["b"][0]["name"], "teacher");
    let ran = sandbox.still(&["runs", "diff", "1_a", "1_a", "--json"]).good();
    let told: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&told["settings"], &told["recipes"]), (&json!([]), &json!("")));
}

#[test]
fn the_versions_in_force_last_are_compared_with_their_imports() {
    let sandbox = Sandbox::new();
    edited(&sandbox);
    let ran = sandbox.still(&["runs", "diff", "1_a", "2_b"]).good();
    insta::assert_snapshot!(ran.out.split("\nstage ").next().expect("a part").trim_end(), @r"
    a: 1_a
    b: 2_b

                           a         b
    recipe                 old.rhai  new.rhai
    every stage: epochs    2.0       3.0
    student: optimizer.lr  2.0       3.0

    --- a/lib/loss.rhai
    +++ b/lib/loss.rhai
    @@ -1 +1 @@
    -a
    +�[2Jb
    --- a/the recipe
    +++ b/the recipe
    @@ -1,2 +1,2 @@
     same
    -fn tau(ctx) { 2.0 }
    +fn tau(ctx) { 3.0 }
    ");
}
