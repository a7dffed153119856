//! From Rhai's errors to ours: the innermost place first, with its line; then how it was reached.

use super::operations::{no_index, no_operation};
use super::raise::{MADE, raised};
use super::undefined::{self, binds};
use super::{Signatures, habits};
use crate::error::{Error, Kind, Place, nearest};
use rhai::{Dynamic, EvalAltResult, ParseError, ParseErrorType, Position};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

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
        let error = self.parse_kind(cause.err_type(), source);
        let error = self.at(error, source, cause.position(), String::new());
        let Some(place) = error.report().places.first().cloned() else { return error };
        let text = place.text.clone().unwrap_or_default();
        if place.row_text().is_none_or(|row| row.trim().is_empty())
            && let Some((line, column)) = undefined::open_bracket(&text)
        {
            return undefined::not_closed(Place { line, column: Some(column), ..place });
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
            return error
                .hint("// begins a comment: whole numbers are divided by /, which drops the rest");
        }
        let known = error.report().hint.is_some() && !habits::is_foreign(row);
        let meant = habits::problem(problem, row, &rest).map(String::from);
        match meant.or_else(|| habits::row(row, &rest)).filter(|_| !known) {
            Some(hint) => error.hint(hint),
            None if begins && previous.is_some_and(|row| row.trim().starts_with("\"\"\"")) => {
                error.hint("what a function is for stands before it: /// in each line")
            }
            None if begins && error.report().problem.starts_with("expecting ';'") => {
                error.hint(format!("what stands before line {} does not end with ;", place.line))
            }
            None if !known => {
                let reserved = matches!(cause.err_type(), ParseErrorType::Reserved(_));
                let hint = habits::reserved(problem).filter(|_| reserved);
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
                self.at(error, source, position, String::new())
            }
            EvalAltResult::ErrorParsing(kind, _) => {
                let error = self.parse_kind(&kind, source);
                self.at(error, source, position, String::new())
            }
            other => {
                let error = self.run_kind(&other);
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

    fn parse_kind(&self, kind: &ParseErrorType, source: &str) -> Error {
        let syntax = |problem: String| Error::new(Kind::Script, "the recipe", problem);
        match kind {
            ParseErrorType::VariableUndefined(name) => {
                let error = Error::new(Kind::Name, name, "this name is not defined here");
                match self.sources.text(source).and_then(|text| undefined::meant(text, name)) {
                    Some(hint) => error.hint(hint),
                    None if self.signatures.has_namespace(name) => {
                        error.hint(format!("what is in a namespace is written with ::, {name}::…"))
                    }
                    None => error,
                }
            }
            ParseErrorType::ModuleUndefined(name) => self.signatures.no_namespace(name),
            other => syntax(lower(&other.to_string())),
        }
    }

    fn run_kind(&self, cause: &EvalAltResult) -> Error {
        match cause {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.no_function(signature),
            EvalAltResult::ErrorPropertyNotFound(name, _) => {
                let error = Error::new(Kind::Name, name, "there is no such property or key");
                let texts = self.sources.0.values();
                let keys = texts.flat_map(|text| undefined::keys(text));
                match nearest(name, keys.filter(|key| key != name)) {
                    Some(near) => error.hint(format!("did you mean '{near}'?")),
                    None => error,
                }
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                Error::new(Kind::Name, name, "this name is not defined here")
            }
            EvalAltResult::ErrorMismatchDataType(expected, received, _)
            | EvalAltResult::ErrorMismatchOutputType(expected, received, _) => {
                let error = Error::new(Kind::Type, "the recipe", "a value has the wrong type")
                    .expected(word(expected))
                    .received(word(received));
                match (word(expected), word(received)) {
                    ("bool", "Tensor") => error.hint(super::truth::ONE_BOOL),
                    _ => error,
                }
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

    /// `signature` is Rhai's: `kd::kl (Tensor, i64)`.
    fn no_function(&self, signature: &str) -> Error {
        let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
        let types = types.strip_suffix(')').unwrap_or(types);
        let types: Vec<&str> = types.split(", ").map(word).collect();
        let types = types.join(", ");
        // Rhai's own name of a closure means nothing to anybody.
        if name.starts_with("anon$") {
            return Error::new(Kind::Type, "a closure", "it takes another number of arguments")
                .received(format!("({types})"));
        }
        let forms = self.signatures.forms(name);
        let is_named = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !forms.is_empty() && is_named {
            let error =
                Error::new(Kind::Type, name, "no form of this function takes these arguments")
                    .expected(forms.join(" or "))
                    .received(format!("{name}({types})"));
            return match habits::arguments(name, &types) {
                Some(hint) => error.hint(hint),
                None => error,
            };
        }
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return no_operation(name, &types);
        }
        let error = Error::new(Kind::Name, name, "there is no such function")
            .received(format!("{name}({types})"));
        if self.sources.0.values().any(|text| undefined::holds_function(text, name)) {
            return error.hint(called(name));
        }
        if let Some(hint) = habits::arguments(name, &types) {
            return error.hint(hint);
        }
        if let Some(hint) = habits::function(name) {
            return error.hint(hint);
        }
        if let Some(hint) = self.meant(name, &types) {
            return error.hint(hint);
        }
        match self.signatures.near(name) {
            Some(known) => error.hint(format!("did you mean {}?", self.signatures.forms_of(known))),
            None => error,
        }
    }

    /// What a call of something that is no function, or not in this way, was meant to be.
    fn meant(&self, name: &str, types: &str) -> Option<String> {
        let count = types.split(", ").filter(|one| !one.is_empty()).count();
        let texts = || self.sources.0.values();
        let start = format!("fn {name}(");
        let found = texts().find_map(|text| text.split_once(start.as_str()));
        if let Some((_, form)) = found {
            let params = form.split(')').next().unwrap_or_default();
            let own = params.split(',').filter(|one| !one.trim().is_empty()).count();
            // It has the parameters, so it stood behind a point, where Rhai counts one less.
            return Some(match own == count {
                true => format!("call the recipe's own function as {name}(…), not behind a point"),
                false => format!("the recipe's own function is {name}({})", params.trim()),
            });
        }
        match types.split(", ").collect::<Vec<_>>().as_slice() {
            ["map" | "Network", "Tensor", ..] => {
                let own = texts().any(|text| text.contains(&format!("self.{name}(")));
                let owner = if own { "self" } else { "" };
                Some(format!("if '{name}' is a network, call {owner}.{name}.forward(…)"))
            }
            ["Tensor", ..] if texts().any(|text| binds(text, name)) => {
                Some(format!("if '{name}' is a network, call {name}.forward(…)"))
            }
            [_] if self.signatures.iter().any(|(known, _)| *known == format!("get${name}")) => {
                Some(format!("it is a property: write .{name} without parentheses"))
            }
            _ => None,
        }
    }

    /// `what` is Rhai's: `Unknown property 'x' - a getter is not registered for type 'T'`.
    fn no_property(&self, what: &str) -> Error {
        let mut quoted = what.split('\'').skip(1).step_by(2);
        let (Some(name), Some(owner)) = (quoted.next(), quoted.next()) else {
            return Error::new(Kind::Script, "the recipe", lower(what));
        };
        if what.contains("setter") {
            return Error::new(Kind::Name, word(owner), format!("'{name}' cannot be set so"))
                .received(quoted.next().map_or("nothing", word));
        }
        let problem = format!("there is no property '{name}'");
        let error = Error::new(Kind::Name, word(owner), problem);
        let all = self.signatures.iter().filter_map(|(known, _)| known.strip_prefix("get$"));
        match nearest(name, all) {
            Some(known) => error.hint(format!("did you mean '{known}'?")),
            None => error,
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
        other => other.rsplit("::").next().unwrap_or(other),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
