//! The recipe with all its versions.

use crate::report::draw::missing;
use crate::report::evidence::{Evidence, Run};
use crate::report::words::{counted, listed};
use maud::{Markup, html};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::path::Path;
use std::time::Duration;

/// A longer text is cut.
const MOST_BYTES: usize = 200_000;
/// So many edits are shown with their differences.
const MOST_EDITS: usize = 50;
/// After so long, a difference need not be the shortest one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Texts of a version by their names, and the runs that began with them.
type Shown<'a> = (Vec<(String, String)>, Vec<&'a Run>);

/// The recipes of the runs, those that are the same once, with what was edited while they ran.
pub fn recipe(evidence: &Evidence) -> Markup {
    let mut shown: Vec<Shown> = Vec::new();
    for run in &evidence.runs {
        let texts = run.past.texts(0);
        match shown.iter_mut().find(|(known, _)| *known == texts) {
            Some((_, runs)) => runs.push(run),
            None => shown.push((texts, vec![run])),
        }
    }
    let names = |runs: &[&Run]| {
        listed(&runs.iter().map(|run| run.past.name().to_string()).collect::<Vec<_>>())
    };
    html! {
        @for (texts, runs) in &shown {
            @if shown.len() > 1 { h3 { "Of " (names(runs)) } }
            @if texts.is_empty() {
                (missing("recipe-text", "The recipe", "the run's folder does not have it any more."))
            }
            @for (name, text) in ordered(texts, runs.first()) {
                details open[texts.len() == 1] {
                    summary { code { (name) } " · " (counted(text.lines().count(), "line")) }
                    pre.code tabindex="0" { code { (cut(text)) } }
                }
            }
            @for run in runs { (edits(run, evidence.runs.len() > 1)) }
        }
    }
}

/// The recipe first, then what it imports.
fn ordered<'a>(texts: &'a [(String, String)], run: Option<&&Run>) -> Vec<(&'a str, &'a str)> {
    let own = run.map(|run| run.past.main_of(0)).unwrap_or_default();
    let mut all: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.sort_by_key(|(name, _)| own.as_path() != Path::new(name));
    all
}

fn cut(text: &str) -> String {
    if text.len() <= MOST_BYTES {
        return text.to_string();
    }
    let end = (0..=MOST_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}\n… ({} bytes in all)", text.get(..end).unwrap_or_default(), text.len())
}

/// An edit, and the version that was in force before it.
struct Edit<'a> {
    event: &'a Value,
    outcome: String,
    before: u64,
    version: u64,
}

fn all_edits(run: &Run) -> Vec<Edit<'_>> {
    let mut before = 0;
    let mut all = Vec::new();
    for event in run.past.events_of("edit") {
        let outcome = text(event, "outcome").unwrap_or("unknown").to_string();
        let version = event.get("version").and_then(Value::as_u64).unwrap_or(before);
        let now =
            if matches!(outcome.as_str(), "in_force" | "reverted") { version } else { before };
        all.push(Edit { event, outcome, before, version });
        before = now;
    }
    all
}

fn text<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    event.get(key).and_then(Value::as_str)
}

fn edits(run: &Run, named: bool) -> Markup {
    let all = all_edits(run);
    if all.is_empty() {
        return html! { @if !named { p.note { "Nothing was edited while it ran." } } };
    }
    html! {
        h3 { "Edits" @if named { " of " (run.past.name()) } }
        ol.versions {
            @for edit in all.iter().take(MOST_EDITS) {
                li {
                    p {
                        b { (edit.outcome.replace('_', " ")) }
                        @if edit.outcome == "in_force" { ": version " (edit.version) }
                        @if let Some(stage) = text(edit.event, "stage") { " in “" (stage) "”" }
                        @if let Some(step) = edit.event.get("step").and_then(Value::as_u64) { ", step " (step) }
                        @if let Some(note) = text(edit.event, "note") { " – " (note) }
                    }
                    @if let Some(message) = text(edit.event, "message") {
                        pre.code tabindex="0" { code { (message.lines().take(12).collect::<Vec<_>>().join("\n")) } }
                    }
                    @if edit.outcome == "in_force" && edit.version != edit.before {
                        (difference(run, edit.before, edit.version))
                    }
                }
            }
        }
        @if all.len() > MOST_EDITS { p.note { (counted(all.len() - MOST_EDITS, "more edit")) "." } }
    }
}

/// What a version changed.
fn difference(run: &Run, before: u64, after: u64) -> Markup {
    let (old, new) = (run.past.texts(before), run.past.texts(after));
    let gone = old.iter().filter(|(name, _)| !new.iter().any(|(own, _)| own == name));
    let names: Vec<&String> = new.iter().chain(gone).map(|(name, _)| name).collect();
    let of = |all: &[(String, String)], name: &str| {
        let found = all.iter().find(|(own, _)| own == name);
        found.map(|(_, text)| cut(text)).unwrap_or_default()
    };
    html! {
        @for name in names {
            @let (a, b) = (of(&old, name), of(&new, name));
            @if a != b {
                pre.code.diff tabindex="0" role="region" aria-label={ "Difference of " (name) } {
                    @if new.len() > 1 { span.file { (name) "\n" } }
                    (lines(&a, &b))
                }
            }
        }
    }
}

fn lines(a: &str, b: &str) -> Markup {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(a, b);
    html! {
        @for (index, group) in diff.grouped_ops(3).iter().enumerate() {
            @if index > 0 { span.gap { "⋯\n" } }
            @for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                @let line = change.value().trim_end_matches('\n');
                @match change.tag() {
                    ChangeTag::Delete => { del { "− " (line) "\n" } }
                    ChangeTag::Insert => { ins { "+ " (line) "\n" } }
                    ChangeTag::Equal => { span { "  " (line) "\n" } }
                }
            }
        }
    }
}
