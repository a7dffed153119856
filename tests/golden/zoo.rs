//! The named models against timm, torchvision and the definitions of papers: logits in training and in evaluation after
//! it, gradients, running statistics, parameter counts. Weights and inputs come from a formula that both sides compute.

use super::formula::{sampled, spread, weight};
use crate::support::Golden;
use stillroom::models::{
    EfficientNetOptions, EfficientNetPadding, Head, InputShape, Model, Spec, VitOptions,
};
use stillroom::nn::{Mode, Role};
use stillroom::tensor::{Device, Tensor};

const BATCH: usize = 2;
pub const CLASSES: usize = 10;
/// Of the largest number: the bounds.
const LOGITS: f64 = 1e-4;
const GRADIENTS: f64 = 1e-3;

fn clips(mels: usize, frames: usize) -> InputShape {
    InputShape { frames, mels }
}

fn efficientnet(size: usize, padding: EfficientNetPadding) -> EfficientNetOptions {
    let own = EfficientNetOptions::new(size, padding);
    EfficientNetOptions { classes: CLASSES, drop_path: 0.0, ..own }
}

fn same(what: &str, found: &[f32], expected: &[f32], bound: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: how many");
    let scale = expected.iter().fold(0.0, |most, value| f64::max(most, f64::from(value.abs())));
    let pairs = found.iter().zip(expected);
    let worst = pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    assert!(worst <= bound * scale, "{what}: {worst:e} off, the largest is {scale}");
    assert!(found.iter().all(|value| value.is_finite()), "{what}: not finite");
}

/// Compares a model with what the golden file has under `name`.
pub fn compare(golden: &Golden, name: &str, spec: &Spec, input: InputShape) {
    let on = Device::default();
    let model: Model = spec.build(input, 1, &on).expect(name);
    for (own, parameter) in model.network().parameters() {
        let shape = parameter.value().shape();
        let values = Tensor::from_values(weight(&own, &shape), &shape, &on).expect(&own);
        parameter.set(values).expect(&own);
    }
    let expected = |key: &str| golden.values(&format!("{name}/{key}"));
    assert_eq!(
        model.network().parameter_count() as f32,
        expected("count")[0],
        "{name}: parameters"
    );

    let shape = [BATCH, input.frames, input.mels];
    let features = spread("features", shape.iter().product());
    let features = Tensor::from_values(features, &shape, &on).expect("features");
    let features = features.tracked().expect("a leaf");
    let factors = Tensor::from_values(spread("loss", BATCH * CLASSES), &[BATCH, CLASSES], &on);
    let logits = model.forward(&features, Mode::Train).expect(name);
    let values = logits.detached().and_then(|own| own.to_values()).expect("logits");
    same(&format!("{name}: logits in training"), &values, &expected("train"), LOGITS);
    let loss = logits.mul(&factors.expect("factors")).and_then(|all| all.sum()).expect("the loss");
    let gradients = loss.backward().expect("the backward pass");
    let input_gradient = gradients.of(&features).expect("the input's gradient");
    let input_gradient = sampled(&input_gradient.to_values().expect("numbers"));
    same(
        &format!("{name}: gradient of the input"),
        &input_gradient,
        &expected("gradient.input"),
        GRADIENTS,
    );
    let mut compared = 0;
    for (own, parameter) in model.network().parameters() {
        if let Some(wanted) = golden.get(&format!("{name}/gradient.{own}")) {
            let found = parameter.gradient(&gradients).expect(&own).to_values().expect(&own);
            let wanted = wanted.to_values().expect(&own);
            same(&format!("{name}: gradient of {own}"), &sampled(&found), &wanted, GRADIENTS);
            compared += 1;
        }
        if let Some(wanted) = golden.get(&format!("{name}/buffer.{own}")) {
            assert_eq!(parameter.role(), Role::Buffer);
            let found = sampled(&parameter.value().to_values().expect(&own));
            same(&format!("{name}: {own}"), &found, &wanted.to_values().expect(&own), LOGITS);
        }
    }
    assert_eq!(compared, 3, "{name}: gradients of parameters");
    let logits = model.forward(&features.detached().expect("features"), Mode::Eval).expect(name);
    let values = logits.to_values().expect("logits");
    same(&format!("{name}: logits in evaluation"), &values, &expected("eval"), LOGITS);
}

pub fn check(name: &str, spec: Spec, mels: usize, frames: usize) {
    compare(&Golden::load("zoo.safetensors"), name, &spec, clips(mels, frames));
}

#[test]
fn efficientnets_are_timms() {
    for size in 0..8 {
        let own = efficientnet(size, EfficientNetPadding::Symmetric);
        check(&format!("efficientnet_b{size}"), Spec::EfficientNet(own), 64, 96);
    }
}

#[test]
fn efficientnets_with_tensorflows_padding_are_timms_and_pslas() {
    for size in [0, 2] {
        let own = efficientnet(size, EfficientNetPadding::Same);
        check(&format!("tf_efficientnet_b{size}"), Spec::EfficientNet(own), 65, 101);
        let own = efficientnet(size, EfficientNetPadding::StaticSame);
        check(&format!("psla_efficientnet_b{size}"), Spec::EfficientNet(own), 65, 101);
    }
}

#[test]
fn attention_pooling_is_pslas() {
    for heads in [1, 4] {
        let own = efficientnet(0, EfficientNetPadding::StaticSame);
        let own = EfficientNetOptions { head: Head::Attention(heads), ..own };
        check(&format!("psla_attention_{heads}"), Spec::EfficientNet(own), 64, 96);
    }
}

#[test]
fn transformers_are_asts_and_timms() {
    let sizes = [
        ("ast_tiny", "vit_tiny", 192),
        ("ast_small", "vit_small", 384),
        ("ast_base", "vit_base", 768),
    ];
    for (ast, vit, width) in sizes {
        let own = VitOptions { classes: CLASSES, ..VitOptions::ast(ast, width) };
        check(ast, Spec::Vit(own), 48, 64);
        let own = VitOptions { classes: CLASSES, ..VitOptions::vit(vit, width) };
        check(vit, Spec::Vit(own), 48, 64);
    }
    let own = VitOptions { stride: [12, 7], eps: 1e-12, ..VitOptions::ast("ast_tiny", 192) };
    check("ast_strides", Spec::Vit(VitOptions { classes: CLASSES, ..own }), 48, 64);
    let own = VitOptions { eps: 1e-12, head_eps: 0.3, ..VitOptions::ast("ast_tiny", 192) };
    check("ast_head", Spec::Vit(VitOptions { classes: CLASSES, ..own }), 48, 64);
}
