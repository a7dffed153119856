//! `still bench`: what is told, never how fast it was.

use super::export::OWN;
use crate::support::{Sandbox, TINY};
use serde_json::{Value, json};

/// A small model by its name, measured as briefly as can be.
const SMALL: [&str; 10] =
    ["bench", "cnn", "--classes", "7", "--frames", "40", "--mels", "16", "--seconds", "0"];

fn rows(found: &Value) -> Vec<(String, u64)> {
    let rows = found["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let median = row["median_seconds"].as_f64().expect("a time");
        let late = row["p95_seconds"].as_f64().expect("a time");
        assert!(median > 0.0 && late >= median, "{row}");
        assert!(row["clips_per_second"].as_f64().expect("a rate") > 0.0, "{row}");
        assert!(row["repeats"].as_u64().expect("a count") >= 3, "{row}");
        (row["pass"].as_str().expect("a pass").to_string(), row["batch"].as_u64().expect("clips"))
    })
    .collect()
}

#[test]
fn a_named_model_is_measured_at_each_batch() {
    let sandbox = Sandbox::new();
    let more = ["--batch", "3,1,3", "--train", "--threads", "1", "--json", "-"];
    let ran = sandbox.still(&[&SMALL[..], &more].concat()).good();
    let found: Value = serde_json::from_str(&ran.out).expect("one JSON object");
    let expected = [("forward", 1), ("forward", 3), ("train step", 1), ("train step", 3)];
    let expected: Vec<_> = expected.map(|(pass, batch)| (pass.to_string(), batch)).into();
    assert_eq!(rows(&found), expected);
    assert_eq!((&found["model"], &found["input"]), (&json!("cnn"), &json!([40, 16])));
    assert_eq!((&found["classes"], &found["machine"]["threads"]), (&json!(7), &json!(1)));
    // As `still models` counts them.
    let known = sandbox.still(&[
        "models",
        "cnn",
        "--json",
        "--classes",
        "7",
        "--frames",
        "40",
        "--mels",
        "16",
    ]);
    let known: Value = serde_json::from_str(&known.good().out).expect("JSON");
    for key in ["parameters", "multiply_adds"] {
        assert_eq!(found[key], known[key], "{key}");
    }
    let row = &found["rows"][1];
    let work = 2.0 * 3.0 * found["multiply_adds"].as_f64().expect("a count");
    let rate = work / row["median_seconds"].as_f64().expect("a time") / 1e9;
    let told = row["gflops_per_second"].as_f64().expect("a rate");
    assert!((told / rate - 1.0).abs() < 1e-9, "{told} for {rate}");
    if cfg!(target_os = "linux") {
        // More than the weights alone, less than a small model could ever take.
        let peak = row["peak_bytes"].as_u64().expect("bytes");
        assert!((1 << 20..4 << 30).contains(&peak), "{peak}");
    }
}

#[test]
fn the_table_has_a_row_for_each_pass_and_the_file_has_the_same() {
    let sandbox = Sandbox::new();
    let more = ["--batch", "2", "--train", "--json", "found.json"];
    let ran = sandbox.still(&[&SMALL[..], &more].concat()).good();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("cnn: 294,615 parameters; 8.20 M multiply-adds "), "{}", ran.out);
    assert!(lines[0].ends_with("for a clip [40, 16]; 7 classes"), "{}", ran.out);
    assert_eq!(
        lines[2].split_whitespace().collect::<Vec<_>>().join(" "),
        "PASS BATCH MEDIAN P95 CLIPS/S GFLOP/S PEAK MEMORY REPEATS"
    );
    assert!(lines[3].starts_with("forward "), "{}", ran.out);
    assert!(lines[4].starts_with("train step "), "{}", ran.out);
    let found: Value = serde_json::from_str(&sandbox.read("found.json")).expect("JSON");
    assert_eq!(rows(&found).len(), 2);
}

#[test]
fn runs_and_files_of_weights_are_measured() {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &["--set", "epochs=1"]).good();
    let measured = |what: &str, more: &[&str]| -> Value {
        let given = ["bench", what, "--batch", "2", "--seconds", "0", "--json", "-"];
        let ran = sandbox.still(&[&given[..], more].concat()).good();
        serde_json::from_str(&ran.out).expect("JSON")
    };
    let [student, teacher] =
        [&[][..], &["--stage", "teacher"]].map(|more| measured("last", more)["parameters"].clone());
    assert_ne!(student, teacher);
    let weights = sandbox.run_folder().join("weights/teacher.best.safetensors");
    let file = measured(weights.to_str().expect("a path"), &["--train"]);
    assert_eq!(file["parameters"], teacher);
    assert_eq!((&file["input"], &file["classes"]), (&json!([40, 16]), &json!(10)));
}

