//! What is said of a function, a variable, a hook, an option: in Markdown.

use super::kinds::{self, given, is_useful};
use super::world::World;
use crate::script::catalogue::{Form, kind_word};
use crate::script::names::{Binding, Names, Symbol};
use crate::script::{Hook, OptionKey, options_of};
use crate::train::StageKind;

/// A block of code.
pub(super) fn code(text: &str) -> String {
    format!("```rhai\n{text}\n```")
}

/// A form with its types: `kd::kl(student: Tensor, teacher: Tensor) -> Tensor`.
pub(super) fn signature(form: &Form) -> String {
    if let Some(property) = form.property() {
        let owner = kinds::receiver(form).unwrap_or("value");
        return format!("{owner}.{property}: {}", given(form));
    }
    let parameters = parameters(form).join(", ");
    let gives = match given(form) {
        "nothing" => String::new(),
        kind => format!(" -> {kind}"),
    };
    format!("{}({parameters}){gives}", form.full_name())
}

/// The parameters with their types.
pub(super) fn parameters(form: &Form) -> Vec<String> {
    let own = form.parameters.iter().filter(|one| one.name != "call");
    own.map(|one| {
        let name = one.name.trim_start_matches('_');
        match (name, kind_word(&one.kind)) {
            ("", kind) => kind.to_string(),
            (name, "value") => name.to_string(),
            (name, kind) => format!("{name}: {kind}"),
        }
    })
    .collect()
}

/// All forms of a function, those of `count` arguments first, and what is said of them.
pub(super) fn native(forms: &[&Form], count: Option<usize>) -> Option<String> {
    let mut forms: Vec<&Form> = forms.iter().copied().filter(|form| is_useful(form)).collect();
    let fits = |form: &&Form| count == Some(form.parameters.len());
    forms.sort_by_key(|form| (!fits(form), form.doc.is_empty()));
    let mut signatures: Vec<String> = forms.iter().map(|form| signature(form)).collect();
    signatures.dedup();
    let said: Vec<&str> = forms.iter().map(|form| form.doc.as_str()).collect();
    let first = *said.iter().find(|doc| !doc.is_empty()).unwrap_or(&"");
    // A form that says "As `f(x)`, with …" sends the reader to the one that says it all.
    let whole = said.iter().find(|doc| !doc.is_empty() && !doc.starts_with("As `"));
    let mut text = code(&signatures.iter().take(8).cloned().collect::<Vec<_>>().join("\n"));
    for doc in [Some(first), whole.copied().filter(|doc| *doc != first)].into_iter().flatten() {
        if !doc.is_empty() {
            text.push_str(&format!("\n\n{doc}"));
        }
    }
    (!signatures.is_empty()).then_some(text)
}

/// A function of the recipe, and what calls it if it is a hook.
pub(super) fn function(symbol: &Symbol) -> String {
    match hook(symbol) {
        Some(about) => format!("{}\n\n{about}", bare_function(symbol)),
        None => bare_function(symbol),
    }
}

/// A function, whoever calls it.
pub(super) fn bare_function(symbol: &Symbol) -> String {
    let private = if symbol.private { "private " } else { "" };
    let form = format!("{private}fn {}({})", symbol.name, symbol.parameters.join(", "));
    let mut text = code(&form);
    if !symbol.doc.is_empty() {
        text.push_str(&format!("\n\n{}", symbol.doc));
    }
    text
}

/// The hook that a function is by its name.
pub(super) fn hook_of(symbol: &Symbol) -> Option<Hook> {
    let own = |hook: &Hook| hook.is_found_by_name() && hook.name() == symbol.name;
    let function = symbol.binding == Binding::Function;
    Hook::ALL.into_iter().find(own).filter(|_| function && !symbol.private)
}

fn hook(symbol: &Symbol) -> Option<String> {
    hook_of(symbol).map(|hook| about_hook(hook, true))
}

