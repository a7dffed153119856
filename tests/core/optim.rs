//! Optimisers as parts of a transaction: snapshots, states in files, groups, and what is refused.

use stillroom::error::Kind;
use stillroom::nn::{Mode, Parameter, Pattern, Role};
use stillroom::optim::{
    AdamOptions, AdanOptions, Algorithm, AuxiliaryOptions, Group, LionOptions, MuonOptions,
    OptimizerHandle, OptimizerOptions, SgdOptions,
};
use stillroom::tensor::{Device, Gradients, Tensor, store};

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_values(values.to_vec(), shape, &Device::default()).expect("a tensor")
}

/// A matrix, a bias, and running statistics.
fn net() -> Vec<(String, Parameter)> {
    let matrix = tensor(&[1.0, -2.0, 3.0, 0.5, 0.25, -1.0], &[2, 3]);
    [
        ("body.weight", matrix, Role::Weight),
        ("body.bias", tensor(&[0.5, -0.5], &[2]), Role::Weight),
        ("body.mean", tensor(&[9.0], &[1]), Role::Buffer),
    ]
    .map(|(name, value, role)| (name.to_string(), Parameter::new(value, role).expect(name)))
    .to_vec()
}

/// Gradients of Σ w² · factor.
fn gradients(net: &[(String, Parameter)], factor: f64) -> Gradients {
    let squares = net.iter().filter(|(_, own)| own.role() == Role::Weight).map(|(_, own)| {
        let value = own.get(Mode::Train);
        value.mul(&value).and_then(|square| square.sum()).expect("a sum")
    });
    let loss = squares.reduce(|sum, next| sum.add(&next).expect("a sum")).expect("some");
    loss.mul_number(factor).and_then(|loss| loss.backward()).expect("gradients")
}

fn values(net: &[(String, Parameter)]) -> Vec<Vec<f32>> {
    net.iter().map(|(_, own)| own.value().to_values().expect("numbers")).collect()
}

fn restore(net: &[(String, Parameter)], kept: &[Tensor]) {
    net.iter().zip(kept).for_each(|((_, own), value)| own.set(value.clone()).expect("the shape"));
}

fn handle(options: OptimizerOptions) -> OptimizerHandle {
    OptimizerHandle::new(options).expect("an optimiser")
}

fn every_algorithm() -> [Algorithm; 6] {
    [
        Algorithm::Sgd(SgdOptions { momentum: 0.9, ..SgdOptions::default() }),
        Algorithm::Adam(AdamOptions::default()),
        Algorithm::Adamw(AdamOptions::default()),
        Algorithm::Lion(LionOptions::default()),
        Algorithm::Adan(AdanOptions::default()),
        Algorithm::Muon(MuonOptions::default()),
    ]
}

#[test]
fn a_step_that_is_undone_and_done_again_gives_the_same() {
    for algorithm in every_algorithm() {
        for accumulate in [1, 3] {
            let options =
                OptimizerOptions { accumulate, ..OptimizerOptions::new(algorithm.clone()) };
            let (net, optimizer) = (net(), handle(options.clone()));
            for step in 0..4 {
                optimizer.step(&net, &gradients(&net, 1.0 + step as f64), None).expect("a step");
            }
            let weights: Vec<Tensor> = net.iter().map(|(_, own)| own.value()).collect();
            let before = optimizer.snapshot();
            // The other way, but not so far that a momentum would be forgotten.
            let go_on = |optimizer: &OptimizerHandle| {
                for factor in [-0.5, -0.2, -0.1] {
                    let gradients = gradients(&net, factor);
                    optimizer.step(&net, &gradients, Some(0.01)).expect("a step");
                }
                values(&net)
            };
            let first = go_on(&optimizer);
            optimizer.set_lr(0.5).expect("a rate");
            restore(&net, &weights);
            optimizer.restore(&before);
            assert_eq!(go_on(&optimizer), first, "{}, {accumulate}", algorithm.name());
            assert_eq!(optimizer.lr(), optimizer.options().lr);
            // Without the state they are other steps.
            restore(&net, &weights);
            assert_ne!(go_on(&handle(options)), first, "{}, {accumulate}", algorithm.name());
        }
    }
}

