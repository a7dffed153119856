//! What could be written here.

use super::about;
use super::context::options_at;
use super::document::Document;
use super::items::{Items, hooks, keyword_items};
use super::kinds::{self, is_useful, receiver};
use super::world::World;
use crate::script::catalogue::Form;
use crate::script::names::{Binding, Literal, Names, Role, Symbol};
use crate::script::{CLIP_KEYS, readings, stdlib};
use lsp_types::{CompletionItem, CompletionItemKind};
use std::rc::Rc;

/// What stands in front of the word that is being written.
struct Cursor<'a> {
    names: &'a Names,
    /// The byte where the word begins.
    start: usize,
    /// The text before it, without spaces at its end.
    before: &'a str,
    /// The text after what is written of the word.
    after: &'a str,
}

pub(super) fn complete(
    world: &World,
    document: &Rc<Document>,
    offset: usize,
    snippets: bool,
) -> Vec<CompletionItem> {
    let names = document.names();
    if names.in_comment(offset) {
        return Vec::new();
    }
    if let Some((open, _)) = names.text_at(offset) {
        return in_string(world, document, &names, [open, offset]);
    }
    let text = names.text();
    let written = text.get(..offset).unwrap_or_default();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let start = written.trim_end_matches(word).len();
    let before = written.get(..start).unwrap_or_default().trim_end();
    let after = text.get(offset..).unwrap_or_default();
    let cursor = Cursor { names: &names, start, before, after };
    let called = after.trim_start_matches(word).starts_with('(');
    let mut items = Items::new(snippets, called);
    if written.get(start..).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        return Vec::new();
    }
    if let Some(head) = before.strip_suffix("::") {
        members(world, document, head, &mut items);
    } else if before.ends_with('.') && !before.ends_with("..") {
        methods(world, &cursor, &mut items);
    } else if !names_something(before)
        && !names_parameters(before)
        && !keys(world, &cursor, &mut items)
    {
        everything(world, &cursor, &mut items);
    }
    items.finish()
}

/// Whether the word is a name that is being given, which nothing can be proposed for.
fn names_something(before: &str) -> bool {
    let last = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
    matches!(last, Some("let" | "const" | "as" | "for"))
}

/// Whether the word is a parameter of a function that is being written.
fn names_parameters(before: &str) -> bool {
    let Some((head, inside)) = before.rsplit_once('(') else { return false };
    let row = head.rsplit('\n').next().unwrap_or_default().trim_start();
    let row = row.strip_prefix("private ").unwrap_or(row);
    row.starts_with("fn ") && !row.contains(['{', '(']) && !inside.contains([')', '{'])
}

/// Paths of imports, names of functions in `Fn("…")`, values of options that are words.
fn in_string(
    world: &World,
    document: &Rc<Document>,
    names: &Names,
    [open, offset]: [usize; 2],
) -> Vec<CompletionItem> {
    let before = names.text().get(..open).unwrap_or_default().trim_end();
    let mut items = Items::new(false, true);
    if before.ends_with("import") {
        for module in stdlib::MODULES {
            items.add(module.name, CompletionItemKind::MODULE, module.summary(), None, 1);
        }
        for path in world.beside(document) {
            items.add(&path, CompletionItemKind::FILE, "a file of this recipe's folder", None, 0);
        }
        // A path has signs that end a word.
        let written = names.text_at(offset).map_or(offset, |(_, end)| end.max(offset));
        let quoted = names.text().get(open + 1..written).unwrap_or_default().ends_with('"');
        items.instead_of(document.range(open + 1, written - usize::from(quoted)));
    } else if before.ends_with("Fn(") {
        for (_, function) in names.functions() {
            let form = format!("({})", function.parameters.join(", "));
            let doc = about::function(function);
            items.add(&function.name, CompletionItemKind::FUNCTION, &form, Some(doc), 0);
        }
    } else if let Some((function, key)) = option_before(world, names, open, before) {
        for word in world.catalogue.words_of_option(&function, key) {
            items.add(&word, CompletionItemKind::ENUM_MEMBER, key, None, 0);
        }
    }
    items.finish()
}

/// The option whose value begins here, and the function that it is of.
fn option_before<'a>(
    world: &World,
    names: &Names,
    open: usize,
    before: &'a str,
) -> Option<(String, &'a str)> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    let key = before.strip_suffix(':')?.trim_end().rsplit(word).next()?;
    let (function, keys) = options_at(world, names, names.literal_at(open)?)?;
    keys.iter().any(|known| known.name == key).then_some((function, key))
}

