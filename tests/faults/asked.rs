//! Arguments whose names are made while functions run.

use super::keys::{nothing, table};

#[test]
fn an_argument_whose_name_is_made_counts_where_it_is_made() {
    let note = &["--set", "note=2"][..];
    let asks = "fn weight(ctx) { let name = \"wei\"; arg(name + \"ght\", 0.5)";
    let told = table(&[
        (
            "in a statement",
            &|t| {
                t.replace(
                    "report(",
                    "let name = \"no\";\nlet note = arg(name + \"te\", 1);\nreport(",
                )
            },
            &nothing,
            note,
        ),
        (
            "in a function that no hook reaches",
            &|t| t + "fn other(name) { name.arg(1) + arg(name + \"te\", 1) }\n",
            &nothing,
            note,
        ),
        (
            "in a hook",
            &|t| t.replace("fn weight(ctx) { arg(\"weight\", 0.5)", asks),
            &nothing,
            note,
        ),
        (
            "in a hook, as a method",
            &|t| {
                t.replace("arg(\"weight\", 0.5)", "{ let name = \"weight\"; name.arg(0.5) }")
                    .replace(
                        "report(",
                        "let name = \"no\";\nlet note = arg(name + \"te\", 1);\nreport(",
                    )
            },
            &nothing,
            note,
        ),
    ]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "in a statement: all from the store");
    assert_eq!(lines[1], "in a function that no hook reaches: all from the store");
    assert!(lines[2].contains("argument note: new"), "{told}");
    assert!(lines[3].contains("argument note: new"), "{told}");
}

#[test]
fn the_value_that_a_const_gives_anyway_counts_nothing() {
    let text = super::keys::RECIPE.replace("arg(\"weight\", 0.5)", "arg(\"weight\", global::RATE)");
    let lab = super::keys::base_of(&text);
    lab.run(9, &[]).good();
    lab.run(9, &["--new", "--set", "weight=0.5"]).good();
    assert_eq!(lab.outcome().hits(), [true; 3]);
    for (text, given) in [
        (text.clone(), "weight=0.25"),
        // The const is another one by now.
        (text.replace("RATE = 0.5", "RATE = 0.25"), "weight=0.5"),
        (text.replace("const RATE = 0.5", "const RATE = abs(0.5)"), "weight=0.5"),
    ] {
        lab.sandbox.write("lab.rhai", &text);
        let why = lab.still(&["why", "lab.rhai", "--set", given]).good();
        assert!(why.out.contains("argument weight: new"), "{given}: {}{text}", why.out);
    }
}
