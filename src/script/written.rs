//! Where the options of a call are written: in its parentheses, or where the map is made that it is given.

use super::names::{Binding, Call, Names, Role};
use crate::error::Error;
use crate::train::StageKind;
use rhai::Position;
use std::collections::BTreeSet;

/// Most variables and functions that are gone through to a map, and most keys and parts that are looked at: what has
/// more nobody writes by hand.
const MOST_NAMES: usize = 32;
const MOST: usize = 2000;

/// A key of a map that is written out, or that a variable is given afterwards: `options.epochs = 3`.
#[derive(Clone)]
struct Entry {
    name: String,
    start: usize,
    /// The bytes that its value lies between.
    value: (usize, usize),
}

/// Where the option `path` of the call at `position` is written that `error` is about: `lr`, `groups[1].lr`. Without a key
/// of this name, the one whose value it is. Nothing where the text does not show which one it is.
pub fn option_at(text: &str, position: Position, path: &str, error: &Error) -> Option<Position> {
    let at = (position.line()?, position.position()?.checked_sub(1)?);
    let names = Names::of(text);
    let call = names.calls().iter().find(|call| (call.span.line, call.span.column) == at)?;
    let called = names.calls().iter().map(|call| call.span.start).collect();
    let before = call.span.start;
    let mut reader = Reader { names: &names, called, before, seen: BTreeSet::new(), found: 0 };
    let mut entries = reader.entries(options_of(call, text));
    let received = error.report().received.as_deref().unwrap_or_default();
    let other = |entry: &Entry| {
        let value = text.get(entry.value.0..entry.value.1).unwrap_or_default();
        contradicts(value, received)
    };
    // Of several, those that are another value than the wrong one are none.
    entries.all.retain(|entry| entry.name != path || !other(entry));
    // A tap is a value, and no key, though there may be one of its name.
    let is_value = error.report().problem.starts_with("unknown tap ");
    let named = match is_value {
        true => Choice::None,
        false => entries.named(path.split(['.', '[']).next()?),
    };
    let found = match named {
        Choice::One(entry) => Some(reader.further(entry, path).unwrap_or_else(|| entry.clone())),
        Choice::Several => None,
        Choice::None => reader.within(&entries.all, path),
    }?;
    if other(&found) {
        return None;
    }
    let span = names.span(found.start, found.start);
    Some(Position::new(span.line.try_into().ok()?, (span.column + 1).try_into().ok()?))
}

/// Whether a value that is written out is another one than what was received: `string "3"`, `integer 3`, `-1`.
fn contradicts(value: &str, received: &str) -> bool {
    let value = value.trim().trim_end_matches([',', '}']).trim();
    let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let (kind, own) = received.split_once(' ').unwrap_or(("", received));
    let number = value.parse::<f64>().ok();
    match (kind, text, number) {
        ("string", Some(text), _) => !own.contains(text),
        ("string", None, Some(_)) | ("integer" | "float", Some(_), _) => true,
        ("integer" | "float" | "", None, Some(value)) => {
            own.parse().is_ok_and(|own: f64| own != value)
        }
        _ => false,
    }
}

/// The bytes of a call's arguments that can be options: of stages one, since another one may be a network's.
fn options_of(call: &Call, text: &str) -> (usize, usize) {
    let close = call.close.min(text.len());
    match (StageKind::of_operation(&call.name), call.commas.as_slice()) {
        (Some(StageKind::EachStep), [first, ..]) => (call.open + 1, *first),
        (Some(_), [.., last]) => (last + 1, close),
        _ => (call.open + 1, close),
    }
}

/// The keys that an expression gives, each before those that go before it.
#[derive(Default)]
struct Entries {
    all: Vec<Entry>,
    /// Whether only running tells what goes before what.
    unordered: bool,
    /// Whether something else may have given them what it is about.
    unknown: bool,
}

/// What a name stands for among entries.
enum Choice<'a> {
    None,
    One(&'a Entry),
    Several,
}

impl Entries {
    fn named(&self, name: &str) -> Choice<'_> {
        let own: Vec<&Entry> = self.all.iter().filter(|entry| entry.name == name).collect();
        match own.as_slice() {
            [] => Choice::None,
            _ if self.unknown => Choice::Several,
            [.., last] if own.len() == 1 || !self.unordered => Choice::One(last),
            _ => Choice::Several,
        }
    }

    fn extend(&mut self, other: Entries) {
        self.all.extend(other.all);
        self.unordered |= other.unordered;
        self.unknown |= other.unknown;
    }
}

struct Reader<'a> {
    names: &'a Names,
    /// Where the names of calls begin.
    called: BTreeSet<usize>,
    /// Where the call begins that has the options: what is set later it is not given.
    before: usize,
    /// Variables and functions that were gone through.
    seen: BTreeSet<usize>,
    found: usize,
}

