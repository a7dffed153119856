//! What the engine offers at all: nothing that reaches the system.

use super::host::{fails, plain_engine};
use serde_json::Value;

/// Words that no function has in its name.
const DENIED: [&str; 32] = [
    "env",
    "getenv",
    "setenv",
    "environment",
    "exec",
    "spawn",
    "process",
    "command",
    "shell",
    "system",
    "kill",
    "fork",
    "file",
    "open",
    "read",
    "write",
    "path",
    "dir",
    "folder",
    "remove_file",
    "delete",
    "socket",
    "http",
    "url",
    "fetch",
    "download",
    "connect",
    "tcp",
    "udp",
    "eval",
    "include",
    "ffi",
];

/// Every function of the engine, with the names of its modules.
fn names(tree: &Value, scope: &str, found: &mut Vec<String>) {
    for function in tree["functions"].as_array().into_iter().flatten() {
        found.push(format!("{scope}{}", function["name"].as_str().unwrap_or_default()));
    }
    for (name, module) in tree["modules"].as_object().into_iter().flatten() {
        names(module, &format!("{scope}{name}::"), found);
    }
}

#[test]
fn no_function_reaches_the_system() {
    let json = plain_engine().gen_fn_metadata_to_json(true).expect("metadata");
    let mut all = Vec::new();
    names(&serde_json::from_str(&json).expect("JSON"), "", &mut all);
    assert!(all.len() > 500, "only {} functions were found", all.len());
    for name in &all {
        let last = name.rsplit("::").next().unwrap_or(name);
        // Numbers in a blob, a layer, and the mode of a network have to do with neither files nor code. Rhai's
        // `eval` is listed, and switched off: see below.
        let known = ["write", "eval_mode", "eval", "drop_path"];
        let known = last.starts_with("write_") || known.contains(&last);
        let words: Vec<&str> = last.split(['_', '$']).collect();
        let bad = DENIED.iter().find(|word| words.contains(word));
        assert!(known || bad.is_none(), "{name} sounds like a way out");
    }
    // What reads or writes files is this, and asks the host.
    for name in ["tensor::load", "tensor::save", "dataset::esc50"] {
        assert!(all.iter().any(|known| known == name), "{name} is there");
    }
}

#[test]
fn words_that_are_switched_off() {
    for script in ["eval(\"1 + 1\")", "let f = Fn(\"eval\"); f.call(\"1 + 1\")"] {
        let error = fails(script);
        assert!(error.contains("eval"), "{error}");
    }
    let error = fails("timestamp()");
    assert!(error.contains("a recipe has no clock"), "{error}");
    assert!(fails("timestamp().elapsed").contains("a recipe has no clock"));
}

#[test]
fn imports_go_through_our_resolver_only() {
    for path in ["/etc/passwd", "../x", "..", "/dev/zero", ".", "a/../../b", "./../a"] {
        let error = fails(&format!("import \"{path}\" as m;"));
        assert!(error.contains("leads out of the recipe's folder"), "{path}: {error}");
    }
    let error = fails("import \"std/nothing\" as m;");
    assert!(error.contains("unknown module"), "{error}");
}
