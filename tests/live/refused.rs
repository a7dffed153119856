//! Edits that are refused or taken back: the version before stays in force, and no step is lost.

use super::runner::{Run, STAGE, doing, save, untouched, with_edits};

/// Runs with a good `lr` hook, then saves `edited` after 4 steps.
fn after_edit(edited: &str) -> Run {
    let run = with_edits(&recipe(), |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.shown.rates, vec![0.25; 12], "the old version stays in force");
    run
}

fn recipe() -> String {
    format!("{STAGE}fn lr(ctx) {{\n    0.25\n}}\n")
}

#[test]
fn a_syntax_error_is_told_with_its_line_and_a_caret() {
    let run = after_edit(&recipe().replace("0.25\n", "0.25 +\n"));
    assert_eq!(run.outcomes(), [(4, "refused")]);
    insta::assert_snapshot!(run.shown.edits[0].error, @"
    error[script]: the recipe: unexpected '}'
        ╭─[SANDBOX/recipe.rhai:10:1]
     10 │ }
        · ─
        ╰────
    ");
    assert_eq!(run.shown.edits[0].note, "version 0 stays in force");
}

#[test]
fn a_name_that_is_not_defined() {
    let run = after_edit(&recipe().replace("0.25\n", "0.25 * facter\n"));
    insta::assert_snapshot!(run.shown.edits[0].error, @"
    error[name]: facter: this name is not defined here
       ╭─[SANDBOX/recipe.rhai:9:12]
     9 │     0.25 * facter
       ·            ──────
       ╰────
    ");
}

#[test]
fn a_top_level_let_in_a_function() {
    let run = after_edit(&recipe().replace("0.25\n", "0.25 * data.classes\n"));
    assert!(run.shown.edits[0].error.contains("functions cannot see a top-level `let`"));
}

#[test]
fn a_wrong_shape_is_found_on_a_tiny_batch() {
    let edited = format!(
        "{}fn loss(ctx, student, target) {{\n    student.matmul(target).mean()\n}}\n",
        recipe()
    );
    let run = after_edit(&edited);
    assert_eq!(run.outcomes(), [(4, "refused")]);
    insta::assert_snapshot!(run.shown.edits[0].error, @"
    error[shape]: matmul: the inner lengths differ
        ╭─[SANDBOX/recipe.rhai:12:13]
     12 │     student.matmul(target).mean()
        ·             ──────
        ╰────
      expected: […, n, k] and […, k, m]
      received: [2, 10] and [2, 10]
      in: hook 'loss' of stage 'cnn', step 4
    ");
}

#[test]
fn a_hook_that_gives_something_else() {
    let run = after_edit(&recipe().replace("0.25\n", "\"fast\"\n"));
    insta::assert_snapshot!(run.shown.edits[0].error, @r#"
    error[type]: lr: the hook gave something of the wrong type
       ╭─[SANDBOX/recipe.rhai:8:1]
     8 │ fn lr(ctx) {
       · ────────────
       ╰────
      expected: a number
      received: string "fast"
      in: hook 'lr' of stage 'cnn', step 4
    "#);
}

#[test]
fn a_hook_with_other_parameters() {
    let run = after_edit(&recipe().replace("fn lr(ctx)", "fn lr(ctx, step)"));
    insta::assert_snapshot!(run.shown.edits[0].error, @"
    error[script]: lr: the hook takes other parameters
       ╭─[SANDBOX/recipe.rhai:8:1]
     8 │ fn lr(ctx, step) {
       · ──────────────────
       ╰────
      expected: lr(ctx)
      received: lr(ctx, step)
    ");
}

#[test]
fn a_hook_that_vanishes() {
    let run = after_edit(STAGE);
    assert!(
        run.shown.edits[0].error.starts_with("error[name]: lr: the running stage uses this hook")
    );
}

#[test]
fn a_file_that_is_not_utf8_or_gone() {
    let bytes = doing(4, |sandbox| {
        sandbox.write("recipe.rhai", [b'/', b'/', 0xff, 0xfe]);
    });
    let gone = doing(8, |sandbox| {
        std::fs::remove_file(sandbox.file("recipe.rhai")).expect("removed");
    });
    let run = with_edits(&recipe(), |_| {}, vec![bytes, gone]).good();
    assert_eq!(run.outcomes(), [(4, "refused"), (8, "refused")]);
    assert!(run.shown.edits[0].error.contains("not UTF-8"));
    assert!(run.shown.edits[1].error.contains("no such file"));
    assert_eq!(run.shown.rates, vec![0.25; 12]);
}

#[test]
fn a_broken_import_and_a_cycle() {
    let recipe = format!("import \"rates\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() }}\n");
    let run = with_edits(
        &recipe,
        |sandbox| drop(sandbox.write("rates.rhai", "fn now() { 0.25 }")),
        vec![
            save(3, "rates.rhai", "fn now( { 0.25 }"),
            save(6, "rates.rhai", "import \"rates\" as again; fn now() { 0.25 }"),
        ],
    )
    .good();
    assert_eq!(run.outcomes(), [(3, "refused"), (6, "refused")]);
    assert!(
        run.shown.edits[0].error.contains("SANDBOX/rates.rhai:1:9"),
        "{}",
        run.shown.edits[0].error
    );
    let cycle = &run.shown.edits[1].error;
    assert!(cycle.contains("imports go in a circle"), "{cycle}");
    assert!(cycle.contains("rates → rates"), "{cycle}");
}

#[test]
fn an_edit_that_fails_in_its_first_step_is_taken_back_and_the_step_done_again() {
    // The trial has two clips, a step has five: only the step fails.
    let edited = format!(
        "{}fn loss(ctx, student, target) {{
    if student.shape[0] == 5 {{ throw \"five clips\"; }}
    cross_entropy(student, target)
}}\n",
        recipe()
    );
    let run = after_edit(&edited);
    assert_eq!(run.outcomes(), [(4, "in force"), (4, "taken back")]);
    assert!(
        run.shown.edits[1].error.contains("received: five clips"),
        "{}",
        run.shown.edits[1].error
    );
    let plain = with_edits(&recipe(), |_| {}, Vec::new()).good();
    assert_eq!(run.weights(), plain.weights(), "the undone step leaves no trace");
}

#[test]
fn an_edit_that_takes_more_of_a_batch_than_two_clips_is_in_force() {
    let edited = format!(
        "{}fn loss(ctx, student, target) {{
    cross_entropy(student.narrow(0, 0, 4), target.narrow(0, 0, 4))
}}\n",
        recipe()
    );
    let run = with_edits(&recipe(), |_| {}, vec![save(4, "recipe.rhai", &edited)]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    // More than a batch has is refused as before.
    let edited = edited.replace("0, 4)", "0, 6)");
    let run = with_edits(&recipe(), |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "refused")]);
}

#[test]
fn a_refused_edit_can_be_mended() {
    let broken = recipe().replace("0.25\n", "0.25 +\n");
    let mended = recipe().replace("0.25\n", "0.125\n");
    let edits = vec![save(3, "recipe.rhai", broken), save(6, "recipe.rhai", mended)];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "refused"), (6, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 6], vec![0.125; 6]].concat());
}

