//! Another name for a function, a variable, an import: everywhere, or not at all.

use super::about::hook_of;
use super::document::Document;
use super::kinds::is_useful;
use super::world::{Target, World};
use crate::recipe::is_test;
use crate::script::Hook;
use crate::script::names::{Binding, Names, Role, Symbol};
use lsp_types::{PrepareRenameResponse, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;
use std::rc::Rc;

/// What can be renamed at a byte.
///
/// # Errors
/// Why it cannot.
pub(super) fn prepare(
    world: &World,
    document: &Rc<Document>,
    offset: usize,
) -> Result<PrepareRenameResponse, String> {
    renamed(world, document, offset)?;
    let names = document.names();
    let word = names.at(offset).ok_or("there is no name here")?;
    let placeholder = names.text().get(word.span.start..word.span.end).unwrap_or_default();
    Ok(PrepareRenameResponse::RangeWithPlaceholder {
        range: document.span(word.span),
        placeholder: placeholder.to_string(),
    })
}

/// The edits that give the name at a byte another name.
///
/// # Errors
/// Why that would change what the recipe does.
#[allow(clippy::mutable_key_type)] // the key is as lsp-types has it, and never changed
pub(super) fn rename(
    world: &World,
    document: &Rc<Document>,
    offset: usize,
    new: &str,
) -> Result<WorkspaceEdit, String> {
    let target = renamed(world, document, offset)?;
    let names = target.document.names();
    let symbol = names.symbol(target.index).ok_or("there is no name here")?;
    if symbol.name == new {
        return Ok(WorkspaceEdit::default());
    }
    if !world.is_name(new) {
        return Err(format!("'{new}' is no name: letters, digits and _, and no word of Rhai"));
    }
    if symbol.binding == Binding::Function {
        fits_function(world, &names, new)?;
        named_by_texts(&names, &symbol.name)?;
        stays_a_test(symbol, new)?;
    }
    if symbol.binding == Binding::Import && world.catalogue.namespaces().contains(&new) {
        return Err(format!("the import would hide the host's own '{new}::'"));
    }
    let all = world.references(&target);
    for (other, span) in &all {
        let theirs = other.names();
        let own = Rc::ptr_eq(other, &target.document) && *span != symbol.span;
        if own && theirs.captures(span.start, new, target.index) {
            return Err(format!("on line {} another '{new}' would be meant", span.line));
        }
    }
    if names.stands_beside(target.index, new) {
        return Err(format!("there is a parameter '{new}' beside it"));
    }
    captured(&names, target.index, new)?;
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (other, span) in all {
        let edit = TextEdit { range: other.span(span), new_text: new.to_string() };
        changes.entry(other.uri.clone()).or_default().push(edit);
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// What would be renamed.
fn renamed(world: &World, document: &Rc<Document>, offset: usize) -> Result<Target, String> {
    let names = document.names();
    let word = names.at(offset).ok_or("there is no name here")?;
    let text = names.text().get(word.span.start..word.span.end).unwrap_or_default();
    let target = match &word.role {
        Role::Symbol(_) | Role::Member { import: Some(_), .. } | Role::Called | Role::Pointed => {
            world.target(document, offset)
        }
        Role::Key(_) => return Err(format!("'{text}' is a key of a map")),
        _ => None,
    };
    let target = target.ok_or_else(|| format!("'{text}' is not bound in this recipe"))?;
    if world.is_library(&target.document) {
        return Err(format!("'{text}' belongs to the standard library"));
    }
    let theirs = target.document.names();
    let symbol = theirs.symbol(target.index).ok_or("there is no name here")?;
    if let Some(hook) = protected(&theirs, symbol) {
        let name = hook.name();
        return Err(format!(
            "'{name}' is a hook, which stages find by this name; to call it otherwise, give it to them: \
             {name}: Fn(\"my_{name}\")"
        ));
    }
    Ok(target)
}

/// The hook that a function is: in a file that trains, or that is no module of others.
fn protected(names: &Names, symbol: &Symbol) -> Option<Hook> {
    let hook = hook_of(symbol)?;
    let with_context = symbol.parameters.first().is_some_and(|first| first == "ctx");
    (names.trains() || with_context).then_some(hook)
}

/// Tests are found by how their names begin.
fn stays_a_test(symbol: &Symbol, new: &str) -> Result<(), String> {
    let count = symbol.parameters.len();
    match is_test(&symbol.name, count) && !is_test(new, count) {
        true => Err(format!(
            "'{}' is a test: still test finds it by test_ before its name",
            symbol.name
        )),
        false => Ok(()),
    }
}

/// A text that is the function's name may call it, as `[1].map("double")` does.
fn named_by_texts(names: &Names, name: &str) -> Result<(), String> {
    let text = names.text();
    let quoted = format!("\"{name}\"");
    let mut found = text.match_indices(&quoted).filter(|(at, _)| {
        let before = text.get(..*at).unwrap_or_default().trim_end();
        // What is logged has a name of its own.
        let is_other = before.ends_with("Fn(") || before.ends_with(".log(");
        !is_other && names.text_at(at + 1).is_some()
    });
    match found.next() {
        None => Ok(()),
        Some((at, _)) => {
            let line = text.get(..at).unwrap_or_default().lines().count().max(1);
            Err(format!(
                "the text {quoted} on line {line} may call it: write Fn({quoted}) there, and rename it then"
            ))
        }
    }
}

/// A function's new name must be nobody else's.
fn fits_function(world: &World, names: &Names, new: &str) -> Result<(), String> {
    if names.functions().any(|(_, other)| other.name == new) {
        return Err(format!("there is a function '{new}' already"));
    }
    if Hook::ALL.iter().any(|hook| hook.is_found_by_name() && hook.name() == new) {
        return Err(format!("'{new}' is the name of a hook: stages would call this function"));
    }
    let global = |form: &&crate::script::catalogue::Form| {
        form.namespace.is_none() && form.name == new && is_useful(form)
    };
    if world.catalogue.forms().iter().any(|form| global(&form)) {
        return Err(format!("the function would stand before the built-in '{new}'"));
    }
    Ok(())
}

/// Names that are written `new` already and would mean the renamed one.
fn captured(names: &Names, index: usize, new: &str) -> Result<(), String> {
    let function = |index: usize| {
        names.symbol(index).is_some_and(|symbol| symbol.binding == Binding::Function)
    };
    for one in names.uses() {
        if names.text().get(one.span.start..one.span.end) != Some(new) {
            continue;
        }
        let other = match one.role {
            Role::Symbol(other) => function(other) == function(index),
            Role::Undefined => true,
            Role::Namespace => {
                names.symbol(index).is_some_and(|own| own.binding == Binding::Import)
            }
            Role::Called => function(index),
            _ => false,
        };
        let bound = names.symbols().iter().any(|symbol| symbol.span == one.span);
        if other && !bound && names.visible(one.span.start).contains(&index) {
            return Err(format!("'{new}' on line {} would mean this one", one.span.line));
        }
    }
    Ok(())
}
