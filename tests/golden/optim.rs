//! Every optimiser and every schedule against `torch.optim`, or against the published update.

use crate::support::{Golden, close, golden_json};
use std::collections::BTreeMap;
use stillroom::nn::{Mode, Parameter, Pattern, Role};
use stillroom::optim::schedule::{self, OneCycle};
use stillroom::optim::{
    AdamOptions, AdanOptions, AdjustLr, Algorithm, AuxiliaryOptions, Group, LionOptions,
    MuonOptions, Optimizer, OptimizerHandle, OptimizerOptions, SgdOptions,
};
use stillroom::tensor::{Device, Gradients, Tensor};

const STEPS: usize = 20;
const KEPT: [usize; 5] = [1, 2, 3, 10, 20];

/// As in the script: one parameter joins late, and misses a step.
fn given(name: &str, step: usize) -> bool {
    name != "late.weight" || (step >= 4 && step != 7)
}

/// The factor on the learning rate in some of the cases.
fn saw(step: usize) -> f64 {
    (1 + step % 3) as f64 / 2.0
}

fn level(_: usize) -> f64 {
    1.0
}

/// Gradients of a loss that gives each parameter the numbers of this step.
fn gradients(golden: &Golden, parameters: &[(String, Parameter)], step: usize) -> Gradients {
    let mut loss = Tensor::from_values(vec![0.0], &[1], &Device::default()).expect("a number");
    for (name, parameter) in parameters {
        if let Some(all) = golden.get(&format!("gradients/{name}"))
            && given(name, step)
        {
            let shape: Vec<i64> = parameter.value().shape().iter().map(|n| *n as i64).collect();
            let gradient = all.narrow(0, step, 1).and_then(|row| row.reshape(&shape)).expect(name);
            let part = parameter.get(Mode::Train).mul(&gradient).and_then(|all| all.sum());
            loss = loss.add(&part.expect(name)).expect(name);
        }
    }
    loss.backward().expect("the backward pass")
}

fn follow(case: &str, options: OptimizerOptions, rate: fn(usize) -> f64, tolerance: f32) {
    let golden = Golden::load("optim.safetensors");
    let weight = |value: Tensor| Parameter::new(value, Role::Weight).expect("a parameter");
    let mut parameters: Vec<(String, Parameter)> =
        golden.under("start/").into_iter().map(|(name, value)| (name, weight(value))).collect();
    let idle = Tensor::from_values(vec![1.0, 2.0], &[2], &Device::default()).expect("a row");
    parameters.push(("idle".into(), weight(idle)));
    let base = options.lr;
    let every = options.accumulate;
    let mut optimizer = Optimizer::new(options).expect("the optimiser");
    for step in 0..STEPS {
        let gradients = gradients(&golden, &parameters, step);
        // A rate of the step, or one that is set: groups follow either.
        let mut lr = Some(base * rate(step));
        if step % 2 == 1 {
            optimizer.set_lr(base * rate(step)).expect("a rate");
            lr = None;
        }
        let made = optimizer.step(&parameters, &gradients, lr).expect("a step");
        assert_eq!(made, (step + 1) % every == 0, "{case}: an update at step {step}");
        if KEPT.contains(&(step + 1)) {
            let kept = golden.under(&format!("{case}/{}/", step + 1));
            assert_eq!(kept.len() + 1, parameters.len(), "{case}: numbers of all but the idle one");
            for (name, expected) in kept {
                let found = &parameters.iter().find(|(own, _)| *own == name).expect("a name").1;
                let found = found.value().to_values().expect("numbers");
                let what = format!("{case}, {name} after {} steps", step + 1);
                let expected = expected.to_values().expect("numbers");
                close(&what, &found, &expected, tolerance, tolerance);
            }
        }
    }
    // Without a gradient there is no decay either, as PyTorch has it.
    let idle = parameters.last().expect("a parameter").1.value();
    assert_eq!(idle.to_values().expect("values"), [1.0, 2.0]);
}

fn with(algorithm: Algorithm, lr: f64, weight_decay: f64) -> OptimizerOptions {
    OptimizerOptions { lr, weight_decay, ..OptimizerOptions::new(algorithm) }
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).expect("a pattern")).collect()
}

#[test]
fn sgd() {
    let plain = SgdOptions::default();
    let momentum = SgdOptions { momentum: 0.9, dampening: 0.1, nesterov: false };
    let nesterov = SgdOptions { momentum: 0.9, dampening: 0.0, nesterov: true };
    follow("sgd", with(Algorithm::Sgd(plain), 0.05, 0.0), level, 1e-6);
    follow("sgd momentum", with(Algorithm::Sgd(momentum), 0.02, 0.01), level, 1e-6);
    follow("sgd nesterov", with(Algorithm::Sgd(nesterov), 0.02, 0.01), saw, 1e-6);
}

