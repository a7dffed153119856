//! Hooks that never return, and hooks that exhaust the limits of the language: failures like any other.

use super::runner::{Manner, Run, STAGE, doing, run_in, save, untouched, with_edits};
use crate::support::Sandbox;
use std::time::{Duration, Instant};
use stillroom::error::Kind;

fn recipe() -> String {
    format!("{STAGE}fn lr(ctx) {{\n    0.25\n}}\n")
}

/// Runs with hooks that may take half a second, and saves `edited` after 4 steps; it fails at step 6.
#[track_caller]
fn fails_at_6(recipe: &str, edited: &str) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe);
    let manner = Manner { hook_seconds: 0.5, ..Manner::default() };
    let run = run_in(sandbox, manner, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "in force"), (6, "taken back")], "{:?}", run.shown.edits);
    run.same_weights(&untouched(recipe));
    run
}

fn hook(body: &str) -> String {
    recipe().replace("    0.25", &format!("    if ctx.step == 6 {{ {body} }}\n    0.25"))
}

#[test]
fn a_hook_that_never_returns() {
    let run = fails_at_6(&recipe(), &hook("loop {}"));
    insta::assert_snapshot!(run.shown.edits[1].error, @"
    error[script]: a hook: it does not end
       ╭─[SANDBOX/recipe.rhai:8:1]
     8 │ fn lr(ctx) {
       · ────────────
       ╰────
      expected: an answer within 0.5 s
      in: hook 'lr' of stage 'cnn', step 6
      hint: where a hook needs longer: --hook-seconds SECONDS; a new version gets less than one that has done some steps
    ");
}

#[test]
fn a_hook_that_catches_everything() {
    fails_at_6(&recipe(), &hook("loop { try { loop {} } catch {} }"));
}

#[test]
fn a_hook_that_sleeps() {
    fails_at_6(&recipe(), &hook("sleep(1000)"));
}

#[test]
fn a_hook_that_calls_itself_for_ever() {
    let again = format!("{}fn deeper(x) {{ deeper(x + 1) }}\n", hook("deeper(0)"));
    let run = fails_at_6(&recipe(), &again);
    insta::assert_snapshot!(run.shown.edits[1].error, @"
    error[script]: the recipe: functions call each other too deeply
       ╭─[SANDBOX/recipe.rhai:8:1]
     8 │ fn lr(ctx) {
       · ────────────
       ╰────
      expected: 64 calls within each other at most
      in: hook 'lr' of stage 'cnn', step 6
    ");
}

#[test]
fn a_hook_that_makes_too_much() {
    fails_at_6(&recipe(), &hook("let all = []; loop { all.push(all.len()); }"));
    fails_at_6(&recipe(), &hook("let text = \"much\"; loop { text += text; }"));
    fails_at_6(&recipe(), &hook("let all = #{}; loop { all[`${all.len()}`] = 0; }"));
}

#[test]
fn a_function_of_a_network_that_never_returns() {
    let recipe = STAGE.replace(
        "let net = model::cnn(#{ classes: data.classes, channels: [4] });",
        "let net = nn::network(#{ head: nn::linear(16, 10) }, Fn(\"forward\"));",
    ) + "fn forward(self, x) {
    self.head.forward(x.mean(1))
}
fn rate(ctx) { 0.25 }
fn lr(ctx) { rate(ctx) }
";
    // Only a batch of a step has five clips, and only the version that is edited looks at them.
    let edited =
        recipe.replace("    self.head", "    if x.shape[0] == 5 { loop {} }\n    self.head");
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", &recipe);
    let manner = Manner { hook_seconds: 0.05, ..Manner::default() };
    let run = run_in(sandbox, manner, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "in force"), (4, "taken back")], "{:?}", run.shown.edits);
    run.same_weights(&untouched(&recipe));
}

#[test]
fn a_first_version_that_never_returns_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", hook("loop {}"));
    let manner = Manner { hook_seconds: 0.2, ..Manner::default() };
    let run = run_in(sandbox, manner, vec![]);
    let Err(error) = run.results else { panic!("no failure") };
    assert!(error.to_string().contains("it does not end"), "{error}");
}

#[test]
fn a_stop_need_not_wait_for_a_hook_that_never_returns() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", hook("loop {}"));
    let manner = Manner::default();
    let stop = manner.stop.clone();
    let raise = doing(6, move |_| {
        let stop = stop.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(400));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    });
    let begun = Instant::now();
    let run = run_in(sandbox, manner, vec![raise]);
    assert_eq!(run.results.err().map(|error| error.kind()), Some(Kind::Interrupted));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn more_than_one_version_can_be_taken_back() {
    // Each fails at step 8, and only the first version does not.
    let broken = |rate: &str| {
        recipe()
            .replace("    0.25", &format!("    if ctx.step == 8 {{ throw \"eight\" }}\n    {rate}"))
    };
    let edits = vec![
        save(3, "recipe.rhai", broken("0.25 * 1.0")),
        save(4, "recipe.rhai", broken("0.25 / 1.0")),
        // What does the same is nothing to go back to.
        save(5, "recipe.rhai", broken("0.25 / 1.0 // layout")),
        save(6, "recipe.rhai", broken("0.25 + 0.0")),
    ];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    let ends: Vec<(usize, &str)> = run.outcomes().into_iter().skip(4).collect();
    assert_eq!(ends, [(8, "taken back"); 3]);
    let back: Vec<usize> = run.shown.edits.iter().skip(4).map(|edit| edit.version).collect();
    assert_eq!(back, [3, 1, 0]);
    run.same_weights(&untouched(&recipe()));
}

#[test]
fn the_command_line_says_how_long() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&hook("loop {}"), &["--hook-seconds", "0.2", "--on-error", "stop"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("expected: an answer within 0.2 s"), "{}", ran.err);
    assert_eq!(sandbox.run(STAGE, &["--hook-seconds", "-1"]).code, 2);
    assert_eq!(sandbox.run(STAGE, &["--hook-seconds", "soon"]).code, 2);
}

#[test]
fn an_evaluation_that_never_returns() {
    let recipe = STAGE.replace(
        "let net = model::cnn(#{ classes: data.classes, channels: [4] });",
        "let net = nn::network(#{ head: nn::linear(16, 10) }, Fn(\"forward\"));",
    ) + "fn forward(self, x) { self.head.forward(x.mean(1)) }\n";
    let edited = recipe.replace("{ self.head", "{ if !nn::training() { loop {} } self.head");
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", &recipe);
    let manner = Manner { hook_seconds: 0.05, ..Manner::default() };
    let run = run_in(sandbox, manner, vec![save(2, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(2, "in force"), (4, "taken back")]);
    run.same_weights(&untouched(&recipe));
}
