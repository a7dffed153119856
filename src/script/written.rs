//! Where the options of a call are written: in its parentheses, or where the map is made that it is given.

use super::names::{Binding, Names, Role, Span};
use rhai::Position;

/// Most variables and functions that are gone through to a map.
const DEEPEST: usize = 4;

/// A key of a map that is written out, or that a variable is given afterwards: `options.epochs = 3`.
struct Entry {
    name: String,
    start: usize,
    /// The bytes that its value lies between.
    value: (usize, usize),
}

/// Where the option `path` of the call at `position` is written: `lr`, `groups[1].lr`. Without a key of this name, the
/// one whose value it is. Nothing where the call is given a map that its text does not show.
pub fn option_at(text: &str, position: Position, path: &str) -> Option<Position> {
    let at = (position.line()?, position.position()?.checked_sub(1)?);
    let names = Names::of(text);
    let call = names.calls().iter().find(|call| (call.span.line, call.span.column) == at)?;
    let close = call.close.min(text.len());
    let entries = entries(&names, (call.open + 1, close), DEEPEST);
    let start =
        named(&names, &entries, path, close).or_else(|| within(&names, &entries, path, DEEPEST))?;
    let span = names.span(start, start);
    Some(Position::new(span.line.try_into().ok()?, (span.column + 1).try_into().ok()?))
}

/// The entry that a path leads to, or as far as it can be followed.
fn named(names: &Names, entries: &[Entry], path: &str, close: usize) -> Option<usize> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (key, index) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
        Some((key, index)) => (key, index.parse::<usize>().ok()),
        None => (step, None),
    };
    let own = || entries.iter().filter(|entry| entry.name == key);
    // What is set last before the call is what it is given.
    let entry = own().rfind(|entry| entry.start < close).or_else(|| own().next())?;
    let further = rest.and_then(|rest| {
        let maps = maps(names, entry.value, DEEPEST);
        let extents = match index {
            Some(index) => maps.get(index).map(std::slice::from_ref).unwrap_or_default(),
            None => &maps,
        };
        let inner: Vec<Entry> = extents.iter().flat_map(|map| keys(names, *map)).collect();
        named(names, &inner, rest, names.text().len())
    });
    further.or(Some(entry.start))
}

/// The entry of this name within the values of others, or the one whose value is this text.
fn within(names: &Names, entries: &[Entry], name: &str, depth: usize) -> Option<usize> {
    let text = format!("\"{name}\"");
    let is_value = |entry: &&Entry| {
        let value = names.text().get(entry.value.0..entry.value.1).unwrap_or_default();
        value.trim_start().starts_with(&text)
    };
    if let Some(entry) = entries.iter().find(is_value) {
        return Some(entry.start);
    }
    let depth = depth.checked_sub(1)?;
    entries.iter().find_map(|entry| {
        let maps = maps(names, entry.value, depth);
        let inner: Vec<Entry> = maps.into_iter().flat_map(|map| keys(names, map)).collect();
        let own = inner.iter().find(|entry| entry.name == name).map(|entry| entry.start);
        own.or_else(|| within(names, &inner, name, depth))
    })
}

/// What the maps have that an expression is, or is put together from.
fn entries(names: &Names, extent: (usize, usize), depth: usize) -> Vec<Entry> {
    let mut found: Vec<Entry> =
        maps(names, extent, depth).into_iter().flat_map(|map| keys(names, map)).collect();
    for index in variables(names, extent) {
        found.extend(afterwards(names, index, depth));
    }
    found.sort_by_key(|entry| entry.start);
    found
}

