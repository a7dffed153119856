//! A key that a map does not have: which one was meant, as the recipe's texts show the map.

use super::diagnose::Sources;
use super::names::{Literal, Names};
use super::trained::readings;
use super::undefined;
use super::written::option_at;
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
    let mut keys: BTreeSet<String> = BTreeSet::new();
    if let Some(owner) = owner {
        keys.extend(sources.all().flat_map(|(_, text)| keys_of(text, owner)));
        if owner == "metrics" {
            let logged = sources.all().flat_map(|(_, text)| logged(text));
            keys.extend(readings().map(String::from).chain(logged.map(String::from)));
        }
    }
    if row.is_some_and(|row| row.contains(".taps.")) {
        keys = sources.all().flat_map(|(_, text)| tapped(text)).map(String::from).collect();
    }
    keys.remove(name);
    if keys.is_empty() && matches!(owner, Some("optimizers" | "nets")) {
        let owner = owner.unwrap_or_default();
        return error.hint(format!(
            "the stage has no {owner}: each_step(#{{ {owner}: #{{ {name}: … }}, … }}, …)"
        ));
    }
    if keys.is_empty() && owner == Some("state") {
        return error.hint(format!(
            "a stage begins with it where its options say so: state: #{{ {name}: 0.0 }}"
        ));
    }
    if keys.is_empty() {
        let others = sources.all().flat_map(|(_, text)| undefined::keys(text));
        return error.near(name, others.filter(|key| *key != name));
    }
    match nearest(name, keys.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None if keys.len() <= MOST => {
            let keys: Vec<String> = keys.into_iter().collect();
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

/// Keys that a map of this name is given in a text: where it is written out, or one by one.
fn keys_of(text: &str, owner: &str) -> Vec<String> {
    let names = Names::of(text);
    let is_own = |map: &&Literal| {
        let variable = map.variable.and_then(|index| names.symbol(index));
        let under = map.under.as_ref().map(|(_, key)| key.as_str());
        under == Some(owner) || variable.is_some_and(|variable| variable.name == owner)
    };
    let written = names.literals().iter().filter(is_own).flat_map(|map| &map.keys);
    let mut keys: Vec<String> = written.map(|(key, _)| key.clone()).collect();
    for (at, found) in text.match_indices(&format!("{owner}.")) {
        let own = &text[at + found.len()..];
        let end = own.find(|letter| !is_part(letter)).unwrap_or(own.len());
        let rest = own[end..].trim_start();
        let is_set = rest.starts_with('=') && !rest.starts_with("==");
        if is_set && end > 0 && !text[..at].ends_with(is_part) {
            keys.push(own[..end].to_string());
        }
    }
    keys
}

/// Inner outputs that stages of a text keep for their losses: `taps: #{ student: ["head.0"] }`.
fn tapped(text: &str) -> impl Iterator<Item = &str> {
    let maps = text.split("taps:").skip(1).filter_map(|rest| rest.split('}').next());
    maps.flat_map(|map| map.split('"').skip(1).step_by(2))
}

/// Names under which a text logs numbers.
fn logged(text: &str) -> impl Iterator<Item = &str> {
    text.split(".log(\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Where the option that an error is about is written, if the call at `position` shows it.
pub(super) fn option_of(text: &str, position: Position, error: &Error) -> Option<Position> {
    option_at(text, position, error.report().problem.split('\'').nth(1)?, error)
}
