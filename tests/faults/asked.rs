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
