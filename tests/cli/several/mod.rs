//! `still run` over folds, seeds and values: real processes, side by side.

mod mistakes;
mod stopped;
mod together;

use crate::support::{Ran, Sandbox, TINY, example};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The weights of each stage, by what its run was given.
type Weights = BTreeMap<(String, u64, String), String>;

fn recipe() -> String {
    TINY.replace("fold: 5", "fold: arg(\"fold\", 5)") + "fn lambda(ctx) { arg(\"lambda\", 0.5) }\n"
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe());
    sandbox
}

fn command(sandbox: &Sandbox, more: &[&str]) -> Command {
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set"]).arg(format!("data={}", example().display()));
    command.args(more);
    command
}

fn still(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.finish(command(sandbox, more).output().expect("the binary"))
}

fn runs(sandbox: &Sandbox) -> Vec<PathBuf> {
    let read = std::fs::read_dir(sandbox.file("home/runs"));
    let mut all: Vec<PathBuf> = read.into_iter().flatten().flatten().map(|it| it.path()).collect();
    all.sort();
    all
}

fn events(run: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What all runs that ended gave; where several gave the same stage, they must agree.
fn weights(sandbox: &Sandbox) -> Weights {
    let mut all = Weights::new();
    for run in runs(sandbox) {
        let events = events(&run);
        let head = &events[0];
        let fold = head["set"]["fold"].as_str().unwrap_or("5").to_string();
        let seed = head["seed"].as_u64().expect("a seed");
        for event in &events {
            if !matches!(event["event"].as_str(), Some("stage_end" | "store_hit")) {
                continue;
            }
            let name = event["name"].as_str().expect("a name").to_string();
            let hash = event["weights_blake3"].as_str().expect("a hash").to_string();
            if let Some(known) = all.insert((fold.clone(), seed, name), hash.clone()) {
                assert_eq!(known, hash);
            }
        }
    }
    all
}
