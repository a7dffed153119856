//! Models against PyTorch and timm: logits, loss, every gradient, and the running statistics.

use crate::support::{Golden, close};
use std::collections::BTreeSet;
use stillroom::kd;
use stillroom::models::{CnnOptions, InputShape, Model, Spec, VitOptions};
use stillroom::nn::{Mode, Role};
use stillroom::tensor::{Device, Tensor};

const CLASSES: usize = 10;
const INPUT: InputShape = InputShape { frames: 48, mels: 32 };
const ABSOLUTE: f32 = 1e-6;
const RELATIVE: f32 = 1e-5;

fn ast(stride: usize) -> Spec {
    let small = VitOptions {
        classes: CLASSES,
        width: 24,
        depth: 2,
        heads: 3,
        patch: 16,
        ..VitOptions::small()
    };
    Spec::Vit(VitOptions { stride: [stride, stride], ..small })
}

fn restored(spec: &Spec, golden: &Golden, scope: &str) -> Model {
    let model = spec.build(INPUT, 1, &Device::default()).expect("the model");
    model.network().restore(&golden.under(&format!("{scope}.state."))).expect("PyTorch's state");
    model
}

#[track_caller]
fn compare(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}: shape");
    let (found, expected) = (found.to_values().expect(what), expected.to_values().expect(what));
    close(what, &found, &expected, ABSOLUTE, RELATIVE);
}

fn trains_as_pytorch_does(spec: &Spec, scope: &str) {
    let golden = Golden::load("models.safetensors");
    let model = restored(spec, &golden, scope);
    let features = golden.tensor("features");
    let logits = model.forward(features, Mode::Train).expect("the training forward");
    compare(
        "train logits",
        &logits.detached().expect("logits"),
        golden.tensor(&format!("{scope}.train")),
    );
    let loss = kd::cross_entropy(&logits, golden.tensor("target")).expect("the loss");
    compare("loss", &loss.detached().expect("loss"), golden.tensor(&format!("{scope}.loss")));

    let gradients = loss.backward().expect("the backward pass");
    let mut seen = BTreeSet::new();
    for (name, parameter) in model.network().parameters() {
        match parameter.role() {
            Role::Weight => {
                let found = parameter.gradient(&gradients).expect(&name);
                compare(&name, &found, golden.tensor(&format!("{scope}.gradient.{name}")));
            }
            Role::Buffer => {
                compare(
                    &name,
                    &parameter.value(),
                    golden.tensor(&format!("{scope}.running.{name}")),
                );
            }
        }
        seen.insert(name);
    }
    let expected = golden.under(&format!("{scope}.state."));
    assert_eq!(seen, expected.into_iter().map(|(name, _)| name).collect(), "names");

    let logits = model.forward(features, Mode::Eval).expect("the evaluating forward");
    assert!(!logits.is_tracked(), "an evaluating forward makes no graph");
    compare("eval logits", &logits, golden.tensor(&format!("{scope}.eval")));
}

#[test]
fn cnn_trains_and_evaluates_as_pytorch() {
    let spec = Spec::Cnn(CnnOptions { classes: CLASSES, channels: vec![4, 8] });
    trains_as_pytorch_does(&spec, "cnn");
}

#[test]
fn ast_trains_and_evaluates_as_timm() {
    trains_as_pytorch_does(&ast(16), "ast");
}

#[test]
fn ast_with_overlapping_patches_evaluates_as_timm() {
    let golden = Golden::load("models.safetensors");
    let mut state = golden.under("ast.state.");
    state.retain(|(name, _)| name != "pos_embed");
    state.push(("pos_embed".to_string(), golden.tensor("overlapping.pos_embed").clone()));
    let model = ast(10).build(INPUT, 1, &Device::default()).expect("the model");
    model.network().restore(&state).expect("timm's state");
    let logits = model.forward(golden.tensor("features"), Mode::Eval).expect("the forward");
    compare("logits", &logits, golden.tensor("overlapping.eval"));
}
