//! Everything that a recipe can call, with what its comment says of it and with types in a user's words.

use rhai::Engine;
use serde_json::Value;

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
    let json = engine.gen_fn_metadata_to_json(built_in).unwrap_or_default();
    let tree: Value = serde_json::from_str(&json).unwrap_or_default();
    let mut all = Vec::new();
    collect(&tree, "", &mut all);
    // Rhai's own order is that of a hash.
    all.sort_by_cached_key(|entry| {
        let kinds = entry.parameters.iter().map(|(_, kind)| kind.clone()).collect::<Vec<_>>();
        let own = (entry.name.clone(), entry.form(), kinds, entry.gives.clone());
        (entry.namespace.clone(), own, entry.comment.clone())
    });
    all
}

fn collect(tree: &Value, namespace: &str, all: &mut Vec<Entry>) {
    let functions = tree["functions"].as_array().into_iter().flatten();
    all.extend(functions.filter_map(|function| entry(function, namespace)));
    for (name, module) in tree["modules"].as_object().into_iter().flatten() {
        let inner =
            if namespace.is_empty() { name.clone() } else { format!("{namespace}::{name}") };
        collect(module, &inner, all);
    }
}

fn entry(function: &Value, namespace: &str) -> Option<Entry> {
    let full = function["name"].as_str()?;
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
    let given = function["params"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parameters: Vec<(String, String)> = given
        .iter()
        .map(|given| {
            let part = |key: &str| given[key].as_str().unwrap_or_default();
            let name = part("name").trim_start_matches("mut ").trim_start_matches('_');
            (name.to_string(), part("type"))
        })
        .filter(|(_, kind)| !kind.contains("NativeCallContext"))
        .map(|(name, kind)| (name, plain(kind)))
        .collect();
    let known = function["numParams"].as_u64().unwrap_or(0) == 0 || !parameters.is_empty();
    let gives = plain(function["returnType"].as_str().unwrap_or("()"));
    known.then(|| Entry {
        namespace: namespace.to_string(),
        name: name.to_string(),
        sort,
        parameters,
        gives: Some(gives).filter(|gives| gives != NOTHING),
        comment: comment_of(function),
    })
}

fn comment_of(function: &Value) -> String {
    let lines = function["docComments"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines: Vec<&str> = lines.collect();
    bare(&lines)
}

/// A doc comment without its marks.
pub fn bare<T: AsRef<str>>(comments: &[T]) -> String {
    let lines = comments.iter().flat_map(|text| text.as_ref().lines()).map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("///").or(line.strip_prefix("//!")).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).trim_end().to_string()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

const NOTHING: &str = "nothing";

/// Rust's names for what scripts handle, in their authors' words.
const WORDS: [(&str, &[&str]); 28] = [
    ("integer", &["i64", "INT", "int"]),
    ("float", &["f64", "FLOAT"]),
    ("number", &["number"]),
    ("bool", &["bool"]),
    ("string", &["str", "String", "ImmutableString", "string"]),
    ("char", &["char"]),
    ("array", &["Array", "array"]),
    ("map", &["Map", "map"]),
    ("any", &["Dynamic", "?", ""]),
    ("function", &["FnPtr", "Fn"]),
    (NOTHING, &["()"]),
    ("range", &["range", "range=", "Range<i64>", "RangeInclusive<i64>", "ExclusiveRange"]),
    ("range", &["InclusiveRange"]),
    ("iterator", &["CharsStream", "BitRange", "StepRange<i64>", "StepRange<FLOAT>"]),
    ("tensor", &["Tensor"]),
    ("gradients", &["GradientsHandle"]),
    ("network", &["Net", "Network"]),
    ("parameter", &["Parameter"]),
    ("front_end", &["FrontEnd"]),
    ("dataset", &["DatasetHandle", "Dataset"]),
    ("batch", &["Batch"]),
    ("batches", &["BatchList"]),
    ("augmentation", &["Step", "Augmentation"]),
    ("model", &["Spec", "Model"]),
    ("optimizer", &["OptimizerHandle"]),
    ("result", &["Trained"]),
    ("context", &["Context"]),
    ("error", &["Error"]),
];

/// A type of Rust's in a user's words: `Raw<Tensor>` is a tensor.
pub fn plain(kind: &str) -> String {
    let kind = kind.trim().trim_start_matches('&').trim_start_matches("mut ").trim();
    for wrapped in ["Raw<", "Result<", "RhaiResultOf<", "core::result::Result<"] {
        if let Some(inner) = kind.strip_prefix(wrapped).and_then(|rest| rest.strip_suffix('>')) {
            return plain(first_of(inner));
        }
    }
    // `stillroom::tensor::Tensor`, `std::ops::Range<i64>`.
    let head = kind.split('<').next().unwrap_or(kind);
    let start = head.rfind("::").map_or(0, |at| at + 2);
    let own = kind.get(start..).unwrap_or(kind);
    let known = WORDS.iter().find(|(_, names)| names.contains(&own));
    known.map_or(own, |(word, _)| word).to_string()
}

/// The first of several types between angle brackets.
fn first_of(inner: &str) -> &str {
    let mut depth = 0usize;
    for (at, letter) in inner.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return &inner[..at],
            _ => {}
        }
    }
    inner
}

/// Whether a type is one that recipes know.
pub fn is_known(kind: &str) -> bool {
    WORDS.iter().any(|(word, _)| *word == kind)
}
