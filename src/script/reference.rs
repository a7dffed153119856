//! The reference: one page a noun, from the doc comments of the bindings.

use rhai::Engine;
use serde_json::Value;
use std::collections::BTreeMap;

/// Functions without a namespace, by the type that they are about: the page's name, its title, and what it
/// is about.
const PAGES: [(&str, &str, &str); 11] = [
    ("Tensor", "tensors", TENSORS),
    ("Network", "networks", ""),
    ("Gradients", "tensors", ""),
    ("Net", "networks", "What every network can do; `nn::` makes them."),
    ("Handle", "data", "Data sets and their batches."),
    ("Batch", "data", ""),
    ("BatchList", "data", ""),
    ("OptimizerHandle", "optimizers", "What optimisers do; `optim::` makes them."),
    ("Context", "context", "`ctx`, which every hook is given."),
    ("Trained", "results", "What a stage gives."),
    (
        "",
        "functions",
        "Functions without a namespace: stages, assertions, and what belongs to no noun.",
    ),
];

const TENSORS: &str = "What can be done with tensors; `tensor::` makes them. All are functions that can be \
    called as methods: `exp(t)` or `t.exp()`. Operators: `+ - * / % **`, `@` for products of matrices, `== != < <= \
    > >=`, `! & |` on bools; a number may stand on either side. Places: `t[0]`, `t[-1]`, `t[1..3]`, `t[[0, 2]]`, \
    `t[indices]`, `t[mask]`.";

/// Functions of tensors whose first parameter is something else: an array of them, a number, a text.
const OF_TENSORS: [&str; 8] =
    ["cat", "stack", "einsum", "maximum", "minimum", "max", "min", "tensor"];

/// A page: its functions, by their forms.
#[derive(Default)]
struct Page {
    about: &'static str,
    functions: BTreeMap<(String, usize), (String, String)>,
}

/// The pages of everything that `engine` knows and that has a doc comment: file names and Markdown.
pub fn pages(engine: &Engine) -> Vec<(String, String)> {
    let json = engine.gen_fn_metadata_to_json(false).unwrap_or_default();
    let tree: Value = serde_json::from_str(&json).unwrap_or_default();
    let mut pages = BTreeMap::new();
    collect(&tree, None, &mut pages);
    let written = |(name, page): (String, Page)| {
        let title = match name.strip_suffix("::") {
            Some(_) => format!("`{name}`"),
            None => name[..1].to_uppercase() + &name[1..],
        };
        let mut text = format!("# {title}\n");
        if !page.about.is_empty() {
            text.push_str(&format!("\n{}\n", page.about));
        }
        for (form, comment) in page.functions.into_values() {
            text.push_str(&format!("\n## `{form}`\n\n{}\n", comment.trim_end()));
        }
        (format!("{}.md", name.replace("::", "")), text)
    };
    pages.into_iter().map(written).collect()
}

fn collect(tree: &Value, namespace: Option<&str>, pages: &mut BTreeMap<String, Page>) {
    for function in tree["functions"].as_array().into_iter().flatten() {
        let comment = comment_of(function);
        let name = function["name"].as_str().unwrap_or_default();
        if comment.is_empty() || name.starts_with("set$") || name == "to_string" {
            continue;
        }
        let params = function["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        let words: Vec<&str> = params
            .iter()
            .filter_map(|param| param["name"].as_str())
            .filter(|word| *word != "call")
            .map(|word| word.trim_start_matches('_'))
            .collect();
        let first = params.first().and_then(|param| param["type"].as_str()).unwrap_or("");
        let first = first.trim_start_matches("&mut ").trim();
        let (page, about) = match namespace {
            Some(namespace) => (format!("{namespace}::"), ""),
            None => {
                let first = if OF_TENSORS.contains(&name) { "Tensor" } else { first };
                let found = PAGES.iter().find(|(of, ..)| *of == first).or(PAGES.last());
                found.map_or((String::new(), ""), |(_, page, about)| (page.to_string(), *about))
            }
        };
        let scope = namespace.map(|namespace| format!("{namespace}::")).unwrap_or_default();
        let form = match name.strip_prefix("get$") {
            Some(property) => format!("{}.{property}", words.first().unwrap_or(&"value")),
            None => format!("{scope}{name}({})", words.join(", ")),
        };
        let entry = pages.entry(page).or_default();
        if entry.about.is_empty() {
            entry.about = about;
        }
        let key = (format!("{} {form}", name.trim_start_matches("get$")), words.len());
        entry.functions.insert(key, (form, comment));
    }
    for (name, module) in tree["modules"].as_object().into_iter().flatten() {
        collect(module, Some(name), pages);
    }
}

fn comment_of(function: &Value) -> String {
    let lines = function["docComments"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines = lines.flat_map(str::lines).map(|line| {
        let line = line.trim_start().trim_start_matches("///");
        line.strip_prefix(' ').unwrap_or(line).to_string()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}
