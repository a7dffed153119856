//! `still runs show`.

use super::drawn::curves;
use super::{Place, ls};
use crate::cli::out;
use crate::cli::terminal::{speaks_unicode, width};
use crate::cli::words::{ago, bytes, columns, date, plain};
use crate::cli::{lines, stages};
use crate::disk;
use crate::error::Result;
use crate::run::index::Row;
use crate::run::{Past, Picture, State};
use clap::Args;
use serde_json::{Value, json};

/// So many files and edits are listed; the rest is counted.
const MOST: usize = 40;

/// Show a run: recipe, seed, arguments, stages with their curves, edits, files.
#[derive(Args)]
pub(super) struct Show {
    /// The run: its name or a part of it, a tag, `last`, or a path.
    run: String,
    /// Print it as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let past = place.run(&self.run)?;
        let row = Row::of(&past);
        let files: Vec<(String, u64)> = disk::files_in(past.path())
            .into_iter()
            .map(|name| (name.clone(), disk::size_of(&past.path().join(name))))
            .collect();
        let picture = past.picture();
        if self.json {
            out(&as_json(&past, &row, &picture, &files).to_string());
            return Ok(());
        }
        out(&facts(&past, &row));
        let width = width();
        if !row.stages.is_empty() {
            out(&format!("\n{}", stages::table(past.path(), &row.stages, width)));
        }
        let drawn = curves(&picture, width, speaks_unicode());
        if !drawn.is_empty() {
            out(&format!("\n{drawn}"));
        }
        let edits = past.edits();
        if !edits.is_empty() {
            out(&format!("\n{}", edited(&past)));
        }
        let rows: Vec<Vec<String>> =
            files.iter().take(MOST).map(|(name, size)| vec![plain(name), bytes(*size)]).collect();
        out(&format!("\n{}{}", columns(&["file", " size"], &rows), more(files.len())));
        Ok(())
    }
}

fn more(count: usize) -> String {
    match count.saturating_sub(MOST) {
        0 => String::new(),
        more => format!("\n… and {more} more"),
    }
}

fn facts(past: &Past, row: &Row) -> String {
    let head = past.head();
    let said = |key: &str| head.get(key).and_then(Value::as_str).map(plain);
    let state = match (past.last(), row.state) {
        (Some(time), State::Running | State::Paused) => {
            format!("{}, last heard of {}", row.state.word(), ago(time))
        }
        (_, state) => state.word().to_string(),
    };
    let message = past.message().and_then(|text| text.lines().next().map(plain));
    let recipe = row.recipe.as_deref().map(plain).map(|recipe| match past.version() {
        0 => recipe,
        version => format!("{recipe}, version {version} at the end"),
    });
    let span = || past.last()?.duration_since(past.started()?).ok();
    let set: Vec<String> = row.set.iter().map(|(name, value)| argument(name, value)).collect();
    let began = past.started().map(|time| match time.elapsed() {
        Ok(_) => format!("{} UTC, {}", date(time), ago(time)),
        Err(_) => format!("{} UTC", date(time)),
    });
    let facts = [
        ("state", Some(state)),
        ("because", message),
        ("recipe", recipe),
        ("began", began),
        ("took", span().map(lines::time)),
        ("seed", row.seed.map(|seed| seed.to_string())),
        ("arguments", Some(set.join("  ")).filter(|text| !text.is_empty())),
        ("device", said("device")),
        ("still", said("still")),
        ("tags", Some(plain(&row.tags.join(", "))).filter(|text| !text.is_empty())),
        ("folder", Some(format!("{}, {}", past.path().display(), bytes(row.bytes)))),
    ];
    let known = facts
        .iter()
        .filter_map(|(name, fact)| fact.as_ref().map(|fact| format!("  {name:<9}  {fact}")));
    format!("{}\n{}", plain(past.name()), known.collect::<Vec<_>>().join("\n"))
}

/// An argument as the command line has it.
fn argument(name: &str, value: &Value) -> String {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    plain(&format!("{name}={value}"))
}

fn edited(past: &Past) -> String {
    let dash = || "–".to_string();
    let edits = past.edits();
    let rows: Vec<Vec<String>> = edits
        .iter()
        .take(MOST)
        .map(|edit| {
            vec![
                edit.stage.as_deref().map_or_else(dash, plain),
                edit.step.map_or_else(dash, |step| step.to_string()),
                edit.version.map_or_else(dash, |version| version.to_string()),
                plain(&edit.outcome.replace('_', " ")),
                plain(&edit.functions.join(", ")),
            ]
        })
        .collect();
    let head = ["edit in", " step", " version", "outcome", "functions"];
    format!("{}{}", columns(&head, &rows), more(edits.len()))
}

fn as_json(past: &Past, row: &Row, picture: &Picture, files: &[(String, u64)]) -> Value {
    let mut all = ls::as_json(row);
    let head = past.head();
    let said = |key: &str| head.get(key).cloned().unwrap_or_default();
    let files: Vec<Value> =
        files.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
    let epochs: serde_json::Map<String, Value> = picture
        .courses()
        .iter()
        .map(|course| (course.stage.name.clone(), json!(course.epochs)))
        .collect();
    let more = json!({
        "epochs": epochs, "message": past.message(), "version": past.version(), "edits": past.edits(),
        "device": said("device"), "still": said("still"), "blake3": said("blake3"), "files": files,
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}
