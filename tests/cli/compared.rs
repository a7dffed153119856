//! Runs that are compared: differences, intervals, means over seeds.

use super::looked::{four, narrow, run};
use crate::support::Sandbox;
use crate::support::made::{self, Plan};
use crate::support::past::THEN;
use serde_json::{Value, json};
use stillroom::data::Logits;
use stillroom::metrics::{Draws, Metric, bootstrap, bootstrap_difference, bootstrap_mean};

const ALL: [&str; 6] = ["runs", "compare", "_10-00", "_11-00", "_12-00", "_13-00"];

#[test]
fn runs_are_compared() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    insta::assert_snapshot!(sandbox.still(&ALL).good().out, @r"
       run                       state  seed            arguments
    a  2026-01-01_10-00-00_tiny  ended     1  baseline
    b  2026-01-01_11-00-00_tiny  ended     2
    c  2026-01-01_12-00-00_tiny  ended     1            tau=4
    d  2026-01-01_13-00-00_tiny  ended     2            tau=4

    stage    run  result  95 %            − a  95 %              best  curve       time
    teacher  a    82.5 %  [72.7, 89.3]                         85.0 %  ▁▅▆▇▇███  31.5 s
             b    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███  31.5 s
             c    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███  31.5 s
             d    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███  31.5 s
    student  a    75.0 %  [64.5, 83.2]                         77.5 %  ▁▅▆▇▇███  31.5 s
             b    77.5 %  [67.2, 85.3]   +2.5  [-10.7, 15.5]*  80.0 %  ▁▅▆▇▇███  31.5 s
             c    80.0 %  [70.0, 87.3]   +5.0  [-8.0, 17.8]*   82.5 %  ▁▅▆▇▇███  31.5 s
             d    85.0 %  [75.6, 91.2]  +10.0  [-2.5, 22.2]*   87.5 %  ▁▅▆▇▇███  31.5 s

    over seeds  runs  n  mean          range        of means
    teacher     a b   2  82.5 % ± 0.0  82.5 … 82.5
    teacher     c d   2  82.5 % ± 0.0  82.5 … 82.5      +0.0
    student     a b   2  76.2 % ± 1.8  75.0 … 77.5
    student     c d   2  82.5 % ± 3.5  80.0 … 85.0      +6.2

    95 %: Wilson's interval of the accuracy, from the number of test clips. *: Newcombe's, as if each
    run had heard clips of its own; wide where they heard the same. ±: the standard deviation over seeds
    (n − 1).
    ");
    insta::assert_snapshot!(narrow(&sandbox, "80", &ALL).out, @r"
       run                       state  seed            arguments
    a  2026-01-01_10-00-00_tiny  ended     1  baseline
    b  2026-01-01_11-00-00_tiny  ended     2
    c  2026-01-01_12-00-00_tiny  ended     1            tau=4
    d  2026-01-01_13-00-00_tiny  ended     2            tau=4

    stage    run  result  95 %            − a  95 %              best  curve
    teacher  a    82.5 %  [72.7, 89.3]                         85.0 %  ▁▅▆▇▇███
             b    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███
             c    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███
             d    82.5 %  [72.7, 89.3]   +0.0  [-11.9, 11.9]*  85.0 %  ▁▅▆▇▇███
    student  a    75.0 %  [64.5, 83.2]                         77.5 %  ▁▅▆▇▇███
             b    77.5 %  [67.2, 85.3]   +2.5  [-10.7, 15.5]*  80.0 %  ▁▅▆▇▇███
             c    80.0 %  [70.0, 87.3]   +5.0  [-8.0, 17.8]*   82.5 %  ▁▅▆▇▇███
             d    85.0 %  [75.6, 91.2]  +10.0  [-2.5, 22.2]*   87.5 %  ▁▅▆▇▇███

    over seeds  runs  n  mean          range        of means
    teacher     a b   2  82.5 % ± 0.0  82.5 … 82.5
    teacher     c d   2  82.5 % ± 0.0  82.5 … 82.5      +0.0
    student     a b   2  76.2 % ± 1.8  75.0 … 77.5
    student     c d   2  82.5 % ± 3.5  80.0 … 85.0      +6.2

    95 %: Wilson's interval of the accuracy, from the number of test clips. *:
    Newcombe's, as if each run had heard clips of its own; wide where they heard the
    same. ±: the standard deviation over seeds (n − 1).
    ");
    insta::assert_snapshot!(narrow(&sandbox, "40", &ALL).out, @r"
       run
    a  2026-01-01_10-00-00_tiny  baseline
    b  2026-01-01_11-00-00_tiny
    c  2026-01-01_12-00-00_tiny
    d  2026-01-01_13-00-00_tiny

    stage    run  result    − a  curve
    teacher  a    82.5 %         ▁▅▆▇▇███
             b    82.5 %   +0.0  ▁▅▆▇▇███
             c    82.5 %   +0.0  ▁▅▆▇▇███
             d    82.5 %   +0.0  ▁▅▆▇▇███
    student  a    75.0 %         ▁▅▆▇▇███
             b    77.5 %   +2.5  ▁▅▆▇▇███
             c    80.0 %   +5.0  ▁▅▆▇▇███
             d    85.0 %  +10.0  ▁▅▆▇▇███

    over seeds  runs  n  mean
    teacher     a b   2  82.5 % ± 0.0
    teacher     c d   2  82.5 % ± 0.0
    student     a b   2  76.2 % ± 1.8
    student     c d   2  82.5 % ± 3.5

    ±: the standard deviation over seeds (n
    − 1).
    ");
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
fn where_both_heard_the_same_clips_they_are_paired() {
    let sandbox = Sandbox::new();
    four(&sandbox);
    // 60 and 64 of 80 are found; of the first 60 the second one misses 4, of the last 20 it finds 8.
    let found = [|clip: usize| clip < 60, |clip: usize| (4..60).contains(&clip) || clip >= 72];
    let keep = |name: &str, found: fn(usize) -> bool, ids: &str| {
        let logits = (0..80).flat_map(|clip| if found(clip) { [1.0, 0.0] } else { [0.0, 1.0] });
        let targets = [1.0, 0.0].repeat(80);
        let ids = (0..80).map(|clip| format!("{ids}{clip}")).collect();
        let classes = vec!["dog".to_string(), "rain".to_string()];
        let all = Logits::new(ids, classes, logits.collect(), Some(targets)).expect("logits");
        let folder = sandbox.file(&format!("home/runs/{name}/predictions"));
        std::fs::create_dir_all(&folder).expect("a folder");
        all.write(&folder.join("student.safetensors")).expect("written");
    };
    keep("2026-01-01_10-00-00_tiny", found[0], "clip-");
    keep("2026-01-01_12-00-00_tiny", found[1], "clip-");
    // Of other clips, and of another result.
    keep("2026-01-01_13-00-00_tiny", |clip| clip < 68, "other-");
    keep("2026-01-01_11-00-00_tiny", |clip| clip < 20, "clip-");
    let ran = sandbox.still(&[ALL.as_slice(), &["--json"]].concat()).good();
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    let of = |run: &str| {
        let stages = told["stages"].as_array().expect("stages");
        let own = stages.iter().find(|own| own["stage"] == "student" && own["run"] == run);
        own.expect("a stage").clone()
    };
    for run in ["b", "d"] {
        assert_eq!(of(run)["difference_method"], json!("newcombe"), "{run}");
    }
    let paired = of("c");
    assert_eq!(paired["difference_method"], json!("paired_bootstrap"));
    let gain = |clip: usize| f64::from(found[1](clip)) - f64::from(found[0](clip));
    // In the order of the ids.
    let mut ids: Vec<(String, usize)> =
        (0..80).map(|clip| (format!("clip-{clip}"), clip)).collect();
    ids.sort();
    let gains: Vec<f64> = ids.iter().map(|(_, clip)| gain(*clip)).collect();
    let expected = bootstrap_mean(&gains, &Draws::default()).expect("an interval");
    assert!((expected.value - 0.05).abs() < 1e-12 && expected.low < 0.0 && expected.high > 0.1);
    assert_eq!(
        paired["difference_interval"],
        json!({ "low": expected.low, "high": expected.high })
    );
    let shown = sandbox.still(&ALL).good().out;
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<&str> =
        shown.lines().filter(|line| line.contains("8.0 %") || line.contains("80.0 %")).collect();
    assert!(lines.iter().any(|line| line.contains("+5.0") && !line.contains('*')), "{shown}");
    assert!(words.contains("a bootstrap of the clips that both heard"), "{words}");
    assert!(words.contains("*: Newcombe's"), "{words}");
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
    insta::assert_snapshot!(one.error(), @r"
    error[usage]: still runs compare: only one run is named
      received: 2026-01-01_10-00-00_tiny
      hint: name several; `still runs show` shows one, `still runs ls` lists them
    ");
    let wrong = sandbox.still(&["runs", "compare", "_10-00", "last", "--baseline", "nope"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.error().contains("run 'nope': no run has this name or tag"), "{}", wrong.err);
}

#[test]
fn mean_average_precision_has_the_interval_of_its_clips() {
    let sandbox = Sandbox::new();
    let plans = [0, 1].map(|seed| Plan { multi: true, seed, ..Plan::default() });
    for (hour, plan) in [10, 11].into_iter().zip(&plans) {
        made::run(&sandbox, &format!("2026-01-01_{hour}-00-00_made"), plan);
    }
    let ran = sandbox.still(&["runs", "compare", "_10-00", "_11-00", "--json"]).good();
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    let stages = told["stages"].as_array().expect("stages");
    let of =
        |run: &str| stages.iter().find(|own| own["stage"] == "student alone" && own["run"] == run);
    let [a, b] = ["a", "b"].map(|run| of(run).expect("a stage"));
    let metric = Metric::named("test", "average_precision").expect("a metric");
    // As the page of a report draws.
    let draws = Draws { resamples: 2000, level: 0.95, seed: 0 };
    for (own, plan) in [(a, &plans[0]), (b, &plans[1])] {
        let drawn = bootstrap(&plan.predictions(1), &metric, &draws).expect("an interval");
        assert_eq!(own["interval"], json!({ "low": drawn.low, "high": drawn.high }));
        assert_eq!((&own["metric"], &own["interval_method"]), (&json!("map"), &json!("bootstrap")));
        assert!(drawn.low < drawn.value && drawn.value < drawn.high);
    }
    let [first, second] = [&plans[1], &plans[0]].map(|plan| plan.predictions(1));
    let gain = bootstrap_difference(&first, &second, &metric, &draws).expect("an interval");
    assert_eq!(b["difference_interval"], json!({ "low": gain.low, "high": gain.high }));
    assert_eq!(b["difference_method"], "paired_bootstrap");
    let shown = sandbox.still(&["runs", "compare", "_10-00", "_11-00"]).good().out;
    insta::assert_snapshot!(shown.split("\n\n").skip(1).collect::<Vec<_>>().join("\n\n"), @r"
    stage           run     result  95 %               − a  95 %                  best  curve     time
    teacher         a    mAP 0.813  [0.737, 0.899]                           mAP 0.813  ▄▄▄▄▄▄  12.5 s
                    b    mAP 0.899  [0.843, 0.957]  +0.086  [-0.011, 0.184]  mAP 0.899  ▄▄▄▄▄▄  12.5 s
    student alone   a    mAP 0.485  [0.420, 0.596]                           mAP 0.485  ▄▄▄▄▄▄  12.5 s
                    b    mAP 0.552  [0.484, 0.655]  +0.067  [-0.056, 0.173]  mAP 0.552  ▄▄▄▄▄▄  12.5 s
    student taught  a    mAP 0.767  [0.695, 0.852]                           mAP 0.767  ▄▄▄▄▄▄  12.5 s
                    b    mAP 0.746  [0.670, 0.841]  -0.021  [-0.134, 0.099]  mAP 0.746  ▄▄▄▄▄▄  12.5 s

    over seeds      runs  n  mean               range
    teacher         a b   2  mAP 0.856 ± 0.061  0.813 … 0.899
    student alone   a b   2  mAP 0.519 ± 0.047  0.485 … 0.552
    student taught  a b   2  mAP 0.757 ± 0.015  0.746 … 0.767

    95 % of mAP: a bootstrap of the clips that test. Of differences: a bootstrap of the clips that both
    heard. ±: the standard deviation over seeds (n − 1).
    ");
    let shown = sandbox.still(&["runs", "show", "_10-00"]).good().out;
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let low = a["interval"]["low"].as_f64().expect("a number");
    assert!(words.contains(&format!("[{low:.3}, ")), "{shown}");
    assert!(words.contains("95 % of mAP: a bootstrap of the clips that test."), "{shown}");
    // What was kept is of another result.
    let path = "home/runs/2026-01-01_10-00-00_made/events.jsonl";
    let map = plans[0].map(1).to_string();
    let journal = sandbox.read(path);
    assert!(journal.contains(&map));
    sandbox.write(path, journal.replace(&map, "0.125"));
    let results = "home/runs/2026-01-01_10-00-00_made/results.json";
    sandbox.write(results, sandbox.read(results).replace(&map, "0.125"));
    let shown = sandbox.still(&["runs", "show", "_10-00"]).good().out;
    assert!(!shown.contains(&format!("[{low:.3}, ")), "{shown}");
}
