//! Edits that come into force.

use super::runner::{STAGE, doing, save, with_edits};
use crate::support::Sandbox;

#[test]
fn a_new_body_is_in_force_at_the_next_step() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("0.25", "0.125");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited.clone())]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["lr"]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
    // Both versions are kept, and the journal says from which step the second one was in force.
    let folder = run.sandbox.run_folder();
    let kept = |name: &str| std::fs::read_to_string(folder.join("recipe").join(name)).expect(name);
    assert_eq!(kept("0000/recipe.rhai"), recipe);
    assert_eq!(kept("0001/recipe.rhai"), edited);
    let events = run.sandbox.events();
    let edit = events.iter().find(|event| event["event"] == "edit").expect("an edit");
    assert_eq!(edit["step"], 4);
    assert_eq!(edit["version"], 1);
    assert_eq!(edit["outcome"], "in_force");
    assert_eq!(edit["blake3"], blake3::hash(edited.as_bytes()).to_hex().to_string());
}

#[test]
fn a_new_hook_and_a_new_helper() {
    let edited = format!("{STAGE}fn half(x) {{ x / 2 }}\nfn lr(ctx) {{ half(ctx.lr) }}\n");
    let run = with_edits(STAGE, |_| {}, vec![save(2, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(2, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["half", "lr"]);
    assert_eq!(run.shown.rates, [vec![0.5; 2], vec![0.25; 10]].concat());
}

#[test]
fn a_changed_const_that_a_hook_reads() {
    let recipe = format!("const RATE = 0.25;\n{STAGE}fn lr(ctx) {{ global::RATE }}\n");
    let edited = recipe.replace("0.25", "0.125");
    let run = with_edits(&recipe, |_| {}, vec![save(3, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(3, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 3], vec![0.125; 9]].concat());
    assert_eq!(run.shown.edits[0].functions, ["const RATE"]);
    assert_eq!(run.note(0), "");
}

#[test]
fn an_edited_import() {
    let recipe = format!("import \"rates\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() }}\n");
    let run = with_edits(
        &recipe,
        |sandbox| drop(sandbox.write("rates.rhai", "fn now() { 0.25 }")),
        vec![save(5, "rates.rhai", "fn now() { 0.125 }")],
    )
    .good();
    assert_eq!(run.outcomes(), [(5, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 5], vec![0.125; 7]].concat());
}

#[test]
fn comments_and_layout_change_nothing_and_no_weight() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("{ 0.25 }", "{\n    // A quarter, for now.\n    0.25\n}");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "unchanged")]);
    let plain = with_edits(&recipe, |_| {}, Vec::new()).good();
    assert_eq!(run.weights(), plain.weights());
}

#[test]
fn an_edit_changes_the_weights_from_its_step_on() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("0.25", "0.125");
    let by_step = format!("{STAGE}fn lr(ctx) {{ if ctx.step < 4 {{ 0.25 }} else {{ 0.125 }} }}\n");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    let same = with_edits(&by_step, |_| {}, Vec::new()).good();
    assert_eq!(run.weights(), same.weights());
}

#[test]
fn a_save_by_rename() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("0.25", "0.125");
    let rename = doing(4, move |sandbox| {
        let beside = sandbox.write("recipe.rhai.swp", &edited);
        std::fs::rename(beside, sandbox.file("recipe.rhai")).expect("renamed");
    });
    let run = with_edits(&recipe, |_| {}, vec![rename]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
}

#[test]
fn a_misspelt_hook_is_told_at_the_start() {
    let run = with_edits(&format!("{STAGE}fn on_epohc(ctx) {{ print(1); }}\n"), |_| {}, Vec::new())
        .good();
    assert_eq!(run.shown.warnings, ["nothing calls 'on_epohc': did you mean the hook 'on_epoch'?"]);
    assert!(!run.shown.said.contains(&"1".to_string()));
}

#[test]
fn named_hooks_are_live_too() {
    let recipe = format!("{STAGE}fn slow(ctx) {{ 0.25 }}\n")
        .replace("batch: 5,", "batch: 5, lr: Fn(\"slow\"),");
    let edited = recipe.replace("0.25", "0.125");
    let run = with_edits(&recipe, |_| {}, vec![save(6, "recipe.rhai", edited)]).good();
    assert_eq!(run.shown.rates, [vec![0.25; 6], vec![0.125; 6]].concat());
}

#[test]
fn what_a_function_imports_is_live_and_kept() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ import \"rates\" as rates; rates::now() }}\n");
    let run = with_edits(
        &recipe,
        |sandbox| drop(sandbox.write("rates.rhai", "fn now() { 0.25 }")),
        vec![save(5, "rates.rhai", "fn now() { 0.125 }")],
    )
    .good();
    assert_eq!(run.shown.rates, [vec![0.25; 5], vec![0.125; 7]].concat());
    assert!(run.sandbox.run_folder().join("recipe/0001/rates.rhai").is_file());
}

#[test]
fn other_files_of_the_folder_do_not_hold_an_edit_back() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("0.25", "0.125");
    let busy = doing(4, move |sandbox| {
        sandbox.write("recipe.rhai", &edited);
        let log = sandbox.file("train.log");
        std::thread::spawn(move || {
            for line in 0..40 {
                let _ = std::fs::write(&log, line.to_string());
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        });
    });
    let run = with_edits(&recipe, |_| {}, vec![busy]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
}

#[test]
fn edited_tests_change_nothing() {
    let recipe = format!(
        "import \"rates\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() }}\n\
         fn test_lr() {{ assert_eq(lr(#{{}}), 0.25) }}\n"
    );
    let rates = "fn now() { 0.25 }\nfn test_now() { assert(false) }\n";
    let edits = vec![
        save(2, "recipe.rhai", recipe.replace("assert_eq(lr(#{}), 0.25)", "assert(true)")),
        save(4, "rates.rhai", rates.replace("false", "true")),
        // What a hook calls is no mere test, whatever its name.
        save(6, "rates.rhai", "fn now() { test_rate() }\nfn test_rate() { 0.25 }\n"),
        save(8, "rates.rhai", "fn now() { test_rate() }\nfn test_rate() { 0.125 }\n"),
    ];
    let before = |sandbox: &Sandbox| drop(sandbox.write("rates.rhai", rates));
    let run = with_edits(&recipe, before, edits).good();
    assert_eq!(
        run.outcomes(),
        [(2, "unchanged"), (4, "unchanged"), (6, "in force"), (8, "in force")]
    );
    assert_eq!(run.shown.rates, [vec![0.25; 8], vec![0.125; 4]].concat());
}