/// What calls a hook, when, and with what.
pub(super) fn about_hook(hook: Hook, named: bool) -> String {
    let (when, gives) = match hook {
        Hook::Step => ("for each batch", "does one step of training, and gives the loss"),
        Hook::Augment => (
            "for each batch, after the steps of the option `augment`",
            "gives other inputs, or #{ input: …, target: … }",
        ),
        Hook::Loss => ("at every step", "gives the loss, a tensor with one element"),
        Hook::Lambda => ("at every step", "gives the weight of the label, 0 to 1"),
        Hook::Tau => ("at every step", "gives the temperature of the teacher"),
        Hook::Lr => ("at every step", "gives the learning rate"),
        Hook::OnEpoch => ("after each epoch", "gives nothing that is used"),
    };
    let forms = StageKind::ALL.into_iter().filter(|kind| hook.of_stage(*kind)).map(|kind| {
        let (stage, parameters) = (kind.operation(), hook.parameters(kind).join(", "));
        format!("`{stage}(…)` calls `{}({parameters})`", hook.name())
    });
    let forms = forms.collect::<Vec<_>>().join("; ");
    let head = if named { "**A hook**, found by its name" } else { "A hook" };
    format!("{head}: {forms}, {when}. It {gives}. Edits are in force from the next step on.")
}

/// A variable: where it is bound, and what kind of value it has.
pub(super) fn variable(world: &World, names: &Names, symbol: &Symbol) -> String {
    let line = symbol.span.line;
    let kind = kinds::of_variable(world, names, symbol);
    let typed = kind.map(|kind| format!(": {kind}")).unwrap_or_default();
    let name = &symbol.name;
    let (form, said) = match symbol.binding {
        Binding::Let => (format!("let {name}{typed}"), "a variable"),
        Binding::Const => (format!("const {name}{typed}"), "a const"),
        Binding::Parameter => (format!("{name}{typed}"), "a parameter"),
        Binding::Closure => (format!("|{name}|"), "a parameter of a closure"),
        Binding::Loop => (format!("for {name} in …"), "bound by a loop"),
        Binding::Catch => (format!("catch ({name})"), "the error that was caught"),
        Binding::Import => {
            let path = symbol.path.as_deref().unwrap_or("…");
            (format!("import \"{path}\" as {name}"), "an import")
        }
        Binding::Function => (format!("fn {name}"), "a function"),
    };
    let value = symbol.value.and_then(|(start, end)| names.text().get(start..end));
    let value = value.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
    let value = value.filter(|value| value.chars().count() <= 80 && !value.is_empty());
    let form = match value {
        Some(value) => format!("{form} = {value}"),
        None => form,
    };
    let mut text = format!("{}\n\n{said}, line {line}", code(&form));
    if names.is_top_level_name(symbol) {
        match symbol.binding {
            Binding::Let => text.push_str(
                ". Functions do not see it: pass it on, read it with `arg(…)`, or make it `const`",
            ),
            Binding::Const => {
                text.push_str(&format!(". Functions read it as `global::{name}`"));
            }
            _ => {}
        }
    }
    text
}

/// A module: its form, and the first paragraph of its `//!` text.
pub(super) fn module(path: &str, text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with("//!"));
    let said: Vec<&str> = lines.map(|line| line.trim_start_matches("//!").trim()).collect();
    format!("{}\n\n{}", code(&format!("import \"{path}\"")), said.join("\n"))
}

/// The options of a call, or of the map under a key of one.
pub(super) fn options(world: &World, function: &str) -> Option<Vec<OptionKey>> {
    options_of(&world.catalogue, function)
}

/// A key of an options map.
pub(super) fn option(function: &str, key: &OptionKey) -> String {
    let said = key.about.as_str();
    let is_value = said.starts_with(|c: char| c.is_ascii_digit() || "-\"[#".contains(c))
        || said.starts_with("true")
        || said.starts_with("false");
    let said = match said {
        "" => "an option".to_string(),
        _ if is_value => format!("by default {said}"),
        _ => said.to_string(),
    };
    format!("{}\n\noption of `{function}`: {said}", code(key.name))
}