/// A teacher, then a student whose loss only the second stage uses.
fn two_stages() -> String {
    let first = STAGE.replace("train(net, #{", "let first = train(net, #{");
    let second = "distill(first, net, #{
    data: data, name: \"student\", epochs: 1, batch: 5,
    features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }),
});
fn loss(ctx, student, teacher, target) {
    kd::kl(student, teacher)
}
";
    format!("{first}{second}")
}

#[test]
fn a_broken_hook_of_a_later_stage_is_refused_while_the_first_one_runs() {
    let edited =
        two_stages().replace("kd::kl(student, teacher)", "kd::kl(student.sum(0), teacher)");
    let run = with_edits(&two_stages(), |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "refused")]);
}

#[test]
fn a_later_failure_brings_the_version_before_back() {
    let edited = recipe().replace("0.25\n", "if ctx.step == 8 { throw \"eight\"; }\n    0.25\n");
    let run = after_edit(&edited);
    assert_eq!(run.outcomes(), [(4, "in force"), (8, "taken back")]);
    let plain = with_edits(&recipe(), |_| {}, Vec::new()).good();
    assert_eq!(run.weights(), plain.weights(), "the undone step leaves no trace");
}

#[test]
fn a_broken_on_epoch_never_ends_a_run() {
    let edited = format!("{}fn on_epoch(ctx) {{ ctx.metrics[0].nothing }}\n", recipe());
    assert_eq!(after_edit(&edited).outcomes(), [(4, "refused")]);
    // The trial's history has one epoch, so this one fails only after the second.
    let later = format!(
        "{}fn on_epoch(ctx) {{ if ctx.metrics.len() == 3 {{ throw \"three\"; }} }}\n",
        recipe()
    );
    assert_eq!(after_edit(&later).outcomes(), [(4, "in force"), (12, "taken back")]);
}

