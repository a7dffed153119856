//! Wrong recipes, each with exactly what `still check` says of it. `STILL_WRITE_WRONG=1 cargo test --release wrong::`
//! writes what it says now; read every line of the difference before it is committed.

use crate::support::{Sandbox, root};
use std::path::PathBuf;

const FEWEST: usize = 120;

/// A wrong recipe: its title, its text, and what is said of it.
struct Case {
    title: String,
    recipe: String,
    said: String,
}

fn files() -> Vec<PathBuf> {
    let folder = root().join("tests/wrong");
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    files.sort();
    files
}

/// What stands in the first block of this sort.
fn block(text: &str, sort: &str) -> String {
    let start = format!("```{sort}\n");
    let after = text.split_once(start.as_str()).expect("a block").1;
    let end = if after.starts_with("```") { 0 } else { after.find("\n```").expect("an end") + 1 };
    after[..end].to_string()
}

fn cases(text: &str) -> Vec<Case> {
    let parts = text.split("## ").filter(|part| !part.trim().is_empty());
    parts
        .map(|part| Case {
            title: part.lines().next().expect("a title").to_string(),
            recipe: block(part, "rhai"),
            said: block(part, "text"),
        })
        .collect()
}

#[test]
fn every_wrong_recipe_is_told_what_is_wrong() {
    let sandbox = Sandbox::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a text");
        let mut now = String::new();
        for case in cases(&text) {
            count += 1;
            sandbox.write("wrong.rhai", &case.recipe);
            let ran = sandbox.still(&["check", "wrong.rhai", "--hook-seconds", "0.5"]);
            let said = format!("{}{}exit code {}\n", ran.err, ran.out, ran.code);
            assert!(!said.contains("[internal]"), "{}: {said}", case.title);
            if said != case.said {
                wrong.push(format!("{}: said\n{said}but should say\n{}", case.title, case.said));
            }
            let Case { title, recipe, .. } = case;
            now += &format!("## {title}\n\n```rhai\n{recipe}```\n\n```text\n{said}```\n\n");
        }
        if std::env::var_os("STILL_WRITE_WRONG").is_some() {
            std::fs::write(&file, now).expect("a file");
        }
    }
    assert!(count >= FEWEST, "only {count} wrong recipes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
