//! Models that begin with the weights of a file: in a run, in its results, and in what names a stage's result.

use crate::support::{Sandbox, example};
use std::process::Command;
use stillroom::tensor::{Device, Tensor, store};

const RECIPE: &str = r#"
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{ data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }), batch: 8, epochs: 1 };
let model = model::cnn(#{ classes: data.classes, channels: [4], pretrained: #{ file: arg("weights"), stem: "sum" } });
train(model, common + #{ name: "teacher" });
"#;

/// Weights of a network of the recipe's kind for pictures of three channels and 7 classes.
fn weights(sandbox: &Sandbox, name: &str, shift: f32) {
    let tensor = |name: &str, shape: &[usize]| {
        let count = shape.iter().product::<usize>();
        let values =
            (0..count).map(|index| ((index * 7 % 13) as f32 - 6.0) / 30.0 + shift).collect();
        (
            name.to_string(),
            Tensor::from_values(values, shape, &Device::default()).expect("a tensor"),
        )
    };
    let norm = |at: usize| {
        ["weight", "bias", "running_mean", "running_var"].map(|own| format!("body.{at}.{own}"))
    };
    let norms: Vec<String> = [norm(1), norm(4)].concat();
    let mut all: Vec<_> = norms.iter().map(|name| tensor(name, &[4])).collect();
    for (name, value) in all.iter_mut().filter(|(name, _)| name.ends_with("running_var")) {
        *value = Tensor::full(&[4], 1.0, &Device::default()).expect(name);
    }
    all.push(tensor("body.0.weight", &[4, 3, 3, 3]));
    all.push(tensor("body.3.weight", &[4, 4, 3, 3]));
    all.push(tensor("head.weight", &[7, 4]));
    all.push(tensor("head.bias", &[7]));
    let path = sandbox.file(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    store::save(&path, &all).expect("a file");
}

fn command(sandbox: &Sandbox, verb: &str, weights: &str) -> Command {
    sandbox.write("recipe.rhai", RECIPE);
    let mut command = sandbox.command();
    command.args([verb, "recipe.rhai", "--set", &format!("data={}", example().display())]);
    command.args(["--set", &format!("weights={weights}")]);
    command
}

fn run(sandbox: &Sandbox, weights: &str) -> serde_json::Value {
    let output = command(sandbox, "run", weights).arg("--json").output().expect("the binary");
    let ran = sandbox.finish(output).good();
    let line = ran.out.lines().last().expect("results").to_string();
    let results: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    results["stages"][0].clone()
}

#[test]
fn a_stage_tells_what_its_model_began_with_and_is_named_by_the_files_content() {
    let sandbox = Sandbox::new();
    weights(&sandbox, "a/one.safetensors", 0.0);
    let first = run(&sandbox, "a/one.safetensors");
    let told = &first["pretrained"];
    assert_eq!(told["loaded"], 10, "{told}");
    assert_eq!(told["fresh"], serde_json::json!(["head.weight", "head.bias"]));
    assert_eq!(told["adapted"][0]["how"], "the sum over 3 channels");
    // The same content elsewhere is the same stage.
    weights(&sandbox, "b/two.safetensors", 0.0);
    let same = run(&sandbox, "b/two.safetensors");
    assert_eq!(same["key"], first["key"]);
    assert_eq!(same["from_store"], true);
    // Other numbers are another one.
    weights(&sandbox, "b/two.safetensors", 0.01);
    let other = run(&sandbox, "b/two.safetensors");
    assert_ne!(other["key"], first["key"]);
    assert_ne!(other["weights_blake3"], first["weights_blake3"]);
}

#[test]
fn a_check_and_a_run_tell_what_becomes_of_the_weights() {
    let sandbox = Sandbox::new();
    weights(&sandbox, "one.safetensors", 0.0);
    let told = [
        "one.safetensors (safetensors, names: the network's own): 10 of 12 parameters loaded",
        "  adapted, the sum over 3 channels: body.0.weight",
        "  new head: head.weight, head.bias",
    ];
    for (verb, indent) in [("check", "             "), ("run", "  ")] {
        let output = command(&sandbox, verb, "./one.safetensors").output().expect("the binary");
        let ran = sandbox.finish(output).good();
        let lines = told.join(&format!("\n{indent}"));
        assert!(
            format!("{}{}", ran.out, ran.err).contains(&lines),
            "{verb}:\n{}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn what_a_user_may_do_wrong_is_told_before_anything_is_trained() {
    let sandbox = Sandbox::new();
    weights(&sandbox, "right.safetensors", 0.0);
    let right = std::fs::read(sandbox.file("right.safetensors")).expect("the file");
    sandbox.write("cut.safetensors", &right[..right.len() - 9]);
    sandbox.write("text.pt", "no weights");
    let other = [(
        "conv.weight".to_string(),
        Tensor::full(&[2], 1.0, &Device::default()).expect("a tensor"),
    )];
    store::save(&sandbox.file("other.safetensors"), &other).expect("a file");
    std::fs::create_dir(sandbox.file("folder.pt")).expect("a folder");
    for (file, words) in [
        ("./cut.safetensors", ["model::cnn", "the file is cut off"]),
        ("./text.pt", ["it is no file of weights", "recipe.rhai:4:"]),
        ("./other.safetensors", ["the file is of another network", "received: conv.weight"]),
        ("./folder.pt", ["it is a folder, no file", "recipe.rhai:4:"]),
        ("./nowhere.pt", ["nowhere.pt", "recipe.rhai:4:"]),
    ] {
        for verb in ["check", "run"] {
            let ran = sandbox.finish(command(&sandbox, verb, file).output().expect("the binary"));
            let code = if verb == "check" { 3 } else { 4 };
            assert_eq!(ran.code, code, "{verb} {file}: {}", ran.err);
            for word in words {
                assert!(ran.err.contains(word), "{verb}: no {word:?} in\n{}", ran.err);
            }
        }
    }
    // What nobody allowed is not read, whatever it is.
    sandbox.write("sly.rhai", "nn::linear(2, 1).load(\"right.safetensors\");");
    let ran = sandbox.still(&["run", "sly.rhai"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("the recipe may not read there"), "{}", ran.err);
    // A value may be just a word, where the recipe's own is one.
    sandbox.write("sly.rhai", "nn::linear(2, 1).load(arg(\"weights\", \"none\"));");
    let word = sandbox.still(&["run", "sly.rhai", "--set", "weights=right.safetensors"]);
    insta::assert_snapshot!(word.err.lines().last().unwrap_or_default(), @"  hint: a value without a '/' is a word; as a path: --set …=./right.safetensors");
    let path = sandbox.still(&["run", "sly.rhai", "--set", "weights=./right.safetensors"]);
    assert!(!path.err.contains("may not read there"), "{}", path.err);
}

/// What the file lacks begins as it does without a file, and is not the nothing that stood there while it was read.
#[test]
fn what_a_file_lacks_is_drawn_from_the_seed() {
    use stillroom::models::weights::LoadOptions;
    use stillroom::models::{CnnOptions, InputShape, Pretrained, Spec};
    let sandbox = Sandbox::new();
    weights(&sandbox, "w.safetensors", 0.0);
    let (input, on) = (InputShape { frames: 40, mels: 16 }, Device::default());
    let spec = Spec::Cnn(CnnOptions { classes: 9, channels: vec![4, 6] });
    let options = LoadOptions { strict: false, ..LoadOptions::default() };
    let file = sandbox.file("w.safetensors");
    let begun = Spec::Pretrained(Pretrained::new(spec.clone(), &file, options).expect("a file"));
    let begun = begun.build(input, 5, &on).expect("a model");
    let plain = spec.build(input, 5, &on).expect("a model");
    let report = begun.weights().expect("a report").clone();
    assert!(report.fresh.contains(&"head.weight".to_string()), "{report:?}");
    assert!(report.missing.contains(&"body.7.weight".to_string()), "{report:?}");
    let theirs: std::collections::BTreeMap<_, _> = plain.network().state().into_iter().collect();
    for (name, own) in begun.network().state() {
        let (own, drawn) =
            (own.to_values().expect("numbers"), theirs[&name].to_values().expect("numbers"));
        let same = own == drawn;
        let lacks = report.lacking().contains(&name.as_str());
        // The file's variances are 1, as those that nothing was seen of.
        if !name.ends_with("running_var") {
            assert_eq!(same, lacks, "{name}");
        }
    }
}
