//! What the reference, the definition files and the shell list.

use super::words::{NOTHING, plain};
use super::{Catalogue, Form};
use rhai::Engine;

/// A function, a property, an operator or a place that scripts know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `kd` of `kd::kl`; empty for what has no namespace.
    pub namespace: String,
    /// Its name, without `get$` and the like.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// Names, empty where there is none, and types.
    pub parameters: Vec<(String, String)>,
    /// The type of what it gives; `None` where that is nothing.
    pub gives: Option<String>,
    /// Its comment as Markdown, empty without one.
    pub comment: String,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// `exp(t)`, `t.exp()`.
    Function,
    /// `t.shape`.
    Property,
    /// `optimizer.lr = 0.1`.
    Setter,
    /// `a + b`, `!a`.
    Operator,
    /// `t[0]`.
    Index,
}

/// Whose functions are written as methods; those of a tensor are as often written as functions.
const METHODS: [&str; 6] = ["context", "network", "dataset", "batches", "optimizer", "gradients"];

impl Entry {
    /// How it is written: `kd::kl(student, teacher)`, `t.shape`, `a + b`.
    pub fn form(&self) -> String {
        let words: Vec<&str> =
            self.parameters.iter().map(|(name, kind)| shown(name, kind)).collect();
        let (name, first) = (&self.name, words.first().copied().unwrap_or("value"));
        match (self.sort, words.as_slice()) {
            (Sort::Property, _) => format!("{first}.{name}"),
            (Sort::Setter, [_, value, ..]) => format!("{first}.{name} = {value}"),
            (Sort::Operator, [one]) => format!("{name}{one}"),
            (Sort::Operator, [one, other]) => format!("{one} {name} {other}"),
            (Sort::Index, [one, place, ..]) => format!("{one}[{place}]"),
            (_, [_, rest @ ..]) if self.namespace.is_empty() && METHODS.contains(&self.of()) => {
                format!("{first}.{name}({})", rest.join(", "))
            }
            _ => format!("{}({})", self.path(), words.join(", ")),
        }
    }

    /// Its name with its namespace.
    pub fn path(&self) -> String {
        match self.namespace.as_str() {
            "" => self.name.clone(),
            namespace => format!("{namespace}::{}", self.name),
        }
    }

    /// The type of its first parameter, empty without one: what it is a method of.
    pub fn of(&self) -> &str {
        self.parameters.first().map_or("", |(_, kind)| kind.as_str())
    }
}

fn shown<'a>(name: &'a str, kind: &'a str) -> &'a str {
    if name.is_empty() { kind } else { name }
}

/// All entries of `engine`, in order; with Rhai's own where `built_in`.
pub fn entries(engine: &Engine, built_in: bool) -> Vec<Entry> {
    let mut all: Vec<Entry> =
        Catalogue::read(engine, built_in).forms().iter().filter_map(entry).collect();
    // Rhai's own order is that of a hash.
    all.sort_by_cached_key(|entry| {
        let kinds = entry.parameters.iter().map(|(_, kind)| kind.clone()).collect::<Vec<_>>();
        let own = (entry.name.clone(), entry.form(), kinds, entry.gives.clone());
        (entry.namespace.clone(), own, entry.comment.clone())
    });
    all
}

fn entry(form: &Form) -> Option<Entry> {
    let full = form.name.as_str();
    let (sort, name) = if let Some(name) = full.strip_prefix("get$") {
        (Sort::Property, name)
    } else if let Some(name) = full.strip_prefix("set$") {
        (Sort::Setter, name)
    } else if full == "index$get$" {
        (Sort::Index, "[]")
    } else if full.contains('$') {
        return None;
    } else if full.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
        (Sort::Function, full)
    } else {
        (Sort::Operator, full)
    };
    let parameters: Vec<(String, String)> = form
        .parameters
        .iter()
        .map(|given| {
            let name = given.name.trim_start_matches("mut ").trim_start_matches('_');
            (name.to_string(), given.kind.as_str())
        })
        .filter(|(_, kind)| !kind.contains("NativeCallContext"))
        .map(|(name, kind)| (name, plain(kind)))
        .collect();
    let known = form.count == 0 || !parameters.is_empty();
    let gives = plain(match form.returns.as_str() {
        "" => "()",
        returns => returns,
    });
    known.then(|| Entry {
        namespace: form.namespace.clone().unwrap_or_default(),
        name: name.to_string(),
        sort,
        parameters,
        gives: Some(gives).filter(|gives| gives != NOTHING),
        comment: form.doc.clone(),
    })
}