/// The maps that are written out in an expression, or that its variables and functions are made of.
fn maps(names: &Names, extent: (usize, usize), depth: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for (index, map) in names.literals().iter().enumerate() {
        if extent.0 <= map.open && map.open < extent.1 && is_outer(names, map.open, extent) {
            found.push(index);
        }
    }
    let Some(depth) = depth.checked_sub(1) else { return found };
    for one in names.uses() {
        let span = one.span;
        let Role::Symbol(index) = one.role else { continue };
        let inside = extent.0 <= span.start && span.end <= extent.1;
        let Some(symbol) = names.symbol(index).filter(|_| inside) else { continue };
        if !is_outer(names, span.start, extent) || span == symbol.span {
            continue;
        }
        match symbol.binding {
            Binding::Let | Binding::Const => {
                found.extend(symbol.value.into_iter().flat_map(|value| maps(names, value, depth)));
            }
            Binding::Function => {
                let body = names.literals().iter().enumerate();
                let own = body
                    .filter(|(_, map)| symbol.extent.0 < map.open && map.open < symbol.extent.1);
                found.extend(
                    own.filter(|(_, map)| map.call.is_none() && map.under.is_none())
                        .map(|(map, _)| map),
                );
            }
            _ => {}
        }
    }
    found
}

/// Whether a byte stands in no map and no call that lies within an extent itself.
fn is_outer(names: &Names, at: usize, extent: (usize, usize)) -> bool {
    let call = names.call_at(at).and_then(|call| names.calls().get(call));
    let map = names.literal_at(at).and_then(|map| names.literals().get(map));
    call.is_none_or(|call| call.open < extent.0) && map.is_none_or(|map| map.open < extent.0)
}

/// The keys of a map that is written out.
fn keys(names: &Names, map: usize) -> Vec<Entry> {
    let Some(map) = names.literals().get(map) else { return Vec::new() };
    let ends = map
        .keys
        .iter()
        .skip(1)
        .map(|(_, span)| span.start)
        .chain([map.close.min(names.text().len())]);
    let each = map.keys.iter().zip(ends);
    let entry = |((name, span), end): (&(String, Span), usize)| {
        let value = (behind(names, ':', (span.end, end)), end);
        Entry { name: name.clone(), start: span.start, value }
    };
    each.map(entry).collect()
}

/// The byte behind the first sign of this sort in an extent.
fn behind(names: &Names, sign: char, (start, end): (usize, usize)) -> usize {
    let at = names.text().get(start..end).and_then(|text| text.find(sign));
    at.map_or(start, |at| start + at + sign.len_utf8())
}

/// The variables of an expression that are not arguments of calls within it.
fn variables(names: &Names, extent: (usize, usize)) -> Vec<usize> {
    let mut found = Vec::new();
    for one in names.uses() {
        if let Role::Symbol(index) = one.role
            && extent.0 <= one.span.start
            && one.span.end <= extent.1
            && is_outer(names, one.span.start, extent)
            && !found.contains(&index)
        {
            found.push(index);
        }
    }
    found
}

/// What a variable is given after it was made: `options.epochs = 3`, `options["epochs"] = 3`, `options += #{ … }`.
fn afterwards(names: &Names, index: usize, depth: usize) -> Vec<Entry> {
    let text = names.text();
    let mut found = Vec::new();
    for span in names.references(index) {
        let rest = text.get(span.end..).unwrap_or_default();
        let end = rest.find(';').map_or(text.len(), |end| span.end + end);
        let value = (behind(names, '=', (span.end, end)), end);
        let quoted = rest.strip_prefix("[\"").and_then(|inner| inner.split_once("\"]"));
        let plain = rest.strip_prefix('.').map(|inner| {
            inner.split_at(
                inner
                    .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                    .unwrap_or(inner.len()),
            )
        });
        let is_set =
            |rest: &str| rest.trim_start().starts_with('=') && !rest.trim_start().starts_with("==");
        match (quoted, plain) {
            (Some((key, after)), _) if is_set(after) => {
                found.push(Entry { name: key.to_string(), start: span.end + 2, value });
            }
            (_, Some((key, after))) if is_set(after) => {
                found.push(Entry { name: key.to_string(), start: span.end + 1, value });
            }
            _ if is_set(rest.trim_start().trim_start_matches('+')) && depth > 0 => {
                let given = maps(names, value, depth - 1);
                found.extend(given.into_iter().flat_map(|map| keys(names, map)));
            }
            _ => {}
        }
    }
    found
}