#[test]
fn a_network_that_only_its_recipe_can_build_is_taken_out_of_its_run() {
    let sandbox = Sandbox::new();
    sandbox.run(OWN, &[]).good();
    let given = ["bench", "last", "--batch", "2", "--seconds", "0", "--train", "--json", "-"];
    let ran = sandbox.still(&given).good();
    let found: Value = serde_json::from_str(ran.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(rows(&found).len(), 2);
    assert_eq!(found["input"], json!([40, 32]));
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    let refused = |arguments: &[&str]| sandbox.still(&[&["bench"], arguments].concat()).error();
    insta::assert_snapshot!(refused(&["efficientnet_b9"]), @r"
    error[name]: still bench: unknown model 'efficientnet_b9'
      hint: of EfficientNets there are model::efficientnet_b0 to model::efficientnet_b7
    ");
    insta::assert_snapshot!(refused(&[]), @r"
    error[usage]: still bench: no model is named
      hint: still bench efficientnet_b0; `still models` lists the models
    ");
    insta::assert_snapshot!(refused(&["cnn", "--stage", "teacher"]), @r"
    error[usage]: --stage, --last: a named model has no stages
      received: cnn
    ");
    insta::assert_snapshot!(refused(&["ast_tiny", "--frames", "10"]), @r"
    error[shape]: model::ast_tiny: the clips are smaller than a patch
      expected: at least 16 frames and 16 mels
      received: 10 frames, 128 mels
    ");
    insta::assert_snapshot!(refused(&["cnn", "--json", "nowhere/found.json"]), @"error[usage]: --json nowhere/found.json: no such folder");
    insta::assert_snapshot!(refused(&["missing.safetensors"]).lines().next().unwrap_or_default(), @"error[file]: reading missing.safetensors: no such file");
    insta::assert_snapshot!(refused(&["cnn", "--quick"]), @"error[usage]: --quick: it is for --suite and --growth only");
    insta::assert_snapshot!(refused(&["--suite", "--only", "lienar"]), @r"
    error[usage]: --only: no case has this in its name
      received: lienar
    ");
    let told = refused(&["--suite", "--only", "layer norm", "--python", "no-such-python"]);
    insta::assert_snapshot!(told.lines().next().unwrap_or_default(), @"error[file]: no-such-python: it cannot be started");
    let ran = sandbox.still(&["bench", "cnn", "--batch", "0"]);
    assert!(ran.code == 2 && ran.err.contains("--batch"), "{}", ran.err);
}

/// A program that answers as PyTorch's side does: half a second for everything, but one case that it does not know.
const PYTHON: &str = r#"#!/bin/sh
echo '{"versions": {"torch": "0.0", "timm": "0.0"}, "threads": 1}'
while read -r line; do
    case "$line" in
        *softmax*) echo '{"error": "no softmax here"}' ;;
        *start* | *repeat*) echo "told besides"; echo '{"seconds": [0.5, 0.5]}' ;;
        *) echo '{"bytes": 1000}' ;;
    esac
done
"#;

#[cfg(unix)]
#[test]
fn the_suite_has_both_sides_in_a_table_a_record_and_a_page() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let python = sandbox.write("python", PYTHON);
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let page = "# Before\n\n<!-- still bench suite: begin -->\nold\n<!-- still bench suite: end -->\n\nafter\n";
    sandbox.write("page.md", page);
    let given = |only: &str| -> Vec<String> {
        let all = ["bench", "--suite", "--quick", "--only", only, "--python", "./python"];
        all.iter().map(|text| text.to_string()).collect()
    };
    let mut arguments = given("cross entropy");
    arguments.extend(["--json", "found.json"].map(String::from));
    let run = |arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        sandbox.still(&arguments).good()
    };
    let ran = run(&arguments);
    assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
    assert!(ran.out.lines().next().expect("a head").ends_with("PyTorch 0.0"), "{}", ran.out);
    assert!(ran.out.contains("forward + backward") && ran.out.contains("500 ms"), "{}", ran.out);
    // The record of before keeps its cases, and what one side lacks is told.
    let mut arguments = given("softmax");
    arguments.extend(
        ["--json", "all.json", "--keep", "found.json", "--markdown", "page.md"].map(String::from),
    );
    let ran = run(&arguments);
    assert!(ran.err.contains("PyTorch's is missing: no softmax here"), "{}", ran.err);
    let found: Value = serde_json::from_str(&sandbox.read("all.json")).expect("JSON");
    let cases = found["cases"].as_array().expect("cases");
    let names: Vec<&str> =
        cases.iter().map(|case| case["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["softmax", "softmax", "cross entropy + KL", "cross entropy + KL"]);
    assert!(cases[0]["pytorch"]["error"].is_string() && cases[0]["ratio"].is_null());
    for case in &cases[2..] {
        let ours = case["ours"]["median_seconds"].as_f64().expect("a time");
        assert_eq!(case["ratio"].as_f64().expect("a ratio"), ours / 0.5);
    }
    let page = sandbox.read("page.md");
    assert!(page.starts_with("# Before\n\n<!-- still bench suite: begin -->\n"), "{page}");
    assert!(page.ends_with("<!-- still bench suite: end -->\n\nafter\n"), "{page}");
    assert!(
        page.contains("| softmax | [8, 3, 602, 602] | forward | ") && !page.contains("old"),
        "{page}"
    );
}

#[test]
fn growth_tells_exponents() {
    let sandbox = Sandbox::new();
    let given = ["bench", "--growth", "--quick", "--only", "parameters", "--json", "-"];
    let ran = sandbox.still(&given).good();
    let found: Value = serde_json::from_str(&ran.out).expect("JSON");
    let series = found["growth"].as_array().expect("series");
    assert_eq!(series.len(), 1);
    let points = series[0]["points"].as_array().expect("points");
    let along: Vec<f64> =
        points.iter().map(|point| point["along"].as_f64().expect("a number")).collect();
    assert!(along.windows(2).all(|pair| pair[0] < pair[1]), "{along:?}");
    // Twice the width is nearly four times the weights, and the work.
    let expected = series[0]["time"]["expected"].as_f64().expect("an exponent");
    assert!((0.8..1.1).contains(&expected), "{expected}");
    assert!(series[0]["time"]["ours"].is_number() && series[0]["time"]["pytorch"].is_null());
}
