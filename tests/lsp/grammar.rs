//! The files for editors: whole, and of one mind with the lexer about what is a keyword.

use crate::support::root;
use serde_json::Value;

fn json(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("docs/editors/vscode").join(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

/// All regular expressions and all includes of a grammar.
fn collect(value: &Value, patterns: &mut Vec<String>, includes: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value.as_str()) {
                    ("match" | "begin" | "end", Some(text)) => patterns.push(text.to_string()),
                    ("include", Some(text)) => includes.push(text.to_string()),
                    _ => collect(value, patterns, includes),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, patterns, includes)),
        _ => {}
    }
}

#[test]
fn the_extension_points_to_its_files() {
    let package = json("package.json");
    let folder = root().join("docs/editors/vscode");
    let contributes = &package["contributes"];
    for path in [
        &package["main"],
        &contributes["languages"][0]["configuration"],
        &contributes["grammars"][0]["path"],
    ] {
        let path = path.as_str().expect("a path");
        assert!(folder.join(path).is_file(), "{path}");
    }
    assert_eq!(contributes["languages"][0]["extensions"][0], ".rhai");
    let scope = json("syntaxes/rhai.tmLanguage.json")["scopeName"].clone();
    assert_eq!(scope, contributes["grammars"][0]["scopeName"]);
    json("language-configuration.json");
}

#[test]
fn the_grammar_is_whole() {
    let grammar = json("syntaxes/rhai.tmLanguage.json");
    let (mut patterns, mut includes) = (Vec::new(), Vec::new());
    collect(&grammar, &mut patterns, &mut includes);
    for include in includes {
        let name = include.trim_start_matches('#');
        assert!(grammar["repository"].get(name).is_some(), "{include} is nowhere");
    }
    for pattern in &patterns {
        let count = |sign: char| {
            let mut escaped = false;
            let mut class = false;
            let mut found = 0;
            for letter in pattern.chars() {
                match letter {
                    '\\' if !escaped => {
                        escaped = true;
                        continue;
                    }
                    '[' if !escaped && !class => class = true,
                    ']' if !escaped => class = false,
                    letter if letter == sign && !escaped && !class => found += 1,
                    _ => {}
                }
                escaped = false;
            }
            found
        };
        assert_eq!(count('('), count(')'), "{pattern}");
    }
    // Every word that the language keeps for itself is one for the grammars too.
    let vim = std::fs::read_to_string(root().join("docs/editors/nvim/syntax/rhai.vim"));
    let (vim, all) = (vim.expect("the syntax file"), patterns.join(" "));
    for word in [
        "let", "const", "fn", "private", "if", "else", "switch", "do", "while", "until", "loop",
        "for", "in", "continue", "break", "return", "throw", "try", "catch", "import", "export",
        "as", "true", "false", "this", "global",
    ] {
        let has = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|own| own == word);
        assert!(has(&all) && has(&vim), "{word}");
    }
}
