//! The structure of the code, held by a test: who may use whom, how long a file may be, and that no
//! file is forgotten.

use crate::support::root;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules in the order of the flow. A module may use those on the lines above it, and itself; modules
/// on one line do not use each other.
const FLOW: [&[&str]; 13] = [
    &["error"],
    &["disk"],
    &["tensor"],
    &["audio", "metrics", "nn"],
    &["data", "kd", "models", "optim"],
    &["augment"],
    &["train"],
    &["run"],
    &["report"],
    &["script"],
    &["recipe"],
    &["editor"],
    &["cli"],
];

/// Crates that only some modules may name.
const CONFINED: [(&str, &[&str]); 32] = [
    ("rhai", &["script", "recipe"]),
    ("burn", &["tensor"]),
    ("symphonia", &["audio"]),
    ("lewton", &["audio"]),
    ("hound", &["audio"]),
    ("burn_flex", &["tensor"]),
    ("burn_autodiff", &["tensor"]),
    ("clap", &["cli"]),
    ("notify", &["recipe"]),
    ("rusqlite", &["run"]),
    ("getrandom", &["run"]),
    ("similar", &["report", "cli"]),
    ("miette", &["error"]),
    ("lsp_server", &["editor"]),
    ("lsp_types", &["editor"]),
    ("rustyline", &["cli"]),
    ("ureq", &["data", "models"]),
    ("tar", &["data"]),
    ("flate2", &["data"]),
    ("crc32fast", &["data"]),
    ("md5", &["data"]),
    ("sha2", &["data", "models", "cli"]),
    ("plotters", &["report", "cli"]),
    ("png", &["report", "cli"]),
    ("base64", &["report", "cli"]),
    ("ratatui", &["cli"]),
    ("maud", &["report", "cli"]),
    ("crc32c", &["report"]),
    ("pytorch_reader", &["models"]),
    ("hf_hub", &["models"]),
    ("tract_onnx", &["models"]),
    ("prost", &["models"]),
];

const LONGEST_FILE: usize = 400;

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The top-level module that a file of `src` belongs to.
fn module_of(file: &Path) -> String {
    let relative = file.strip_prefix(root().join("src")).expect("a file of src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

fn line_of(module: &str) -> Option<usize> {
    FLOW.iter().position(|line| line.contains(&module))
}

/// Names after every `crate::` of a text, comments included: a link in a comment is a use as well.
fn used(text: &str, prefix: &str) -> BTreeSet<String> {
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    text.split(prefix).skip(1).map(name).collect()
}

#[test]
fn modules_use_only_those_above_them() {
    for file in files(&root().join("src"), "rs") {
        let module = module_of(&file);
        if module == "lib" || module == "main" {
            continue;
        }
        let own = line_of(&module).unwrap_or_else(|| panic!("{module} is not in the table"));
        let text = std::fs::read_to_string(&file).expect("a text");
        for name in used(&text, "crate::") {
            let fits = name == module || line_of(&name).is_some_and(|line| line < own);
            assert!(fits, "{} uses crate::{name}, which is not above {module}", file.display());
        }
    }
}

#[test]
fn the_table_is_the_order_of_lib() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|name| name.trim_end_matches(';'))
        .collect();
    assert_eq!(declared, FLOW.concat());
}

#[test]
fn some_crates_are_named_in_some_modules_only() {
    for file in files(&root().join("src"), "rs") {
        let (module, text) = (module_of(&file), std::fs::read_to_string(&file).expect("a text"));
        for (name, allowed) in CONFINED {
            let named =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
                    let mut rest = line;
                    while let Some(at) = rest.find(&format!("{name}::")) {
                        let before = rest[..at].chars().next_back();
                        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                            return true;
                        }
                        rest = &rest[at + name.len()..];
                    }
                    false
                });
            let fits = !named || allowed.contains(&module.as_str());
            assert!(fits, "{} names {name}, which {allowed:?} alone may", file.display());
        }
    }
}

#[test]
fn no_file_is_too_long() {
    for folder in ["src", "tests", "scripts", "stdlib"] {
        for ending in ["rs", "rhai"] {
            for file in files(&root().join(folder), ending) {
                let lines = std::fs::read_to_string(&file).expect("a text").lines().count();
                assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
            }
        }
    }
}

#[test]
fn no_file_is_forgotten() {
    for folder in ["src", "tests"] {
        for file in files(&root().join(folder), "rs") {
            let stem = file.file_stem().expect("a name").to_string_lossy().to_string();
            if ["lib", "main", "suite"].contains(&stem.as_str()) {
                continue;
            }
            // `a/mod.rs` is declared beside the folder `a`, `a/b.rs` in `a/mod.rs`.
            let parent = file.parent().expect("a folder");
            let (name, above) = match stem.as_str() {
                "mod" => {
                    let name = parent.file_name().expect("a name").to_string_lossy().to_string();
                    (name, parent.parent().expect("a folder"))
                }
                _ => (stem, parent),
            };
            let heads = ["mod.rs", "lib.rs", "main.rs", "suite.rs"].map(|head| above.join(head));
            let declared =
                heads.iter().filter_map(|head| std::fs::read_to_string(head).ok()).any(|text| {
                    text.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};")))
                });
            assert!(declared, "{} is in no `mod`", file.display());
        }
    }
}

#[test]
fn the_standard_library_lists_every_file() {
    let named: Vec<String> = files(&root().join("stdlib"), "rhai")
        .iter()
        .map(|file| format!("std/{}", file.file_stem().expect("a name").to_string_lossy()))
        .collect();
    let listed = stillroom::script::stdlib::MODULES.map(|module| module.name.to_string());
    assert_eq!(listed.to_vec(), named);
}

#[test]
fn no_panic_is_written_where_a_user_could_meet_it() {
    for file in files(&root().join("src"), "rs") {
        let text = std::fs::read_to_string(&file).expect("a text");
        for word in [
            ".unwrap()",
            ".expect(",
            "panic!(",
            "todo!(",
            "unimplemented!(",
            "unreachable!(",
            "println!(",
            "thread::spawn(",
        ] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}
