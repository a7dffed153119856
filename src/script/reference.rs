//! The reference: one page a noun, from the doc comments of the bindings.

use super::Catalogue;
use rhai::Engine;
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
    let mut pages = BTreeMap::new();
    collect(&Catalogue::of(engine), &mut pages);
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

fn collect(catalogue: &Catalogue, pages: &mut BTreeMap<String, Page>) {
    for function in catalogue.forms() {
        let name = function.name.as_str();
        if function.doc.is_empty() || name.starts_with("set$") || name == "to_string" {
            continue;
        }
        let (page, about) = match &function.namespace {
            Some(namespace) => (format!("{namespace}::"), ""),
            None => {
                let first = function.first();
                let first = if OF_TENSORS.contains(&name) { "Tensor" } else { first };
                let found = PAGES.iter().find(|(of, ..)| *of == first).or(PAGES.last());
                found.map_or((String::new(), ""), |(_, page, about)| (page.to_string(), *about))
            }
        };
        let form = function.written();
        let entry = pages.entry(page).or_default();
        if entry.about.is_empty() {
            entry.about = about;
        }
        let words = function.words().count();
        let key = (format!("{} {form}", name.trim_start_matches("get$")), words);
        entry.functions.insert(key, (form, function.doc.clone()));
    }
}
