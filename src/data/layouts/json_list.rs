//! AST's and PSLA's lists: JSON with a path and comma-joined labels for each clip, and a table of the labels.

use super::{Listed, Listing, Reach, ReadOptions, finish};
use crate::data::clip::{Row, Split};
use crate::data::dataset::{Dataset, Labelling};
use crate::data::table::{Form, Table};
use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The options of `dataset::json`.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonOptions {
    /// A list for each split that there is.
    pub lists: Vec<(Split, PathBuf)>,
    /// The table of labels: `index,mid,display_name`.
    pub labels: PathBuf,
    /// One label a clip, or any number.
    pub labelling: Labelling,
    /// Where paths begin that are not absolute; `None`: at the list.
    pub audio: Option<PathBuf>,
    /// What all readers have.
    pub read: ReadOptions,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    wav: String,
    labels: String,
}

/// Classes of a table with `index`, `mid` and `display_name`: their names and what the table calls them.
pub(super) fn classes(path: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let table = Table::read(path, &Form::default())?;
    let columns = ["index", "mid", "display_name"].map(|name| table.column(name));
    let [index, mid, name] = columns;
    let (index, mid, name) = (index?, mid?, name?);
    let (mut names, mut ids, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for row in &table.rows {
        if table.whole(row, index, "index")? != names.len() {
            return Err(table
                .damaged(row.line, "the classes are not counted from 0")
                .expected(names.len().to_string())
                .received(row.get(index)));
        }
        let id = row.get(mid).to_string();
        if !known.insert(id.clone()) {
            return Err(table
                .damaged(row.line, "a label is there twice")
                .received(format!("'{id}'")));
        }
        names.push(row.get(name).to_string());
        ids.push(id);
    }
    Ok((names, ids))
}

/// The lines in which the entries of "data" begin, counted from 1.
fn lines_of_entries(text: &str) -> Vec<usize> {
    let (mut lines, mut line, mut open) = (Vec::new(), 1, Vec::new());
    let (mut quoted, mut escaped) = (None, false);
    let (mut name, mut is_data) = ("", false);
    for (at, letter) in text.char_indices() {
        line += usize::from(letter == '\n');
        match (quoted, letter) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(start), '"') => {
                quoted = None;
                if open == ['{'] {
                    name = &text[start..at];
                }
            }
            (Some(_), _) => {}
            (None, '"') => quoted = Some(at + 1),
            (None, '{' | '[') => {
                if open == ['{'] {
                    is_data = name == "data";
                }
                if is_data && open == ['{', '['] {
                    lines.push(line);
                }
                open.push(letter);
            }
            (None, '}' | ']') => drop(open.pop()),
            _ => {}
        }
    }
    lines
}

/// Reads lists as AST's scripts write them: `{"data": [{"wav": "/path/x.flac", "labels": "/m/068hy,/m/07q6cd_"}]}`.
/// Other keys are passed over. A clip's row is the line that its entry begins in.
///
/// # Errors
/// A list that cannot be read, a label that is not in the table, a clip that is not there.
pub fn json(options: &JsonOptions, reach: &Reach) -> Result<Dataset> {
    options.read.check("dataset::json")?;
    (reach.check)(&options.labels)?;
    let (classes, class_ids) = classes(&options.labels)?;
    let places: BTreeMap<&str, usize> =
        class_ids.iter().enumerate().map(|(index, id)| (id.as_str(), index)).collect();
    let mut clips = Vec::new();
    for (split, path) in &options.lists {
        (reach.check)(path)?;
        let text = crate::disk::read_text(path)?;
        let doing = || format!("reading {}", path.display());
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let list: List = serde_json::from_str(text).map_err(|cause| {
            Error::new(Kind::Data, doing(), "the list cannot be read")
                .expected(r#"{"data": [{"wav": "…", "labels": "…"}, …]}"#)
                .received(cause.to_string())
        })?;
        let start = options.audio.as_deref().or(path.parent()).unwrap_or(Path::new(""));
        let shared: Arc<Path> = path.as_path().into();
        let lines = lines_of_entries(text);
        for (index, entry) in list.data.into_iter().enumerate() {
            let line = lines.get(index).copied().unwrap_or(1);
            let row = Row { list: shared.clone(), line };
            let wrong = |problem: &str| {
                let error = Error::new(Kind::Data, doing(), problem.to_string());
                error.note(format!("entry {} of \"data\"", index + 1))
            };
            if entry.wav.is_empty() {
                return Err(wrong("'wav' is empty"));
            }
            let mut labels = Vec::new();
            for id in entry.labels.split(',').map(str::trim).filter(|id| !id.is_empty()) {
                labels.push(*places.get(id).ok_or_else(|| {
                    wrong("a label is not in the table of labels")
                        .received(format!("'{id}'"))
                        .near(id, places.keys().copied())
                })?);
            }
            if options.labelling == Labelling::Single && labels.len() != 1 {
                return Err(wrong("a clip of a set with single labels has not one label")
                    .received(format!("'{}'", entry.labels))
                    .hint("give labelling: \"multi\" where clips have any number"));
            }
            let mut clip = Listed::new(entry.wav.clone(), start.join(&entry.wav), Some(row));
            (clip.labels, clip.split) = (labels, *split);
            clips.push(clip);
        }
    }
    let mut lists: Vec<PathBuf> = options.lists.iter().map(|(_, path)| path.clone()).collect();
    let name = lists.first().map_or_else(String::new, |path| path.display().to_string());
    lists.push(options.labels.clone());
    let (labelling, left_out, remarks) = (options.labelling, Vec::new(), Vec::new());
    let listing = Listing { name, labelling, classes, class_ids, clips, lists, left_out, remarks };
    finish(listing, &options.read, reach)
}
