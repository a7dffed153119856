//! Optimisers and schedules from a script: what is refused, and what works in a hook.

use super::host::{evaluate, fails};
use crate::support::{Sandbox, TINY};

/// A message in one line, without its place.
#[track_caller]
fn told(text: &str) -> String {
    let error = fails(text);
    assert!(error.contains("--> script:1:"), "{error}");
    let said = error.lines().filter(|line| !line.contains("-->") && !line.contains(" | "));
    said.map(str::trim).collect::<Vec<_>>().join(" | ")
}

#[test]
fn optimisers_that_are_refused() {
    insta::assert_snapshot!(told("optim::adamw(#{ weigth_decay: 0.1 })"), @"");
    insta::assert_snapshot!(told("optim::sgd(#{ nesterov: 1 })"), @"");
    insta::assert_snapshot!(told("optim::sgd(#{ nesterov: true })"), @"");
    insta::assert_snapshot!(told("optim::lion(#{ groups: [#{ lr: 1 }] })"), @"");
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: [#{ names: "a", lr_sclae: 1 }] })"#), @"");
    insta::assert_snapshot!(told("optim::adam(#{ groups: #{} })"), @"");
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: ["head.*"] })"#), @"");
    insta::assert_snapshot!(told(r#"optim::adam(#{ groups: [#{ names: ["blocks.5-1.*"] }] })"#), @"");
    insta::assert_snapshot!(told("optim::adam(#{ groups: [#{ names: [] }] })"), @"");
    insta::assert_snapshot!(told("optim::muon(#{ adamw: #{ names: 5 } })"), @"");
    insta::assert_snapshot!(told("optim::muon(#{ adamw: 3e-4 })"), @"");
    insta::assert_snapshot!(told(r#"optim::muon(#{ adjust_lr_fn: "match_rms" })"#), @"");
    insta::assert_snapshot!(told("optim::adan(#{ betas: [0.9, 0.99] })"), @"");
    insta::assert_snapshot!(told("optim::sgd(#{ accumulate: 0 })"), @"");
    insta::assert_snapshot!(told(r#"let o = optim::sgd(#{}); o.lr = "fast""#), @"");
    insta::assert_snapshot!(told("let o = optim::sgd(#{}); o.lr = -1"), @"");
    insta::assert_snapshot!(told(r#"let o = optim::sgd(#{}); o.name = "adam""#), @"");
}

#[test]
fn schedules_that_are_refused() {
    insta::assert_snapshot!(told(r#"schedule::linear("1", 0, 1, 0, 1)"#), @"");
    insta::assert_snapshot!(told("schedule::step(1, 0, 1, 0.5)"), @"");
    insta::assert_snapshot!(told("schedule::polynomial(1, 0, 1, 0, 1, 0)"), @"");
    insta::assert_snapshot!(told("schedule::cosine_restarts(1, 0, 1, 0)"), @"");
    insta::assert_snapshot!(told("schedule::cosine_restarts(1, 5, 1, 0, 0.5)"), @"");
    insta::assert_snapshot!(told("schedule::multi_step(1, 5, 1, 0.5)"), @"");
    insta::assert_snapshot!(told("schedule::one_cycle(1, 10, 1, #{ pct_strat: 0.5 })"), @"");
    insta::assert_snapshot!(told(r#"schedule::one_cycle(1, 10, 1, #{ anneal_strategy: "cosine" })"#), @"");
    insta::assert_snapshot!(told("schedule::one_cycle(1, 0, 1)"), @"");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[0, 1], 2])"), @"");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[0, 1, 2]])"), @"");
    insta::assert_snapshot!(told("schedule::piecewise(1, [[5, 1], [0, 2]])"), @"");
    insta::assert_snapshot!(told("schedule::piecewise(1, [])"), @"");
    insta::assert_snapshot!(told(r#"schedule::join(1, [[0, "fast"]])"#), @"");
    insta::assert_snapshot!(told("schedule::join(1, [[5, 1], [5, 2]])"), @"");
    insta::assert_snapshot!(told("schedule::join(1, [[0, |a, b| a]])"), @"");
    insta::assert_snapshot!(told("schedule::warmup(1)"), @"");
}

#[test]
fn a_part_that_fails_is_told_with_its_place() {
    let text = "let parts = [[0, |t| schedule::step(t, 0, 1, 1)]];\nschedule::join(1, parts)";
    insta::assert_snapshot!(fails(text), @"");
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
    let text = "let a = optim::lion(#{ lr: 1 }); let b = a; b.lr = 0.5; a.lr == 0.5 && a.name == \"lion\"";
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
