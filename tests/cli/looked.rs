//! Runs that are looked at: sparklines, intervals, comparisons over seeds, the lines of `still watch`.

use crate::support::past::{THEN, write};
use crate::support::{Ran, Sandbox, TINY, example};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use stillroom::disk::Lock;

/// The events of a run of two stages, each with eight epochs; `gain` is what its student has more.
fn events(seed: u64, set: Value, gain: f64) -> Vec<Value> {
    let mut all =
        vec![json!({ "event": "run", "recipe": "lab/tiny.rhai", "seed": seed, "set": set })];
    for (stage, last) in [("teacher", 0.825), ("student", 0.75 + gain)] {
        all.push(json!({ "event": "stage", "stage": stage, "kind": "train", "epochs": 8,
                         "spec": { "model": "cnn" }, "clips": { "train": 320, "test": 80 },
                         "parameters": 246, "steps": 80, "step": 0 }));
        for epoch in 1..=8 {
            let at = f64::from(epoch);
            let lambda = if stage == "student" { json!(0.5) } else { Value::Null };
            all.push(json!({ "event": "epoch", "stage": stage, "epoch": epoch, "step": 10 * epoch,
                             "loss": 2.0 / at, "test_loss": 2.2 / at, "lr": 0.005 / at,
                             "accuracy": last - 0.4 / at + 0.05, "lambda": lambda,
                             "clips_per_second": 85.0, "waiting": 0.01, "logged": [] }));
        }
        all.push(json!({ "event": "stage_end", "name": stage, "kind": "train", "model": "cnn",
                         "accuracy": last, "best_accuracy": last + 0.025, "test_clips": 80,
                         "seconds": 31.5, "steps": 80, "parameters": 246 }));
    }
    all.push(json!({ "event": "end" }));
    all
}

fn run(sandbox: &Sandbox, name: &str, seed: u64, set: Value, gain: f64) {
    write(sandbox, name, &events(seed, set, gain));
    sandbox.write(&format!("home/runs/{name}/recipe/0000/tiny.rhai"), "fn tau(ctx) { 1.0 }\n");
}

fn four(sandbox: &Sandbox) {
    run(sandbox, "2026-01-01_10-00-00_tiny", 1, json!({}), 0.0);
    run(sandbox, "2026-01-01_11-00-00_tiny", 2, json!({}), 0.025);
    run(sandbox, "2026-01-01_12-00-00_tiny", 1, json!({ "tau": "4" }), 0.05);
    run(sandbox, "2026-01-01_13-00-00_tiny", 2, json!({ "tau": "4" }), 0.1);
}

fn narrow(sandbox: &Sandbox, columns: &str, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command();
    let output = command.env("COLUMNS", columns).args(arguments).output().expect("the binary");
    sandbox.finish(output).good()
}

const ALL: [&str; 6] = ["runs", "compare", "_10-00", "_11-00", "_12-00", "_13-00"];

#[test]
fn a_list_has_curves_and_intervals() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    insta::assert_snapshot!(sandbox.still(&["runs", "ls"]).good().out, @"");
    insta::assert_snapshot!(narrow(&sandbox, "80", &["runs"]).out, @"");
    insta::assert_snapshot!(narrow(&sandbox, "40", &["runs"]).out, @"");
    let ran = sandbox.still(&["runs", "ls", "--json"]).good();
    let first: Value = serde_json::from_str(ran.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["stages"][1]["curve"].as_array().map(Vec::len), Some(8));
    assert_eq!(first["stages"][1]["test_clips"], json!(80));
}

#[test]
fn a_run_is_shown_with_its_curves_and_edits() {
    let sandbox = Sandbox::new();
    let mut all = events(1, json!({}), 0.0);
    let edit = |step: u64, outcome: &str| {
        json!({ "event": "edit", "stage": "student", "step": step, "version": 1,
                "outcome": outcome, "functions": ["tau"], "message": "error: no" })
    };
    let end = all.len() - 2;
    all.insert(end, edit(25, "in_force"));
    all.insert(end, edit(62, "rejected"));
    write(&sandbox, "2026-01-01_10-00-00_tiny", &all);
    let shown = |ran: Ran| {
        let out = ran.good().out;
        let from = out.find("\n\n").map_or(0, |at| at + 2);
        out[from..out.find("\nfile").unwrap_or(out.len())].trim_end().to_string()
    };
    insta::assert_snapshot!(shown(sandbox.still(&["runs", "show", "last"])), @"");
    insta::assert_snapshot!(shown(narrow(&sandbox, "44", &["runs", "show", "last"])), @"");
    let mut command = sandbox.command();
    command.env("LC_ALL", "C").args(["runs", "show", "last"]);
    let ascii = shown(sandbox.finish(command.output().expect("the binary")));
    let curves: Vec<&str> = ascii.lines().filter(|line| line.contains('#')).collect();
    insta::assert_snapshot!(curves.join("\n"), @"");
    let ran = sandbox.still(&["runs", "show", "last", "--json"]).good();
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(shown["epochs"]["student"][7]["accuracy"], json!(0.75));
    assert_eq!(shown["edits"][1]["message"], json!("error: no"));
}

#[test]
fn runs_are_compared() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    insta::assert_snapshot!(sandbox.still(&ALL).good().out, @"");
    insta::assert_snapshot!(narrow(&sandbox, "80", &ALL).out, @"");
    insta::assert_snapshot!(narrow(&sandbox, "40", &ALL).out, @"");
}

