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

#[test]
fn every_recipe_is_tried_here() {
    let tried = ["quickstart.rhai", "yardstick.rhai", "own_step.rhai", "own_network.rhai"];
    let scripts = std::fs::read_dir(root().join("scripts")).expect("scripts").flatten();
    for name in scripts.map(|entry| entry.file_name().to_string_lossy().to_string()) {
        assert!(
            [".still", "templates"].contains(&name.as_str()) || tried.contains(&name.as_str()),
            "{name} is not tried"
        );
    }
}
