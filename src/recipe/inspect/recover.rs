//! Rhai stops at the first mistake of a text. What it belongs to is blanked, and the text is read again: so all of
//! them are found, each where it stands.

use super::super::compile::{Compiled, Compiler};
use super::super::source::Source;
use crate::error::{Error, Kind, Place};
use crate::script::diagnose::NO_END;
use crate::script::imports_otherwise;
use rhai::Engine;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// More than so many are not told at once.
const MOST: usize = 25;

/// What came of reading a text.
pub(super) struct Recovered {
    /// What compiles at last, mistakes blanked.
    pub compiled: Option<Compiled>,
    pub errors: Vec<Error>,
    /// Names of functions, variables and imports that are missing from it.
    pub missing: BTreeSet<String>,
}

/// Compiles `source` as often as there are mistakes in it, and in what it imports.
pub(super) fn recover(engine: &Engine, compiler: &Compiler, source: &Source) -> Recovered {
    recover_with(engine, compiler, source, &mut BTreeSet::from([source.file.clone()]))
}

/// `seen` are the files that are looked at already.
fn recover_with(
    engine: &Engine,
    compiler: &Compiler,
    source: &Source,
    seen: &mut BTreeSet<PathBuf>,
) -> Recovered {
    let mut recovered = Recovered { compiled: None, errors: Vec::new(), missing: BTreeSet::new() };
    let mut text = source.text.to_string();
    // What follows from another mistake is not told, and counts all the same.
    for _ in 0..4 * MOST {
        if recovered.errors.len() >= MOST {
            break;
        }
        let attempt = Source::of(&source.file, &text);
        let mut error = match compiler.compile(engine, attempt) {
            Ok(compiled) => {
                recovered.compiled = Some(compiled);
                break;
            }
            Err(refused) => refused.error,
        };
        error.show(&source.file, &source.text);
        let place = error.report().places.last().cloned();
        let place = place.filter(|place| place.file == source.file);
        let Some(place) = place else {
            recovered.errors.push(error);
            break;
        };
        let name = (error.kind() == Kind::Name).then(|| error.report().operation.clone());
        let word = name.filter(|_| error.report().places.len() == 1);
        // What the blanked text declared is not missing: it only cannot be read.
        let follows = recovered.missing.contains(&error.report().operation);
        // Nothing is left of an import of another language when its first name is mended.
        let foreign = imports_otherwise(row_of(&text, place.line));
        let word = word.filter(|_| !follows && !foreign);
        // A word of the language that was told where it should be a name is used as that name afterwards.
        let problem = &error.report().problem;
        let reserved = |known: &Error| {
            let word = problem.split('\'').nth(1).filter(|_| problem.ends_with("reserved keyword"));
            let declares = |row: &str| {
                word.is_some_and(|word| {
                    ["fn", "let", "const"].iter().any(|own| row.contains(&format!("{own} {word}")))
                })
            };
            let row = known.report().places.last().and_then(|place| place.row_text());
            known.report().problem == *problem
                && !declares(row_of(&text, place.line))
                && row.is_some_and(declares)
        };
        let known = follows
            || recovered.errors.iter().any(reserved)
            || recovered.errors.iter().any(|known: &Error| {
                let same = |other: &Place| {
                    other.line == place.line && (word.is_none() || other.column == place.column)
                };
                known.report().places.last().is_some_and(same)
            });
        let error_hint = error.report().hint.clone();
        if !known {
            let further = of_import(engine, compiler, &error, seen);
            recovered.errors.push(error);
            recovered.errors.extend(further);
        }
        let blanked = match (word, place.column) {
            (Some(name), Some(column)) => without_name(&text, place.line, column, &name),
            _ => None,
        };
        let blanked = blanked.or_else(|| without_row(&text, place.line).filter(|_| foreign));
        // The statement before it lacks its end, and nothing is wrong with the one that is marked.
        let open = error_hint.as_deref().is_some_and(|hint| hint.ends_with(NO_END));
        let blanked = blanked.or_else(|| ended(&text, place.line).filter(|_| open));
        let blanked = blanked.or_else(|| {
            let (next, gone) = without_item(&text, place.line)?;
            recovered.missing.extend(declared(&gone));
            Some(next)
        });
        match blanked {
            Some(next) if next != text => text = next,
            // Nothing is left to take away.
            _ => break,
        }
    }
    recovered
}