#[test]
fn the_end_of_an_epoch_finds_what_the_new_loss_logs() {
    let edited = format!(
        "{}fn loss(ctx, student, target) {{
    ctx.log(\"share\", 0.5);
    cross_entropy(student, target)
}}
fn on_epoch(ctx) {{ if ctx.metrics[-1].share != 0.5 {{ throw \"another share\"; }} }}\n",
        recipe()
    );
    assert_eq!(after_edit(&edited).outcomes(), [(4, "in force")]);
}

#[test]
fn a_finite_loss_with_an_infinite_slope_is_taken_back() {
    let edited = format!(
        "{}fn loss(ctx, student, target) {{
    cross_entropy(student, target) + (student * 0.0).abs().sqrt().mean()
}}\n",
        recipe()
    );
    let run = after_edit(&edited);
    assert_eq!(run.outcomes(), [(4, "in force"), (4, "taken back")]);
    assert!(run.shown.edits[1].error.contains("its gradient is no finite number"));
}

#[test]
fn a_hook_that_does_not_end_is_refused() {
    let run = after_edit(&recipe().replace("0.25\n", "loop {}\n"));
    assert_eq!(run.outcomes(), [(4, "refused")]);
    assert!(run.shown.edits[0].error.contains("it does not end"), "{}", run.shown.edits[0].error);
}

#[test]
fn a_missing_import_can_be_made_afterwards() {
    let edited = format!("import \"later\" as later;\n{STAGE}fn lr(ctx) {{ later::rate() }}\n");
    let edits = vec![save(3, "recipe.rhai", edited), save(6, "later.rhai", "fn rate() { 0.125 }")];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "refused"), (6, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 6], vec![0.125; 6]].concat());
    let kept = run.sandbox.run_folder().join("recipe/0001/later.rhai");
    assert_eq!(std::fs::read_to_string(kept).expect("the import"), "fn rate() { 0.125 }");
}

#[test]
fn a_hook_with_another_name() {
    let run = after_edit(&recipe().replace("fn lr(ctx)", "fn rate(ctx)"));
    assert_eq!(run.outcomes(), [(4, "refused")]);
    insta::assert_snapshot!(run.shown.edits[0].error, @"
    error[name]: lr: the running stage uses this hook
      it was at
       ╭─[SANDBOX/recipe.rhai:8:1]
     8 │ fn lr(ctx) {
       · ────────────
       ╰────
      expected: a function 'lr' with 1 parameters
      received: an edit without it
      hint: a stage keeps the hooks that it began with: let 'lr' do the usual
    ");
    run.same_weights(&untouched(&recipe()));
}
