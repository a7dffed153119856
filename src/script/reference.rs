//! The reference: one page a noun, from the doc comments of the bindings, and one a module of the standard
//! library, from its own comments.

use super::catalogue::{Entry, Sort, entries};
use super::stdlib::{MODULES, Offered};
use rhai::Engine;
use std::collections::BTreeMap;

/// What stands before every example of a stage, ```` ```rhai,stage ````; where the example has no stage of its
/// own, [`STAGES`] follow it.
pub const STAGE_PRELUDE: &str = r#"let data = dataset::esc50("still:example", #{ per_class: 1 });
let model = model::cnn(#{ classes: data.classes, channels: [4] });
let common = #{
    data: data,
    features: audio::fbank(#{ mels: 16, hop_ms: 50, frames: 40 }),
    batch: 8,
    epochs: 2,
};
"#;

/// The stages of an example that has only hooks.
pub const STAGES: &str = r#"let teacher = train(model, common + #{ name: "teacher" });
let student = distill(teacher, model, common + #{ name: "student" });
"#;

/// Functions without a namespace, by the type that they are about: the page's name.
const PAGES: [(&str, &str); 11] = [
    ("tensor", "tensors"),
    ("gradients", "tensors"),
    ("network", "networks"),
    ("load_report", "networks"),
    ("dataset", "data"),
    ("batch", "data"),
    ("batches", "data"),
    ("optimizer", "optimizers"),
    ("context", "context"),
    ("result", "results"),
    ("", "functions"),
];

/// Stages, which are about what they are given first only by chance.
const STAGES_THEMSELVES: [&str; 4] = ["train", "distill", "each_step", "report"];

/// What each page is about.
const ABOUT: [(&str, &str); 17] = [
    ("tensors", TENSORS),
    (
        "networks",
        "A network is anything with parameters and a `forward`: `nn::` makes them, a recipe can define its own, and \
        stages give trained ones. A variable that holds one is a handle: `copy()` makes another one.",
    ),
    (
        "data",
        "A data set is clips with labels, split into those that train and those that test; `dataset::` reads them. \
        Stages go through its batches by themselves; a recipe can do so too.",
    ),
    (
        "optimizers",
        "An optimiser turns gradients into better weights; `optim::` makes them. Stages call theirs; steps of a \
        recipe's own call them as below.",
    ),
    ("context", CONTEXT),
    ("results", RESULTS),
    (
        "functions",
        "Functions without a namespace: stages, assertions, and what belongs to no noun.",
    ),
    (
        "tensor::",
        "`tensor::` makes tensors: of constants, ranges, random numbers, and from files. `tensor([1, 2])` makes one of \
        numbers. What can be done with them is under [Tensors](tensors.md).",
    ),
    (
        "nn::",
        "`nn::` makes networks: layers under PyTorch's names, containers, and networks of a recipe's own. What every \
        network can do is under [Networks](networks.md).",
    ),
    (
        "model::",
        "`model::` names whole models by their options. A stage builds one for the shape of its features, with weights \
        drawn from its seed.",
    ),
    (
        "kd::",
        "`kd::` has the losses of knowledge distillation: what a student is told by a teacher's logits.",
    ),
    (
        "metrics::",
        "`metrics::` measures what a network says of clips, as scikit-learn does; definitions, ties and missing classes \
        are under [Metrics](../guide/metrics.md).",
    ),
    (
        "optim::",
        "`optim::` makes optimisers, for a stage's option `optimizer` or for steps of a recipe's own; see \
        [Optimisers](optimizers.md).",
    ),
    (
        "schedule::",
        "`schedule::` has functions of a position, such as `ctx.step` or `ctx.progress`, to a number: for learning \
        rates, λ and τ.",
    ),
    ("dataset::", "`dataset::` reads data sets; what they have is under [Data](data.md)."),
    (
        "audio::",
        "`audio::` describes the front end: how a clip becomes the features that a model hears.",
    ),
    (
        "augment::",
        "`augment::` has steps that change clips while they train, in the order in which the option `augment` lists \
        them. A teacher and its student are given the very same changed clips.",
    ),
];

const TENSORS: &str = "A tensor is an array of numbers with a shape: floats (f32), integers (i64) or bools. \
    `tensor::` makes them. All functions here can be called as methods: `exp(t)` or `t.exp()`. A tensor is never \
    changed; every operation gives another one.\n\nOperators broadcast as PyTorch's do, and a number may stand on \
    either side.";

const CONTEXT: &str = "`ctx` is what every hook is given: where the stage stands, and a place to log numbers.\n\n\
    A hook is a function of the recipe that a stage calls. In the examples `teacher` and `student` are two stages \
    as under [Results](results.md), and the functions are their hooks.";

const RESULTS: &str = "A result is what a stage gives: a trained network, and how well it did. Stages can be given \
    the results of others.";

/// A page: its functions, by their forms.
type Page = BTreeMap<(Sort, String, usize, String), Entry>;

/// All pages: file names and Markdown.
pub fn pages(engine: &Engine) -> Vec<(String, String)> {
    let mut pages: BTreeMap<String, Page> = BTreeMap::new();
    for entry in entries(engine, false).into_iter().filter(|entry| !entry.comment.is_empty()) {
        let order = if entry.sort == Sort::Operator || entry.sort == Sort::Index {
            entry.sort
        } else {
            Sort::Function
        };
        let key = (order, entry.name.clone(), entry.parameters.len(), entry.form());
        pages.entry(page_of(&entry)).or_default().insert(key, entry);
    }
    let nouns = pages
        .iter()
        .map(|(name, page)| (format!("{}.md", name.trim_end_matches("::")), written(name, page)));
    let modules = MODULES.iter().map(|module| {
        let file = format!("{}.md", module.name.replace('/', "_"));
        (file, module_page(module.name, &module.about(), &module.offers(engine)))
    });
    nouns.chain(modules).collect()
}

fn page_of(entry: &Entry) -> String {
    if !entry.namespace.is_empty() {
        return format!("{}::", entry.namespace);
    }
    // `stack([a, b])`, `max(0, t)`: what gives a tensor is about tensors, whatever stands first.
    let tensors = entry.sort == Sort::Operator
        || entry.gives.as_deref() == Some("tensor")
            && entry.parameters.iter().all(|(name, _)| name != "function");
    let stage = STAGES_THEMSELVES.contains(&entry.name.as_str());
    let of = if stage { "" } else { entry.of() };
    let found = PAGES.iter().find(|(kind, _)| *kind == of && !of.is_empty());
    let found = found.map(|(_, page)| *page);
    found.unwrap_or(if tensors { "tensors" } else { "functions" }).to_string()
}

fn written(name: &str, page: &Page) -> String {
    let title = match name.strip_suffix("::") {
        Some(_) => format!("`{name}`"),
        None => name[..1].to_uppercase() + &name[1..],
    };
    let mut text = format!("# {title}\n");
    if let Some((_, about)) = ABOUT.iter().find(|(known, _)| *known == name) {
        text.push_str(&format!("\n{about}\n"));
    }
    if page.values().any(|entry| entry.comment.contains("```rhai,stage")) {
        text.push_str(&format!(
            "\nThe examples of stages begin with\n\n```rhai\n{STAGE_PRELUDE}```\n"
        ));
        if name == "context" {
            text.push_str(&format!(
                "\nand where they have no stage of their own, go on with\n\n```rhai\n{STAGES}```\n"
            ));
        }
    }
    for entry in page.values() {
        text.push_str(&format!("\n## `{}`\n\n{}\n", entry.form(), entry.comment));
    }
    text
}

fn module_page(name: &str, about: &str, functions: &[Offered]) -> String {
    let own = name.rsplit('/').next().unwrap_or(name);
    let mut text = format!("# `{name}`\n\n{about}\n\n```rhai\nimport \"{name}\" as {own};\n```\n");
    for function in functions {
        text.push_str(&format!("\n## `{own}::{}`\n\n{}\n", function.form(), function.comment));
    }
    text.push_str(&format!("\n`still stdlib {name}` shows its text.\n"));
    text
}
