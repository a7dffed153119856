//! An augmentation that the recipe writes itself: over whole batches, live, and drawn from streams of its own.

use crate::support::Sandbox;
use serde_json::Value;

const RECIPE: &str = r#"let data = dataset::esc50("still:example", #{ per_class: 3 });
let features = audio::fbank(#{ mels: 16, hop_ms: 40 });
let common = #{ data: data, features: features, batch: 10, epochs: 2, augment: [augment::mixup(0.5)] };
let model = model::cnn(#{ classes: data.classes, channels: [4] });
let teacher = train(model, common + #{ name: "teacher" });
let student = distill(teacher, model, common + #{ name: "student", teaching: arg("teaching", "consistent") });
// OWN
"#;

const NOISE: &str = "fn augment(ctx, batch) { batch.input + tensor::normal(batch.input.shape, \"noise\", [ctx.step, batch.view]) * 0.3 }\n";

#[track_caller]
fn weights(recipe: &str, more: &[&str]) -> Vec<String> {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(recipe, &[&["--json"], more].concat()).good();
    let found: Value = serde_json::from_str(ran.out.lines().last().expect("a line")).expect("JSON");
    let stages = found["stages"].as_array().expect("stages").clone();
    stages
        .iter()
        .map(|stage| stage["weights_blake3"].as_str().expect("a hash").to_string())
        .collect()
}

#[test]
fn it_changes_what_is_learnt_and_repeats_to_the_bit() {
    let plain = weights(RECIPE, &[]);
    let own = weights(&format!("{RECIPE}{NOISE}"), &[]);
    assert_ne!(plain, own);
    assert_eq!(own, weights(&format!("{RECIPE}{NOISE}"), &["--workers", "0"]));
    // What gives the batch back changes nothing.
    let same = "fn augment(ctx, batch) { #{ input: batch.input, target: batch.target } }\n";
    assert_eq!(plain, weights(&format!("{RECIPE}{same}"), &[]));
    // Named, it stands behind the other steps.
    let named = RECIPE.replace("[augment::mixup(0.5)]", "[augment::mixup(0.5), Fn(\"noise\")]");
    let noise = NOISE.replace("fn augment", "fn noise");
    assert_eq!(own, weights(&format!("{named}{noise}"), &[]));
}

#[test]
fn a_teacher_that_sees_other_draws_sees_others_of_it_too() {
    let recipe = format!("{RECIPE}{NOISE}");
    let all = ["consistent", "independent", "clean", "stored"].map(|teaching| {
        let teaching = format!("teaching={teaching}");
        weights(&recipe, &["--set", &teaching])[1].clone()
    });
    let once: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(once.len(), 4, "{all:?}");
}

#[test]
fn what_is_no_batch_is_told() {
    let told = |own: &str| {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(&format!("{RECIPE}{own}\n"), &["--on-error", "stop"]);
        assert_ne!(ran.code, 0, "{own}");
        ran.err
    };
    let shape = told("fn augment(ctx, batch) { batch.input.mean() }");
    assert!(shape.contains("the hook gave inputs of another shape or type"), "{shape}");
    let key = told("fn augment(ctx, batch) { #{ inputs: batch.input } }");
    assert!(key.contains("did you mean 'input'"), "{key}");
    let nothing = told("fn augment(ctx, batch) { let x = batch.input; }");
    assert!(
        nothing.contains("the inputs as a tensor, #{ input: …, target: … }, or the batch itself"),
        "{nothing}"
    );
    let parameters = told("fn augment(batch) { batch.input }");
    assert!(parameters.contains("augment"), "{parameters}");
    let sandbox = Sandbox::new();
    let early = RECIPE.replace("[augment::mixup(0.5)]", "[Fn(\"noise\"), augment::mixup(0.5)]");
    let ran = sandbox.run(&format!("{early}{}", NOISE.replace("fn augment", "fn noise")), &[]);
    assert!(ran.err.contains("a function stands before another step"), "{}", ran.err);
}
