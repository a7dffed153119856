//! Runs that are looked at: sparklines, intervals, the lines of `still watch`.

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

pub fn run(sandbox: &Sandbox, name: &str, seed: u64, set: Value, gain: f64) {
    write(sandbox, name, &events(seed, set, gain));
    sandbox.write(&format!("home/runs/{name}/recipe/0000/tiny.rhai"), "fn tau(ctx) { 1.0 }\n");
}

pub fn four(sandbox: &Sandbox) {
    run(sandbox, "2026-01-01_10-00-00_tiny", 1, json!({}), 0.0);
    run(sandbox, "2026-01-01_11-00-00_tiny", 2, json!({}), 0.025);
    run(sandbox, "2026-01-01_12-00-00_tiny", 1, json!({ "tau": "4" }), 0.05);
    run(sandbox, "2026-01-01_13-00-00_tiny", 2, json!({ "tau": "4" }), 0.1);
}

pub fn narrow(sandbox: &Sandbox, columns: &str, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command();
    let output = command.env("COLUMNS", columns).args(arguments).output().expect("the binary");
    sandbox.finish(output).good()
}

#[test]
fn a_list_has_curves_and_intervals() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    insta::assert_snapshot!(sandbox.still(&["runs", "ls"]).good().out, @r"
    run                       state  began                recipe  stages                          curve     95 %          tags
    2026-01-01_13-00-00_tiny  ended  2999-01-01 00:00:00  tiny    teacher 82.5 %, student 85.0 %  ▁▅▆▇▇███  [75.6, 91.2]
    2026-01-01_12-00-00_tiny  ended  2999-01-01 00:00:00  tiny    teacher 82.5 %, student 80.0 %  ▁▅▆▇▇███  [70.0, 87.3]
    2026-01-01_11-00-00_tiny  ended  2999-01-01 00:00:00  tiny    teacher 82.5 %, student 77.5 %  ▁▅▆▇▇███  [67.2, 85.3]
    2026-01-01_10-00-00_tiny  ended  2999-01-01 00:00:00  tiny    teacher 82.5 %, student 75.0 %  ▁▅▆▇▇███  [64.5, 83.2]
    ");
    insta::assert_snapshot!(narrow(&sandbox, "80", &["runs"]).out, @r"
    run                       state  stages                          curve     tags
    2026-01-01_13-00-00_tiny  ended  teacher 82.5 %, student 85.0 %  ▁▅▆▇▇███
    2026-01-01_12-00-00_tiny  ended  teacher 82.5 %, student 80.0 %  ▁▅▆▇▇███
    2026-01-01_11-00-00_tiny  ended  teacher 82.5 %, student 77.5 %  ▁▅▆▇▇███
    2026-01-01_10-00-00_tiny  ended  teacher 82.5 %, student 75.0 %  ▁▅▆▇▇███
    ");
    insta::assert_snapshot!(narrow(&sandbox, "40", &["runs"]).out, @r"
    run                  stages
    2026-01-01_13-00-0…  teacher 82.5 %, st…
    2026-01-01_12-00-0…  teacher 82.5 %, st…
    2026-01-01_11-00-0…  teacher 82.5 %, st…
    2026-01-01_10-00-0…  teacher 82.5 %, st…
    ");
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
    insta::assert_snapshot!(shown(sandbox.still(&["runs", "show", "last"])), @r"
    stage    kind   model  accuracy  95 %            best  steps    time
    teacher  train  cnn      82.5 %  [72.7, 89.3]  85.0 %     80  31.5 s  done
    student  train  cnn      75.0 %  [64.5, 83.2]  77.5 %     80  31.5 s  done
    95 %: Wilson's interval of the accuracy, from the number of test clips.

    curves   loss      accuracy  lr        λ
    teacher  █▄▃▂▂▁▁▁  ▁▅▆▇▇███  █▄▃▂▂▁▁▁
      first  2.000     47.5 %    5.0e-3
      best   0.250     82.5 %
      last   0.250     82.5 %    6.3e-4
    student  █▄▃▂▂▁▁▁  ▁▅▆▇▇███  █▄▃▂▂▁▁▁  ▄▄▄▄▄▄▄▄
      edits    ^   x     ^   x     ^   x     ^   x
      first  2.000     40.0 %    5.0e-3    0.50
      best   0.250     75.0 %
      last   0.250     75.0 %    6.3e-4    0.50
    edits: ^ in force, x refused

    edit in  step  version  outcome   functions
    student    62        1  rejected  tau
    student    25        1  in force  tau
    ");
    insta::assert_snapshot!(shown(narrow(&sandbox, "44", &["runs", "show", "last"])), @r"
    stage    accuracy  95 %
    teacher    82.5 %  [72.7, 89.3]  done
    student    75.0 %  [64.5, 83.2]  done
    95 %: Wilson's interval of the accuracy,
    from the number of test clips.

    curves   loss      accuracy  lr
    teacher  █▄▃▂▂▁▁▁  ▁▅▆▇▇███  █▄▃▂▂▁▁▁
      first  2.000     47.5 %    5.0e-3
      best   0.250     82.5 %
      last   0.250     82.5 %    6.3e-4
    student  █▄▃▂▂▁▁▁  ▁▅▆▇▇███  █▄▃▂▂▁▁▁
      edits    ^   x     ^   x     ^   x
      first  2.000     40.0 %    5.0e-3
      best   0.250     75.0 %
      last   0.250     75.0 %    6.3e-4
    edits: ^ in force, x refused

    edit in  step  version  outcome   functions
    student    62        1  rejected  tau
    student    25        1  in force  tau
    ");
    let mut command = sandbox.command();
    command.env("LC_ALL", "C").args(["runs", "show", "last"]);
    let ascii = shown(sandbox.finish(command.output().expect("the binary")));
    let curves: Vec<&str> = ascii.lines().filter(|line| line.contains('#')).collect();
    insta::assert_snapshot!(curves.join("\n"), @r"
    teacher  #-:..___  _=+**###  #-:..___
    student  #-:..___  _=+**###  #-:..___  --------
    ");
    let ran = sandbox.still(&["runs", "show", "last", "--json"]).good();
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(shown["epochs"]["student"][7]["accuracy"], json!(0.75));
    assert_eq!(shown["edits"][1]["message"], json!("error: no"));
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
    insta::assert_snapshot!(sandbox.still(&["watch"]).good().out, @r"
    1_tiny
    begins: lab/tiny.rhai, seed 1
    teacher: train cnn, 246 parameters, 320 clips, 80 steps
    teacher: epoch 1/8  loss 2.000  test loss 2.200  accuracy 47.5 %  lr 5.00e-3  85 clips/s
    teacher: epoch 2/8  loss 1.000  test loss 1.100  accuracy 67.5 %  lr 2.50e-3  85 clips/s
    teacher: epoch 3/8  loss 0.667  test loss 0.733  accuracy 74.2 %  lr 1.67e-3  85 clips/s
    teacher: epoch 4/8  loss 0.500  test loss 0.550  accuracy 77.5 %  lr 1.25e-3  85 clips/s
    edit: version 1 in force from step 44: lr
    edit: refused at step 45
      error[script]: no
        --> a.rhai:1:1
    teacher: paused at step 46, waiting for an edit
      error: it threw
    teacher: goes on at step 46
    warning: the disk is full
    the run's process is gone and left no word; `still resume` goes on with it

    stage    kind   model  accuracy    best  steps  time
    teacher  train  cnn      77.5 %  77.5 %     40     –  not done
    ");
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
