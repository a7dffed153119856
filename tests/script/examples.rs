//! Everything that a script can call has an example, and every example holds.

use super::host::{evaluate, plain_engine};
use crate::live::runner::with_edits;
use stillroom::script::Hook;
use stillroom::script::catalogue::{Sort, entries};
use stillroom::script::reference::{STAGE_PRELUDE, STAGES};
use stillroom::script::stdlib::MODULES;
use stillroom::tensor::Device;

/// Fences of examples: those that give true, and those of stages.
const PLAIN: &str = "```rhai";
const STAGE: &str = "```rhai,stage";

/// The blocks of a comment that begin with `fence`.
fn blocks(comment: &str, fence: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in comment.lines() {
        match &mut open {
            None if line == fence => open = Some(String::new()),
            None => {}
            Some(block) if line == "```" => {
                blocks.push(std::mem::take(block));
                open = None;
            }
            Some(block) => block.push_str(&format!("{line}\n")),
        }
    }
    blocks
}

/// Every comment with what it is about: of the bindings, and of the standard library.
fn documented() -> Vec<(String, String)> {
    let engine = plain_engine();
    let mut all: Vec<(String, String)> = entries(&engine, false)
        .into_iter()
        .map(|entry| (entry.form(), entry.comment))
        .filter(|(_, comment)| !comment.is_empty())
        .collect();
    for module in &MODULES {
        let offered = module.offers(&engine).into_iter();
        all.extend(offered.map(|own| (format!("{}::{}", module.name, own.form()), own.comment)));
    }
    all
}

#[test]
fn every_function_property_and_operator_has_an_example() {
    let without: Vec<String> = documented()
        .into_iter()
        .filter(|(_, comment)| !comment.contains(PLAIN))
        .map(|(form, _)| form)
        .collect();
    assert!(without.is_empty(), "without an example: {without:#?}");
    // What has no comment at all: forms of an operator with numbers, where another form has one; how a value is
    // printed; what stands in for a function of Rhai's own; the error for a wrong index.
    let all = entries(&plain_engine(), false);
    let told = |name: &str, sort: Sort| {
        all.iter().any(|own| own.name == name && own.sort == sort && !own.comment.is_empty())
    };
    let bare: Vec<String> = all
        .iter()
        .filter(|entry| entry.comment.is_empty() && !told(&entry.name, entry.sort))
        .filter(|entry| !["to_string", "to_debug"].contains(&entry.name.as_str()))
        .map(|entry| entry.form())
        .collect();
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
    assert!(documented().len() > 400, "only {} were found", documented().len());
}

#[test]
fn every_example_that_needs_no_stage_holds() {
    let mut failed = Vec::new();
    for (form, comment) in documented() {
        for block in blocks(&comment, PLAIN) {
            match evaluate(&block) {
                Ok(value) if value.as_bool() == Ok(true) => {}
                Ok(value) => failed.push(format!("{form}\n{block}gives {value}")),
                // A graphics card may be too small for the largest models.
                Err(error)
                    if error.to_string().contains("the device holds no tensor that large")
                        && !Device::default().is_cpu() => {}
                Err(error) => failed.push(format!("{form}\n{block}\n{error}")),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// An example of a stage as a recipe of its own.
fn recipe(block: &str) -> String {
    let own = ["train(", "distill(", "each_step("].iter().any(|call| block.contains(call));
    let prelude = STAGE_PRELUDE.replace("\"still:example\"", "arg(\"data\")");
    format!("{prelude}{}{block}", if own { "" } else { STAGES })
}

/// Functions of a block that nothing calls.
fn idle(block: &str) -> Vec<&str> {
    let names = block.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
    let hook = |name: &str| Hook::ALL.iter().any(|hook| hook.name() == name);
    names.filter(|name| !hook(name) && block.matches(*name).count() < 2).collect()
}

#[test]
fn every_example_of_a_stage_holds() {
    let (mut held, mut failed) = (0, Vec::new());
    for (form, comment) in documented() {
        for block in blocks(&comment, STAGE) {
            assert!(block.contains("assert"), "{form}: the example says nothing");
            assert_eq!(idle(&block), [""; 0], "{form}: nothing calls this");
            let run = with_edits(&recipe(&block), |_| {}, Vec::new());
            match run.results {
                Ok(_) if run.shown.warnings.is_empty() => held += 1,
                Ok(_) => failed.push(format!("{form}\n{:?}", run.shown.warnings)),
                Err(error) => failed.push(format!("{form}\n{error}")),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(held > 25, "only {held} examples were found");
}
