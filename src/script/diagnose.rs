//! From Rhai's errors to ours: the innermost place first, with its line; then how it was reached.

use super::keys::{no_key, option_of};
use super::operations::no_index;
use super::raise::{MADE, raised};
use super::undefined;
use super::{Signatures, habits};
use crate::error::{Error, Kind, Place};
use rhai::{Dynamic, EvalAltResult, ParseError, ParseErrorType, Position};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How the hint ends for a statement that lacks its end.
pub const NO_END: &str = "does not end with ;";

/// Texts of the files that a recipe is made of, by the names that errors use.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, Arc<str>>);

impl Sources {
    /// Adds or replaces a file's text.
    pub fn add(&mut self, source: &str, text: &str) {
        self.0.insert(source.to_string(), text.into());
    }

    /// The text of a file.
    pub fn text(&self, source: &str) -> Option<&Arc<str>> {
        self.0.get(source)
    }

    /// All files with their texts.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text))
    }

    fn place(&self, source: &str, position: Position, note: String) -> Option<Place> {
        self.at(source, position.line()?, position.position(), note)
    }

    /// The error with its places of layers looked up.
    pub fn look_up(&self, mut error: Error) -> Error {
        error.find_places(|place| self.made(place));
        error
    }

    /// Where a layer was made, if its maker, which the note names, still stands there.
    fn made(&self, place: &Place) -> Option<Place> {
        let found = self.at(place.file.to_str()?, place.line, place.column, String::new())?;
        let (before, column) = (found.row_text()?, place.column?);
        let rest: String = before.chars().skip(column.checked_sub(1)?).collect();
        rest.starts_with(place.note.strip_suffix(MADE)?).then_some(found)
    }

    /// A place in the file of that name.
    pub fn at(
        &self,
        source: &str,
        line: usize,
        column: Option<usize>,
        note: String,
    ) -> Option<Place> {
        let text = self.text(source)?.clone();
        Some(Place { file: PathBuf::from(source), line, column, text: Some(text), note })
    }
}

/// What a diagnosis needs to know.
pub struct Knowledge<'a> {
    /// Texts for excerpts.
    pub sources: &'a Sources,
    /// Functions to propose.
    pub signatures: &'a Signatures,
}

