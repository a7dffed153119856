//! Recipes as files that nobody would write, through the program.

use crate::support::{Ran, Sandbox};

/// Runs a recipe that is told as an error of the recipe or of the command line, and in no other way.
#[track_caller]
fn told(text: &str, words: &str) -> Ran {
    let ran = Sandbox::new().run(text, &[]);
    assert!(ran.error().contains(words), "{:.300}", ran.error());
    assert!([2, 3].contains(&ran.code), "{}", ran.code);
    ran
}

#[test]
fn sources_that_are_too_long() {
    told(&"let x = 1;\n".repeat(1_000_000), "the file is too long");
    told(&format!("let x = \"{}\";", "a".repeat(10_000_000)), "the file is too long");
    let sandbox = Sandbox::new();
    sandbox.write("long.rhai", " ".repeat(2_000_000));
    let ran = sandbox.run("import \"long\" as m;", &[]);
    assert!(ran.error().contains("the file is too long"), "{}", ran.error());
    // Up to there they are read.
    Sandbox::new().run(&format!("/* {} */", "a".repeat(900_000)), &[]).good();
}

#[test]
fn sources_that_are_nested_too_deeply() {
    for part in ["(", "[", "{", "!", "|x| ", "if true {", "#{ a: "] {
        told(&part.repeat(900_000 / part.len()), "nested too deeply");
    }
    told(&format!("let x = 1{}", "+1".repeat(400_000)), "nested too deeply");
}

#[test]
fn imports_in_a_circle_and_without_end() {
    let sandbox = Sandbox::new();
    sandbox.write("a.rhai", "import \"b\" as b;");
    sandbox.write("b.rhai", "import \"a\" as a;");
    let ran = sandbox.run("import \"a\" as a;", &[]);
    assert!(ran.error().contains("imports go in a circle"), "{}", ran.error());
    let ran = sandbox.run("fn f() { import \"a\" as a; }", &[]);
    assert!(ran.error().contains("imports go in a circle"), "{}", ran.error());
    let ran = sandbox.run("import \"recipe\" as a;", &[]);
    assert!(ran.error().contains("imports go in a circle"), "{}", ran.error());
    // A long chain: each file imports the next one.
    for n in 0..400 {
        sandbox.write(&format!("m{n}.rhai"), format!("import \"m{}\" as m;", n + 1));
    }
    sandbox.write("m400.rhai", "");
    let ran = sandbox.run("import \"m0\" as m;", &[]);
    assert!(ran.code == 3 && ran.error().contains("too many modules"), "{}", ran.error());
    // And many side by side.
    let many: String = (0..300).map(|n| format!("import \"m{}\" as n{n};\n", 400)).collect();
    assert!([0, 3].contains(&sandbox.run(&many, &[]).code));
}

#[test]
fn what_a_recipe_says_cannot_steer_a_terminal() {
    let clean = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    let texts = [
        r#"print("a\x1b[31mred\x07\tand \u202eback");"#,
        r#"throw "a\x1b]0;title\x07";"#,
        r#"tensor::load("\x1b[2J.npy");"#,
        r#"optim::adam(#{ "l\x1b[2Jr": 1 });"#,
        r#"kd::kl("\x1b[2J", 1);"#,
        "let a\u{1b}[2J = 1;",
        "let x = \"\u{1b}[2J\" + nothing;",
    ];
    for text in texts {
        for verb in ["run", "check"] {
            let sandbox = Sandbox::new();
            sandbox.write("recipe.rhai", text);
            let ran = sandbox.still(&[verb, "recipe.rhai"]);
            assert!(clean(&ran.err) && clean(&ran.out), "{text:?}: {:?}", ran.err);
            assert!(!ran.err.contains('\u{202e}'), "{:?}", ran.err);
        }
    }
    let ran = Sandbox::new().run(texts[0], &[]).good();
    assert!(ran.err.contains("a\\u001b[31mred\\u0007\tand \\u202eback"), "{}", ran.err);
    // JSON is read back as it was.
    let ran = Sandbox::new().still(&["eval", r#""\x7f\u202e""#, "--json"]).good();
    assert_eq!(serde_json::from_str::<String>(ran.out.trim()).expect("JSON"), "\u{7f}\u{202e}");
}
