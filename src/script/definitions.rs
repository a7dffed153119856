//! Definition files (`.d.rhai`): everything that a recipe can call, for editors, with types in a user's words.

use super::catalogue::{Entry, Sort, entries, is_known};
use super::stdlib::{MODULES, Offered};
use rhai::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// What has no namespace.
const GLOBAL: &str = "global";
/// What is Rhai's own.
const BUILT_IN: &str = "builtin";

/// All definition files: one for what has no namespace, one a namespace, one for what is Rhai's own, one a module
/// of the standard library. Names, which may have a folder, and texts.
pub fn definitions(engine: &Engine) -> Vec<(String, String)> {
    let ours = entries(engine, false);
    let mut files: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in &ours {
        let name = if entry.namespace.is_empty() { GLOBAL } else { entry.namespace.as_str() };
        files.entry(name.to_string()).or_default().push(entry);
    }
    let every = entries(engine, true);
    // Rhai has arithmetic of every width; recipes know one sort of integers and one of floats.
    let plain = |entry: &&Entry| {
        let mut kinds = entry.parameters.iter().map(|(_, kind)| kind).chain(&entry.gives);
        kinds.all(|kind| is_known(kind)) && entry.namespace.is_empty() && !ours.contains(entry)
    };
    files.insert(BUILT_IN.to_string(), every.iter().filter(plain).collect());
    let nouns = files.into_iter().map(|(name, entries)| {
        let module = if [GLOBAL, BUILT_IN].contains(&name.as_str()) { "static" } else { &name };
        (format!("{name}.d.rhai"), file(module, &entries))
    });
    let modules = MODULES.iter().map(|module| {
        let mut text = commented("//!", &module.about());
        text.push_str(&format!("\nmodule \"{}\";\n", module.name));
        for function in module.offers(engine) {
            text.push_str(&format!("\n{}", offered(&function)));
        }
        (format!("{}.d.rhai", module.name), text)
    });
    nouns.chain(modules).collect()
}

fn file(module: &str, entries: &[&Entry]) -> String {
    let mut text = format!("module {module};\n");
    let mut seen = BTreeSet::new();
    for entry in entries {
        let line = defined(entry);
        if seen.insert(line.clone()) {
            text.push_str(&format!("\n{}{line}\n", commented("///", &entry.comment)));
        }
    }
    text
}

/// One entry: `fn kl(student: tensor, teacher: tensor) -> tensor;`.
pub fn defined(entry: &Entry) -> String {
    let gives = entry.gives.as_ref().map(|kind| format!(" -> {kind}")).unwrap_or_default();
    let (name, parameters) = (&entry.name, &entry.parameters);
    match entry.sort {
        Sort::Operator | Sort::Index => {
            let kinds: Vec<&str> = parameters.iter().map(|(_, kind)| kind.as_str()).collect();
            match (entry.sort, kinds.as_slice()) {
                // The format has no word for places.
                (Sort::Index, [of, place]) => format!("// {of}[{place}]{gives}"),
                _ => format!("op {name}({}){gives};", kinds.join(", ")),
            }
        }
        sort => {
            let word = match sort {
                Sort::Property => "get ",
                Sort::Setter => "set ",
                _ => "",
            };
            let named = parameters.iter().map(|(name, kind)| match name.as_str() {
                "" => format!("_: {kind}"),
                name => format!("{name}: {kind}"),
            });
            format!("fn {word}{name}({}){gives};", named.collect::<Vec<_>>().join(", "))
        }
    }
}

fn offered(function: &Offered) -> String {
    let named: Vec<String> =
        function.parameters.iter().map(|name| format!("{name}: any")).collect();
    let comment = commented("///", &function.comment);
    format!("{comment}fn {}({}) -> any;\n", function.name, named.join(", "))
}

fn commented(mark: &str, text: &str) -> String {
    text.lines().map(|line| format!("{}\n", format!("{mark} {line}").trim_end())).collect()
}
