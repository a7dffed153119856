//! Names that files import from each other.

use super::client::{Editor, edited, range, split};
use serde_json::{Value, json};

const PARTS: &str = "/// Doubles.\nfn twice(a) { a * 2 }\nfn four(a) { twice(twice(a)) }\n";
const RECIPE: &str = "import \"parts/math\" as m;\nlet ä = \"😀\"; let x = m::twi‸ce(1);\n";

fn opened() -> (Editor, Value) {
    let mut editor = Editor::new();
    editor.sandbox.write("parts/math.rhai", PARTS);
    let params = editor.at(RECIPE);
    (editor, params)
}

#[test]
fn definitions_lead_into_imports() {
    let (mut editor, params) = opened();
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(found["uri"], editor.uri("parts/math.rhai"));
    assert_eq!(range(&found["range"]), "1:3-8");
    let params = editor.at("import \"parts/m‸ath\" as m;");
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(found["uri"], editor.uri("parts/math.rhai"));
    let hover = editor.hover(RECIPE);
    assert!(hover.contains("Doubles."), "{hover}");
    let params = editor.at("import \"nowhere\" as m;\nm::f‸();");
    assert_eq!(editor.ask("textDocument/definition", params), Value::Null);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn definitions_lead_into_the_standard_library() {
    let mut editor = Editor::new();
    let params = editor.at("import \"std/hinton\" as h;\nh::so‸ft(1, 2, 3);");
    let found = editor.ask("textDocument/definition", params);
    let path = found["uri"].as_str().expect("an address").trim_start_matches("file://").to_string();
    let text = std::fs::read_to_string(&path).expect("a file that the editor can open");
    let line = found["range"]["start"]["line"].as_u64().expect("a line") as usize;
    assert!(text.lines().nth(line).expect("the line").starts_with("fn soft("), "{text}");
    assert_eq!(editor.leave(), 0);
    assert!(!std::path::Path::new(&path).exists(), "it goes with the server");
}

#[test]
fn references_are_found_from_either_side() {
    let (mut editor, mut params) = opened();
    params["context"] = json!({ "includeDeclaration": true });
    let told = |found: Value| {
        let name = |one: &Value| {
            one["uri"].as_str().expect("a uri").rsplit('/').next().expect("a name").to_string()
        };
        let mut all: Vec<String> = found
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| format!("{} {}", name(one), range(&one["range"])))
            .collect();
        all.sort();
        all
    };
    let expected =
        ["math.rhai 1:3-8", "math.rhai 2:13-18", "math.rhai 2:19-24", "recipe.rhai 1:25-30"];
    assert_eq!(told(editor.ask("textDocument/references", params)), expected);
    editor.open("parts/math.rhai", PARTS);
    let place = json!({ "line": 1, "character": 4 });
    let params = json!({
        "textDocument": { "uri": editor.uri("parts/math.rhai") },
        "position": place,
        "context": { "includeDeclaration": true },
    });
    assert_eq!(told(editor.ask("textDocument/references", params)), expected);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn renaming_goes_across_files() {
    let (mut editor, mut params) = opened();
    params["newName"] = json!("double");
    let changes = editor.ask("textDocument/rename", params)["changes"].clone();
    let (recipe, _) = split(RECIPE);
    assert_eq!(
        edited(&recipe, &changes[editor.uri("recipe.rhai")]),
        recipe.replace("m::twice", "m::double")
    );
    assert_eq!(
        edited(PARTS, &changes[editor.uri("parts/math.rhai")]),
        PARTS.replace("twice", "double")
    );
    assert_eq!(editor.leave(), 0);
}
