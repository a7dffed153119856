//! Every recipe of `scripts/`, at small size.

use crate::support::{Ran, Sandbox, esc10, root};

fn run(script: &str, more: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    let script = root().join("scripts").join(script).display().to_string();
    sandbox.still(&[&["run", &script, "--json"], more].concat()).good()
}

fn stages(ran: &Ran) -> usize {
    let last = ran.out.lines().last().expect("a line");
    let results: serde_json::Value = serde_json::from_str(last).expect("JSON");
    results["stages"].as_array().expect("stages").len()
}

#[test]
fn the_quickstart_on_the_built_in_example() {
    assert_eq!(stages(&run("quickstart.rhai", &["--set", "epochs=1"])), 3);
}

#[test]
fn the_quickstart_on_real_clips() {
    let Some(data) = esc10() else { return };
    let data = format!("data={}", data.display());
    assert_eq!(stages(&run("quickstart.rhai", &["--set", "epochs=1", "--set", &data])), 3);
}

#[test]
fn the_yardstick_on_real_clips() {
    let Some(data) = esc10() else { return };
    let data = format!("data={}", data.display());
    let small = ["--set", "per_class=2", "--set", "epochs=1", "--set", &data];
    assert_eq!(stages(&run("yardstick.rhai", &small)), 3);
}

const SMALL: [&str; 8] =
    ["--set", "per_class=2", "--set", "epochs=1", "--set", "mels=16", "--set", "frames=32"];

#[test]
fn a_recipe_that_owns_its_step() {
    assert_eq!(stages(&run("own_step.rhai", &SMALL)), 1);
}

#[test]
fn a_recipe_that_owns_its_network() {
    assert_eq!(stages(&run("own_network.rhai", &SMALL)), 3);
}

/// Each experiment with the settings that make it short, and the number of its stages.
const EXPERIMENTS: [(&str, &[&str], usize); 23] = [
    ("few_labels", &["share=0.5"], 6),
    ("cnn_to_ast", &[], 3),
    ("ast_to_cnn", &[], 3),
    ("matrix", &["sizes=1"], 6),
    ("teacher_strength", &["cnns=[\"cnn_16\",\"cnn_32\"]"], 5),
    ("same_family", &["cnns=[\"cnn_16\"]", "asts=[\"ast_32\"]"], 10),
    ("self_kd", &[], 3),
    ("iterative", &["rounds=3"], 3),
    ("born_again", &["generations=2"], 2),
    ("lambda_sweep", &["lambdas=[0.0,1.0]"], 4),
    ("tau_sweep", &["taus=[1.0]"], 4),
    ("consistent_teaching", &[], 6),
    ("multi_label_losses", &[], 6),
    ("token_distillation", &[], 5),
    ("pretraining", &[], 10),
    ("data_fraction", &["shares=[0.5,1.0]"], 6),
    ("longer_training", &["times=[1,2]"], 5),
    ("weight_averaging", &[], 3),
    ("ensembles", &["members=2"], 5),
    ("transfer_settings", &["taus=[1.0,2.0]"], 8),
    ("five_fold", &["folds=2"], 6),
    ("shift_robustness", &[], 3),
    ("agreement", &["shares=[0.5,1.0]"], 6),
];

fn experiment(sandbox: &Sandbox, name: &str, settings: &[&str]) -> Ran {
    let script = root().join("scripts").join(format!("{name}.rhai")).display().to_string();
    let mut arguments = vec!["run", &script, "--json"];
    let size = ["per_class=2", "epochs=1", "mels=32", "frames=40", "batch=10"];
    for setting in size.iter().chain(settings) {
        arguments.extend(["--set", setting]);
    }
    sandbox.still(&arguments).good()
}

/// They share a home, so what one of them made the next one finds.
#[test]
fn all_experiments_of_the_paper() {
    let sandbox = Sandbox::new();
    for (name, settings, expected) in EXPERIMENTS {
        let ran = experiment(&sandbox, name, settings);
        assert_eq!(stages(&ran), expected, "{name}: {}", ran.err);
        // The teachers, and most students without one, are those of the first recipe.
        let own = ["cnn_to_ast", "multi_label_losses", "pretraining"].contains(&name);
        let swept = ["lambda_sweep", "tau_sweep", "ensembles", "iterative"].contains(&name);
        let shared = (settings.is_empty() || swept) && !own;
        assert!(!shared || ran.err.contains("from the store"), "{name}: {}", ran.err);
    }
}

/// The gain in the row of a table that begins with this word.
fn last_of_row<'a>(ran: &'a Ran, first: &str) -> &'a str {
    let mut rows = ran.out.lines().chain(ran.err.lines());
    let row = rows.find(|line| line.split_whitespace().next() == Some(first)).expect("the row");
    row.split_whitespace().last().expect("a cell")
}

#[test]
fn what_must_hold_of_experiments_holds() {
    let sandbox = Sandbox::new();
    // Without a weight the teacher changes nothing.
    let ran = experiment(&sandbox, "lambda_sweep", &["lambdas=[0.0,1.0]"]);
    assert_eq!(last_of_row(&ran, "1.0"), "0.0", "{}", ran.out);
    // Two forms of one loss.
    let ran = experiment(&sandbox, "multi_label_losses", &[]);
    let apart: f64 = last_of_row(&ran, "largest").parse().expect("a number");
    assert!(apart < 1e-6, "{apart}");
}

#[test]
fn experiments_on_real_clips() {
    let Some(data) = esc10() else { return };
    let (sandbox, data) = (Sandbox::new(), format!("data={}", data.display()));
    for (name, expected) in [("cnn_to_ast", 3), ("shift_robustness", 3)] {
        assert_eq!(stages(&experiment(&sandbox, name, &[&data])), expected, "{name}");
    }
}

#[test]
fn every_recipe_is_tried_here() {
    let mut tried = vec!["quickstart", "yardstick", "own_step", "own_network"];
    tried.extend(EXPERIMENTS.map(|(name, ..)| name));
    let scripts = std::fs::read_dir(root().join("scripts")).expect("scripts").flatten();
    for name in scripts.map(|entry| entry.file_name().to_string_lossy().to_string()) {
        let known = tried.contains(&name.trim_end_matches(".rhai"));
        assert!(known || [".still", "templates"].contains(&name.as_str()), "{name} is not tried");
    }
}