#[test]
fn adam_and_adamw() {
    let adam = |betas, eps| AdamOptions { betas, eps, amsgrad: false };
    let decayed = adam([0.95, 0.999], 1e-8);
    follow("adam", OptimizerOptions::default(), level, 1e-6);
    follow("adam decayed", with(Algorithm::Adam(decayed), 0.01, 5e-3), saw, 1e-6);
    let standard = OptimizerOptions::new(Algorithm::Adamw(AdamOptions::default()));
    follow("adamw", standard, level, 1e-6);
    let decayed = adam([0.8, 0.99], 1e-6);
    follow("adamw decayed", with(Algorithm::Adamw(decayed), 0.01, 0.5), saw, 1e-6);
    let largest = AdamOptions { amsgrad: true, ..AdamOptions::default() };
    follow("adam amsgrad", with(Algorithm::Adam(largest.clone()), 0.01, 5e-3), saw, 1e-6);
    follow("adamw amsgrad", with(Algorithm::Adamw(largest), 0.01, 0.1), level, 1e-6);
}

#[test]
fn lion() {
    let standard = OptimizerOptions::new(Algorithm::Lion(LionOptions::default()));
    follow("lion", standard, level, 1e-6);
    let decayed = LionOptions { betas: [0.95, 0.98] };
    follow("lion decayed", with(Algorithm::Lion(decayed), 0.01, 1.0), saw, 1e-6);
}

#[test]
fn adan() {
    let standard = AdanOptions::default();
    let other = AdanOptions { betas: [0.9, 0.8, 0.95], eps: 1e-6, no_prox: true };
    follow("adan", OptimizerOptions::new(Algorithm::Adan(standard.clone())), level, 1e-6);
    follow("adan decayed", with(Algorithm::Adan(standard), 0.01, 0.2), saw, 1e-6);
    follow("adan no_prox", with(Algorithm::Adan(other), 0.01, 0.2), level, 1e-6);
}

#[test]
fn muon_with_adamw_for_the_rest() {
    let head = || patterns(&["head.*"]);
    let own = MuonOptions {
        adamw: AuxiliaryOptions { names: head(), ..AuxiliaryOptions::default() },
        ..MuonOptions::default()
    };
    follow("muon", with(Algorithm::Muon(own), 0.02, 0.1), saw, 1e-5);
    let adam = AdamOptions { betas: [0.8, 0.95], ..AdamOptions::default() };
    let own = MuonOptions {
        momentum: 0.9,
        nesterov: false,
        ns_steps: 3,
        adjust_lr_fn: AdjustLr::MatchRmsAdamw,
        adamw: AuxiliaryOptions { names: head(), lr: 0.005, weight_decay: 0.1, adam },
    };
    follow("muon rms", with(Algorithm::Muon(own), 0.01, 0.5), level, 1e-5);
}

#[test]
fn clipping() {
    let momentum = SgdOptions { momentum: 0.9, ..SgdOptions::default() };
    let norm = with(Algorithm::Sgd(momentum), 0.5, 0.01);
    follow("clip_norm", OptimizerOptions { clip_norm: Some(1.5), ..norm }, level, 1e-6);
    let value = with(Algorithm::Sgd(SgdOptions::default()), 0.5, 0.0);
    follow("clip_value", OptimizerOptions { clip_value: Some(0.25), ..value }, level, 1e-6);
    let both = OptimizerOptions {
        lr: 0.01,
        clip_value: Some(0.5),
        clip_norm: Some(1.0),
        ..OptimizerOptions::default()
    };
    follow("clip both", both, level, 1e-6);
}

#[test]
fn accumulation() {
    let options = with(Algorithm::Adamw(AdamOptions::default()), 0.01, 0.01);
    let options = OptimizerOptions { accumulate: 5, clip_norm: Some(2.0), ..options };
    follow("accumulate", options, saw, 1e-6);
}

#[test]
fn groups_with_rates_of_their_own() {
    let group = |names: &[&str], lr, lr_scale, weight_decay| Group {
        names: patterns(names),
        lr,
        lr_scale,
        weight_decay,
    };
    let options = with(Algorithm::Adamw(AdamOptions::default()), 0.01, 0.05);
    // The first one that fits has it: the head's weight is in both.
    let groups = vec![
        group(&["head.*"], Some(1e-3), None, None),
        group(&["*.bias", "head.weight"], None, Some(2.0), Some(0.0)),
    ];
    follow("groups", OptimizerOptions { groups, ..options.clone() }, saw, 1e-6);
    follow("undecayed", OptimizerOptions { decay_norms: false, ..options }, level, 1e-6);
}

