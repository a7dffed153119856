//! Adam and the schedules against `torch.optim`.

use crate::support::{close, golden_json};
use serde::Deserialize;
use stillroom::nn::{Mode, Parameter, Role};
use stillroom::optim::{Adam, AdamOptions, schedule};
use stillroom::tensor::{Device, Tensor};

#[derive(Deserialize)]
struct Numbers {
    decayed: Steps,
    standard: Steps,
    cosine: Vec<f64>,
    step: Vec<f64>,
    linear: Vec<f64>,
    warmup: Vec<f64>,
}

#[derive(Deserialize)]
struct Steps {
    start: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    rates: Vec<f64>,
    values: Vec<Vec<f32>>,
}

fn row(values: &[f32]) -> Tensor {
    Tensor::from_values(values.to_vec(), &[values.len()], &Device::cpu()).expect("a row")
}

fn follow(steps: &Steps, options: AdamOptions) {
    let parameter = Parameter::new(row(&steps.start), Role::Weight).expect("the parameter");
    let idle = Parameter::new(row(&[1.0, 2.0]), Role::Weight).expect("another one");
    let all = [("weight".to_string(), parameter.clone()), ("idle".to_string(), idle.clone())];
    let mut adam = Adam::new(options).expect("the optimiser");
    for (index, gradient) in steps.gradients.iter().enumerate() {
        let loss = parameter.get(Mode::Train).mul(&row(gradient)).and_then(|product| product.sum());
        let gradients = loss.and_then(|loss| loss.backward()).expect("the backward pass");
        adam.step(&all, &gradients, steps.rates[index]).expect("the step");
        let found = parameter.value().to_values().expect("values");
        close(&format!("after step {}", index + 1), &found, &steps.values[index], 1e-7, 1e-6);
    }
    // Without a gradient there is no decay either, as PyTorch has it.
    assert_eq!(idle.value().to_values().expect("values"), [1.0, 2.0]);
}

#[test]
fn adam_with_decay_and_changing_rates_equals_torch() {
    let numbers: Numbers = golden_json("optim.json");
    let options = AdamOptions {
        lr: 1e-2,
        betas: [0.95, 0.999],
        weight_decay: 5e-3,
        ..AdamOptions::default()
    };
    follow(&numbers.decayed, options);
}

#[test]
fn adam_with_its_defaults_equals_torch() {
    let numbers: Numbers = golden_json("optim.json");
    follow(&numbers.standard, AdamOptions::default());
}

#[track_caller]
fn same(what: &str, expected: &[f64], at: impl Fn(f64) -> f64) {
    for (epoch, expected) in expected.iter().enumerate() {
        let found = at(epoch as f64);
        assert!(
            (found - expected).abs() < 1e-12,
            "{what} at {epoch}: {found} instead of {expected}"
        );
    }
}

#[test]
fn schedules_equal_torch() {
    let numbers: Numbers = golden_json("optim.json");
    same("cosine", &numbers.cosine, |at| schedule::cosine(at, 0.0, 12.0, 0.1, 0.01));
    same("step", &numbers.step, |at| schedule::step(at, 3.0, 0.1, 0.5));
    same("linear", &numbers.linear, |at| schedule::linear(at, 0.0, 8.0, 0.1, 0.025));
    same("warmup", &numbers.warmup, |at| schedule::warmup(at, 5.0, 0.1));
}
