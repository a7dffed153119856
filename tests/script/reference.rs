//! The reference and the definition files are what the comments say.

use super::host::plain_engine;
use crate::support::{Sandbox, root};
use std::collections::BTreeMap;
use std::path::Path;
use stillroom::script::catalogue::{entries, is_known};
use stillroom::script::definitions::definitions;
use stillroom::script::reference::pages;

/// Set to write the files instead of comparing them.
const WRITE: &str = "STILL_WRITE_REFERENCE";

/// All files below a folder, by their names within it.
fn files(folder: &Path, within: &str, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().to_string());
        let name = format!("{within}{name}");
        if path.is_dir() {
            files(&path, &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// Compares `made` with what stands in `folder`, or writes it there.
fn compare(folder: &Path, made: &[(String, String)]) {
    if std::env::var_os(WRITE).is_some() {
        let _ = std::fs::remove_dir_all(folder);
        for (name, text) in made {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, text).expect("a file");
        }
    }
    let mut written = BTreeMap::new();
    files(folder, "", &mut written);
    for (name, text) in made {
        let same = written.remove(name).is_some_and(|own| own == *text);
        assert!(same, "{name} is stale: {WRITE}=1 cargo test --release reference");
    }
    let left: Vec<&String> = written.keys().collect();
    assert!(left.is_empty(), "left over in {}: {left:?}", folder.display());
}

#[test]
fn the_reference_is_what_the_comments_say() {
    let pages = pages(&plain_engine());
    compare(&root().join("docs/src/reference"), &pages);
    let summary = std::fs::read_to_string(root().join("docs/src/SUMMARY.md")).expect("a summary");
    for (name, text) in &pages {
        assert!(summary.contains(&format!("reference/{name}")), "{name} is not in SUMMARY.md");
        let second = text.split("\n\n").nth(1).unwrap_or_default();
        assert!(!second.is_empty() && !second.starts_with('#'), "{name} does not say what it is");
    }
}

#[test]
fn the_reference_has_definition_files() {
    let made = definitions(&plain_engine());
    compare(&root().join("docs/definitions"), &made);
    let sandbox = Sandbox::new();
    sandbox.still(&["definitions", "here"]).good();
    let mut written = BTreeMap::new();
    files(&sandbox.file("here"), "", &mut written);
    assert_eq!(written, made.into_iter().collect());
}

#[test]
fn types_are_in_a_users_words() {
    for entry in entries(&plain_engine(), false) {
        for (_, kind) in &entry.parameters {
            assert!(is_known(kind), "{}: '{kind}'", entry.form());
        }
        let gives = entry.gives.clone().unwrap_or_else(|| "any".into());
        assert!(is_known(&gives), "{} gives '{gives}'", entry.form());
    }
    for (name, text) in definitions(&plain_engine()) {
        for line in text.lines().filter(|line| !line.starts_with("//")) {
            assert!(!line.contains(['<', '&']) || line.starts_with("op "), "{name}: {line}");
            assert!(!line.contains("::"), "{name}: {line}");
        }
    }
}
