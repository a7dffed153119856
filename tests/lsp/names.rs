//! Definitions, references and renaming within a file.

use super::client::{Editor, edited, range, split};
use serde_json::{Value, json};

fn ranges(found: &Value) -> Vec<String> {
    found.as_array().expect("a list").iter().map(|one| range(&one["range"])).collect()
}

#[test]
fn definitions_respect_scopes() {
    let mut editor = Editor::new();
    let mut goes = |text: &str| {
        let params = editor.at(text);
        let found = editor.ask("textDocument/definition", params);
        if found.is_null() { "nowhere".to_string() } else { range(&found["range"]) }
    };
    assert_eq!(goes("let a = 1;\nlet a = a + 1;\na‸"), "1:4-5");
    assert_eq!(goes("let a = 1;\nlet a = a‸ + 1;"), "0:4-5");
    assert_eq!(goes("fn f(x) { let g = |x| x‸ + 1; g.call(x) }"), "0:19-20");
    assert_eq!(goes("fn f(x) { let g = |x| x + 1; g.call(x‸) }"), "0:5-6");
    assert_eq!(goes("let y = twice(2);\nfn twice(a) { a }\nlet z = twi‸ce(1);"), "1:3-8");
    assert_eq!(goes("fn f(a) { a }\nfn f(a, b) { a }\nf‸(1, 2);"), "1:3-4");
    assert_eq!(goes("let f = Fn(\"ow‸n\");\nfn own() { 1 }"), "1:3-6");
    assert_eq!(goes("const TAU = 1;\nfn f() { global::TA‸U }"), "0:6-9");
    assert_eq!(goes("let x = 1;\nlet s = `a ${x‸ + 1} b`;"), "0:4-5");
    assert_eq!(goes("let x = 1;\nfn f() { x‸ }"), "nowhere");
    assert_eq!(goes("let m = #{ a: 1 }; m.a‸"), "nowhere");
    assert_eq!(goes("optim::ad‸am(#{})"), "nowhere");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn references_are_all_and_no_more() {
    let mut editor = Editor::new();
    let text = "fn twice(a) { a * 2 }\nlet a = twice(1);\nlet f = Fn(\"twice\");\nlet m = #{ twice: twi‸ce(a) };\n// twice\n\"twice\"";
    let mut params = editor.at(text);
    params["context"] = json!({ "includeDeclaration": true });
    let all = editor.ask("textDocument/references", params.clone());
    assert_eq!(ranges(&all), ["0:3-8", "1:8-13", "2:12-17", "3:18-23"]);
    params["context"] = json!({ "includeDeclaration": false });
    let uses = editor.ask("textDocument/references", params.clone());
    assert_eq!(ranges(&uses), ["1:8-13", "2:12-17", "3:18-23"]);
    let marked = editor.ask("textDocument/documentHighlight", params);
    assert_eq!(ranges(&marked).len(), 4);
    assert_eq!(editor.leave(), 0);
}

/// The text after a rename at the cursor, or why there is none.
fn renamed(editor: &mut Editor, text: &str, new: &str) -> String {
    let mut params = editor.at(text);
    params["newName"] = json!(new);
    let answer = editor.answer("textDocument/rename", params);
    if let Some(message) = answer["error"]["message"].as_str() {
        return format!("refused: {message}");
    }
    let (plain, _) = split(text);
    edited(&plain, &answer["result"]["changes"][editor.uri("recipe.rhai")])
}

#[test]
fn a_function_that_a_text_may_call_is_not_renamed() {
    let mut editor = Editor::new();
    let told = renamed(&mut editor, "fn tw‸ice(a) { a }\nlet k = [1].map(\"twice\");", "double");
    assert_eq!(
        told,
        "refused: the text \"twice\" on line 2 may call it: write Fn(\"twice\") there, and rename it then"
    );
    assert_eq!(editor.leave(), 0);
}

#[test]
fn renaming_changes_every_use_and_nothing_else() {
    let mut editor = Editor::new();
    let mut told = |text: &str, new: &str| renamed(&mut editor, text, new);
    assert_eq!(
        told(
            "let ä = \"😀\"; fn tw‸ice(a) { a }\nlet f = Fn(\"twice\"); twice(`${twice(1)} twice`)",
            "double"
        ),
        "let ä = \"😀\"; fn double(a) { a }\nlet f = Fn(\"double\"); double(`${double(1)} twice`)"
    );
    assert_eq!(
        told("fn f(x, y) { let z = x‸ + y; #{ x: x, y: |x| x }.x }", "first"),
        "fn f(first, y) { let z = first + y; #{ x: first, y: |x| x }.x }"
    );
    assert_eq!(
        told(
            "import \"std/hinton\" as h‸;\r\nh::soft(1, 2, 3);\r\nfn f() { h::loss(1, 2, 3, 4, 5) }",
            "kd2"
        ),
        "import \"std/hinton\" as kd2;\r\nkd2::soft(1, 2, 3);\r\nfn f() { kd2::loss(1, 2, 3, 4, 5) }"
    );
    assert_eq!(
        told("const A‸ = 1; fn f() { global::A }", "B"),
        "const B = 1; fn f() { global::B }"
    );
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_would_change_a_recipe_is_refused() {
    let mut editor = Editor::new();
    let mut refused = |text: &str, new: &str, why: &str| {
        let found = renamed(&mut editor, text, new);
        assert!(found.starts_with("refused: ") && found.contains(why), "{text} {new}\n{found}");
    };
    for new in ["1a", "a b", "", "let", "a-b", "fn", "ä", "eval", "_"] {
        refused("let a‸ = 1;", new, "is no name");
    }
    refused("let a‸ = 1; let b = 2; a + b", "b", "another 'b' would be meant");
    refused("let b = 2; { let a‸ = 1; a + b }", "b", "would mean this one");
    refused("fn f(a‸, b) { 1 }", "b", "a parameter 'b' beside it");
    refused("fn f(a‸) { |b| a + b }", "b", "another 'b' would be meant");
    refused("fn f‸() { } fn g() { }", "g", "there is a function 'g' already");
    refused("fn f‸(a) { a }", "softmax", "built-in 'softmax'");
    refused("fn f‸(ctx) { 1.0 }", "tau", "is the name of a hook");
    refused("import \"std/hinton\" as h‸; h::soft(1, 2, 3)", "kd", "hide the host's own 'kd::'");
    refused("fn test_a‸dd() { assert(true) }", "adds", "is a test");
    refused("train(m, #{});\nfn lo‸ss(ctx, s, t) { 1 }", "mine", "is a hook");
    refused("let m = #{ ke‸y: 1 };", "other", "is a key of a map");
    refused("optim::ad‸am(#{})", "other", "is not bound in this recipe");
    refused("import \"std/hinton\" as h; h::so‸ft(1, 2, 3)", "x", "the standard library");
    let params = editor.at("train(m, #{});\nfn lo‸ss(ctx, s, t) { 1 }");
    let hook = editor.answer("textDocument/prepareRename", params);
    assert!(hook["error"]["message"].as_str().expect("a reason").contains("loss: Fn(\"my_loss\")"));
    let params = editor.at("let abc‸ = 1;");
    let place = editor.ask("textDocument/prepareRename", params);
    assert_eq!((range(&place["range"]).as_str(), &place["placeholder"]), ("0:4-7", &json!("abc")));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn symbols_and_folds() {
    let mut editor = Editor::new();
    let text = "//! A file.\n//! Of two lines.\nimport \"std/hinton\" as h;\nlet a = 1;\nfn f(x) {\n    let y = x;\n    y\n}\nlet m = #{\n    a: 1,\n};‸\n";
    let params = editor.at(text);
    let symbols = editor.ask("textDocument/documentSymbol", params.clone());
    let told: Vec<String> = symbols
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| format!("{} {} {}", one["name"], one["kind"], range(&one["range"])))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[2], "\"f\" 12 4:0-7:1");
    let folds = editor.ask("textDocument/foldingRange", params);
    let lines: Vec<String> = folds
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| format!("{}-{}", one["startLine"], one["endLine"]))
        .collect();
    assert_eq!(lines, ["0-1", "4-7", "8-10"]);
    assert_eq!(editor.leave(), 0);
}