#[test]
fn a_comparison_in_json_has_every_number() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    let ran = sandbox.still(&[ALL.as_slice(), &["--json"]].concat()).good();
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    let students: Vec<&Value> = told["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter(|stage| stage["stage"] == "student")
        .collect();
    assert_eq!(students.len(), 4);
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value - expected).abs() < 1e-9, "{value} instead of {expected}");
    };
    near(&students[3]["difference"], 0.1);
    // scipy.stats.binomtest(68, 80).proportion_ci(method="wilson"), and Newcombe's method of that and of 60 of 80.
    near(&students[3]["interval"]["low"], 0.755_867_714_386_766_5);
    near(&students[3]["interval"]["high"], 0.912_059_594_938_364_5);
    near(&students[3]["difference_interval"]["low"], -0.024_798_520_952_800_968);
    near(&students[3]["difference_interval"]["high"], 0.221_836_913_581_372_36);
    let seeds = told["seeds"].as_array().expect("seeds");
    let of = |stage: &str, runs: Value| {
        seeds.iter().find(|own| own["stage"] == stage && own["runs"] == runs).expect("seeds")
    };
    let plain = of("student", json!(["a", "b"]));
    near(&plain["mean"], 0.7625);
    near(&plain["deviation"], 0.0125 * 2f64.sqrt());
    near(&of("student", json!(["c", "d"]))["mean"], 0.825);
}

#[test]
fn other_recipes_edited_runs_and_same_seeds_are_no_group() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    // The same seed once more counts once.
    run(&sandbox, "2026-01-01_14-00-00_tiny", 1, json!({}), 0.0);
    // Another text, and a run that was edited.
    run(&sandbox, "2026-01-01_15-00-00_tiny", 3, json!({}), 0.0);
    sandbox
        .write("home/runs/2026-01-01_15-00-00_tiny/recipe/0000/tiny.rhai", "fn tau(ctx) { 9.0 }");
    run(&sandbox, "2026-01-01_16-00-00_tiny", 4, json!({}), 0.0);
    let path = "home/runs/2026-01-01_16-00-00_tiny/events.jsonl";
    let edit = json!({ "at": THEN, "event": "edit", "stage": "student", "outcome": "in_force" });
    sandbox.write(path, format!("{}{edit}\n", sandbox.read(path)));
    let more = ["_14-00", "_15-00", "_16-00", "--baseline", "_11-00", "--json"];
    let ran = sandbox.still(&[ALL.as_slice(), &more].concat()).good();
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(told["runs"].as_array().map(Vec::len), Some(7));
    assert_eq!(told["runs"][0]["run"], json!("2026-01-01_11-00-00_tiny"));
    let groups: Vec<&Value> =
        told["seeds"].as_array().expect("seeds").iter().map(|own| &own["runs"]).collect();
    assert_eq!(
        groups,
        [&json!(["a", "b"]), &json!(["c", "d"]), &json!(["a", "b"]), &json!(["c", "d"])]
    );
}

#[test]
fn mistakes_in_comparing() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    let one = sandbox.still(&["runs", "compare", "_10-00", "2026-01-01_10-00-00_tiny"]);
    assert_eq!(one.code, 2);
    insta::assert_snapshot!(one.error(), @"");
    let wrong = sandbox.still(&["runs", "compare", "_10-00", "last", "--baseline", "nope"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.error().contains("run 'nope': no run has this name or tag"), "{}", wrong.err);
}

#[test]
fn what_happened_is_printed_where_there_is_no_terminal() {
    let sandbox = Sandbox::new();
    let none = sandbox.still(&["watch"]);
    assert_eq!(none.code, 2);
    let mut all = events(1, json!({}), 0.0);
    all.truncate(6);
    all.push(json!({ "event": "edit", "stage": "teacher", "step": 44, "version": 1,
                     "outcome": "in_force", "functions": ["lr"], "note": null }));
    all.push(json!({ "event": "edit", "stage": "teacher", "step": 45, "version": 1,
                     "outcome": "rejected", "message": "error[script]: no\n  --> a.rhai:1:1" }));
    all.push(
        json!({ "event": "paused", "stage": "teacher", "step": 46, "message": "error: it threw" }),
    );
    all.push(json!({ "event": "continued", "stage": "teacher", "step": 46 }));
    all.push(json!({ "event": "warning", "message": "the disk\nis full" }));
    write(&sandbox, "1_tiny", &all);
    insta::assert_snapshot!(sandbox.still(&["watch"]).good().out, @"");
    // A reader that has enough ends it.
    let held = Lock::try_take(&sandbox.file("home/runs/1_tiny/run.lock")).expect("a file");
    let mut child =
        sandbox.command().arg("watch").stdout(Stdio::piped()).spawn().expect("the binary");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert_eq!(line, "1_tiny\n");
    drop(out);
    let more = json!({ "at": THEN, "event": "warning", "message": "more" });
    let path = "home/runs/1_tiny/events.jsonl";
    for _ in 0..2 {
        sandbox.write(path, format!("{}{more}\n", sandbox.read(path)));
        std::thread::sleep(std::time::Duration::from_millis(600));
    }
    assert!(child.wait().expect("an end").success());
    drop(held);
}

#[test]
fn a_run_of_another_process_is_followed_to_its_end() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set"]).arg(format!("data={}", example().display()));
    let mut running =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary");
    let begun = std::time::Instant::now();
    while !sandbox.file("home/runs").is_dir()
        || std::fs::read_dir(sandbox.file("home/runs")).expect("runs").count() == 0
    {
        assert!(begun.elapsed().as_secs() < 60, "no run began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let ran = sandbox.still(&["watch"]).good();
    assert!(running.wait().expect("an end").success());
    for line in [
        "teacher: train cnn",
        "teacher: epoch 1/2  loss ",
        "student: epoch 2/2",
        "the run has ended",
        "95 %: Wilson",
    ] {
        assert!(ran.out.contains(line), "{line} is not in\n{}", ran.out);
    }
    assert!(!sandbox.run_folder().join("live.json").exists());
}