impl Knowledge<'_> {
    /// An error at compile time, in `source`.
    pub fn compile_error(&self, cause: &ParseError, source: &str) -> Error {
        let error = self.parse_kind(cause.err_type(), source, cause.position());
        let error = self.at(error, source, cause.position(), String::new());
        let Some(place) = error.report().places.first().cloned() else { return error };
        let text = place.text.clone().unwrap_or_default();
        if place.row_text().is_none_or(|row| row.trim().is_empty())
            && let Some((line, column)) = undefined::open_bracket(&text)
        {
            let error = undefined::not_closed(Place { line, column: Some(column), ..place });
            return match text.lines().nth(line - 1).is_some_and(habits::divides) {
                true => error.hint(habits::DIVISION),
                false => error,
            };
        }
        let row = place.row_text().unwrap_or_default();
        let rest: String = row.chars().skip(place.column.unwrap_or(1).saturating_sub(1)).collect();
        let begins = rest.trim() == row.trim() && place.line > 1;
        let problem = error.report().problem.clone();
        let problem = problem.as_str();
        if problem.starts_with("expecting ','") {
            // What follows is another statement, so the bracket before it is still open.
            let before: Vec<&str> = text.lines().take(place.line - 1).collect();
            let ends = rest.starts_with(';');
            let open = undefined::open_bracket(&before.join("\n")).filter(|_| begins);
            // Where all brackets are closed, nothing but a comma is missing.
            if open.is_some() && undefined::open_bracket(&text).is_none() && !ends {
                let last = before.iter().rposition(|row| !row.trim().is_empty());
                let hint =
                    format!("a comma is missing at the end of line {}", last.unwrap_or(0) + 1);
                return error.hint(hint);
            }
            if let Some((line, column)) = open {
                return undefined::not_closed(Place { line, column: Some(column), ..place });
            }
            if ends {
                return error.hint("a bracket is missing before the ;");
            }
        }
        let previous =
            text.lines().take(place.line - 1).filter(|row| !row.trim().is_empty()).last();
        if begins && previous.is_some_and(habits::divides) {
            return error.hint(habits::DIVISION);
        }
        let known = error.report().hint.is_some() && !habits::is_foreign(row);
        let meant = habits::problem(problem, row, &rest).map(String::from);
        let meant = habits::shorthand(problem, &rest).or(meant);
        match meant.or_else(|| habits::row(row, &rest)).filter(|_| !known) {
            Some(hint) => error.hint(hint),
            None if begins && previous.is_some_and(|row| row.trim().starts_with("\"\"\"")) => {
                error.hint("what a function is for stands before it: /// in each line")
            }
            None if begins && row.trim_start().starts_with("else") => {
                error.hint("the block before it is not closed: } else { … }")
            }
            None if begins && error.report().problem.starts_with("expecting ';'") => {
                error.hint(format!("what stands before line {} {NO_END}", place.line))
            }
            None if !known => {
                let reserved = matches!(cause.err_type(), ParseErrorType::Reserved(_));
                let hint = habits::reserved(problem, row).filter(|_| reserved);
                match hint.or_else(|| habits::block(problem).map(String::from)) {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            None => error,
        }
    }

    /// An error at run time; `source` is where evaluation began.
    #[allow(clippy::boxed_local)] // Rhai hands errors out in boxes only
    pub fn run_error(&self, mut cause: Box<EvalAltResult>, source: &str) -> Error {
        let position = cause.take_position();
        match *cause {
            EvalAltResult::ErrorInFunctionCall(name, inner_source, inner, _) => {
                let inside = if inner_source.is_empty() { source } else { &inner_source };
                let error = self.run_error(inner, inside);
                // Rhai's own name of a closure means nothing to anybody.
                let closure = name.starts_with("anon$");
                let called = if closure { "a closure".into() } else { format!("'{name}'") };
                self.at(error, source, position, format!("in the call of {called} at"))
            }
            EvalAltResult::ErrorInModule(module, inner, _) => {
                let error = self.run_error(inner, &module);
                self.at(error, source, position, "imported at".to_string())
            }
            EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => {
                let error = self.sources.look_up(thrown(&value));
                let text = self.sources.text(source).filter(|_| error.report().places.is_empty());
                let option = text.and_then(|text| option_of(text, position, &error));
                let position = option.unwrap_or(position);
                self.at(error, source, position, String::new())
            }
            EvalAltResult::ErrorParsing(kind, _) => {
                let error = self.parse_kind(&kind, source, position);
                self.at(error, source, position, String::new())
            }
            EvalAltResult::ErrorPropertyNotFound(name, _) => {
                let error = no_key(self.sources, &name, source, position);
                self.at(error, source, position, String::new())
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                let error = self.not_defined(&name, source, position);
                self.at(error, source, position, String::new())
            }
            other => {
                let error = self.run_kind(&other);
                let line = position
                    .line()
                    .and_then(|line| self.sources.text(source)?.lines().nth(line - 1));
                let joins = line.is_some_and(|row| row.contains("&&") || row.contains("||"));
                let of_tensor = error.report().hint.as_deref() == Some(super::truth::ONE_BOOL);
                let error = match joins && of_tensor {
                    true => error.hint("a tensor with one element has .item(); others are joined by & and |, each side in parentheses: (a > 0.5) & b"),
                    false => error,
                };
                self.at(error, source, position, String::new())
            }
        }
    }

    fn at(&self, error: Error, source: &str, position: Position, note: String) -> Error {
        let reached = note.is_empty() && !error.report().places.is_empty();
        let note = if reached { "reached from".to_string() } else { note };
        match self.sources.place(source, position, note) {
            Some(place) => error.at(place),
            None => error,
        }
    }

    fn parse_kind(&self, kind: &ParseErrorType, source: &str, at: Position) -> Error {
        let syntax = |problem: String| Error::new(Kind::Script, "the recipe", problem);
        match kind {
            ParseErrorType::VariableUndefined(name) => self.not_defined(name, source, at),
            ParseErrorType::ModuleUndefined(name) => {
                let error = self.signatures.no_namespace(name);
                let text = self.sources.text(source);
                match text.and_then(|text| undefined::nameless_import(text, name)) {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            ParseErrorType::DuplicatedProperty(key) => {
                syntax(format!("the key '{key}' stands twice in this map"))
                    .hint("leave one of them out")
            }
            ParseErrorType::ExprTooDeep => super::engine::nested_too_deep(),
            other => syntax(lower(&other.to_string())),
        }
    }

    fn run_kind(&self, cause: &EvalAltResult) -> Error {
        match cause {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.no_function(signature),
            EvalAltResult::ErrorMismatchDataType(expected, received, _)
            | EvalAltResult::ErrorMismatchOutputType(expected, received, _) => {
                let error = Error::new(Kind::Type, "the recipe", "a value has the wrong type")
                    .expected(word(expected))
                    .received(word(received));
                match (word(expected), word(received)) {
                    ("bool", "Tensor") => error.hint(super::truth::ONE_BOOL),
                    ("integer", "range") => error.hint("a part of an array is array.extract(0..2)"),
                    _ => error,
                }
            }
            EvalAltResult::ErrorFor(_) => {
                Error::new(Kind::Type, "for", "this cannot be gone through").hint(
                    "for takes an array, a range or batches: for batch in data.batches(#{ batch: 32 }) { … }",
                )
            }
            EvalAltResult::ErrorIndexingType(what, _) => no_index(what),
            EvalAltResult::ErrorDotExpr(what, _) => self.no_property(what),
            EvalAltResult::ErrorDataRace(what, _) => self.used_by_itself(what),
            EvalAltResult::ErrorStackOverflow(_) => super::engine::too_deep(),
            EvalAltResult::ErrorDataTooLarge(what, _) => super::engine::too_large(&lower(what)),
            EvalAltResult::ErrorArrayBounds(0, ..) => {
                Error::new(Kind::Range, "index", "the array is empty").hint(
                    "ask .len() first; ctx.metrics has nothing before the first epoch is done",
                )
            }
            other => Error::new(Kind::Script, "the recipe", lower(&other.to_string())),
        }
    }

    /// `what` is Rhai's: `argument #2 of function 'map'`, or a variable.
    fn used_by_itself(&self, what: &str) -> Error {
        let problem = "a value is used by a function that is called on it";
        let method = what.split('\'').nth(1).filter(|_| what.contains(" of function "));
        let found = method.and_then(|method| {
            self.sources.all().find_map(|(source, text)| {
                let (line, column, name) = undefined::uses_itself(text, method)?;
                let place = self.sources.at(source, line, Some(column), String::new())?;
                let keep = format!(
                    "'{name}' stands before .{method}(…) and in its function: keep what stands before the point in \
                     a variable first: let all = …; all.{method}(…)"
                );
                Some((place, keep))
            })
        });
        let error = Error::new(Kind::Script, method.unwrap_or(what), problem);
        match found {
            Some((place, hint)) => error.hint(hint).at(place),
            None => error.hint("keep what stands before the point in a variable of its own first"),
        }
    }
}

/// What to do about a call of a variable that holds a function.
pub fn called(name: &str) -> String {
    format!("'{name}' is a variable that holds a function: write {name}.call(…)")
}

/// The error that a script's `throw`, or a binding, raised.
fn thrown(value: &Dynamic) -> Error {
    raised(value).unwrap_or_else(|| {
        Error::new(Kind::Script, "the recipe", "an error was thrown").received(value.to_string())
    })
}

/// Whether a script was told to end at once: that is no mistake of its own.
pub(super) fn is_end(cause: &EvalAltResult) -> bool {
    match cause {
        EvalAltResult::ErrorTerminated(..) => true,
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
        | EvalAltResult::ErrorInModule(_, inner, _) => is_end(inner),
        EvalAltResult::ErrorRuntime(value, _) => {
            raised(value).is_some_and(|error| error.kind() == Kind::Interrupted)
        }
        _ => false,
    }
}

/// Rhai's types in the words of our messages.
pub(super) fn word(name: &str) -> &str {
    match name {
        "i64" => "integer",
        "f64" => "float",
        "&str | ImmutableString | String" | "string" | "ImmutableString" => "string",
        "()" => "nothing",
        "Dynamic" => "value",
        "Fn" | "FnPtr" => "function",
        range if range.contains("Range<") => "range",
        other => other.rsplit("::").next().unwrap_or(other),
    }
}

pub(super) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
