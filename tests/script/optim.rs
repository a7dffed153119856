//! Optimisers and schedules from a script: what is refused, and what works in a hook.

use super::host::{evaluate, fails, in_a_line};
use crate::support::{Sandbox, TINY};

/// A message in one line, without its place.
#[track_caller]
fn told(text: &str) -> String {
    let error = fails(text);
    assert!(error.contains("╭─[script:1:"), "{error}");
    in_a_line(&error)
}

#[test]
fn optimisers_that_are_refused() {
    insta::assert_snapshot!(told("optim::adamw(#{ weigth_decay: 0.1 })"), @"error[name]: optim::adamw: unknown option 'weigth_decay' | hint: did you mean 'weight_decay'?");
    insta::assert_snapshot!(told("optim::sgd(#{ nesterov: 1 })"), @"error[type]: optim::sgd: 'nesterov' has the wrong type | expected: true or false | received: integer 1");
    insta::assert_snapshot!(told("optim::sgd(#{ nesterov: true })"), @"error[range]: optim::sgd: 'nesterov' needs a plain momentum | expected: momentum more than 0 and dampening 0 | received: momentum 0 and dampening 0");
    insta::assert_snapshot!(told("optim::lion(#{ groups: [#{ lr: 1 }] })"), @r#"error[name]: optim::lion: the option 'groups[0].names' is missing | expected: a pattern of parameter names: "head.*", or several in an array"#);
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: [#{ names: "a", lr_sclae: 1 }] })"#), @"error[name]: optim::adam: unknown option 'groups[0].lr_sclae' | hint: did you mean 'lr_scale'?");
    insta::assert_snapshot!(told("optim::adam(#{ groups: #{} })"), @"error[type]: optim::adam: 'groups' has the wrong type | expected: an array | received: a map | hint: one stands in brackets too: groups: [ … ]");
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: ["head.*"] })"#), @r#"error[type]: optim::adam: 'groups[0]' has the wrong type | expected: a map: #{ … } | received: string "head.*""#);
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: [#{ names: ["blocks.5-1.*"] }] })"#), @"error[range]: optim::adam, 'blocks.5-1.*': has a range that runs backwards | hint: * is any text, ? one character, {a,b} either, 0-5 a number");
    insta::assert_snapshot!(told("optim::adam(#{ groups: [#{ names: [] }] })"), @"error[range]: optim::adam: 'groups[0].names' is empty | expected: one pattern of parameter names at least");
    insta::assert_snapshot!(told("optim::muon(#{ adamw: #{ names: 5 } })"), @"error[type]: optim::muon: 'adamw.names' has the wrong type | expected: a string | received: integer 5");
    insta::assert_snapshot!(told("optim::muon(#{ adamw: 3e-4 })"), @"error[type]: optim::muon: 'adamw' has the wrong type | expected: a map: #{ … } | received: float 0.0003");
    insta::assert_snapshot!(told(r#"optim::muon(#{ adjust_lr_fn: "match_rms" })"#), @"error[name]: optim::muon: unknown adjust_lr_fn 'match_rms' | hint: did you mean 'match_rms_adamw'?");
    insta::assert_snapshot!(told("optim::adan(#{ betas: [0.9, 0.99] })"), @"error[type]: optim::adan: 'betas' has the wrong length | expected: three numbers | received: [0.9, 0.99]");
    insta::assert_snapshot!(told("optim::sgd(#{ accumulate: 0 })"), @"error[range]: optim::sgd: 'accumulate' is out of range | expected: 1 or more | received: 0");
    insta::assert_snapshot!(told(r#"let o = optim::sgd(#{}); o.lr = "fast""#), @r#"error[type]: optimizer.lr: the learning rate has the wrong type | expected: a number | received: string "fast""#);
    insta::assert_snapshot!(told("let o = optim::sgd(#{}); o.lr = -1"), @"error[range]: optim::sgd: 'lr' is out of range | expected: 0 or more | received: -1");
    insta::assert_snapshot!(told(r#"let o = optim::sgd(#{}); o.name = "adam""#), @"error[name]: Optimizer: 'name' cannot be set so | received: string");
}

#[test]
fn schedules_that_are_refused() {
    insta::assert_snapshot!(told(r#"schedule::linear("1", 0, 1, 0, 1)"#), @r#"error[type]: schedule::linear: at has the wrong type | expected: a number | received: string "1""#);
    insta::assert_snapshot!(told("schedule::step(1, 0, 1, 0.5)"), @"error[range]: schedule::step: 'every' is out of range | expected: more than 0 | received: 0");
    insta::assert_snapshot!(told("schedule::polynomial(1, 0, 1, 0, 1, 0)"), @"error[range]: schedule::polynomial: 'power' is out of range | expected: more than 0 | received: 0");
    insta::assert_snapshot!(told("schedule::cosine_restarts(1, 0, 1, 0)"), @"error[range]: schedule::cosine_restarts: 'length' is out of range | expected: more than 0 | received: 0");
    insta::assert_snapshot!(told("schedule::cosine_restarts(1, 5, 1, 0, 0.5)"), @"error[range]: schedule::cosine_restarts: 'factor' is out of range | expected: 1 or more | received: 0.5");
    insta::assert_snapshot!(told("schedule::multi_step(1, 5, 1, 0.5)"), @"error[type]: schedule::multi_step: milestones has the wrong type | expected: an array | received: integer 5");
    insta::assert_snapshot!(told("schedule::one_cycle(1, 10, 1, #{ pct_strat: 0.5 })"), @"error[name]: schedule::one_cycle: unknown option 'pct_strat' | hint: did you mean 'pct_start'?");
    insta::assert_snapshot!(told(r#"schedule::one_cycle(1, 10, 1, #{ anneal_strategy: "cosine" })"#), @"error[name]: schedule::one_cycle: unknown anneal_strategy 'cosine' | hint: did you mean 'cos'?");
    insta::assert_snapshot!(told("schedule::one_cycle(1, 0, 1)"), @"error[range]: schedule::one_cycle: 'total' is out of range | expected: more than 0 | received: 0");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[0, 1], 2])"), @"error[type]: schedule::piecewise: points[1] has the wrong type | expected: an array | received: integer 2");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[0, 1, 2]])"), @"error[type]: schedule::piecewise: points[0] is no pair | expected: [position, value] | received: 3 elements");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[5, 1], [0, 2]])"), @"error[range]: schedule::piecewise: points are out of order | expected: positions that grow | received: [5.0, 0.0]");
    insta::assert_snapshot!(told("schedule::piecewise(1, [])"), @"error[range]: schedule::piecewise: points are missing | expected: one at least | received: []");
    insta::assert_snapshot!(told(r#"schedule::join(1, [[0, "fast"]])"#), @r#"error[type]: schedule::join: what the part gives has the wrong type | expected: a number | received: string "fast""#);
    insta::assert_snapshot!(told("schedule::join(1, [[5, 1], [5, 2]])"), @"error[range]: schedule::join: boundaries are out of order | expected: positions that grow | received: [5.0, 5.0]");
    insta::assert_snapshot!(told("schedule::join(1, [[0, |a, b| a]])"), @"error[type]: schedule::join: a part is no function of one number | expected: |t| …, where t is the position since the boundary");
    insta::assert_snapshot!(told("schedule::warmup(1)"), @"error[type]: schedule::warmup: no form of this function takes these arguments | expected: schedule::warmup(at, length, to) | received: schedule::warmup(integer)");
}

#[test]
fn a_part_that_fails_is_told_with_its_place() {
    let text = "let parts = [[0, |t| schedule::step(t, 0, 1, 1)]];\nschedule::join(1, parts)";
    insta::assert_snapshot!(fails(text), @"
    error[range]: schedule::step: 'every' is out of range
       ╭─[script:1:32]
     1 │ let parts = [[0, |t| schedule::step(t, 0, 1, 1)]];
       ·                                ────
       ╰────
      in the call of a closure at
       ╭─[script:2:11]
     2 │ schedule::join(1, parts)
       ·           ────
       ╰────
      expected: more than 0
      received: 0
    ");
}

#[test]
fn schedules_take_whole_numbers_and_what_hooks_have() {
    for text in [
        "schedule::join(7, [[0, 1], [5, 2.5], [10, |t| t]]) == 2.5",
        "schedule::join(12, [[0, 1], [5, 2.5], [10, |t| t]]) == 2.0",
        "schedule::join(-3, [[0, |t| t]]) == -3.0",
        "fn half(t) { t / 2.0 } schedule::join(12, [[10, Fn(\"half\")]]) == 1.0",
        "fn lr(ctx) { schedule::join(ctx.step, [[0, |t| t * ctx.lr]]) } lr(#{ step: 3, lr: 0.5 }) == 1.5",
        "schedule::piecewise(10, [[0, 0], [10, 1], [10, 5], [20, 6]]) == 5.0",
        "schedule::piecewise(99, [[0, 0], [10, 1]]) == 1.0",
        "schedule::multi_step(3, [], 0.5, 0.1) == 0.5",
        "schedule::one_cycle(1000, 100, 1, #{ final_div_factor: 1 }) == 0.04",
    ] {
        let value = evaluate(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert!(value.as_bool() == Ok(true), "{text} gives {value}");
    }
}

#[test]
fn optimisers_are_shared_and_hold_what_they_are_set_to() {
    let text =
        "let a = optim::lion(#{ lr: 1 }); let b = a; b.lr = 0.5; a.lr == 0.5 && a.name == \"lion\"";
    assert!(evaluate(text).expect("a bool").as_bool() == Ok(true));
}

#[test]
fn every_optimiser_trains_a_stage_from_a_recipe() {
    for optimizer in [
        "optim::sgd(#{ lr: 0.05, momentum: 0.9, nesterov: true, clip_norm: 1 })",
        "optim::adamw(#{ lr: 0.01, decay_norms: false, groups: [#{ names: \"*.bias\", lr_scale: 2 }] })",
        "optim::lion(#{ lr: 0.001, accumulate: 2 })",
        "optim::adan(#{ lr: 0.01, clip_value: 0.5 })",
        "optim::muon(#{ lr: 0.02, adamw: #{ names: \"*head*\", lr: 0.001 } })",
    ] {
        let more = format!("optimizer: {optimizer},\n    batch: 8");
        let recipe = TINY.replace("batch: 8", &more)
            + "fn lr(ctx) { schedule::join(ctx.step, [[0, ctx.lr], [2, |t| ctx.lr / (1 + t)]]) }\n";
        let ran = Sandbox::new().run(&recipe, &[]);
        assert_eq!(ran.code, 0, "{optimizer}: {}", ran.err);
    }
}
