//! Everything that a recipe can call: one reading of what the engine knows, for messages, the reference and editors.

mod about;
mod entry;
mod words;

pub use entry::{Entry, Sort, entries};
pub use words::{is_known, kind_word, plain};

use rhai::Engine;
use serde_json::Value;
use words::unborrowed;

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; empty where the engine knows none.
    pub name: String,
    /// Its type, as Rhai or Rust calls it.
    pub kind: String,
}

/// One form of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The namespace, if it stands in one.
    pub namespace: Option<String>,
    /// The name; that of a property begins with `get$` or `set$`.
    pub name: String,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The type of what it gives.
    pub returns: String,
    /// The text of its doc comment.
    pub doc: String,
    /// How many parameters it has, where it does not name them either.
    pub count: usize,
}

impl Form {
    /// The name with its namespace: `optim::adam`.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The name of the property that it reads, if it reads one.
    pub fn property(&self) -> Option<&str> {
        self.name.strip_prefix("get$")
    }

    /// The parameters' names, as the documentation has them.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let named = self.parameters.iter().filter(|one| !one.name.is_empty() && one.name != "call");
        named.map(|one| one.name.trim_start_matches('_'))
    }

    /// How it is written: `optim::adam(options)`, `tensor.shape`.
    pub fn written(&self) -> String {
        let words: Vec<&str> = self.words().collect();
        match self.property() {
            Some(property) => format!("{}.{property}", words.first().unwrap_or(&"value")),
            None => format!("{}({})", self.full_name(), words.join(", ")),
        }
    }

    /// The type of its first parameter, without what Rust says of it.
    pub fn first(&self) -> &str {
        self.parameters.first().map_or("", |one| unborrowed(&one.kind))
    }

    /// Whether anybody could write its name: operators, setters and what Rhai keeps for itself are no such names.
    pub fn is_written(&self) -> bool {
        let name = self.property().unwrap_or(&self.name);
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty()
    }
}

/// Everything that an engine knows.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(Vec<Form>);

impl Catalogue {
    /// What Stillroom gives to recipes.
    pub fn of(engine: &Engine) -> Self {
        Catalogue::read(engine, false)
    }

    /// The same, and what Rhai has itself: of arrays, strings, maps, numbers.
    pub fn with_standard(engine: &Engine) -> Self {
        Catalogue::read(engine, true)
    }

    fn read(engine: &Engine, standard: bool) -> Self {
        let json = engine.gen_fn_metadata_to_json(standard).unwrap_or_default();
        let tree: Value = serde_json::from_str(&json).unwrap_or_default();
        let mut all = Vec::new();
        collect(&tree, None, &mut all);
        // Rhai's own order is that of a hash.
        all.sort_by_cached_key(|form| {
            (form.full_name(), form.parameters.len(), form.written(), form.doc.is_empty())
        });
        Catalogue(all)
    }

    /// All forms, in the order of their names.
    pub fn forms(&self) -> &[Form] {
        &self.0
    }

    /// The forms of one name: `optim::adam`, `exp`.
    pub fn named(&self, full_name: &str) -> Vec<&Form> {
        self.0.iter().filter(|form| form.full_name() == full_name).collect()
    }

    /// All namespaces.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.0.iter().filter_map(|one| one.namespace.as_deref()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn collect(tree: &Value, namespace: Option<&str>, all: &mut Vec<Form>) {
    for function in tree["functions"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let parameter = |value: &Value| Parameter {
            name: Some(text(&value["name"])).filter(|name| name != "_").unwrap_or_default(),
            kind: text(&value["type"]),
        };
        all.push(Form {
            namespace: namespace.map(str::to_string),
            name: text(&function["name"]),
            parameters: function["params"]
                .as_array()
                .into_iter()
                .flatten()
                .map(parameter)
                .collect(),
            returns: text(&function["returnType"]),
            doc: comment_of(function),
            count: function["numParams"].as_u64().unwrap_or(0) as usize,
        });
    }
    for (name, module) in tree["modules"].as_object().into_iter().flatten() {
        let inner = match namespace {
            Some(outer) => format!("{outer}::{name}"),
            None => name.clone(),
        };
        collect(module, Some(&inner), all);
    }
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
