//! What kind of value stands somewhere, as far as names and initial values tell it; and what can be done with it.

use super::world::World;
use crate::script::Hook;
use crate::script::catalogue::{Form, Parameter, kind_word};
use crate::script::names::{Binding, Call, Names, Symbol};
use crate::train::StageKind;

/// Types of numbers that recipes have no use for: Rhai has a form of each function for all of them.
const UNUSED: [&str; 15] = [
    "i8",
    "i16",
    "i32",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "f32",
    "Blob",
    "Range<i64>",
    "RangeInclusive<i64>",
    "char",
    "CharsStream",
];

/// The kind of an element of `ctx.metrics`: a map, whose keys are known.
pub(super) const READING: &str = "reading";
/// The kind of a clip that a function looks at: a map as well.
pub(super) const CLIP: &str = "clip";

/// Kinds of parameters of hooks, by name, which say what a value is where nothing else does.
const BY_NAME: [(&str, &str); 10] = [
    ("clip", CLIP),
    ("ctx", "Context"),
    ("batch", "Batch"),
    ("student", "Tensor"),
    ("teacher", "Tensor"),
    ("target", "Tensor"),
    ("logits", "Tensor"),
    ("loss", "Tensor"),
    ("net", "Network"),
    ("optimizer", "Optimizer"),
];

/// Whether a form is one that a recipe would call.
pub(super) fn is_useful(form: &Form) -> bool {
    let unused = |one: &Parameter| {
        let kind = one.kind.trim_start_matches('&').trim_start_matches("mut ");
        UNUSED.contains(&kind)
    };
    form.is_written() && !form.parameters.iter().any(unused)
}

/// The kind of a form's first parameter: what it is a method or a property of.
pub(super) fn receiver(form: &Form) -> Option<&str> {
    let first = form.parameters.iter().find(|one| one.name != "call")?;
    Some(kind_word(&first.kind))
}

/// The kind of what a form gives.
pub(super) fn given(form: &Form) -> &str {
    match (form.name.as_str(), form.returns.as_str()) {
        ("get$shape", "?") => "array",
        (_, returns) => kind_word(returns),
    }
}

/// The kind of the value that ends in front of the point at this byte; `None` where nothing tells it.
pub(super) fn before_point(world: &World, names: &Names, point: usize) -> Option<String> {
    let text = names.text().get(..point)?.trim_end();
    ending_at(world, names, text.len(), 6)
}

fn ending_at(world: &World, names: &Names, end: usize, further: usize) -> Option<String> {
    let further = further.checked_sub(1)?;
    let text = names.text().get(..end)?;
    match text.chars().next_back()? {
        ')' => {
            let call = names.calls().iter().find(|call| call.close + 1 == end)?;
            of_call(world, names, call, further)
        }
        '"' | '`' => Some("string".to_string()),
        ']' => {
            // An array that is written out; an element of one could be anything.
            let open = matching(text)?;
            let before = text.get(..open)?.trim_end();
            if before.ends_with(".metrics") {
                return Some(READING.to_string());
            }
            let literal =
                before.ends_with(['=', '(', ',', '[', '{', ':', ';']) || before.is_empty();
            literal.then(|| "array".to_string())
        }
        '}' => {
            let map = names.literals().iter().find(|map| map.close + 1 == end);
            map.map(|_| "map".to_string())
        }
        _ => {
            let word = names.at(end)?;
            let name = text.get(word.span.start..)?;
            let before = text.get(..word.span.start)?;
            if let Some(before) = before.strip_suffix('.') {
                let owner = ending_at(world, names, before.trim_end().len(), further);
                return property(world, owner.as_deref(), name);
            }
            let symbol = names.symbol(names.symbol_at(word.span.start)?)?;
            of_symbol(world, names, symbol, further)
        }
    }
}

