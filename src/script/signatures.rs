//! Every function that a script may call, with its form.

use super::diagnose::word;
use super::habits;
use crate::error::{Error, Kind, nearest};
use rhai::Engine;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every function that a script may call, to propose another one where a call fits none.
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    /// Each function of ours with its full name and its form.
    all: Vec<(String, String)>,
    /// All names that can be called, those of Rhai's own library too.
    names: Arc<BTreeSet<String>>,
    /// Those of Rhai's own library.
    shared: Arc<BTreeSet<String>>,
}

impl Signatures {
    /// The functions that `engine` knows: each with its full name and its form.
    pub fn of(engine: &Engine) -> Self {
        let json = engine.gen_fn_metadata_to_json(false).unwrap_or_default();
        let tree = serde_json::from_str(&json).unwrap_or_default();
        let mut all = Vec::new();
        collect(&tree, "", &mut all);
        // Rhai's own order is that of a hash.
        all.sort_by_cached_key(|(name, form)| {
            (name.clone(), form.matches(", ").count(), form.clone())
        });
        all.dedup();
        let json = engine.gen_fn_metadata_to_json(true).unwrap_or_default();
        let tree = serde_json::from_str(&json).unwrap_or_default();
        let mut whole = Vec::new();
        collect(&tree, "", &mut whole);
        // What the engine has without ours is there as often as it has forms.
        let mut left: Vec<&(String, String)> = whole.iter().collect();
        left.retain(|one| !all.contains(one));
        let shared = left.into_iter().map(|(name, _)| name.clone()).collect();
        let names = whole.into_iter().map(|(name, _)| name).collect();
        Signatures { all, names: Arc::new(names), shared: Arc::new(shared) }
    }

    /// Whether a function of that name and number of parameters is known.
    pub fn takes(&self, name: &str, count: usize) -> bool {
        self.forms(name).iter().any(|form| parameters_of(form) == count)
    }

    /// Whether anything of that name can be called.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a namespace of that name is the host's.
    pub fn has_namespace(&self, name: &str) -> bool {
        let start = format!("{name}::");
        self.names.range(start.clone()..).next().is_some_and(|known| known.starts_with(&start))
    }

    /// What there is no function for.
    pub fn no_such(&self, name: &str) -> Error {
        let error = Error::new(Kind::Name, name, "there is no such function");
        if let Some(hint) = habits::function(name) {
            return error.hint(hint);
        }
        match self.near(name) {
            Some(known) => error.hint(format!("did you mean {}?", self.forms_of(known))),
            None => error,
        }
    }

    /// A namespace that nobody has.
    pub fn no_namespace(&self, name: &str) -> Error {
        let nouns = self.namespaces();
        let error = Error::new(Kind::Name, name, "there is no such namespace");
        if let Some(hint) = habits::name(name) {
            return error.hint(hint);
        }
        match nearest(name, nouns.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean '{near}::'?")),
            None => error.hint(format!(
                "the host's own are {}; a module is imported first: import \"…\" as {name}",
                nouns.join(", ")
            )),
        }
    }

    /// A call with a number of arguments that no form of the function has.
    pub fn no_form(&self, name: &str, count: usize) -> Error {
        let arguments = if count == 1 { "argument" } else { "arguments" };
        Error::new(Kind::Type, name, "no form of this function takes so many arguments")
            .expected(self.forms(name).join(" or "))
            .received(format!("{count} {arguments}"))
    }

    /// All functions of ours, each with its form.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.all.iter()
    }

    /// Whether a function of ours has that name.
    pub fn has_forms(&self, name: &str) -> bool {
        self.all.iter().any(|(known, _)| known == name)
    }

    /// Whether Rhai's own library has no function of that name, whose forms we would not list.
    pub fn is_ours_alone(&self, name: &str) -> bool {
        !self.shared.contains(name)
    }

    /// The host's namespaces.
    pub fn namespaces(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .all
            .iter()
            .filter_map(|(name, _)| Some(name.split_once("::")?.0.to_string()))
            .collect();
        all.dedup();
        all
    }

    pub(super) fn near(&self, name: &str) -> Option<&str> {
        let known = self.all.iter().map(|(known, _)| known.as_str());
        // Operators and properties are called otherwise.
        let named =
            |known: &&str| known.starts_with(|c: char| c.is_alphabetic()) && !known.contains('$');
        nearest(name, known.filter(named))
    }

    pub(super) fn forms_of(&self, name: &str) -> String {
        self.forms(name).first().map_or(name.to_string(), |form| form.to_string())
    }

    pub(super) fn forms(&self, name: &str) -> Vec<&str> {
        self.all.iter().filter(|(known, _)| known == name).map(|(_, form)| form.as_str()).collect()
    }
}

fn collect(tree: &serde_json::Value, scope: &str, all: &mut Vec<(String, String)>) {
    let functions = tree.get("functions").and_then(|list| list.as_array());
    for function in functions.into_iter().flatten() {
        let name = function.get("name").and_then(|name| name.as_str()).unwrap_or_default();
        let params = function.get("params").and_then(|list| list.as_array());
        let words = params.into_iter().flatten().map(|param| {
            let part = |key: &str| param.get(key).and_then(|value| value.as_str());
            part("name").filter(|name| *name != "_").or(part("type").map(word)).unwrap_or("?")
        });
        let form = format!("{scope}{name}({})", words.collect::<Vec<_>>().join(", "));
        all.push((format!("{scope}{name}"), form));
    }
    let modules = tree.get("modules").and_then(|map| map.as_object());
    for (name, module) in modules.into_iter().flatten() {
        collect(module, &format!("{scope}{name}::"), all);
    }
}

/// How many parameters a form has: `kd::kl(student, teacher)`.
fn parameters_of(form: &str) -> usize {
    if form.ends_with("()") { 0 } else { form.matches(", ").count() + 1 }
}
