//! `still report`: what it says, and what it writes beside the page.

use crate::support::Sandbox;
use crate::support::made::{self, Plan};

fn three(sandbox: &Sandbox) -> Vec<Plan> {
    let plans: Vec<Plan> = (1..=3)
        .map(|seed| Plan {
            seed,
            shares: [0.85, 0.5, 0.66 + 0.03 * seed as f64],
            ..Plan::default()
        })
        .collect();
    for plan in &plans {
        made::run(sandbox, &format!("2026-01-0{}_10-00-00_made", plan.seed), plan);
    }
    plans
}

#[test]
fn the_verdict_is_worked_out_from_the_numbers() {
    let sandbox = Sandbox::new();
    let plans = three(&sandbox);
    let gains: Vec<f64> =
        plans.iter().map(|plan| (plan.accuracy(2) - plan.accuracy(1)) * 100.0).collect();
    let mean = gains.iter().sum::<f64>() / 3.0;
    let ran = sandbox.still(&[
        "report",
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
        "--csv",
        "all.csv",
        "--markdown",
        "all.md",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("report.html: "), "{}", ran.out);
    assert!(
        ran.out.contains(&format!("+{mean:.1} points on average of 3 pairs")),
        "{mean} {}",
        ran.out
    );
    let mut table = csv::Reader::from_path(sandbox.file("all.csv")).expect("a table");
    let head = table.headers().expect("a head").clone();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 9);
    let cell = |row: &csv::StringRecord, name: &str| {
        row[head.iter().position(|own| own == name).expect(name)].to_string()
    };
    for (row, (plan, stage)) in
        rows.iter().zip(plans.iter().flat_map(|plan| (0..3).map(move |stage| (plan, stage))))
    {
        assert_eq!(cell(row, "stage"), made::STAGES[stage]);
        assert_eq!(cell(row, "accuracy").parse(), Ok(plan.accuracy(stage)));
        assert_eq!(cell(row, "seed"), plan.seed.to_string());
        let gain = cell(row, "gain").parse::<f64>().ok();
        let expected = (stage == 2).then(|| plan.accuracy(2) - plan.accuracy(1));
        assert_eq!(gain.is_some(), expected.is_some());
        assert!((gain.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
    }
    let text = sandbox.read("all.md");
    assert!(text.starts_with("# A made-up recipe.\n"), "{text}");
    assert!(text.contains("| student taught × 3 | ast | labels + “teacher” |"), "{text}");
}

#[test]
fn claims_can_expect_other_things() {
    let sandbox = Sandbox::new();
    made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan::default());
    let said = |arguments: &[&str]| {
        let all: Vec<&str> = ["report", "last"].iter().chain(arguments).copied().collect();
        let ran = sandbox.still(&all);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
            .lines()
            .next()
            .unwrap_or_default()
            .rsplit_once(": ")
            .expect("a verdict")
            .1
            .to_string()
    };
    assert_eq!(said(&[]), "supported");
    assert_eq!(said(&["--expected", "worse"]), "not supported");
    assert_eq!(said(&["--margin", "0.6"]), "not supported");
    assert_eq!(said(&["--expected", "same", "--margin", "0.9"]), "supported");
    assert_eq!(said(&["--baseline", "teacher", "--about", "student alone"]), "not supported");
    assert_eq!(said(&["--baseline", "student taught", "--about", "student taught"]), "not tested");
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    let no_runs = sandbox.still(&["report", "last"]);
    assert_eq!(no_runs.code, 2);
    made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan::default());
    let wrong = |arguments: &[&str], code: i32, word: &str| {
        let ran = sandbox.still(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
    };
    wrong(&["report", "last", "--baseline", "student alon"], 2, "did you mean 'student alone'");
    wrong(&["report", "last", "last"], 2, "a run is named twice");
    wrong(&["report", "last", "--expected", "same"], 2, "--margin 0.02");
    wrong(&["report", "last", "--margin", "7"], 2, "a share from 0 to 1");
    wrong(&["report", "nosuch"], 2, "no run has this name or tag");
    wrong(&["report", "last", "-o", "none/report.html"], 4, "report.html");
    sandbox.write("home/runs/2026-02-01_10-00-00_cut/events.jsonl", "{\"event\":\"run\"}\n");
    wrong(&["report", "2026-02"], 4, "no stage of it gave anything yet");
    // A file of answers that was cut off costs its figures only.
    let file = "home/runs/2026-01-01_10-00-00_made/predictions/student-taught.safetensors";
    let bytes = std::fs::read(sandbox.file(file)).expect("the file");
    sandbox.write(file, &bytes[..bytes.len() / 2]);
    let ran = sandbox.still(&["report", "2026-01"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("not tested"), "{}", ran.out);
}

#[test]
fn runs_of_other_settings_stand_side_by_side() {
    let sandbox = Sandbox::new();
    let plan = Plan::default();
    let set = |lambda: &str| serde_json::json!({ "lambda": lambda });
    made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan { set: set("0.5"), ..plan.clone() });
    made::run(&sandbox, "2026-01-02_10-00-00_made", &Plan { seed: 4, set: set("0.1"), ..plan });
    let ran = sandbox.still(&["report", "2026-01-01", "2026-01-02", "--markdown", "all.md"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = sandbox.read("all.md");
    assert!(
        text.contains("student taught · lambda=0.1")
            && text.contains("student taught · lambda=0.5"),
        "{text}"
    );
}

#[test]
fn a_stage_is_compared_with_the_baseline_of_its_run() {
    let sandbox = Sandbox::new();
    let other = ["teacher", "alone", "taught"].map(String::from);
    made::run(
        &sandbox,
        "2026-01-01_10-00-00_made",
        &Plan { stages: other, seed: 5, ..Plan::default() },
    );
    made::run(&sandbox, "2026-01-02_10-00-00_made", &Plan::default());
    let ran = sandbox.still(&["report", "2026-01-01", "2026-01-02"]);
    assert!(ran.out.contains("“taught” against “alone”"), "{}", ran.out);
    assert!(ran.out.contains("“student taught” against “student alone”"), "{}", ran.out);
}

#[test]
fn numbers_that_make_no_sense_break_nothing() {
    let sandbox = Sandbox::new();
    let folder = made::run(&sandbox, "2026-01-01_10-00-00_made", &Plan::default());
    let mut text = std::fs::read_to_string(folder.join("metrics.csv")).expect("metrics");
    for row in [
        "student taught,9007199254740993,18446744073709551615,1e308,-1e308,5,,NaN,inf,-inf,1,1,1,1e16",
        "student taught,7,70,1e16,10000000000000002,-3,x,5e-324,0,0,,,,",
        "student taught,seven,70",
        "nobody,1,1,1,1,1,1,1,1,1,1,1,1,1",
    ] {
        text.push_str(&format!("{row}\n"));
    }
    std::fs::write(folder.join("metrics.csv"), text).expect("a file");
    let mut events = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    events.push_str(
        "{\"event\":\"edit\",\"stage\":\"student taught\",\"step\":1e300,\"version\":-1}\n",
    );
    events.push_str("{\"event\":\"edit\",\"stage\":7,\"outcome\":\"in_force\",\"step\":18446744073709551615,\"version\":99}\n");
    events.push_str(
        "{\"event\":\"report\",\"stages\":[1],\"margin\":\"wide\",\"expected\":\"odd\"}\n",
    );
    events.push_str("{\"event\":\"epoch\",\"stage\":\"student taught\",\"epoch\":18446744073709551615,\"step\":9007199254740993,\"loss\":1e308,\"lr\":\"inf\",\"logged\":[[\"x\",1e16],[7]]}\n");
    events.push_str("{\"event\":\"epoch\",\"stage\":\"student taught\",\"epoch\":7,\"step\":9007199254740994,\"loss\":\"NaN\",\"seconds\":-1e300}\n");
    sandbox.write("home/runs/2026-01-01_10-00-00_made/still.lock", "[");
    // Where the journal lacks the epochs, they are those of the table.
    let lacking = events.lines().filter(|line| !line.contains("\"event\":\"epoch\""));
    let lacking = lacking.collect::<Vec<_>>().join("\n") + "\n";
    for journal in [&events, &lacking] {
        std::fs::write(folder.join("events.jsonl"), journal).expect("a file");
        let ran = sandbox.still(&["report", "last"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("report.html: supported"), "{}", ran.out);
        let page = std::fs::read_to_string(folder.join("report.html")).expect("a page");
        assert!(page.contains("fig-logged-1") && page.contains("agreement (logged)"));
        assert_eq!(sandbox.still(&["runs", "tensorboard", "last", "-o", "board"]).code, 0);
    }
}