/// The other mistakes of the imported file that an error stands in.
fn of_import(
    engine: &Engine,
    compiler: &Compiler,
    error: &Error,
    seen: &mut BTreeSet<PathBuf>,
) -> Vec<Error> {
    let Some(first) = error.report().places.first() else { return Vec::new() };
    let Some(text) = first.text.clone().filter(|_| seen.insert(first.file.clone())) else {
        return Vec::new();
    };
    let found = recover_with(engine, compiler, &Source::of(&first.file, &text), seen).errors;
    let told = |other: &Error| {
        let same = |place: &Place| place.line == first.line && place.file == first.file;
        other.report().places.first().is_some_and(same)
    };
    found.into_iter().filter(|other| !told(other)).collect()
}

/// The text with a number in the place of a name; in a const, of what is asked of it as well: `data.classes`.
fn without_name(text: &str, line: usize, column: usize, name: &str) -> Option<String> {
    let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
    let begins = lines.iter().take(line).rev().find(|row| begins_item(row));
    let in_const =
        begins.is_some_and(|row| row.trim_start_matches("export ").starts_with("const "));
    let row = lines.get_mut(line.checked_sub(1)?)?;
    let start = row.char_indices().nth(column.checked_sub(1)?)?.0;
    let end = start + name.len();
    if row.get(start..end)? != name {
        return None;
    }
    // What a const is worked out from is worked out at once: a number has no properties.
    let end = if in_const { end + asked_of(row.get(end..)?) } else { end };
    let number = format!("0{}", " ".repeat(row[start..end].chars().count().saturating_sub(1)));
    row.replace_range(start..end, &number);
    Some(lines.join("\n"))
}

/// How many bytes of a row belong to the name before it: properties, calls and indices, as far as they end in the row.
fn asked_of(rest: &str) -> usize {
    let mut end = 0;
    while let Some(next) = rest[end..].chars().next() {
        // `a?.b` and `a?[0]` ask as `a.b` and `a[0]` do.
        if next == '?' && rest[end + 1..].starts_with(['.', '[']) {
            end += 1;
            continue;
        }
        let after = &rest[end + next.len_utf8()..];
        end += match next {
            '.' if after.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                1 + after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len())
            }
            '[' | '(' if end > 0 || next == '[' => {
                let mut open = 0usize;
                let closes = rest[end..].char_indices().find(|(_, letter)| {
                    match letter {
                        '(' | '[' | '{' => open += 1,
                        ')' | ']' | '}' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    open == 0
                });
                match closes {
                    Some((at, _)) => at + 1,
                    None => return end,
                }
            }
            _ => return end,
        };
    }
    end
}

/// The text with an end for the statement before a line.
fn ended(text: &str, line: usize) -> Option<String> {
    let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
    let before = lines.get_mut(..line.checked_sub(1)?)?;
    let row = before.iter_mut().rev().find(|row| !row.trim().is_empty())?;
    // What stands behind a comment would be a part of it.
    if row.contains("//") {
        return None;
    }
    row.push(';');
    Some(lines.join("\n"))
}

/// The text without a line.
fn without_row(text: &str, line: usize) -> Option<String> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    *lines.get_mut(line.checked_sub(1)?)? = "";
    Some(lines.join("\n"))
}

/// Whether a function or a statement of the top level begins with a row.
fn begins_item(row: &str) -> bool {
    row.starts_with(|c: char| c.is_alphanumeric() || "_/\"`#[(".contains(c))
}

/// A line of a text, counted from 1.
fn row_of(text: &str, line: usize) -> &str {
    text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default()
}

/// The text without the function or statement around a line: from a line that begins without indentation to the
/// next one that does, where that is no closing bracket.
fn without_item(text: &str, line: usize) -> Option<(String, String)> {
    let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
    let begins = |row: &String| begins_item(row);
    let at = line.clamp(1, lines.len().max(1)) - 1;
    let start = (0..=at).rev().find(|at| lines.get(*at).is_some_and(begins)).unwrap_or(0);
    let end = (at + 1..lines.len()).find(|at| lines.get(*at).is_some_and(begins));
    let end = end.unwrap_or(lines.len());
    let gone = lines.get_mut(start..end)?.iter_mut().map(std::mem::take).collect::<Vec<_>>();
    Some((lines.join("\n"), gone.join("\n")))
}

/// Names that a piece of text declares.
fn declared(text: &str) -> impl Iterator<Item = String> {
    let words =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let pairs = words.clone().zip(words.skip(1));
    let named =
        pairs.filter(|(before, _)| matches!(*before, "fn" | "let" | "const" | "as" | "for"));
    named.map(|(_, name)| name.to_string())
}