/// What stands in a namespace.
fn members(world: &World, document: &Rc<Document>, head: &str, items: &mut Items) {
    let names = document.names();
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    let namespace = head.rsplit(word).next().unwrap_or_default();
    if namespace == "global" {
        for (_, symbol) in names.consts() {
            let doc = about::variable(world, &names, symbol);
            items.add(&symbol.name, CompletionItemKind::CONSTANT, "a const", Some(doc), 0);
        }
        return;
    }
    let seen = names.visible(head.len());
    let import = seen
        .iter()
        .filter_map(|index| names.symbol(*index))
        .find(|symbol| symbol.binding == Binding::Import && symbol.name == namespace);
    if let Some(path) = import.and_then(|import| import.path.as_deref()) {
        if let Some(target) = world.imported(document, path) {
            let theirs = target.names();
            let tests = |name: &str| name.starts_with("test_");
            let all = theirs.functions().map(|(_, one)| one);
            for function in all.filter(|one| !one.private && !tests(&one.name)) {
                items.function(function);
            }
        }
        return;
    }
    let own = |form: &&Form| form.namespace.as_deref() == Some(namespace) && is_useful(form);
    let forms: Vec<&Form> = world.catalogue.forms().iter().filter(own).collect();
    items.forms(&forms.into_iter().filter(|form| form.property().is_none()).collect::<Vec<_>>(), 0);
}

/// What can follow a point: of the kind of value, if anything tells it, or of all our own.
fn methods(world: &World, cursor: &Cursor, items: &mut Items) {
    let point = cursor.before.trim_end_matches(['.', '?']).len();
    let kind = kinds::before_point(world, cursor.names, point);
    let own = cursor.names.symbol_at(point);
    let parts: Vec<&str> = own.map_or_else(Vec::new, |own| parts_of(cursor.names, own));
    for key in &parts {
        items.add(key, CompletionItemKind::FIELD, "a part of this network", None, 0);
    }
    // A network's own function finds its parts there, and nothing else.
    if kind.is_none() && !parts.is_empty() {
        return;
    }
    let fits = |form: &&Form| match (&kind, receiver(form)) {
        (Some(kind), Some(own)) => own == kind,
        // Rhai's own are the lesser part of what a recipe does.
        (None, Some(own)) => {
            let stands_alone = STAGES.contains(&form.name.as_str());
            !form.doc.is_empty() && own.starts_with(char::is_uppercase) && !stands_alone
        }
        (_, None) => false,
    };
    let all = world.catalogue.forms().iter();
    let global = |form: &&Form| form.namespace.is_none() || form.property().is_some();
    let forms: Vec<&Form> =
        all.filter(|form| is_useful(form)).filter(global).filter(fits).collect();
    items.methods(&forms);
    match kind.as_deref() {
        None | Some("map") => fields(cursor, items),
        Some(kinds::READING) => {
            for key in readings() {
                items.add(key, CompletionItemKind::FIELD, "of an epoch", None, 0);
            }
        }
        Some(kinds::CLIP) => {
            for key in CLIP_KEYS {
                items.add(key, CompletionItemKind::FIELD, "of a clip", None, 0);
            }
        }
        _ => {}
    }
}

/// The keys of the map that a variable begins with, or that a stage's option of that name has: `ctx.nets.`.
fn fields(cursor: &Cursor, items: &mut Items) {
    let point = cursor.before.trim_end_matches(['.', '?']).len();
    let names = cursor.names;
    let variable = names.symbol_at(point);
    let word = names.at(point).filter(|word| word.role == Role::Property);
    let option = word.and_then(|word| names.text().get(word.span.start..word.span.end));
    let option = option.filter(|name| OF_STAGES.contains(name));
    if option == Some("taps") {
        for whose in ["student", "teacher"] {
            items.add(whose, CompletionItemKind::FIELD, "inner outputs by their names", None, 0);
        }
        return;
    }
    let own = names.literals().iter().filter(|map| {
        let under = map.under.as_ref().map(|(_, key)| key.as_str());
        variable.is_some() && map.variable == variable || option.is_some() && under == option
    });
    // Of several stages that which is given the function, where one is.
    let within = |own: &&Symbol| (own.extent.0..own.extent.1).contains(&point);
    let function = names.functions().map(|(_, own)| own).find(within);
    let pointer = function.map(|own| format!("Fn(\"{}\")", own.name));
    let is_given = |map: &&Literal| {
        let outer = map.under.as_ref().and_then(|(outer, _)| names.literals().get(*outer));
        let call = outer.and_then(|outer| names.calls().get(outer.call?));
        let text = call.and_then(|call| names.text().get(call.open..call.close));
        text.zip(pointer.as_deref()).is_some_and(|(text, pointer)| text.contains(pointer))
    };
    let own: Vec<&Literal> = own.collect();
    let given: Vec<&Literal> = own.iter().copied().filter(is_given).collect();
    let own = if given.is_empty() { own } else { given };
    for (key, _) in own.into_iter().flat_map(|map| &map.keys) {
        items.add(key, CompletionItemKind::FIELD, "a key of this map", None, 0);
    }
}

