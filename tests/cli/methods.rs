//! Methods of distillation in whole stages: what must train to the very same weights does.

use crate::support::Sandbox;
use serde_json::Value;
use std::collections::BTreeMap;

/// Stages that differ in their losses only.
const SAME: &str = r#"//! The same weights by other losses.
import "std/bce_kd" as bce_kd;
import "std/dkd" as dkd;
import "std/hinton" as hinton;
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 8, epochs: 2,
    augment: [augment::time_roll(), augment::mixup(0.5)], seed: 7,
};
let small = model::cnn(#{ classes: data.classes, channels: [3] });
let teacher = train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{ name: "teacher", seed: 1 });
let alone = train(small, common + #{ name: "alone" });
let taught = [
    "bernoulli", "bce", "all label", "all label, hinton", "all label, bce_kd", "nothing decoupled",
].map(|name| distill(teacher, small, common + #{ name: name }));
report([teacher, alone] + taught);

fn loss(ctx, student, teacher, target) {
    switch ctx.stage {
        "bernoulli" => kd::bernoulli_kl(student, teacher / 2),
        "bce" => kd::bce_soft(student, teacher / 2),
        "all label" => kd::cmkd(student, teacher, target, 1, 2),
        "all label, hinton" => hinton::loss(student, teacher, target, 1, 4),
        "nothing decoupled" => dkd::loss(student, teacher, target, 0, 0, 4),
        _ => bce_kd::loss(student, teacher, target, 1, 2),
    }
}
"#;

#[test]
fn losses_that_differ_by_a_constant_train_to_the_same_weights() {
    let sandbox = Sandbox::new();
    sandbox.run(SAME, &[]).good();
    let results = std::fs::read(sandbox.run_folder().join("results.json")).expect("a file");
    let results: Value = serde_json::from_slice(&results).expect("JSON");
    let stages = results["stages"].as_array().expect("stages").iter();
    let text = |stage: &Value, key: &str| stage[key].as_str().expect(key).to_string();
    let weights: BTreeMap<String, String> =
        stages.map(|stage| (text(stage, "name"), text(stage, "weights_blake3"))).collect();
    assert_eq!(weights.len(), 8, "{weights:?}");
    assert_eq!(weights["bernoulli"], weights["bce"], "they have one gradient");
    for none in ["all label", "all label, hinton", "nothing decoupled"] {
        assert_eq!(weights[none], weights["alone"], "{none}: all weight on the label");
    }
    // Another loss for the label, and another one for the teacher.
    assert_ne!(weights["all label, bce_kd"], weights["alone"]);
    assert_ne!(weights["bernoulli"], weights["alone"]);
}