#[track_caller]
fn same(numbers: &BTreeMap<String, Vec<f64>>, what: &str, at: impl Fn(f64) -> f64) {
    assert!(!numbers[what].is_empty());
    for (step, expected) in numbers[what].iter().enumerate() {
        let found = at(step as f64);
        assert!(
            (found - expected).abs() < 1e-12,
            "{what} at {step}: {found} instead of {expected}"
        );
    }
}

/// All schedules of the golden file, which has a line of words at its head.
fn schedules() -> BTreeMap<String, Vec<f64>> {
    let all: BTreeMap<String, serde_json::Value> = golden_json("optim.json");
    let rows = all.into_iter().filter(|(_, value)| value.is_array());
    rows.map(|(name, value)| (name, serde_json::from_value(value).expect("numbers"))).collect()
}

#[test]
fn schedules_equal_torch() {
    let all = schedules();
    same(&all, "cosine", |at| schedule::cosine(at, 0.0, 12.0, 0.1, 0.01));
    same(&all, "step", |at| schedule::step(at, 3.0, 0.1, 0.5).expect("a number"));
    same(&all, "multi_step", |at| schedule::multi_step(at, &[3.0, 7.0, 8.0], 0.1, 0.3));
    same(&all, "exponential", |at| schedule::exponential(at, 0.1, 0.8));
    same(&all, "linear", |at| schedule::linear(at, 0.0, 8.0, 0.1, 0.025));
    same(&all, "warmup", |at| schedule::warmup(at, 5.0, 0.1));
    same(&all, "polynomial", |at| {
        schedule::polynomial(at, 0.0, 10.0, 0.1, 0.0, 2.5).expect("a number")
    });
    // The list begins one before the first point.
    let points = [(0.0, 0.1), (4.0, 0.5), (10.0, 0.2), (11.0, 0.4)];
    same(&all, "piecewise", |at| schedule::piecewise(at - 1.0, &points).expect("a number"));
    same(&all, "join", |at| match schedule::join(at, &[0.0, 5.0, 15.0]).expect("a part") {
        (0, since) => schedule::linear(since, 0.0, 5.0, 0.01, 0.1),
        (1, since) => schedule::cosine(since, 0.0, 10.0, 0.1, 0.01),
        (_, since) => schedule::exponential(since, 0.1, 0.5),
    });
}

#[test]
fn cyclic_schedules_equal_torch() {
    let all = schedules();
    let cycle = |total, own: OneCycle| {
        move |at| schedule::one_cycle(at, total, 0.4, &own).expect("a number")
    };
    let standard = OneCycle::default();
    same(&all, "one_cycle", cycle(20.0, standard));
    let straight = OneCycle {
        pct_start: 0.25,
        linear: true,
        div_factor: 10.0,
        final_div_factor: 50.0,
        three_phase: false,
    };
    same(&all, "one_cycle linear", cycle(23.0, straight));
    let three = OneCycle { pct_start: 0.35, three_phase: true, ..standard };
    same(&all, "one_cycle three phases", cycle(30.0, three));
    let three = OneCycle { pct_start: 0.4, linear: true, three_phase: true, ..standard };
    same(&all, "one_cycle three straight phases", cycle(30.0, three));
    let restarts = |first, factor| {
        move |at| schedule::cosine_restarts(at, first, 0.1, 0.01, factor).expect("a number")
    };
    same(&all, "restarts", restarts(5.0, 1.0));
    same(&all, "doubled restarts", restarts(3.0, 2.0));
    same(&all, "tripled restarts", restarts(1.0, 3.0));
}

#[test]
fn an_optimiser_made_of_another_keeps_the_proportions_of_its_groups() {
    let group =
        Group { names: patterns(&["head.*"]), lr: Some(0.2), lr_scale: None, weight_decay: None };
    let options = with(Algorithm::Sgd(SgdOptions::default()), 0.1, 0.0);
    let handle = OptimizerHandle::new(OptimizerOptions { groups: vec![group], ..options });
    let handle = handle.expect("the optimiser");
    handle.set_lr(0.05).expect("a rate");
    assert_eq!(handle.options().lr, 0.05);
    assert_eq!(handle.options().groups[0].lr, Some(0.1));
}
