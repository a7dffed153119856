//! Everything that a recipe can call: one reading of what the engine knows, for messages, the reference and editors.

use rhai::Engine;
use serde_json::Value;

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
        self.parameters.first().map_or("", |one| bare(&one.kind))
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

    /// What the doc comments of a function say of one of its options; where they send the reader to another
    /// function, what that one says.
    pub fn about_option(&self, function: &str, key: &str) -> Option<String> {
        self.about(function, key, 3)
    }

    fn about(&self, function: &str, key: &str, further: usize) -> Option<String> {
        let forms = self.named(function);
        if let Some(found) = forms.iter().find_map(|form| clause(&form.doc, key)) {
            return Some(found);
        }
        let sent = forms.iter().flat_map(|form| quoted(&form.doc)).find_map(|name| {
            let name = name.split('(').next().unwrap_or(name);
            let other = name != function && further > 0;
            other.then(|| self.about(name, key, further - 1)).flatten()
        });
        // A layer and the operation on tensors have the same options.
        let bare = function.rsplit("::").next().filter(|bare| *bare != function && further > 0);
        sent.or_else(|| self.about(bare?, key, further - 1))
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
            doc: doc_of(function),
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

fn doc_of(function: &Value) -> String {
    let lines = function["docComments"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines = lines.flat_map(str::lines).map(|line| {
        let line = line.trim_start().trim_start_matches("///");
        line.strip_prefix(' ').unwrap_or(line).to_string()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// A type without what Rust says of how it is handed over.
fn bare(kind: &str) -> &str {
    kind.trim_start_matches('&').trim_start_matches("mut ").trim()
}

/// What stands between back-ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a text says of `key`: what stands in the parentheses behind it, or up to the next comma.
fn clause(text: &str, key: &str) -> Option<String> {
    let text = text.split("```").next().unwrap_or_default();
    let named = format!("`{key}`");
    // Where options are listed it is told; elsewhere it may be mentioned only.
    let listed = text.get(text.find("ption")?..)?;
    listed.match_indices(&named).find_map(|(at, _)| said(listed.get(at + named.len()..)?))
}

/// What is said up to the next comma; nothing where another name follows at once.
fn said(rest: &str) -> Option<String> {
    let aside = rest.strip_prefix(',').filter(|rest| rest.trim_start().starts_with("where "));
    let rest = aside.unwrap_or(rest);
    let mut depth = 0usize;
    let mut length = rest.len();
    for (at, letter) in rest.char_indices() {
        let next = rest.get(at + letter.len_utf8()..).and_then(|rest| rest.chars().next());
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => length = at,
            '.' if depth == 0 && next.is_none_or(char::is_whitespace) => length = at,
            _ => continue,
        }
        if length == at {
            break;
        }
    }
    let said = rest.get(..length)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said.trim_start_matches([':', ' ']).trim().to_string();
    let inner = said.strip_prefix('(').and_then(|said| said.strip_suffix(')'));
    let told = inner.map_or(said.clone(), str::to_string);
    (!told.is_empty()).then_some(told)
}

/// A type in the words of our messages: `Network` for `Raw<Net>`, `integer` for `i64`.
pub fn kind_word(kind: &str) -> &str {
    let kind = bare(kind);
    let inner = ["Raw<", "Result<", "core::result::Result<"].iter().find_map(|outer| {
        let inner = kind.strip_prefix(outer)?;
        let end = inner.rfind('>').unwrap_or(inner.len());
        let inner = inner.get(..end)?;
        Some(inner.split([',']).next().unwrap_or(inner).trim())
    });
    let name = inner.unwrap_or(kind);
    match name.rsplit("::").next().unwrap_or(name) {
        "Net" => "Network",
        "Handle" => "Dataset",
        "GradientsHandle" => "Gradients",
        "OptimizerHandle" => "Optimizer",
        "Spec" => "Model",
        "Step" => "Augmentation",
        "BatchList" => "Batches",
        "i64" | "INT" => "integer",
        "f64" | "FLOAT" => "float",
        "str" | "String" | "ImmutableString" | "string" => "string",
        "Map" => "map",
        "Array" => "array",
        "FnPtr" | "Fn" => "function",
        "Range<i64>" | "RangeInclusive<i64>" => "range",
        "" | "()" => "nothing",
        "Dynamic" | "?" | "_" => "value",
        other => other,
    }
}
