//! ESC-50's layout: `audio/*.wav` and `meta/esc50.csv` with columns for file, fold, class and name.

use super::{Dataset, Record};
use crate::error::{Error, Kind, Place, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The options of `dataset::esc50`.
#[derive(Clone, Debug, PartialEq)]
pub struct Esc50Options {
    /// The fold that tests; the others train.
    pub fold: usize,
    /// At most so many clips of each class in each split; `None` takes all.
    pub per_class: Option<usize>,
}

impl Default for Esc50Options {
    fn default() -> Self {
        Esc50Options { fold: 5, per_class: None }
    }
}

struct Row {
    line: usize,
    file: String,
    fold: usize,
    target: usize,
    category: String,
}

/// Reads a data set in ESC-50's layout. Classes are the targets that occur, in their order.
///
/// # Errors
/// A missing folder or table, a row that cannot be read or whose file is missing, a fold without clips.
pub fn esc50(folder: &Path, options: &Esc50Options) -> Result<Dataset> {
    esc50_checked(folder, options, &|_| Ok(()))
}

/// As [`esc50`], with a say on each file that may not lie where it seems to: the table, the folder of the clips, and
/// clips that are links.
///
/// # Errors
/// As `esc50`; what `check` gives.
pub fn esc50_checked(
    folder: &Path,
    options: &Esc50Options,
    check: &dyn Fn(&Path) -> Result<()>,
) -> Result<Dataset> {
    let operation = format!("reading the data set {}", folder.display());
    if !folder.is_dir() {
        let problem = if folder.exists() { "it is no folder" } else { "no such folder" };
        return Err(Error::new(Kind::File, &operation, problem)
            .expected("a folder with audio/ and meta/esc50.csv")
            .hint("a path counts from the current folder; 'still:example' is the built-in set"));
    }
    let manifest = folder.join("meta").join("esc50.csv");
    if options.per_class == Some(0) {
        return Err(Error::new(Kind::Range, "dataset::esc50", "'per_class' is out of range")
            .expected("at least 1")
            .received("0"));
    }
    check(&manifest)?;
    let rows = read_rows(&manifest)?;
    check_rows(&manifest, &rows)?;
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    for row in &rows {
        names.entry(row.target).or_insert_with(|| row.category.clone());
    }
    let targets: Vec<usize> = names.keys().copied().collect();
    let (mut train, mut test) = (Vec::new(), Vec::new());
    let audio = folder.join("audio");
    check(&audio)?;
    for row in &rows {
        let file = audio.join(&row.file);
        if file.is_symlink() {
            check(&file).map_err(|error| error.at(Place::row(&manifest, row.line)))?;
        }
        let record = Record {
            file,
            row: row.line,
            class: targets.binary_search(&row.target).unwrap_or_default(),
        };
        let split = if row.fold == options.fold { &mut test } else { &mut train };
        split.push(record);
    }
    if test.is_empty() || train.is_empty() {
        let mut folds: Vec<usize> = rows.iter().map(|row| row.fold).collect();
        folds.sort_unstable();
        folds.dedup();
        let empty = if test.is_empty() { "test" } else { "train" };
        return Err(Error::new(Kind::Data, &operation, format!("no clip is left to {empty}"))
            .expected(format!("a fold of {folds:?}, and another one beside it"))
            .received(format!("fold {}", options.fold)));
    }
    let mut dataset = Dataset {
        name: folder.display().to_string(),
        manifest,
        classes: names.into_values().collect(),
        train,
        test,
        rate_hz: 0,
        longest: 0,
    };
    if let Some(count) = options.per_class {
        dataset = dataset.at_most(count);
    }
    let all: Vec<&Record> = dataset.train.iter().chain(&dataset.test).collect();
    (dataset.rate_hz, dataset.longest) = Dataset::survey(&dataset.manifest, &all)?;
    Ok(dataset)
}

/// A file that is listed twice could train and test; a class with two names is a slip.
fn check_rows(manifest: &Path, rows: &[Row]) -> Result<()> {
    let operation = format!("reading {}", manifest.display());
    let (mut files, mut names) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        let twice = |problem: &str, what: String, before: usize| {
            Err(Error::new(Kind::Data, &operation, problem)
                .received(format!("{what}, in line {before} already"))
                .at(Place::row(manifest, row.line)))
        };
        if let Some(before) = files.insert(&row.file, row.line) {
            return twice("a file is listed twice", row.file.clone(), before);
        }
        let (category, before) = *names.entry(row.target).or_insert((&row.category, row.line));
        if *category != row.category {
            let what = format!("target {}: '{}' and '{category}'", row.target, row.category);
            return twice("a target has two categories", what, before);
        }
    }
    Ok(())
}

/// The line, counted from 1, of the row that begins at a byte. The reader's own count is one too small where lines end
/// with a carriage return.
fn line_at(text: &str, byte: u64) -> usize {
    let (before, after) = text.split_at_checked(byte as usize).unwrap_or((text, ""));
    let ends = after.len() - after.trim_start_matches(['\r', '\n']).len();
    let ended = after.get(..ends).unwrap_or_default();
    1 + before.matches('\n').count() + ended.matches('\n').count()
}

fn read_rows(manifest: &Path) -> Result<Vec<Row>> {
    let text = crate::disk::read_text(manifest)?;
    let operation = format!("reading {}", manifest.display());
    let damaged = |line: usize, problem: String| {
        Error::new(Kind::Data, &operation, problem).at(Place::row(manifest, line))
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|cause| damaged(1, cause.to_string()))?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header.trim() == name).ok_or_else(|| {
            damaged(1, format!("the column '{name}' is missing"))
                .expected("filename, fold, target, category")
                .received(headers.iter().collect::<Vec<_>>().join(", "))
        })
    };
    let (file, fold) = (column("filename")?, column("fold")?);
    let (target, category) = (column("target")?, column("category")?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|cause| {
            let line = cause.position().map_or(0, |position| line_at(&text, position.byte()));
            damaged(line, "the row cannot be read".into()).received(cause.to_string())
        })?;
        let line = record.position().map_or(0, |position| line_at(&text, position.byte()));
        let cell = |index: usize| record.get(index).unwrap_or("").trim();
        let number = |index: usize, name: &str| {
            cell(index).parse::<usize>().map_err(|_| {
                damaged(line, format!("'{name}' is no whole number"))
                    .received(format!("'{}'", cell(index)))
            })
        };
        let name = cell(file);
        // A manifest that somebody sends must not reach outside of its folder.
        if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
            return Err(damaged(line, "'filename' is no plain file name".into())
                .received(format!("'{name}'")));
        }
        rows.push(Row {
            line,
            file: name.to_string(),
            fold: number(fold, "fold")?,
            target: number(target, "target")?,
            category: cell(category).to_string(),
        });
    }
    if rows.is_empty() {
        return Err(damaged(1, "the table lists no clip".into()));
    }
    Ok(rows)
}
