//! What is wrong with a text, found in a thread of its own so that typing never waits.

use super::document::Units;
use super::uri::uri_of;
use crate::error::{Error, Place, Severity};
use crate::recipe::{Inspector, Source};
use crate::script::names::Names;
use crossbeam_channel::{Receiver, Sender};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    Position, Range, Uri,
};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A text to be looked at.
pub(super) struct Job {
    pub uri: Uri,
    pub version: i32,
    /// Its file, or a name for a buffer without one.
    pub path: PathBuf,
    pub text: Arc<str>,
    /// All texts that are open, which imports are read from first.
    pub unsaved: HashMap<PathBuf, Arc<str>>,
    pub units: Units,
}

/// What was found: by the address of the file that it stands in.
pub(super) struct Found {
    pub uri: Uri,
    pub version: i32,
    pub files: BTreeMap<String, Vec<Diagnostic>>,
}

/// Works until nobody asks any more. Of several jobs for one text, the last one counts.
pub(super) fn work<T>(jobs: &Receiver<Job>, wrap: impl Fn(Found) -> T, to: &Sender<T>) {
    while let Ok(job) = jobs.recv() {
        let mut latest: Vec<Job> = vec![job];
        for job in jobs.try_iter() {
            latest.retain(|other| other.uri != job.uri);
            latest.push(job);
        }
        for job in latest {
            if to.send(wrap(found(job))).is_err() {
                return;
            }
        }
    }
}

fn found(job: Job) -> Found {
    let inspector = Inspector::beside(&job.path).with_unsaved(job.unsaved);
    // An editor may leave the mark that some files begin with.
    let text = job.text.strip_prefix('\u{feff}').unwrap_or(&job.text);
    let errors = inspector.inspect(Source::of(&job.path, text));
    let module = !Names::of(text).trains();
    let own = job.uri.to_string();
    let mut files: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    files.insert(own.clone(), Vec::new());
    for error in errors.iter().filter(|error| !(module && is_about_hooks(error))) {
        for (file, diagnostic) in told(error, &job.path, job.units) {
            let address = match file == job.path {
                true => Some(own.clone()),
                false => uri_of(&file).map(|uri| uri.to_string()),
            };
            let list = files.entry(address.unwrap_or_else(|| own.clone())).or_default();
            if !list.contains(&diagnostic) {
                list.push(diagnostic);
            }
        }
    }
    Found { uri: job.uri, version: job.version, files }
}

fn is_about_hooks(error: &Error) -> bool {
    let problem = &error.report().problem;
    let known = ["the hook takes", "a hook cannot be private", "nothing calls this function"];
    known.iter().any(|start| problem.starts_with(start))
}

/// An error as diagnostics: where it is, and, if that is in another file, where this one leads there.
fn told(error: &Error, own: &Path, units: Units) -> Vec<(PathBuf, Diagnostic)> {
    let places = &error.report().places;
    let Some(first) = places.first() else {
        let start = Position::new(0, 0);
        let range = Range { start, end: start };
        return vec![(own.to_path_buf(), diagnostic(error, range, Vec::new()))];
    };
    let further = places.iter().skip(1).filter_map(|place| {
        let uri = uri_of(&place.file).filter(|_| place.file.is_absolute())?;
        let message = if place.note.is_empty() { "here".to_string() } else { place.note.clone() };
        let location = Location { uri, range: range(place, units) };
        Some(DiagnosticRelatedInformation { location, message })
    });
    let main = diagnostic(error, range(first, units), further.collect());
    if first.file == own {
        return vec![(own.to_path_buf(), main)];
    }
    let mut all = Vec::new();
    if let Some(here) = places.iter().find(|place| place.file == own) {
        let mut outer = main.clone();
        outer.range = range(here, units);
        outer.message =
            format!("in {}, line {}: {}", first.file.display(), first.line, main.message);
        outer.related_information = None;
        all.push((own.to_path_buf(), outer));
    }
    // A module of the standard library has no file.
    match first.file.is_absolute() {
        true => all.push((first.file.clone(), main)),
        false if all.is_empty() => all.push((own.to_path_buf(), main)),
        false => {}
    }
    all
}

fn diagnostic(
    error: &Error,
    range: Range,
    further: Vec<DiagnosticRelatedInformation>,
) -> Diagnostic {
    let report = error.report();
    let mut message = error.headline();
    let parts =
        [("expected", &report.expected), ("received", &report.received), ("hint", &report.hint)];
    for (word, part) in parts {
        if let Some(part) = part {
            message.push_str(&format!("\n{word}: {part}"));
        }
    }
    let severity = match error.severity() {
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Error => DiagnosticSeverity::ERROR,
    };
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(report.kind.word().to_string())),
        source: Some("still".to_string()),
        message,
        related_information: (!further.is_empty()).then_some(further),
        ..Diagnostic::default()
    }
}

/// The length of the string that begins at a column, with its quotes.
fn quoted(row: &str, column: usize) -> usize {
    let mut rest = row.chars().skip(column);
    let Some(quote @ ('"' | '`')) = rest.next() else { return 0 };
    rest.position(|letter| letter == quote).map_or(0, |inner| inner + 2)
}

fn range(place: &Place, units: Units) -> Range {
    let line = place.line.saturating_sub(1) as u32;
    let row = place.row_text().unwrap_or_default();
    let (column, length) = place.span().unwrap_or((0, row.chars().count()));
    // A single sign is marked where no word stands; behind the end of a line nothing is.
    let length = length.max(quoted(row, column)).max(1);
    let width = |count: usize| -> u32 {
        let units = |letter: char| match units {
            Units::Utf8 => letter.len_utf8(),
            Units::Utf16 => letter.len_utf16(),
        };
        row.chars().take(count).map(units).sum::<usize>() as u32
    };
    let (start, end) = (width(column), width(column + length));
    Range { start: Position::new(line, start), end: Position::new(line, end) }
}