/// The parts of the network whose function a variable is the first parameter of: `nn::network(#{ fc: … }, Fn("forward"))`.
fn parts_of(names: &Names, variable: usize) -> Vec<&str> {
    let at = names.symbol(variable).map(|own| own.span.start).unwrap_or_default();
    let mut functions = names.functions().map(|(_, own)| own);
    let own = functions.find(|own| (own.extent.0..own.extent.1).contains(&at));
    let name = names.symbol(variable).map(|own| own.name.as_str());
    let Some(own) = own.filter(|own| own.parameters.first().map(String::as_str) == name) else {
        return Vec::new();
    };
    let named = format!("Fn(\"{}\")", own.name);
    let makes = |index: usize| {
        names.calls().get(index).is_some_and(|call| {
            let given = names.text().get(call.open..call.close).unwrap_or_default();
            call.full_name() == "nn::network" && given.contains(&named)
        })
    };
    let maps = names.literals().iter().filter(|map| map.call.is_some_and(makes));
    maps.flat_map(|map| &map.keys).map(|(key, _)| key.as_str()).collect()
}

/// Options of stages whose maps the context has under the same name.
const OF_STAGES: [&str; 5] = ["nets", "optimizers", "parts", "state", "taps"];

/// Functions that nobody writes behind a point.
const STAGES: [&str; 7] = ["train", "distill", "each_step", "stage", "report", "arg", "tensor"];

/// The options of the call whose map is being written; whether a key stands here at all.
fn keys(world: &World, cursor: &Cursor, items: &mut Items) -> bool {
    let names = cursor.names;
    let begins = cursor.before.ends_with("#{") || cursor.before.ends_with(',');
    let Some(index) = names.literal_at(cursor.start).filter(|_| begins) else { return false };
    let Some(map) = names.literals().get(index) else { return false };
    // Within parentheses of a value, a comma parts arguments.
    let inner = names.call_at(cursor.start).and_then(|call| names.calls().get(call));
    if inner.is_some_and(|call| call.open > map.open) || cursor.in_array(map.open) {
        return false;
    }
    let Some((function, known)) = options_at(world, names, index) else { return true };
    let word = |at: usize| at == cursor.start;
    for key in known {
        if map.keys.iter().any(|(name, span)| *name == key.name && !word(span.start)) {
            continue;
        }
        let doc = about::option(&function, &key);
        let required = key.about.starts_with("required");
        let rank = if required { 0 } else { 1 };
        let colon = cursor.after.trim_start().starts_with(':');
        let insert = if colon { key.name.to_string() } else { format!("{}: ", key.name) };
        items.key(key.name, &insert, &key.about, doc, rank);
    }
    true
}

impl Cursor<'_> {
    /// Whether an array that opens behind `from` is still open here.
    fn in_array(&self, from: usize) -> bool {
        let text = self.names.text().get(from..self.start).unwrap_or_default();
        let count = |sign| text.matches(sign).count();
        count('[') > count(']')
    }
}

fn everything(world: &World, cursor: &Cursor, items: &mut Items) {
    let names = cursor.names;
    let visible =
        if cursor.before.ends_with("fn") { Vec::new() } else { names.visible(cursor.start) };
    for symbol in visible.into_iter().filter_map(|one| names.symbol(one)) {
        match symbol.binding {
            Binding::Function => items.function(symbol),
            binding => {
                let kind = match binding {
                    Binding::Const => CompletionItemKind::CONSTANT,
                    Binding::Import => CompletionItemKind::MODULE,
                    _ => CompletionItemKind::VARIABLE,
                };
                let doc = about::variable(world, names, symbol);
                let detail = kinds::of_variable(world, names, symbol).unwrap_or_default();
                items.add(&symbol.name, kind, &detail, Some(doc), 0);
            }
        }
    }
    if names.within_function(cursor.start) {
        for (_, symbol) in names.consts() {
            let name = format!("global::{}", symbol.name);
            let doc = about::variable(world, names, symbol);
            items.add(&name, CompletionItemKind::CONSTANT, "a const", Some(doc), 1);
        }
    }
    let line = cursor.before.ends_with([';', '}', '{']) || cursor.before.is_empty();
    let comment =
        cursor.before.rsplit('\n').next().is_some_and(|row| row.trim_start().starts_with("//"));
    if names.at_top(cursor.start) && (line || comment || cursor.before.ends_with("fn")) {
        hooks(names, cursor.before.ends_with("fn"), items);
    }
    if cursor.before.ends_with("fn") {
        return;
    }
    for namespace in world.catalogue.namespaces() {
        items.add(namespace, CompletionItemKind::MODULE, "a namespace", None, 3);
    }
    let global = |form: &&Form| {
        let methods = receiver(form).is_some_and(|kind| {
            !["Tensor", "value", "float", "integer", "nothing"].contains(&kind)
        });
        let ours = !form.doc.is_empty() && !methods || STAGES.contains(&form.name.as_str());
        form.namespace.is_none() && form.property().is_none() && is_useful(form) && ours
    };
    let forms: Vec<&Form> = world.catalogue.forms().iter().filter(global).collect();
    items.forms(&forms, 2);
    keyword_items(items, names.at_top(cursor.start));
}
