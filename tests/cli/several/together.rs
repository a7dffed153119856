//! What several runs give, together.

use super::{command, events, recipe, runs, sandbox, still, weights};
use serde_json::{Value, json};

#[test]
fn side_by_side_they_give_what_they_give_one_by_one() {
    let together = sandbox();
    let ran = still(&together, &["--folds", "1..2", "--seeds", "0,3", "--jobs", "3"]).good();
    let alone = sandbox();
    for (fold, seed) in [("1", "0"), ("1", "3"), ("2", "0"), ("2", "3")] {
        still(&alone, &["--set", &format!("fold={fold}"), "--seed", seed]).good();
    }
    let found = weights(&together);
    assert_eq!(found.len(), 8);
    assert_eq!(found, weights(&alone));
    // Each is a run of its own, with its own report, and all have the tag.
    let runs = runs(&together);
    assert_eq!(runs.len(), 4);
    for run in &runs {
        let tags = std::fs::read_to_string(run.join("tags.json")).expect("tags");
        assert_eq!(tags.trim(), "[\"recipe-1\"]");
        assert!(run.join("report.html").is_file());
        assert_eq!(events(run).last().expect("an event")["event"], "end");
    }
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("stage n accuracy 95 %"), "{}", ran.out);
    for stage in ["teacher 4 ", "student 4 "] {
        assert!(words.contains(stage), "{}", ran.out);
    }
    assert!(ran.out.contains(" ± "), "{}", ran.out);
    for line in [
        "4 runs of recipe.rhai, 3 at once with ",
        "fold 1, seed 0: begins",
        "fold 2, seed 3: student: distilled, ",
        "(4 of 4)",
        "page:    still report recipe-1",
        "singly:  still runs compare recipe-1",
    ] {
        assert!(ran.err.contains(line), "{line}\n{}", ran.err);
    }
    assert!(!ran.err.contains("run folder"), "{}", ran.err);
    // The words at the end are true.
    let report = together.still(&["report", "recipe-1", "-o", "all.html"]).good();
    assert!(together.file("all.html").is_file(), "{}", report.out);
    let compared = together.still(&["runs", "compare", "recipe-1", "--json"]).good();
    let told: Value = serde_json::from_str(&compared.out).expect("JSON");
    assert_eq!(told["runs"].as_array().map(Vec::len), Some(4));
    let shown = together.still(&["runs", "show", "recipe-1"]);
    assert_eq!(shown.code, 2);
    assert!(shown.error().contains("several runs are meant"), "{}", shown.err);
}

#[test]
fn the_numbers_are_mean_deviation_and_interval_of_all() {
    let sandbox = sandbox();
    let ran = still(&sandbox, &["--folds", "1..3", "--seeds", "0..1", "--json", "--tag", "six"]);
    let told: Value = serde_json::from_str(&ran.good().out).expect("one line of JSON");
    assert_eq!(told["tag"], "six");
    let runs = told["runs"].as_array().expect("runs");
    let labels: Vec<&str> = runs.iter().filter_map(|run| run["label"].as_str()).collect();
    // The folds of a seed follow each other.
    assert_eq!(
        labels[..4],
        ["fold 1, seed 0", "fold 2, seed 0", "fold 3, seed 0", "fold 1, seed 1"]
    );
    assert!(runs.iter().all(|run| run["state"] == "ended" && run["code"] == 0));
    assert_eq!((&runs[4]["seed"], &runs[4]["set"]), (&json!(1), &json!({ "fold": "2" })));
    let mut scores = Vec::new();
    for run in runs {
        let name = run["run"].as_str().expect("a name");
        let results = sandbox.read(&format!("home/runs/{name}/results.json"));
        let results: Value = serde_json::from_str(&results).expect("JSON");
        let student = results["stages"].as_array().expect("stages");
        let student = student.iter().find(|stage| stage["name"] == "student").expect("a stage");
        scores.push(student["accuracy"].as_f64().expect("a number"));
    }
    let mean = scores.iter().sum::<f64>() / 6.0;
    let square: f64 = scores.iter().map(|score| (score - mean) * (score - mean)).sum();
    let stage = told["stages"].as_array().expect("stages").iter();
    let stage = stage.clone().find(|stage| stage["stage"] == "student").expect("a stage");
    assert_eq!((&stage["count"], &stage["metric"]), (&json!(6), &json!("accuracy")));
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value - expected).abs() < 1e-12, "{value} instead of {expected}");
    };
    near(&stage["mean"], mean);
    near(&stage["deviation"], (square / 5.0).sqrt());
    let draws = stillroom::metrics::Draws { resamples: 2000, level: 0.95, seed: 0 };
    let drawn = stillroom::metrics::bootstrap_mean(&scores, &draws).expect("an interval");
    near(&stage["interval"]["low"], drawn.low);
    near(&stage["interval"]["high"], drawn.high);
    // A tag names one lot of runs.
    let again = still(&sandbox, &["--seeds", "0..1", "--tag", "six"]);
    assert_eq!(again.code, 2);
    insta::assert_snapshot!(again.error(), @r"
    error[usage]: --tag six: there are runs of this tag already
      hint: take another one; without --tag there is a new one each time
    ");
}

#[test]
fn what_runs_share_is_computed_once() {
    let sandbox = sandbox();
    let ran = still(&sandbox, &["--each", "lambda=0.1,0.9", "--jobs", "2"]).good();
    let ends = |name: &str| -> Vec<Value> {
        let all = runs(&sandbox);
        let all = all.iter().flat_map(|run| events(run));
        all.filter(|event| event["name"] == name && !event["weights_blake3"].is_null()).collect()
    };
    let computed = |name: &str| ends(name).iter().filter(|it| it["from_store"] == false).count();
    assert_eq!((ends("teacher").len(), computed("teacher")), (2, 1));
    assert_eq!((ends("student").len(), computed("student")), (2, 2));
    assert!(ran.out.contains("student · lambda=0.9"), "{}", ran.out);
    assert!(ran.err.contains("lambda=0.1: begins"), "{}", ran.err);
}

#[test]
fn a_run_that_fails_does_not_stop_the_others() {
    let sandbox = sandbox();
    let ran = still(&sandbox, &["--folds", "7,1,8,2", "--jobs", "2"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    for line in [
        "fold 7: failed",
        "recipe.rhai:2:",
        "fold 1: ended after",
        "fold 2: ended after",
        "2 runs failed: fold 7; fold 8",
    ] {
        assert!(ran.err.contains(line), "{line}\n{}", ran.err);
    }
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("teacher 2 "), "{}", ran.out);
    // What is the same in several is told once.
    sandbox.write("recipe.rhai", recipe().replace("epochs: arg(\"epochs\", 2)", "epochs: -1"));
    let ran = still(&sandbox, &["--folds", "1..3", "--jobs", "1", "--json"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert_eq!(ran.err.matches("error[").count(), 1, "{}", ran.err);
    assert_eq!(ran.err.matches("as in fold 1").count(), 2, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(told["stages"], json!([]));
    assert!(told["runs"].as_array().expect("runs").iter().all(|run| run["code"] == 3));
}

/// The variable names no device, so a run that was not handed the option would not begin.
#[test]
fn all_are_handed_device_and_precision() {
    let sandbox = sandbox();
    let more = ["--set", "epochs=1", "--seeds", "0..1", "--jobs", "1"];
    let mut command = command(&sandbox, &more);
    command.env("STILL_DEVICE", "tpu").args(["--device", "cpu", "--precision", "f32"]);
    sandbox.finish(command.output().expect("the binary")).good();
    assert_eq!(runs(&sandbox).len(), 2);
}
