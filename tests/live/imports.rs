//! Imported files, and modules of the standard library that a file of the recipe's own goes before.

use super::runner::{Run, STAGE, doing, save, untouched, with_edits};
use crate::support::Sandbox;

fn recipe() -> String {
    format!("import \"rates\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() }}\n")
}

fn quarter(sandbox: &Sandbox) {
    sandbox.write("rates.rhai", "fn now() { 0.25 }");
}

/// What the same recipe gives when nobody touches it.
fn plain() -> Run {
    with_edits(&recipe(), quarter, Vec::new()).good()
}

#[test]
fn deleted_broken_cyclic_and_mended_again() {
    let edits = vec![
        doing(1, |sandbox| std::fs::remove_file(sandbox.file("rates.rhai")).expect("removed")),
        save(3, "rates.rhai", "fn now( { 0.25 }"),
        save(5, "rates.rhai", "import \"more\" as more;\nfn now() { 0.25 }"),
        save(7, "more.rhai", "import \"rates\" as rates;"),
        save(9, "more.rhai", "fn half() { 0.5 }"),
    ];
    let run = with_edits(&recipe(), quarter, edits).good();
    let expected =
        [(1, "refused"), (3, "refused"), (5, "refused"), (7, "refused"), (9, "in force")];
    assert_eq!(run.outcomes(), expected);
    let told = ["no such file", "rates.rhai:1:9", "more.rhai", "rates → more → rates"];
    for (edit, words) in run.shown.edits.iter().zip(told) {
        assert!(edit.error.contains(words), "{}", edit.error);
    }
    assert_eq!(run.shown.edits[4].functions, ["SANDBOX/rates.rhai", "SANDBOX/more.rhai"]);
    run.same_weights(&plain());
}

#[test]
fn deleted_and_made_again_as_it_was() {
    let edits = vec![
        doing(3, |sandbox| std::fs::remove_file(sandbox.file("rates.rhai")).expect("removed")),
        save(6, "rates.rhai", "fn now() { 0.25 }"),
    ];
    let run = with_edits(&recipe(), quarter, edits).good();
    assert_eq!(run.outcomes(), [(3, "refused"), (6, "unchanged")]);
    run.same_weights(&plain());
}

#[test]
fn a_const_of_an_import() {
    let rates = "const RATE = 0.25;\nfn now() { global::RATE }";
    let before = |sandbox: &Sandbox| drop(sandbox.write("rates.rhai", rates));
    let edits = vec![save(4, "rates.rhai", rates.replace("0.25", "0.125"))];
    let run = with_edits(&recipe(), before, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

#[test]
fn a_function_of_an_import_that_a_hook_calls_is_gone() {
    let edits = vec![save(4, "rates.rhai", "fn later() { 0.25 }")];
    let run = with_edits(&recipe(), quarter, edits).good();
    assert_eq!(run.outcomes(), [(4, "refused")]);
    assert!(run.shown.edits[0].error.contains("now"), "{}", run.shown.edits[0].error);
    run.same_weights(&plain());
}

/// Nobody would watch or keep a file whose name only a call can tell.
#[test]
fn an_import_in_a_function_whose_name_is_computed() {
    let edited = recipe().replace(
        "{ rates::now() }",
        "{ let name = \"rat\" + ctx.stage.len() + \"es\"; import name as other; other::now() }",
    );
    let files = |sandbox: &Sandbox| {
        quarter(sandbox);
        sandbox.write("rat3es.rhai", "fn now() { 0.125 }");
    };
    let run = with_edits(&recipe(), files, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "refused")]);
    let error = &run.shown.edits[0].error;
    assert!(error.contains("it was not read together with the recipe"), "{error}");
    run.same_weights(&plain());
}

#[test]
fn an_import_at_the_top_level_whose_name_is_computed() {
    let recipe = recipe().replace("\"rates\"", "arg(\"rates\", \"rates\")");
    let edits = vec![save(4, "rates.rhai", "fn now() { 0.125 }")];
    let run = with_edits(&recipe, quarter, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

const HINTON: &str =
    "fn loss(student, teacher, target, lambda, tau) { cross_entropy(student, target) }";

/// `std/smoothing` gives the rate: 1 where all labels are smoothed away.
fn smooth() -> String {
    format!(
        "import \"std/smoothing\" as smoothing;\n{STAGE}\
         fn lr(ctx) {{ smoothing::labels(tensor([[1, 0]]), 0.5).max().item() }}\n"
    )
}

#[test]
fn a_file_before_the_standard_library_appears_is_edited_and_vanishes() {
    let edits = vec![
        save(2, "std/smoothing.rhai", "fn labels(target, rate) { target * 0.125 }"),
        save(4, "std/smoothing.rhai", "fn labels(target, rate) { target * "),
        save(6, "std/smoothing.rhai", "fn labels(target, rate) { target * 0.25 }"),
        doing(9, |sandbox| std::fs::remove_dir_all(sandbox.file("std")).expect("removed")),
        // Another module of the library that the recipe does not import.
        save(10, "std/hinton.rhai", HINTON),
    ];
    let run = with_edits(&smooth(), |_| {}, edits).good();
    let expected = [(2, "in force"), (4, "refused"), (6, "in force"), (9, "in force")];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(run.shown.edits[0].functions, ["SANDBOX/std/smoothing.rhai"]);
    let library = untouched(&smooth()).shown.rates[0];
    let rates = [vec![library; 2], vec![0.125; 4], vec![0.25; 3], vec![library; 3]].concat();
    assert_eq!(run.shown.rates, rates);
    let kept = run.sandbox.run_folder().join("recipe/0001/std/smoothing.rhai");
    assert!(kept.is_file());
}

#[test]
fn a_file_before_the_standard_library_from_the_start() {
    let before = |sandbox: &Sandbox| {
        sandbox.write("std/smoothing.rhai", "fn labels(target, rate) { target * 0.125 }");
    };
    let edits = vec![save(4, "std/smoothing.rhai", "fn labels(target, rate) { target * 0.25 }")];
    let run = with_edits(&smooth(), before, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.125; 4], vec![0.25; 8]].concat());
}