fn of_symbol(world: &World, names: &Names, symbol: &Symbol, further: usize) -> Option<String> {
    let value =
        symbol.value.and_then(|(start, end)| names.text().get(start..end).map(|t| (start, t)));
    let found = value.and_then(|(start, text)| {
        let text = text.trim_end();
        match text.chars().next()? {
            '[' if text.ends_with(']') => Some("array".to_string()),
            '0'..='9' if text.chars().all(|c| c.is_alphanumeric() || "._".contains(c)) => {
                Some(if text.contains('.') { "float" } else { "integer" }.to_string())
            }
            _ => ending_at(world, names, start + text.len(), further),
        }
    });
    let by_name = || {
        let known = BY_NAME.iter().find(|(name, _)| *name == symbol.name);
        known.map(|(_, kind)| kind.to_string())
    };
    match symbol.binding {
        Binding::Let | Binding::Const => found,
        Binding::Parameter => of_parameter(names, symbol).or_else(by_name),
        _ => by_name(),
    }
}

/// The kind of a hook's parameter, which goes by its place: hooks are found by name, or named in an option.
fn of_parameter(names: &Names, symbol: &Symbol) -> Option<String> {
    let within = |own: &Symbol| (own.extent.0..own.extent.1).contains(&symbol.span.start);
    let own = names.functions().map(|(_, own)| own).find(|own| within(own))?;
    let place = own.parameters.iter().position(|name| *name == symbol.name)?;
    let pointer = format!("Fn(\"{}\")", own.name);
    let hook = Hook::ALL.into_iter().find(|hook| {
        let given = format!("{}: {pointer}", hook.name());
        match hook {
            Hook::Step => names.calls().iter().any(|call| {
                let inside = names.text().get(call.open..call.close);
                call.name == "each_step" && inside.is_some_and(|text| text.contains(&pointer))
            }),
            _ => {
                (hook.is_found_by_name() && hook.name() == own.name)
                    || names.text().contains(&given)
            }
        }
    })?;
    let forms = [StageKind::Distill, StageKind::Train].map(|kind| hook.parameters(kind));
    let standard = forms.iter().find(|form| form.len() == own.parameters.len())?.get(place)?;
    let known = BY_NAME.iter().find(|(name, _)| name == standard);
    known.map(|(_, kind)| kind.to_string())
}

fn of_call(world: &World, names: &Names, call: &Call, further: usize) -> Option<String> {
    let own = names.functions().any(|(_, own)| own.name == call.name);
    if own && call.namespace.is_none() && !call.method {
        return None;
    }
    let owner = call.method.then(|| {
        let point = names.text().get(..call.span.start)?.trim_end();
        let point = point.trim_end_matches(['.', '?']).len();
        ending_at(world, names, point, further)
    });
    let count = call.count() + usize::from(call.method);
    let forms = world.catalogue.named(&call.full_name());
    let forms = forms.into_iter().filter(|form| form.parameters.len() == count);
    let fits = |form: &&Form| match owner.as_ref().and_then(|owner| owner.as_deref()) {
        Some(owner) => receiver(form).is_some_and(|kind| kind == owner || kind == "value"),
        None => true,
    };
    one(forms.filter(|form| is_useful(form)).filter(fits).map(given))
}

/// The kind of a property; of an owner that is not known, where all agree.
fn property(world: &World, owner: Option<&str>, name: &str) -> Option<String> {
    let all = world.catalogue.forms().iter().filter(|form| form.property() == Some(name));
    let own = all.filter(|form| owner.is_none_or(|owner| receiver(form) == Some(owner)));
    one(own.map(given))
}

/// The kind that all agree on.
fn one<'a>(kinds: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = kinds.collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [kind] if !["value", "nothing"].contains(kind) => Some((*kind).to_string()),
        _ => None,
    }
}

/// Where the bracket that closes at the end of a text opens.
fn matching(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, letter) in text.char_indices().rev() {
        match letter {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The kind of a variable, where something tells it.
pub(super) fn of_variable(world: &World, names: &Names, symbol: &Symbol) -> Option<String> {
    of_symbol(world, names, symbol, 6)
}
