//! What is wrong, where, while it is written.

use super::client::Editor;
use serde_json::{Value, json};

#[test]
fn a_mistake_is_told_and_goes_when_it_is_mended() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "let a = 1;\nfn f() { a }\n");
    let found = editor.diagnostics("recipe.rhai", 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("1:9-10 error a: this name is not defined here"), "{found:?}");
    assert!(found[0].contains("hint: functions cannot see a top-level `let`"), "{found:?}");
    editor.replace("recipe.rhai", 2, "let a = ;\n");
    let found = editor.diagnostics("recipe.rhai", 2);
    assert!(found[0].starts_with("0:8-9 error"), "{found:?}");
    editor.replace("recipe.rhai", 3, "let a = 1;\n");
    assert_eq!(editor.diagnostics("recipe.rhai", 3), [""; 0]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn columns_are_utf_16_and_lines_may_end_as_on_windows() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "let a = 1;\r\nlet b = \"ä😀\" + missing;\r\n");
    let found = editor.diagnostics("recipe.rhai", 1);
    assert!(found[0].starts_with("1:16-23 error missing: "), "{found:?}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn only_the_last_of_many_changes_counts() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "");
    for version in 2..60 {
        editor.replace("recipe.rhai", version, &format!("let a = b{version};"));
    }
    assert!(editor.hover("let x‸ = 1;").contains("let x"));
    for version in 60..80 {
        editor.replace("recipe.rhai", version, &format!("let a = b{version};"));
    }
    let found = editor.diagnostics("recipe.rhai", 79);
    assert!(found[0].contains("b79"), "{found:?}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_mistake_in_an_import_stands_in_its_file() {
    let mut editor = Editor::new();
    editor.sandbox.write("parts.rhai", "fn f() { nowhere }\n");
    editor.open("recipe.rhai", "let a = 1;\nimport \"parts\" as parts;\nparts::f();\n");
    let here = editor.diagnostics("recipe.rhai", 1);
    assert!(here[0].starts_with("1:7-14 error"), "{here:?}");
    assert!(here[0].contains("parts.rhai, line 1: nowhere: "), "{here:?}");
    let uri = editor.uri("parts.rhai");
    let there = editor
        .wait("diagnostics of the import", |message| message["params"]["uri"] == uri.as_str());
    let there = there["params"]["diagnostics"].as_array().expect("a list").clone();
    assert_eq!(there[0]["range"]["start"], json!({ "line": 0, "character": 9 }));
    // Opened and mended, it counts as it stands in the editor, though the disk has the old text.
    editor.open("parts.rhai", "fn f() { 1 }\n");
    let mended = editor.wait("diagnostics without a mistake", |message| {
        message["params"]["uri"].as_str().is_some_and(|uri| uri.ends_with("/recipe.rhai"))
            && message["params"]["diagnostics"] == json!([])
    });
    assert_eq!(mended["params"]["version"], 1);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn an_import_that_is_closed_counts_as_its_file_has_it() {
    let mut editor = Editor::new();
    editor.sandbox.write("parts.rhai", "fn f() { 1 }\n");
    editor.open("recipe.rhai", "import \"parts\" as parts;\nparts::f();\n");
    assert_eq!(editor.diagnostics("recipe.rhai", 1), [""; 0]);
    // What is broken in the editor alone is gone when it is closed unsaved.
    editor.open("parts.rhai", "fn f() { nowhere }\n");
    let of = |message: &Value, name: &str, many: usize| {
        let params = &message["params"];
        params["uri"].as_str().is_some_and(|uri| uri.ends_with(name))
            && params["diagnostics"].as_array().is_some_and(|all| all.len() == many)
    };
    editor.wait("a mistake in the import", |message| of(message, "/recipe.rhai", 1));
    let uri = editor.uri("parts.rhai");
    let close = json!({ "textDocument": { "uri": uri } });
    editor.notify("textDocument/didClose", close);
    editor.wait("no mistake in the recipe", |message| of(message, "/recipe.rhai", 0));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_module_has_no_hooks() {
    let mut editor = Editor::new();
    let module = "fn loss(a, b) { a + b }\nfn on_epohc(ctx) { }\n";
    editor.open("losses.rhai", module);
    assert_eq!(editor.diagnostics("losses.rhai", 1), [""; 0]);
    let recipe = format!("train(model::cnn(#{{ classes: 2 }}), #{{}});\n{module}");
    editor.open("recipe.rhai", &recipe);
    let found = editor.diagnostics("recipe.rhai", 1).join("\n");
    assert!(found.contains("2:0-") && found.contains("on_epoch"), "{found}");
    assert!(found.contains("the hook takes other parameters"), "{found}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn consts_that_never_end_do_not_hold_the_editor_up() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "const X = { let i = 0; loop { i += 1; } };\n");
    assert!(editor.hover("let x‸ = 1;").contains("let x"));
    editor.open("endless.rhai", "const X = { let i = 0; loop { i += 1; } };\n");
    let found = editor.diagnostics("endless.rhai", 1);
    assert!(found[0].contains("does not end"), "{found:?}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_closed_file_has_nothing_wrong_any_more() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "let a = b;");
    assert_eq!(editor.diagnostics("recipe.rhai", 1).len(), 1);
    let document = json!({ "textDocument": { "uri": editor.uri("recipe.rhai") } });
    editor.notify("textDocument/didClose", document);
    let gone = editor
        .wait("the end of them", |message| message["method"] == "textDocument/publishDiagnostics");
    assert_eq!(gone["params"]["diagnostics"], json!([]));
    assert_eq!(editor.leave(), 0);
}
