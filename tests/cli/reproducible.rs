//! One seed, one result: byte for byte, for any number of workers and threads.

use crate::support::{Sandbox, TINY};

/// The hashes of all weights of a run.
fn weights(arguments: &[&str], threads: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let data = format!("data={}", crate::support::example().display());
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set", &data, "--json"]).args(arguments);
    let output = command.env("RAYON_NUM_THREADS", threads).output().expect("the binary");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let results: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    let stages = results["stages"].as_array().expect("stages");
    stages.iter().map(|stage| stage["weights_blake3"].as_str().expect("a hash").into()).collect()
}

#[test]
fn workers_and_threads_change_no_byte() {
    let first = weights(&["--seed", "7", "--workers", "0"], "1");
    assert_eq!(first, weights(&["--seed", "7", "--workers", "1"], "2"));
    assert_eq!(first, weights(&["--seed", "7", "--workers", "5"], "3"));
}

#[test]
fn another_seed_gives_other_weights() {
    let pairs = weights(&["--seed", "1"], "2").into_iter().zip(weights(&["--seed", "2"], "2"));
    for (one, two) in pairs {
        assert_ne!(one, two);
    }
}
