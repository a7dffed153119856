//! What is told of the word under the pointer.

use super::about;
use super::context::options_at;
use super::document::Document;
use super::kinds::{self, receiver};
use super::world::World;
use crate::script::catalogue::Form;
use crate::script::names::{Binding, Names, Role, Use};
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use std::rc::Rc;

pub(super) fn hover(world: &World, document: &Rc<Document>, offset: usize) -> Option<Hover> {
    let names = document.names();
    if names.in_comment(offset) {
        return None;
    }
    let (text, span) = match names.at(offset) {
        Some(word) => (of_word(world, document, &names, word)?, (word.span.start, word.span.end)),
        None => of_string(world, document, &names, offset)?,
    };
    let value = MarkupContent { kind: MarkupKind::Markdown, value: text };
    let range = document.range(span.0, span.1);
    Some(Hover { contents: HoverContents::Markup(value), range: Some(range) })
}

/// The path of an import.
fn of_string(
    world: &World,
    document: &Rc<Document>,
    names: &Names,
    offset: usize,
) -> Option<(String, (usize, usize))> {
    let (start, end) = names.text_at(offset)?;
    let before = names.text().get(..start)?.trim_end();
    let path =
        before.ends_with("import").then(|| names.text().get(start + 1..end - 1)).flatten()?;
    let target = world.imported(document, path)?;
    Some((about::module(path, target.text()), (start, end)))
}

fn of_word(world: &World, document: &Rc<Document>, names: &Names, word: &Use) -> Option<String> {
    let name = names.text().get(word.span.start..word.span.end)?;
    let call = names.calls().iter().find(|call| call.span == word.span);
    let count = call.map(|call| call.count());
    match &word.role {
        Role::Symbol(index) => {
            let symbol = names.symbol(*index)?;
            Some(match symbol.binding {
                Binding::Function => about::function(symbol),
                Binding::Import => {
                    let mut text = about::variable(world, names, symbol);
                    let path = symbol.path.as_deref().unwrap_or_default();
                    if let Some(target) = world.imported(document, path) {
                        text = about::module(path, target.text());
                    }
                    text
                }
                _ => about::variable(world, names, symbol),
            })
        }
        Role::Member { namespace, import: None, .. } => {
            about::native(&world.catalogue.named(&format!("{namespace}::{name}")), count)
        }
        Role::Member { import: Some(_), .. } => {
            let target = world.target(document, word.span.start)?;
            let theirs = target.document.names();
            let symbol = theirs.symbol(target.index)?;
            Some(match symbol.binding {
                // A hook is one in its own recipe alone.
                Binding::Function => about::bare_function(symbol),
                _ => about::variable(world, &theirs, symbol),
            })
        }
        Role::Namespace => of_namespace(world, name),
        Role::Called | Role::Pointed => {
            let own = names.functions().find(|(_, own)| own.name == name);
            let native = about::native(&world.catalogue.named(name), count);
            own.map(|(_, own)| about::function(own)).or(native)
        }
        Role::Method => of_method(world, names, word, name, count),
        Role::Property => of_property(world, names, word, name),
        Role::Key(map) => {
            let (function, keys) = options_at(world, names, *map)?;
            let key = keys.into_iter().find(|key| key.name == name)?;
            Some(about::option(&function, &key))
        }
        Role::Undefined => None,
    }
}

/// A namespace of ours: what is in it.
fn of_namespace(world: &World, name: &str) -> Option<String> {
    let own = |form: &&Form| form.namespace.as_deref() == Some(name) && form.is_written();
    let mut all: Vec<&str> =
        world.catalogue.forms().iter().filter(own).map(|form| form.name.as_str()).collect();
    all.retain(|name| !name.contains('$'));
    all.dedup();
    (!all.is_empty()).then(|| format!("namespace `{name}`: {}", all.join(", ")))
}

fn of_method(
    world: &World,
    names: &Names,
    word: &Use,
    name: &str,
    count: Option<usize>,
) -> Option<String> {
    let forms = world.catalogue.named(name);
    let kind = owner(world, names, word);
    let own: Vec<&Form> =
        forms.iter().copied().filter(|form| receiver(form) == kind.as_deref()).collect();
    let forms = if own.is_empty() { forms } else { own };
    about::native(&forms, count.map(|count| count + 1))
}

fn of_property(world: &World, names: &Names, word: &Use, name: &str) -> Option<String> {
    let all = world.catalogue.forms().iter().filter(|form| form.property() == Some(name));
    let forms: Vec<&Form> = all.filter(|form| !form.doc.is_empty()).collect();
    let kind = owner(world, names, word);
    let own: Vec<&Form> =
        forms.iter().copied().filter(|form| receiver(form) == kind.as_deref()).collect();
    match (kind, own.is_empty()) {
        // A key of a map could be anything, unless the map is handed to a function as its options.
        (Some(kind), true) if kind == "map" => of_option(world, names, word, name),
        (Some(kind), true) if kind == kinds::READING => None,
        // What is no context has no property of one.
        (None, true) => {
            let is_no_context = |form: &&Form| receiver(form) != Some("Context");
            about::native(&forms.into_iter().filter(is_no_context).collect::<Vec<_>>(), None)
        }
        (_, true) => about::native(&forms, None),
        (_, false) => about::native(&own, None),
    }
}

/// `options.epochs`, where the map is written out and handed on.
fn of_option(world: &World, names: &Names, word: &Use, name: &str) -> Option<String> {
    let variable = names.symbol_at(point_before(names, word)?)?;
    let map = names.literals().iter().position(|map| map.variable == Some(variable))?;
    let (function, keys) = options_at(world, names, map)?;
    let key = keys.into_iter().find(|key| key.name == name)?;
    Some(about::option(&function, &key))
}

/// The byte of the point before a word.
fn point_before(names: &Names, word: &Use) -> Option<usize> {
    let before = names.text().get(..word.span.start)?.trim_end();
    Some(before.strip_suffix("?.").or(before.strip_suffix('.'))?.len())
}

/// The kind of what stands before the point.
fn owner(world: &World, names: &Names, word: &Use) -> Option<String> {
    kinds::before_point(world, names, point_before(names, word)?)
}
