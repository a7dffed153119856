//! Sources that nobody would write: nested, chained and long without end. Each ends with an error at once.

use super::host::plain_engine;
use crate::support::root;
use stillroom::recipe::{MOST_FILE_BYTES, MOST_FILES, MOST_STAGES};
use stillroom::script::{
    LIMITS, LOGGED_NAMES, LOGGED_NUMBERS, MAX_OPERATIONS, NAME_BYTES, PRINTED_BYTES,
    PRINTED_BYTES_A_STEP, SCRIPT_BYTES, SOURCE_BYTES,
};
use stillroom::tensor::LARGEST;

/// The error of a source that must not compile.
#[track_caller]
fn refused(text: &str) -> String {
    let work = move |text: String| plain_engine().compile(text).map(|_| ());
    let text = text.to_string();
    // With the room that the program gives to the thread that compiles.
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || work(text));
    let outcome = thread.expect("a thread").join().expect("no panic");
    outcome.expect_err("it compiles").to_string()
}

#[test]
fn what_is_nested_too_deeply() {
    let deep = 10_000;
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("#{ a: ", "1", "}"),
        ("{", "1", "}"),
        ("if true { ", "1", "}"),
        ("while true { ", "1", "}"),
        ("switch 1 { 1 => ", "1", "}"),
        ("`${", "1", "}`"),
        ("|x| ", "1", ""),
        ("!", "true", ""),
        ("f(", "1", ")"),
        ("1 + (", "1", ")"),
    ] {
        let text = format!("let x = {}{inner}{};", open.repeat(deep), close.repeat(deep));
        let error = refused(&text);
        assert!(error.contains("maximum complexity"), "{open}: {error}");
        // In a function as well.
        let error = refused(&format!("fn g() {{ {text} }}"));
        assert!(error.contains("maximum complexity"), "{open}: {error}");
    }
}

#[test]
fn what_is_chained_too_long() {
    let long = 50_000;
    for (start, part) in [
        ("let x = 1", "+1"),
        ("let x = #{}; x", ".b"),
        ("let x = #{}; x", ".b()"),
        ("let x = []; x", "[0]"),
        ("let x = #{}; x", "?.b"),
        ("let x = 1; x", " ?? 1"),
        ("let x = true", " && true"),
        ("if false {}", " else if false {}"),
    ] {
        let error = refused(&format!("{start}{}", part.repeat(long)));
        assert!(error.contains("maximum complexity"), "{part}: {error}");
    }
}

#[test]
fn too_many_functions_and_variables() {
    let functions: String = (0..=LIMITS.functions).map(|n| format!("fn f{n}() {{}}\n")).collect();
    assert!(refused(&functions).contains("functions defined exceeds"));
    let variables: String = (0..=LIMITS.variables).map(|n| format!("let a{n} = 1;\n")).collect();
    let error = super::host::fails(&variables);
    assert!(error.contains("too many variables"), "{error}");
}

#[test]
fn limits_are_those_of_every_build() {
    let engine = plain_engine();
    assert_eq!(engine.max_call_levels(), LIMITS.call_levels);
    assert_eq!(engine.max_expr_depth(), LIMITS.expression_depth);
    assert_eq!(engine.max_function_expr_depth(), LIMITS.function_depth);
    assert_eq!(engine.max_array_size(), LIMITS.collection);
    assert_eq!(engine.max_map_size(), LIMITS.collection);
    assert_eq!(engine.max_string_size(), LIMITS.string);
    assert_eq!(engine.max_modules(), LIMITS.modules);
    assert_eq!(engine.max_functions(), LIMITS.functions);
    assert_eq!(engine.max_variables(), LIMITS.variables);
}

#[test]
fn the_page_says_what_the_limits_are() {
    let page = std::fs::read_to_string(root().join("docs/src/guide/safety.md")).expect("the page");
    let number = |value: usize| value.to_string();
    for (name, value) in [
        ("operations without progress", MAX_OPERATIONS.to_string()),
        ("calls within calls", number(LIMITS.call_levels)),
        ("nesting of expressions", number(LIMITS.expression_depth)),
        ("bytes of a recipe or a module", SOURCE_BYTES.to_string()),
        ("modules", number(LIMITS.modules)),
        ("functions of a file", number(LIMITS.functions)),
        ("variables at one moment", number(LIMITS.variables)),
        ("elements of an array or a map, with all that is in it", number(LIMITS.collection)),
        ("bytes of a string, or of all strings in an array or a map", number(LIMITS.string)),
        ("elements of a tensor", number(LARGEST)),
        (
            "GiB that values other than tensors grow by without progress",
            number((SCRIPT_BYTES >> 30) as usize),
        ),
        ("stages of a run", number(MOST_STAGES)),
        ("names under which a stage logs", number(LOGGED_NAMES)),
        ("numbers that are logged in a step", number(LOGGED_NUMBERS)),
        ("bytes of the name of a stage or a logged number", number(NAME_BYTES)),
        ("bytes printed at once", PRINTED_BYTES.to_string()),
        ("files of a run", number(MOST_FILES)),
        ("GiB of all files of a run", number((MOST_FILE_BYTES >> 30) as usize)),
    ] {
        let row = format!("| {name} | {value} |");
        assert!(page.contains(&row), "the page lacks {row}");
    }
    assert!(page.contains(&format!("and {PRINTED_BYTES_A_STEP} more for each step")));
    assert!(page.contains(&format!("{} in functions", LIMITS.function_depth)));
}
