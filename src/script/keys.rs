//! A key that a map does not have: which one was meant, as the recipe's texts show the map.

use super::diagnose::Sources;
use super::trained::READINGS;
use super::undefined;
use crate::error::{Error, Kind, nearest};
use rhai::Position;
use std::collections::BTreeSet;

/// Most keys that are listed.
const MOST: usize = 12;

/// The error for the key `name`, asked for at `position` of `source`.
pub(super) fn no_key(sources: &Sources, name: &str, source: &str, position: Position) -> Error {
    let error = Error::new(Kind::Name, name, "there is no such property or key");
    let row = position.line().and_then(|line| sources.text(source)?.lines().nth(line - 1));
    let owner = row.zip(position.position()).and_then(|(row, column)| owner(row, column));
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    if let Some(owner) = owner {
        keys.extend(sources.all().flat_map(|(_, text)| keys_of(text, owner)));
        if owner == "metrics" {
            keys.extend(READINGS);
            keys.insert("epoch");
            keys.extend(sources.all().flat_map(|(_, text)| logged(text)));
        }
    }
    keys.remove(name);
    if keys.is_empty() {
        let others = sources.all().flat_map(|(_, text)| undefined::keys(text));
        return error.near(name, others.filter(|key| *key != name));
    }
    match nearest(name, keys.iter().copied()) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None if keys.len() <= MOST => {
            let keys: Vec<&str> = keys.into_iter().collect();
            error.hint(format!("'{}' has {}", owner.unwrap_or_default(), keys.join(", ")))
        }
        None => error,
    }
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The word whose key stands at a column, counted from 1: `parts` of `ctx.parts.proj`, `metrics` of `ctx.metrics[-1].loss`.
fn owner(row: &str, column: usize) -> Option<&str> {
    let at = row.char_indices().nth(column.checked_sub(1)?).map_or(row.len(), |(at, _)| at);
    let before = row[..at].trim_end().trim_end_matches(['.', '?', '[', '"', '`']);
    let before = match before.strip_suffix(']') {
        Some(indexed) => indexed.rsplit_once('[')?.0,
        None => before,
    };
    before.rsplit(|letter| !is_part(letter)).next().filter(|word| !word.is_empty())
}

/// Keys that a map of this name is given in a text: in a literal, or one by one.
fn keys_of<'a>(text: &'a str, owner: &str) -> Vec<&'a str> {
    let mut keys = Vec::new();
    for (at, _) in text.match_indices(owner) {
        let after = &text[at + owner.len()..];
        if text[..at].ends_with(is_part) {
            continue;
        }
        if let Some(own) = after.strip_prefix('.') {
            let end = own.find(|letter| !is_part(letter)).unwrap_or(own.len());
            let rest = own[end..].trim_start();
            if rest.starts_with('=') && !rest.starts_with("==") {
                keys.push(&own[..end]);
            }
        }
        let literal = after.trim_start().strip_prefix([':', '=']).map(str::trim_start);
        keys.extend(
            literal.and_then(|literal| literal.strip_prefix("#{")).map(within).unwrap_or_default(),
        );
    }
    keys.retain(|key| !key.is_empty());
    keys
}

/// The keys of a map whose literal goes on so, without those of maps within it.
fn within(literal: &str) -> Vec<&str> {
    let (mut keys, mut depth, mut start, mut quoted) = (Vec::new(), 1, Some(0), None);
    let mut letters = literal.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quoted, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(quote), _) if letter == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quoted = Some(letter),
            (None, '/') if literal[at..].starts_with("//") => {
                letters.by_ref().find(|(_, letter)| *letter == '\n');
                start = start
                    .map(|start: usize| letters.clone().next().map_or(start, |(next, _)| next));
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 1 => start = Some(at + 1),
            (None, ':') if depth == 1 => {
                keys.extend(start.take().map(|start| literal[start..at].trim().trim_matches('"')));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    keys
}

/// Names under which a text logs numbers.
fn logged(text: &str) -> impl Iterator<Item = &str> {
    text.split(".log(\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Where the option that an error is about stands, if the call at `position` has it in its text.
pub(super) fn option_of(text: &str, position: Position, error: &Error) -> Option<Position> {
    let key = error.report().problem.split('\'').nth(1).filter(|key| key.chars().all(is_part))?;
    let (line, column) = (position.line()?, position.position()?);
    let begins: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let row = text.get(begins..)?;
    let start = begins + row.char_indices().nth(column.checked_sub(1)?)?.0;
    let call = within_call(text.get(start..)?)?;
    let is_key = |at: usize| {
        let (before, after) = (&call[..at], &call[at + key.len()..]);
        let after = after.trim_start_matches('"').trim_start();
        let ends = !before.ends_with(|letter| is_part(letter) || letter == '.' || letter == ':');
        ends && !key.is_empty() && after.starts_with(':') && !after.starts_with("::")
    };
    let (at, _) = call.match_indices(key).find(|(at, _)| is_key(*at))?;
    let before = text.get(..start + at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(Position::new(line.try_into().ok()?, column.try_into().ok()?))
}

/// A call's text, from its name to the bracket that closes it.
fn within_call(text: &str) -> Option<&str> {
    let (mut depth, mut quoted) = (0, None);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quoted, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(quote), _) if letter == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quoted = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => {
                depth -= 1;
                if depth <= 0 {
                    return text.get(..at);
                }
            }
            (None, ';') if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
