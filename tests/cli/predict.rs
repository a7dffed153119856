//! `still predict`.

use super::export::OWN;
use crate::support::{Sandbox, TINY, example, golden};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// A sandbox with a run of [`TINY`].
fn trained() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &[]).good();
    sandbox
}

fn clip(name: &str) -> String {
    example().join("audio").join(name).display().to_string()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn what_it_says_of_the_test_clips_is_what_the_run_said() {
    let sandbox = Sandbox::new();
    let whole = TINY.replace(", per_class: 2", "").replace("batch: 8", "batch: 32");
    sandbox.run(&whole, &["--set", "epochs=1"]).good();
    let results = std::fs::read(sandbox.run_folder().join("results.json")).expect("a file");
    let results: Value = serde_json::from_slice(&results).expect("JSON");
    let mut list = csv::Reader::from_path(example().join("meta/esc50.csv")).expect("the list");
    let rows = list.records().map(|row| row.expect("a row"));
    let tested: Vec<(String, String)> = rows
        .filter(|row| &row[1] == "5")
        .map(|row| (row[0].to_string(), row[3].to_string()))
        .collect();
    let files: Vec<String> = tested.iter().map(|(file, _)| clip(file)).collect();
    for stage in results["stages"].as_array().expect("stages") {
        let name = stage["name"].as_str().expect("a name");
        let mut arguments =
            vec!["predict", "last", "--stage", name, "--last", "--json", "--top", "1"];
        arguments.extend(files.iter().map(String::as_str));
        let said = lines(&sandbox.still(&arguments).good().out);
        assert_eq!(said.len(), tested.len());
        let right =
            said.iter().zip(&tested).filter(|(line, (_, label))| line["top"][0][0] == **label);
        let accuracy = right.count() as f64 / tested.len() as f64;
        assert_eq!(stage["accuracy"].as_f64().expect("a number"), accuracy, "{name}");
    }
}

#[test]
fn a_file_of_weights_is_enough() {
    let sandbox = trained();
    let file = clip("1-10000-A-0.wav");
    let by_run = sandbox.still(&["predict", "last", &file, "--json"]).good();
    let weights = sandbox.run_folder().join("weights/student.best.safetensors");
    // Far from its run, under another name.
    std::fs::copy(&weights, sandbox.file("model.safetensors")).expect("a copy");
    std::fs::remove_dir_all(sandbox.file("home")).expect("no runs");
    let by_file = sandbox.still(&["predict", "model.safetensors", &file, "--json"]).good();
    assert_eq!(by_run.out, by_file.out);
}

#[test]
fn mistakes_are_told() {
    let sandbox = trained();
    let file = clip("1-10000-A-0.wav");
    let refused = |arguments: &[&str]| sandbox.still(&[&["predict"], arguments].concat()).error();
    insta::assert_snapshot!(refused(&["last", &file, "--stage", "studen"]).replace(sandbox.run_folder().file_name().expect("a name").to_str().expect("a text"), "RUN"), @r"
    error[usage]: run RUN: unknown stage 'studen'
      hint: did you mean 'student'?
    ");
    insta::assert_snapshot!(refused(&["nothing", &file]).lines().next().unwrap_or_default(), @"error[usage]: run 'nothing': no run has this name or tag");
    insta::assert_snapshot!(refused(&["recipe.rhai", &file]).lines().next().unwrap_or_default(), @"error[data]: reading recipe.rhai: not a whole safetensors file");
    insta::assert_snapshot!(refused(&["last", &file, "--window", "0"]), @r"
    error[usage]: --window, --hop: 'seconds' is out of range
      expected: more than 0
      received: 0
    ");
    // What is wrong with one file costs the others nothing.
    let ran = sandbox.still(&["predict", "last", "missing.wav", &file, "--json"]);
    assert_eq!((ran.code, lines(&ran.out).len()), (4, 1));
    assert!(ran.err.contains("reading missing.wav: no such file or folder"), "{}", ran.err);
    sandbox.write("plain.safetensors", plain());
    insta::assert_snapshot!(refused(&["plain.safetensors", &file]), @r"
    error[data]: reading plain.safetensors: the file does not say what model its weights belong to
      expected: weights that a run wrote: <run>/weights/<stage>.best.safetensors
      hint: weights of other programs come in by the option 'pretrained' of a model, in a recipe
    ");
}

#[test]
fn files_of_other_programs_are_told_what_they_are() {
    let sandbox = trained();
    let file = clip("1-10000-A-0.wav");
    sandbox.still(&["export", "last", "-o", "graph.onnx"]).good();
    for (name, content) in [
        ("theirs.pt", std::fs::read(golden("weights/zip_f32.pt")).expect("a file")),
        ("legacy.pt", std::fs::read(golden("weights/legacy.pt")).expect("a file")),
        ("cut.onnx", std::fs::read(sandbox.file("graph.onnx")).expect("a graph")[..900].to_vec()),
    ] {
        sandbox.write(name, content);
    }
    for (name, what, cure) in [
        ("theirs.pt", "a PyTorch file", "'pretrained'"),
        ("legacy.pt", "a pickle", "'pretrained'"),
        ("graph.onnx", "an ONNX graph", "name the run that it came from"),
        ("cut.onnx", "an ONNX graph", "name the run that it came from"),
    ] {
        for verb in [&["predict", name, &file][..], &["export", name], &["bench", name]] {
            let told = sandbox.still(verb).error();
            let head = format!("error[data]: reading {name}: these are no weights of a run");
            assert!(told.starts_with(&head), "{told}");
            assert!(told.contains(what) && told.contains(cure), "{told}");
        }
    }
}

/// Weights without a description.
fn plain() -> Vec<u8> {
    let device = stillroom::tensor::Device::default();
    let one = stillroom::tensor::Tensor::from_values(vec![1.0], &[1], &device).expect("a tensor");
    stillroom::tensor::store::encode(&[("weight".to_string(), one)]).expect("bytes")
}

#[test]
fn windows_and_standard_input() {
    let sandbox = trained();
    let file = clip("1-10000-A-0.wav");
    let whole = lines(&sandbox.still(&["predict", "last", &file, "--json"]).good().out);
    assert_eq!(whole.len(), 1);
    let all = whole[0]["probabilities"].as_object().expect("a map");
    let sum: f64 = all.values().map(|p| p.as_f64().expect("a number")).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    let windows = sandbox.still(&["predict", "last", &file, "--json", "--window", "0.5"]).good();
    let spans: Vec<[f64; 2]> = lines(&windows.out)
        .iter()
        .map(|line| ["start", "end"].map(|key| line[key].as_f64().expect("seconds")))
        .collect();
    assert_eq!(spans, [[0.0, 0.5], [0.5, 1.0], [1.0, 1.5]]);

    let mut child = sandbox
        .command()
        .args(["predict", "last", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(&std::fs::read(&file).expect("a clip")).expect("all of it");
    drop(input);
    let output = child.wait_with_output().expect("its end");
    let piped = lines(&String::from_utf8(output.stdout).expect("a text"));
    assert_eq!(piped[0]["file"], "-");
    assert_eq!(piped[0]["probabilities"], whole[0]["probabilities"]);
}

/// What such a network says of the test clips is what its run said of them, and the best weights are another epoch's.
#[test]
fn a_network_that_only_its_recipe_can_build_listens_too() {
    let sandbox = Sandbox::new();
    let recipe = OWN.replace("epochs: 1", "epochs: 3").replace(", #{ per_class: 6 }", "");
    sandbox.run(&recipe, &[]).good();
    let results = std::fs::read(sandbox.run_folder().join("results.json")).expect("a file");
    let results: Value = serde_json::from_slice(&results).expect("JSON");
    let stage = &results["stages"][0];
    let mut list = csv::Reader::from_path(example().join("meta/esc50.csv")).expect("the list");
    let rows = list.records().map(|row| row.expect("a row"));
    let tested: Vec<(String, String)> = rows
        .filter(|row| &row[1] == "5")
        .map(|row| (row[0].to_string(), row[3].to_string()))
        .collect();
    let files: Vec<String> = tested.iter().map(|(file, _)| clip(file)).collect();
    let accuracy = |more: &[&str]| {
        let mut arguments = vec!["predict", "last", "--json", "--top", "1"];
        arguments.extend(more);
        arguments.extend(files.iter().map(String::as_str));
        let said = lines(&sandbox.still(&arguments).good().out);
        assert_eq!(said.len(), tested.len());
        let right =
            said.iter().zip(&tested).filter(|(line, (_, label))| line["top"][0][0] == **label);
        right.count() as f64 / tested.len() as f64
    };
    let said = |key: &str| stage[key].as_f64().expect("a share");
    assert_eq!([accuracy(&[]), accuracy(&["--last"])], ["best_accuracy", "accuracy"].map(said));
}
