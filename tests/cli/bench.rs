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
      hint: did you mean 'efficientnet_b0'?
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