impl Reader<'_> {
    /// What an expression gives that is a map, or put together from maps.
    fn entries(&mut self, extent: (usize, usize)) -> Entries {
        let mut found = Entries::default();
        let names = self.names;
        let text = names.text().get(extent.0..extent.1).unwrap_or_default();
        let part = |c: char| !c.is_alphanumeric() && c != '_';
        found.unordered |= text.split(part).any(|word| ["if", "switch"].contains(&word));
        let mut at = extent.0;
        while let Some((start, part)) = self.next(at, extent.1) {
            self.found += 1;
            if self.found > MOST || self.seen.len() > MOST_NAMES {
                found.unordered = true;
                break;
            }
            match part {
                Part::Map(map) => {
                    let keys = self.keys(map);
                    found.all.extend(keys);
                    at = names.literals().get(map).map_or(extent.1, |map| map.close.max(start + 1));
                }
                Part::Call(call) => {
                    found.extend(self.of_call(call));
                    at = names.calls().get(call).map_or(extent.1, |call| call.close.max(start + 1));
                }
                Part::Variable(index) => {
                    found.extend(self.of_variable(index));
                    at = start + 1;
                }
            }
        }
        found
    }

    /// The next map, call or variable from a byte on.
    fn next(&self, from: usize, end: usize) -> Option<(usize, Part)> {
        let (names, inside) = (self.names, |start: usize| from <= start && start < end);
        let maps = names.literals().iter().enumerate().map(|(map, own)| (own.open, Part::Map(map)));
        let calls =
            names.calls().iter().enumerate().map(|(call, own)| (own.span.start, Part::Call(call)));
        let uses = names.uses();
        let first = uses.partition_point(|one| one.span.start < from);
        let own = uses.get(first..)?.iter().take_while(|one| one.span.start < end);
        let variable = own.into_iter().find_map(|one| match one.role {
            Role::Symbol(index) if !self.called.contains(&one.span.start) => {
                Some((one.span.start, Part::Variable(index)))
            }
            _ => None,
        });
        let all = maps.chain(calls).chain(variable).filter(|(start, _)| inside(*start));
        all.min_by_key(|(start, _)| *start)
    }

    fn keys(&mut self, map: usize) -> Vec<Entry> {
        let Some(map) = self.names.literals().get(map) else { return Vec::new() };
        let text = self.names.text();
        let close = map.close.min(text.len());
        let ends = map.keys.iter().skip(1).map(|(_, span)| span.start).chain([close]);
        self.found += map.keys.len();
        let entry = |((name, span), end): (&(String, super::names::Span), usize)| {
            let colon = text.get(span.end..end).and_then(|text| text.find(':'));
            let value = (colon.map_or(span.end, |at| span.end + at + 1), end);
            Entry { name: name.clone(), start: span.start, value }
        };
        map.keys.iter().zip(ends).map(entry).collect()
    }

    /// What a function of the recipe gives: maps of its body, and what it is given itself.
    fn of_call(&mut self, call: usize) -> Entries {
        let names = self.names;
        let Some(call) = names.calls().get(call) else { return Entries::default() };
        let word = names.at(call.span.start).map(|word| &word.role);
        let index = match word {
            Some(Role::Symbol(index)) => index,
            // Its map is in another file.
            Some(Role::Member { import: Some(_), .. }) => {
                return Entries { unknown: true, ..Entries::default() };
            }
            _ => return Entries::default(),
        };
        let function = names.symbol(*index).filter(|own| own.binding == Binding::Function);
        let Some(function) = function.filter(|_| self.seen.insert(*index)) else {
            return Entries::default();
        };
        // Which of its maps it gives, and what goes before what, only running tells.
        let mut found = Entries { unordered: true, ..Entries::default() };
        let (start, end) = function.extent;
        let body = names.literals().iter().enumerate().filter(|(_, map)| {
            start < map.open && map.open < end && map.call.is_none() && map.under.is_none()
        });
        for map in body.map(|(map, _)| map).collect::<Vec<_>>() {
            let keys = self.keys(map);
            found.all.extend(keys);
        }
        let close = call.close.min(names.text().len());
        let given = self.entries((call.open + 1, close));
        found.extend(given);
        found
    }

    /// What a variable was made of, and what it was given afterwards.
    fn of_variable(&mut self, index: usize) -> Entries {
        let names = self.names;
        let Some(symbol) = names.symbol(index) else { return Entries::default() };
        let Some(value) = symbol.value.filter(|_| self.seen.insert(index)) else {
            return Entries::default();
        };
        let mut found = self.entries(value);
        // Which element of a list is taken is not looked up.
        let text = names.text();
        found.unknown |= text.get(value.0..value.1).is_some_and(|value| value.starts_with('['));
        for span in names.references(index) {
            if span != symbol.span && span.start <= self.before {
                self.afterwards(span.end, &mut found);
            }
        }
        found
    }

    /// What a variable is given where it stands before `start`: `.lr = 3`, `["lr"] = 3`, `= #{ … }`, `.mixin(…)`.
    fn afterwards(&mut self, start: usize, found: &mut Entries) {
        let text = self.names.text();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(';').map_or(text.len(), |end| start + end);
        let value = (rest.find('=').map_or(start, |at| start + at + 1).min(end), end);
        if let Some((key, after)) = rest.strip_prefix("[\"").and_then(|own| own.split_once("\"]")) {
            if sets(after) {
                found.all.push(Entry { name: key.to_string(), start: start + 2, value });
            }
        } else if let Some(own) = rest.strip_prefix('.') {
            let word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let length = own.find(|letter| !word(letter)).unwrap_or(own.len());
            let (key, after) = own.split_at(length);
            if sets(after) {
                found.all.push(Entry { name: key.to_string(), start: start + 1, value });
            } else if ["mixin", "fill_with"].contains(&key) && after.starts_with('(') {
                found.unordered |= key == "fill_with";
                let given = self.entries((start + 1 + length + 1, end));
                found.extend(given);
            } else if ["set", "remove", "clear", "drain", "retain"].contains(&key) {
                found.unknown = true;
            }
        } else if rest.starts_with('[') {
            found.unknown = true;
        } else if sets(rest) {
            let given = self.entries(value);
            found.extend(given);
        }
    }

    /// Where the rest of a path leads within the value of an entry.
    fn further(&mut self, entry: &Entry, path: &str) -> Option<Entry> {
        let (step, rest) = path.split_once('.')?;
        let value = match step.split_once('[') {
            None => entry.value,
            Some((_, index)) => {
                let index = index.trim_end_matches(']').parse().ok()?;
                element(self.names.text(), self.list(entry.value)?, index)?
            }
        };
        match self.entries(value).named(rest) {
            Choice::One(inner) => Some(inner.clone()),
            _ => None,
        }
    }

    /// The bytes of a list that is written out, or that a variable has.
    fn list(&self, value: (usize, usize)) -> Option<(usize, usize)> {
        let text = self.names.text();
        let own = text.get(value.0..value.1)?;
        let start = value.0 + own.len() - own.trim_start().len();
        if own.trim_start().starts_with('[') {
            return Some((start, value.1));
        }
        let symbol = self.names.symbol(self.names.symbol_at(start)?)?;
        let (start, end) = symbol.value?;
        text.get(start..end)?.starts_with('[').then_some((start, end))
    }

    /// The entry of this name within the values of others, or the one whose value is this text, where there is one.
    fn within(&mut self, entries: &[Entry], name: &str) -> Option<Entry> {
        let text = format!("\"{name}\"");
        let names = self.names;
        let is_value = |entry: &&Entry| {
            let value = names.text().get(entry.value.0..entry.value.1);
            value.is_some_and(|value| value.trim_start().starts_with(&text))
        };
        if let Some(entry) = entries.iter().find(is_value) {
            return Some(entry.clone());
        }
        let mut inner: Vec<Entry> = Vec::new();
        for entry in entries {
            inner.extend(self.entries(entry.value).all);
        }
        let own: Vec<&Entry> = inner.iter().filter(|entry| entry.name == name).collect();
        let has = |entry: &&Entry| {
            let value = names.text().get(entry.value.0..entry.value.1).unwrap_or_default();
            value.trim_start().starts_with('[') && value.contains(&text)
        };
        match own.as_slice() {
            [one] => Some((*one).clone()),
            _ => inner.iter().find(is_value).or_else(|| inner.iter().find(has)).cloned(),
        }
    }
}

/// Whether what stands behind a variable or a key gives it a value: `= 3`, `+= 3`.
fn sets(rest: &str) -> bool {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(['+', '-', '*', '/', '%']).unwrap_or(rest);
    rest.starts_with('=') && !rest.starts_with("==")
}

/// What an expression is made of.
enum Part {
    Map(usize),
    Call(usize),
    Variable(usize),
}

/// The bytes of an element of a list that begins at `start`.
fn element(text: &str, (start, end): (usize, usize), index: usize) -> Option<(usize, usize)> {
    let (mut depth, mut count, mut begins, mut quote) = (0usize, 0, start + 1, None);
    let text = text.get(start..end)?;
    let (mut letters, mut comment) = (text.char_indices(), false);
    while let Some((at, letter)) = letters.next() {
        comment |= quote.is_none() && text[at..].starts_with("//");
        if comment {
            comment = letter != '\n';
            continue;
        }
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth > 1 => depth -= 1,
            (None, ',' | ']') if depth == 1 => {
                if count == index {
                    return Some((begins, start + at));
                }
                (count, begins) = (count + 1, start + at + 1);
            }
            _ => {}
        }
    }
    None
}
