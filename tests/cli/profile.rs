//! `still run --profile`: what is told and written, never how long it took.

use crate::support::{Sandbox, TINY};
use serde_json::Value;

/// A step of its own, with a network that the recipe asks itself.
const OWN_STEP: &str = r#"
let data = dataset::esc50(arg("data"), #{ per_class: 2 });
let net = model::cnn(#{ classes: data.classes, channels: [4] }).build(40, 16);
let sgd = optim::sgd(#{ lr: 0.01 });
each_step(#{
    name: "own", data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }), batch: 8, epochs: 1,
    nets: #{ net: net }, optimizers: #{ sgd: sgd },
}, Fn("teach"));

fn teach(ctx, batch) {
    let net = ctx.nets.net;
    let loss = cross_entropy(net.forward(batch.input), batch.target);
    ctx.optimizers.sgd.step(net, loss);
    loss
}
"#;

fn trace(sandbox: &Sandbox, stage: &str) -> Value {
    let file = sandbox.run_folder().join("profile").join(format!("{stage}.json"));
    serde_json::from_slice(&std::fs::read(&file).expect("a trace")).expect("JSON")
}

fn parts(trace: &Value) -> Vec<(String, u64)> {
    let all = trace["otherData"]["parts"].as_array().expect("parts").iter();
    all.map(|part| {
        assert!(part["seconds"].as_f64().expect("a time") >= 0.0, "{part}");
        (part["part"].as_str().expect("a name").to_string(), part["count"].as_u64().expect("times"))
    })
    .collect()
}

#[test]
fn each_stage_tells_where_its_time_went() {
    let sandbox = Sandbox::new();
    let recipe = format!("{TINY}\nfn augment(ctx, batch) {{ batch.input }}\n");
    let ran = sandbox.run(&recipe, &["--profile"]).good();
    // 20 clips, 3 steps an epoch, 2 epochs.
    let steps = 6;
    for (stage, taught) in [("teacher", false), ("student", true)] {
        let file = format!("{stage}: where the time went (");
        assert!(ran.err.contains(&file), "{}", ran.err);
        let traced = trace(&sandbox, stage);
        let parts = parts(&traced);
        let count =
            |name: &str| parts.iter().find(|(part, _)| part == name).map_or(0, |(_, count)| *count);
        for name in ["augment", "student", "loss", "backward", "optimiser", "checks"] {
            assert_eq!(count(name), steps, "{stage}: {name} in {parts:?}");
        }
        assert_eq!(count("teacher"), if taught { steps } else { 0 }, "{stage}: {parts:?}");
        // The end of an epoch is asked for as well.
        assert_eq!((count("data"), count("evaluation")), (steps + 2, 2), "{stage}: {parts:?}");
        assert!(count("logging") >= steps && count("batches") == steps, "{stage}: {parts:?}");
        let events = traced["traceEvents"].as_array().expect("events");
        let whole: Vec<&Value> = events.iter().filter(|event| event["ph"] == "X").collect();
        assert_eq!(whole.len() as u64, parts.iter().map(|(_, count)| count).sum::<u64>());
        for event in &whole {
            let number = |key: &str| event[key].as_f64().expect(key);
            assert!(number("ts") >= 0.0 && number("dur") >= 0.0, "{event}");
            assert!(event["name"].is_string() && event["tid"].is_u64() && event["pid"].is_u64());
        }
        // A step lies within nothing, and what it is made of within it.
        let named =
            |name: &str| whole.iter().filter(|event| event["name"] == name).collect::<Vec<_>>();
        let span = |event: &Value| {
            let start = event["ts"].as_f64().expect("a time");
            (start, start + event["dur"].as_f64().expect("a time"))
        };
        for (outer, inner) in named("checks").into_iter().zip(named("backward")) {
            let ((begin, end), (first, last)) = (span(outer), span(inner));
            assert!(begin <= first && last <= end + 0.01, "{outer} {inner}");
        }
        if cfg!(target_os = "linux") {
            assert!(events.iter().any(|event| event["ph"] == "C"), "memory");
        }
    }
}

#[test]
fn a_step_of_its_own_has_its_parts() {
    let sandbox = Sandbox::new();
    sandbox.run(OWN_STEP, &["--profile"]).good();
    let parts = parts(&trace(&sandbox, "own"));
    let count = |name: &str| parts.iter().find(|(part, _)| part == name).map_or(0, |own| own.1);
    assert!(count("step of its own") > 0, "{parts:?}");
    for name in ["student", "backward", "optimiser"] {
        assert_eq!(count(name), count("step of its own"), "{name} in {parts:?}");
    }
}

/// Neither a file nor other weights.
#[test]
fn a_profile_changes_nothing() {
    let weights = |more: &[&str]| {
        let sandbox = Sandbox::new();
        sandbox.run(TINY, more).good();
        let results = std::fs::read(sandbox.run_folder().join("results.json")).expect("a file");
        let results: Value = serde_json::from_slice(&results).expect("JSON");
        let has = sandbox.run_folder().join("profile").is_dir();
        (results["stages"][1]["weights_blake3"].clone(), has)
    };
    let ((plain, none), (profiled, there)) = (weights(&[]), weights(&["--profile"]));
    assert_eq!((plain, none, there), (profiled, false, true));
}
