//! A hook that fails where no version is left to go back to: the stage waits for an edit.

use super::runner::{Edit, Manner, Run, STAGE, When, doing, run_in, save, untouched, with_edits};
use crate::support::Sandbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn stepping(body: &str) -> String {
    format!("{STAGE}fn lr(ctx) {{\n    {body}\n}}\n")
}

fn patiently(recipe: &str, edits: Vec<Edit>) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe);
    run_in(sandbox, Manner { patient: true, ..Manner::default() }, edits)
}

#[test]
fn it_goes_on_at_that_step_with_an_edit_that_passes() {
    let failing = stepping("if ctx.step == 5 { throw \"five\" } 0.25");
    let edits = vec![save(When::Paused(1), "recipe.rhai", stepping("0.25"))];
    let run = patiently(&failing, edits).good();
    assert_eq!(run.shown.pauses.len(), 1);
    assert_eq!(run.shown.pauses[0].0, 5);
    assert!(run.shown.pauses[0].1.contains("five"), "{}", run.shown.pauses[0].1);
    assert_eq!(run.outcomes(), [(5, "in force")]);
    run.same_weights(&untouched(&stepping("0.25")));
}

#[test]
fn at_the_very_first_step() {
    let edits = vec![save(When::Paused(1), "recipe.rhai", stepping("0.25"))];
    let run = patiently(&stepping("\"fast\""), edits).good();
    assert_eq!(run.shown.pauses[0].0, 0);
    run.same_weights(&untouched(&stepping("0.25")));
}

#[test]
fn an_edit_that_fails_as_well_is_refused_and_the_stage_waits_on() {
    let failing = stepping("if ctx.step == 5 { throw \"five\" } 0.25");
    let edits = vec![doing(When::Paused(1), |sandbox| {
        sandbox.write("recipe.rhai", stepping("ctx.nothing"));
        std::thread::sleep(std::time::Duration::from_millis(400));
        sandbox.write("recipe.rhai", stepping("0.25"));
    })];
    let run = patiently(&failing, edits).good();
    assert_eq!(run.shown.pauses.len(), 1);
    assert_eq!(run.outcomes().last(), Some(&(5, "in force")));
    run.same_weights(&untouched(&stepping("0.25")));
}

#[test]
fn one_that_passes_its_rehearsal_and_fails_in_the_step_pauses_again() {
    let failing = stepping("if ctx.step == 5 { throw \"five\" } 0.25");
    // A rehearsal has two clips and this step's number too: only the student's batch tells.
    let again = format!(
        "{}fn loss(ctx, student, target) {{\n    if student.shape[0] > 2 {{ throw \"again\" }}\n    \
         cross_entropy(student, target)\n}}\n",
        stepping("0.25")
    );
    let edits = vec![
        save(When::Paused(1), "recipe.rhai", again.as_str()),
        save(When::Paused(2), "recipe.rhai", again.replace("> 2", "> 9")),
    ];
    let run = patiently(&failing, edits).good();
    assert_eq!(run.shown.pauses.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [5, 5]);
    run.same_weights(&untouched(&stepping("0.25")));
}

#[test]
fn in_on_epoch() {
    let ending = |body: &str| format!("{}fn on_epoch(ctx) {{ {body} }}\n", stepping("0.25"));
    let edits = vec![save(When::Paused(1), "recipe.rhai", ending(""))];
    let run = patiently(&ending("if ctx.epoch == 1 { throw \"epoch\" }"), edits).good();
    assert_eq!(run.shown.pauses[0].0, 8);
    run.same_weights(&untouched(&ending("")));
}

#[test]
fn a_stop_ends_it_with_all_that_is_done() {
    let stop: Arc<AtomicBool> = Arc::default();
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", stepping("if ctx.step == 5 { throw \"five\" } 0.25"));
    let raise = stop.clone();
    let edits = vec![doing(When::Paused(1), move |_| raise.store(true, Ordering::Relaxed))];
    let manner = Manner { patient: true, stop, ..Manner::default() };
    let run = run_in(sandbox, manner, edits);
    let error = run.results.as_ref().expect_err("stopped").to_string();
    assert!(error.contains("5 of 12 steps done"), "{error}");
    let kept = run.sandbox.run_folder().join("checkpoints/cnn/0000000005.checkpoint");
    assert!(kept.is_file());
}

/// The same stage, of a network whose `forward` is the recipe's own.
fn network(forward: &str) -> String {
    let net = "nn::network(#{ head: nn::linear(16, 10) }, Fn(\"forward\"))";
    let stage = STAGE.replace("model::cnn(#{ classes: data.classes, channels: [4] })", net);
    assert!(stage.contains(net));
    format!("{stage}fn forward(self, x) {{\n    {forward}\n}}\n")
}

#[test]
fn a_network_that_cannot_be_evaluated_before_the_first_step() {
    let good = network("self.head.forward(x.mean(1))");
    let whole = untouched(&good);
    for (failing, why) in [
        (network("throw \"not yet\""), "not yet"),
        (network("self.head.forward(x.mean(1)).mean(1)"), "no logits of the classes"),
    ] {
        let edits = vec![save(When::Paused(1), "recipe.rhai", good.as_str())];
        let run = patiently(&failing, edits).good();
        let pauses: Vec<usize> = run.shown.pauses.iter().map(|(step, _)| *step).collect();
        assert_eq!(pauses, [0]);
        assert!(run.shown.pauses[0].1.contains(why), "{}", run.shown.pauses[0].1);
        assert_eq!(run.outcomes(), [(0, "in force")]);
        run.same_weights(&whole);
        let impatient = with_edits(&failing, |_| {}, Vec::new());
        let error = impatient.results.as_ref().expect_err("it cannot run").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_network_that_no_edit_could_mend_ends_the_run() {
    let wrong = STAGE.replace(
        "model::cnn(#{ classes: data.classes, channels: [4] })",
        "nn::sequential([nn::flatten(), nn::linear(640, 3)])",
    );
    let run = patiently(&wrong, Vec::new());
    let error = run.results.as_ref().expect_err("three classes").to_string();
    assert!(error.contains("the network gives 3 outputs for"), "{error}");
    assert!(run.shown.pauses.is_empty());
}

#[test]
fn a_stop_before_the_first_step_has_a_checkpoint() {
    let stop: Arc<AtomicBool> = Arc::default();
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", network("throw \"not yet\""));
    let raise = stop.clone();
    let edits = vec![doing(When::Paused(1), move |_| raise.store(true, Ordering::Relaxed))];
    let manner = Manner { patient: true, stop, ..Manner::default() };
    let run = run_in(sandbox, manner, edits);
    let error = run.results.as_ref().expect_err("stopped").to_string();
    assert!(error.contains("0 of 12 steps done"), "{error}");
    let kept = stillroom::disk::files_in(&run.sandbox.run_folder().join("checkpoints"));
    let is_first = |name: &String| name.ends_with("/0000000000.checkpoint");
    assert!(kept.iter().any(is_first), "{kept:?}");
}