#[test]
fn a_state_goes_through_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.safetensors");
    for algorithm in every_algorithm() {
        let options = OptimizerOptions { accumulate: 2, ..OptimizerOptions::new(algorithm) };
        let (net, optimizer) = (net(), handle(options.clone()));
        // Two updates, and one call that waits.
        for step in 0..5 {
            optimizer.step(&net, &gradients(&net, 1.0 + step as f64), None).expect("a step");
        }
        optimizer.set_lr(0.1 + 0.2).expect("a rate");
        store::save(&path, &optimizer.state().expect("a state")).expect("saved");
        let weights: Vec<Tensor> = net.iter().map(|(_, own)| own.value()).collect();
        let go_on = |optimizer: &OptimizerHandle| {
            for _ in 0..3 {
                optimizer.step(&net, &gradients(&net, 0.5), None).expect("a step");
            }
            values(&net)
        };
        let expected = go_on(&optimizer);
        let fresh = handle(options);
        fresh.load_state(&store::load(&path, &Device::default()).expect("read")).expect("loaded");
        assert_eq!(fresh.lr(), 0.1 + 0.2, "all digits");
        restore(&net, &weights);
        assert_eq!(go_on(&fresh), expected, "{}", fresh.name());
    }
}

#[test]
fn states_have_torchs_names() {
    let (net, optimizer) = (net(), handle(OptimizerOptions::default()));
    optimizer.step(&net, &gradients(&net, 1.0), None).expect("a step");
    let names: Vec<String> = optimizer.state().expect("a state").into_iter().map(|e| e.0).collect();
    let expected = "lr calls body.bias/step body.bias/exp_avg body.bias/exp_avg_sq \
        body.weight/step body.weight/exp_avg body.weight/exp_avg_sq";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn states_that_are_refused() {
    let (net, optimizer) = (net(), handle(OptimizerOptions::default()));
    optimizer.step(&net, &gradients(&net, 1.0), None).expect("a step");
    let state = optimizer.state().expect("a state");
    let load = |state: &[(String, Tensor)]| {
        let fresh = handle(OptimizerOptions::default());
        fresh.load_state(state).and_then(|()| fresh.step(&net, &gradients(&net, 1.0), None))
    };
    let refused = |state: &[(String, Tensor)]| load(state).expect_err("refused").to_string();
    assert!(load(&state).expect("a step"));
    let without = |name: &str| {
        let rest = state.iter().filter(|(own, _)| own != name).cloned();
        refused(&rest.collect::<Vec<_>>())
    };
    insta::assert_snapshot!(without("lr"), @"error[data]: restoring an optimiser: 'lr' is missing");
    insta::assert_snapshot!(without("body.bias/step"), @"error[data]: restoring an optimiser: 'body.bias/step' is missing");
    insta::assert_snapshot!(without("body.bias/exp_avg_sq"), @r"
    error[data]: restoring an optimiser: this is the state of another algorithm
      expected: 'exp_avg_sq'
    ");
    let renamed = |from: &str, to: &str| {
        let name = |name: &String| if name == from { to.to_string() } else { name.clone() };
        refused(&state.iter().map(|(own, value)| (name(own), value.clone())).collect::<Vec<_>>())
    };
    insta::assert_snapshot!(renamed("body.bias/exp_avg", "body.bias/exp_agv"), @r"
    error[name]: restoring an optimiser: unknown entry 'exp_agv'
      hint: did you mean 'exp_avg'?
    ");
    insta::assert_snapshot!(renamed("calls", "cals"), @r"
    error[name]: restoring an optimiser: unknown entry 'cals'
      hint: did you mean 'calls'?
    ");
    let wider: Vec<(String, Tensor)> = state
        .iter()
        .map(|(name, value)| match name.as_str() {
            "body.bias/exp_avg_sq" => (name.clone(), tensor(&[1.0], &[1])),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    insta::assert_snapshot!(refused(&wider), @r"
    error[shape]: optim::adam: its state of 'body.bias' belongs to another network
      expected: [1]
      received: [2]
      hint: give each network an optimiser of its own
    ");
}

#[test]
fn groups_follow_the_rate_of_the_step() {
    let group = |names: &str, lr, lr_scale| Group {
        names: vec![Pattern::new(names).expect("a pattern")],
        lr,
        lr_scale,
        weight_decay: None,
    };
    // Plain descent: a step is the gradient, 2w, times the rate.
    let moved = |groups: Vec<Group>, lr: Option<f64>| {
        let options = OptimizerOptions {
            lr: 0.1,
            groups,
            ..OptimizerOptions::new(Algorithm::Sgd(SgdOptions::default()))
        };
        let net = net();
        handle(options).step(&net, &gradients(&net, 0.5), lr).expect("a step");
        let now = values(&net);
        [1.0 - now[0][0], (0.5 - now[1][0]) / 0.5].map(|rate| (rate * 1e4).round() / 1e4)
    };
    assert_eq!(moved(vec![], None), [0.1, 0.1]);
    assert_eq!(moved(vec![], Some(0.3)), [0.3, 0.3]);
    assert_eq!(moved(vec![group("*.bias", None, Some(0.5))], Some(0.3)), [0.3, 0.15]);
    // A rate of its own is in proportion to the base rate of the options.
    assert_eq!(moved(vec![group("*.bias", Some(0.2), None)], None), [0.1, 0.2]);
    assert_eq!(moved(vec![group("*.bias", Some(0.2), None)], Some(0.05)), [0.05, 0.1]);
    assert_eq!(moved(vec![group("*", Some(0.0), None)], None), [0.0, 0.0]);
    let both = vec![group("*.weight", None, Some(2.0)), group("*", None, Some(3.0))];
    assert_eq!(moved(both, None), [0.2, 0.3]);
}

#[test]
fn what_a_rate_is_set_to_goes_on_into_other_stages() {
    let group = Group {
        names: vec![Pattern::new("*.bias").expect("a pattern")],
        lr: Some(0.2),
        lr_scale: None,
        weight_decay: None,
    };
    let own = handle(OptimizerOptions { lr: 0.1, groups: vec![group], ..Default::default() });
    let same = own.clone();
    same.set_lr(0.05).expect("a rate");
    assert_eq!((own.lr(), own.options().lr), (0.05, 0.05));
    assert!(own.set_lr(-1.0).is_err() && own.set_lr(f64::NAN).is_err());
}

#[test]
fn patterns_that_fit_no_parameter() {
    let message = |options: OptimizerOptions| {
        let net = net();
        let error = handle(options).step(&net, &gradients(&net, 1.0), None).expect_err("refused");
        assert_eq!(error.kind(), Kind::Name);
        error.to_string()
    };
    let names = vec![Pattern::new("haed.*").expect("a pattern")];
    let group = Group { names: names.clone(), lr: None, lr_scale: None, weight_decay: Some(0.0) };
    // Statistics are no parameters of an optimiser.
    insta::assert_snapshot!(message(OptimizerOptions { groups: vec![group], ..Default::default() }), @r"
    error[name]: optim::adam: no parameter fits 'haed.*'
      hint: the nearest are body.weight, body.bias
    ");
    let adamw = AuxiliaryOptions { names, ..AuxiliaryOptions::default() };
    let muon = Algorithm::Muon(MuonOptions { adamw, ..MuonOptions::default() });
    insta::assert_snapshot!(message(OptimizerOptions::new(muon)), @r"
    error[name]: optim::muon: no parameter fits 'haed.*'
      hint: the nearest are body.weight, body.bias
    ");
}

#[test]
fn steps_that_are_refused_change_nothing() {
    let (net, other) = (net(), net());
    let options = OptimizerOptions { clip_norm: Some(1.0), ..Default::default() };
    let optimizer = handle(options);
    optimizer.step(&net, &gradients(&net, 1.0), None).expect("a step");
    let before = values(&net);
    let state = |optimizer: &OptimizerHandle| store::encode(&optimizer.state().expect("a state"));
    let kept = state(&optimizer).expect("bytes");
    let refused = |gradients: &Gradients, lr| {
        let error = optimizer.step(&net, gradients, lr).expect_err("refused").to_string();
        assert_eq!(values(&net), before);
        assert_eq!(state(&optimizer).expect("bytes"), kept);
        error
    };
    insta::assert_snapshot!(refused(&gradients(&other, 1.0), None), @r"
    error[type]: optim::adam: no parameter of this network took part in the loss
      hint: make the loss from the network's output in training mode
    ");
    insta::assert_snapshot!(refused(&gradients(&net, 1.0), Some(-0.1)), @r"
    error[range]: optim::adam: 'lr' is out of range
      expected: 0 or more
      received: -0.1
    ");
    let smaller = vec![("body.bias".to_string(), other[2].1.clone())];
    let smaller = smaller
        .into_iter()
        .map(|(name, own)| (name, Parameter::new(own.value(), Role::Weight).expect("a parameter")));
    let smaller: Vec<_> = smaller.collect();
    let error = optimizer.step(&smaller, &gradients(&smaller, 1.0), None).expect_err("refused");
    insta::assert_snapshot!(error, @r"
    error[shape]: optim::adam: its state of 'body.bias' belongs to another network
      expected: [2]
      received: [1]
      hint: give each network an optimiser of its own
    ");
    assert_eq!(state(&optimizer).expect("bytes"), kept);
}

#[test]
fn gradients_whose_squares_have_no_number_are_cut_to_the_norm() {
    let clipped = |scale| {
        let net = net();
        let options = OptimizerOptions {
            clip_norm: Some(1.0),
            lr: 0.1,
            ..OptimizerOptions::new(Algorithm::Sgd(SgdOptions::default()))
        };
        handle(options).step(&net, &gradients(&net, scale), None).expect("a step");
        values(&net)
    };
    // Of any length, they point where the others do.
    let (wanted, found) = (clipped(1e3), clipped(1e25));
    assert_ne!(wanted, values(&net()));
    for (wanted, found) in wanted.iter().flatten().zip(found.iter().flatten()) {
        assert!((wanted - found).abs() < 1e-6, "{wanted} {found}");
    }
}

#[test]
fn options_that_are_refused() {
    let base = OptimizerOptions::default;
    let sgd = |own: SgdOptions| OptimizerOptions::new(Algorithm::Sgd(own));
    let muon = |own: MuonOptions| OptimizerOptions::new(Algorithm::Muon(own));
    let group = |lr, lr_scale| Group {
        names: vec![Pattern::new("*").expect("a pattern")],
        lr,
        lr_scale,
        weight_decay: None,
    };
    let adan = AdanOptions { betas: [0.9, 0.9, 1.0], ..AdanOptions::default() };
    for (options, problem) in [
        (OptimizerOptions { lr: 0.0, ..base() }, "'lr' is out of range"),
        (OptimizerOptions { lr: f64::NAN, ..base() }, "'lr' is out of range"),
        (OptimizerOptions { weight_decay: -0.1, ..base() }, "'weight_decay' is out of range"),
        (OptimizerOptions { clip_norm: Some(0.0), ..base() }, "'clip_norm' is out of range"),
        (OptimizerOptions { clip_value: Some(-1.0), ..base() }, "'clip_value' is out of range"),
        (OptimizerOptions { accumulate: 0, ..base() }, "'accumulate' is out of range"),
        (
            OptimizerOptions { groups: vec![group(Some(-1.0), None)], ..base() },
            "'groups[0].lr' is out of range",
        ),
        (
            OptimizerOptions { groups: vec![group(Some(1.0), Some(1.0))], ..base() },
            "groups[0] has both 'lr' and 'lr_scale'",
        ),
        (sgd(SgdOptions { nesterov: true, ..SgdOptions::default() }), "'nesterov' needs"),
        (sgd(SgdOptions { momentum: -1.0, ..SgdOptions::default() }), "'momentum' is out"),
        (OptimizerOptions::new(Algorithm::Adan(adan)), "'betas[2]' is out of range"),
        (
            OptimizerOptions::new(Algorithm::Lion(LionOptions { betas: [1.0, 0.9] })),
            "'betas[0]' is out of range",
        ),
        (muon(MuonOptions { ns_steps: 0, ..MuonOptions::default() }), "'ns_steps' is out of range"),
        (muon(MuonOptions { momentum: 1.0, ..MuonOptions::default() }), "'momentum' is out"),
    ] {
        let error = OptimizerHandle::new(options).err().expect(problem).to_string();
        assert!(error.contains(problem), "{error}");
    }
}
