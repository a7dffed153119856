//! Every function that a script can call has an example, and every example holds.

use super::host::{evaluate, plain_engine};
use crate::support::root;
use serde_json::Value;
use stillroom::script::stdlib::MODULES;

/// Functions of our own with their comments, as `namespace::name`.
fn documented(tree: &Value, scope: &str, found: &mut Vec<(String, String)>) {
    for function in tree["functions"].as_array().into_iter().flatten() {
        let name = function["name"].as_str().unwrap_or_default();
        let comments: Vec<&str> = function["docComments"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        found.push((format!("{scope}{name}"), comments.join("\n")));
    }
    for (name, module) in tree["modules"].as_object().into_iter().flatten() {
        documented(module, &format!("{scope}{name}::"), found);
    }
}

/// The `rhai` blocks of a doc comment or a Markdown text.
fn blocks(text: &str) -> Vec<String> {
    let bare: Vec<&str> = text
        .lines()
        .map(|line| {
            let line = line.trim_start();
            line.strip_prefix("///").map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
        })
        .collect();
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in bare {
        match &mut open {
            None if line == "```rhai" => open = Some(String::new()),
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

/// Functions whose example would have to train; the tutorial runs them.
const TRAINING: [&str; 3] = ["train", "distill", "report"];

#[test]
fn every_example_of_a_binding_holds() {
    let json = plain_engine().gen_fn_metadata_to_json(false).expect("metadata");
    let mut all = Vec::new();
    documented(&serde_json::from_str(&json).expect("JSON"), "", &mut all);
    let (mut held, mut failed) = (0, Vec::new());
    for (name, comment) in &all {
        let getter = name.contains("get$");
        let blocks = blocks(comment);
        // Rhai's own functions and operators have no comments of ours.
        let ours = name.contains("::") || comment.contains("```rhai");
        let excused = getter || TRAINING.contains(&name.as_str()) || comment.contains("/// As `");
        assert!(!ours || excused || !blocks.is_empty(), "{name} has no example");
        for block in blocks {
            match evaluate(&block) {
                Ok(value) if value.as_bool() == Ok(true) => held += 1,
                Ok(value) => failed.push(format!("{name}\n{block}gives {value}")),
                Err(error) => failed.push(format!("{name}\n{block}\n{error}")),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(held > 35, "only {held} examples were found");
}

#[test]
fn every_function_of_the_standard_library_has_an_example_that_holds() {
    for module in MODULES {
        let ast = plain_engine().compile(module.text).expect("it compiles");
        // Tests are no part of what a module offers.
        for function in ast.iter_functions().filter(|known| !known.name.starts_with("test_")) {
            let blocks = blocks(&function.comments.join("\n"));
            assert!(!blocks.is_empty(), "{}::{} has no example", module.name, function.name);
            for block in blocks {
                let value = evaluate(&block).unwrap_or_else(|error| panic!("{block}\n{error}"));
                assert!(value.as_bool() == Ok(true), "{}: {block}gives {value}", module.name);
            }
        }
        assert!(!module.summary().is_empty());
    }
}

/// Set to write the reference's pages instead of comparing them.
const WRITE: &str = "STILL_WRITE_REFERENCE";

#[test]
fn the_reference_is_what_the_bindings_say() {
    let folder = root().join("docs/src/reference");
    let pages = stillroom::script::reference::pages(&plain_engine());
    let summary = std::fs::read_to_string(root().join("docs/src/SUMMARY.md")).expect("a summary");
    for (name, text) in &pages {
        let file = folder.join(name);
        if std::env::var_os(WRITE).is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&file, text).expect("a page");
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(written == *text, "{name} is stale: {WRITE}=1 cargo test --release reference");
        assert!(summary.contains(&format!("reference/{name}")), "{name} is not in SUMMARY.md");
    }
    let files = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(files, pages.len(), "a page is left over in {}", folder.display());
}
