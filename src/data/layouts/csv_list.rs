//! Any table of clips: which column means what is said by options.

use super::{Folds, Listed, Listing, Reach, ReadOptions, finish, split_of};
use crate::data::clip::{Row, Split};
use crate::data::dataset::{Dataset, Labelling};
use crate::data::table::{Cells, Form, Table, inside};
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The options of `dataset::csv`. A column is named as the header has it.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvOptions {
    /// Where the files' names begin; `None`: at the table.
    pub audio: Option<PathBuf>,
    /// The column of the file.
    pub file: String,
    /// What is put after a file's name, where the table leaves it out: ".wav".
    pub ending: String,
    /// The column of the one class.
    pub label: Option<String>,
    /// The column of any number of classes; one of `label` and this is given.
    pub labels: Option<String>,
    /// What stands between two of them.
    pub label_separator: String,
    /// The classes in their order; `None`: those that occur, in the order of the alphabet (numbers by their size).
    pub classes: Option<Vec<String>>,
    /// The column that says what a clip is for: train, validation, test, or what `splits` says.
    pub split: Option<String>,
    /// What else the table calls the splits.
    pub splits: Vec<(String, Split)>,
    /// The column of the fold.
    pub fold: Option<String>,
    /// What the folds do; needs `fold`.
    pub folds: Option<Folds>,
    /// The column of the clip's name; `None`: the file's.
    pub id: Option<String>,
    /// The column of what clips of one recording share.
    pub group: Option<String>,
    /// Columns of the times in seconds between which a clip lies in its file; both or none.
    pub times: Option<[String; 2]>,
    /// What stands between two cells.
    pub separator: u8,
    /// What all readers have.
    pub read: ReadOptions,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            audio: None,
            file: "filename".to_string(),
            ending: String::new(),
            label: None,
            labels: None,
            label_separator: ",".to_string(),
            classes: None,
            split: None,
            splits: Vec::new(),
            fold: None,
            folds: None,
            id: None,
            group: None,
            times: None,
            separator: b',',
            read: ReadOptions::default(),
        }
    }
}

/// Where the columns are.
struct Columns {
    file: usize,
    label: usize,
    split: Option<usize>,
    fold: Option<usize>,
    id: Option<usize>,
    group: Option<usize>,
    times: Option<[usize; 2]>,
}

/// Reads a table of clips. Without splits and folds all clips train: `split` or `k_fold` make the rest.
///
/// # Errors
/// A missing column, a row that cannot be read, a label outside `classes`, a clip that is not there.
pub fn csv(path: &Path, options: &CsvOptions, reach: &Reach) -> Result<Dataset> {
    options.read.check("dataset::csv")?;
    let (label, labelling) = match (&options.label, &options.labels) {
        (Some(label), None) => (label, Labelling::Single),
        (None, Some(labels)) => (labels, Labelling::Multi),
        (Some(_), Some(_)) => {
            let problem = "the classes are named by two columns";
            return Err(Error::new(Kind::Script, "dataset::csv", problem).expected(
                "label: \"column\" for one class a clip, or labels: \"column\" for any number",
            ));
        }
        _ => {
            return Err(Error::new(
                Kind::Script,
                "dataset::csv",
                "it is not said which column names the class",
            )
            .expected(
                "label: \"column\" for one class a clip, or labels: \"column\" for any number",
            ));
        }
    };
    (reach.check)(path)?;
    if options.split.is_some() && options.folds.is_some() {
        let problem = "what clips are for is said twice";
        return Err(Error::new(Kind::Script, "dataset::csv", problem)
            .expected("split: \"column\", or the fold that tests")
            .received("both"));
    }
    let table = Table::read(path, &Form { separator: options.separator, has_header: true })?;
    let some = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
    let times = match &options.times {
        Some([start, end]) => Some([table.column(start)?, table.column(end)?]),
        None => None,
    };
    let columns = Columns {
        file: table.column(&options.file)?,
        label: table.column(label)?,
        split: some(&options.split)?,
        fold: some(&options.fold)?,
        id: some(&options.id)?,
        group: some(&options.group)?,
        times,
    };
    let labels: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| names(row.get(columns.label), labelling, &options.label_separator))
        .collect();
    let classes = match &options.classes {
        Some(classes) => classes.clone(),
        None => occurring(&labels),
    };
    let places: BTreeMap<&str, usize> =
        classes.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    let mut clips = Vec::new();
    for (row, labels) in table.rows.iter().zip(&labels) {
        let mut clip = listed(&table, row, &columns, options)?;
        for label in labels {
            clip.labels.push(*places.get(label.as_str()).ok_or_else(|| {
                table
                    .damaged(row.line, "a label is not among 'classes'")
                    .received(format!("'{label}'"))
                    .near(label, classes.iter().map(String::as_str))
            })?);
        }
        if labelling == Labelling::Single && clip.labels.len() != 1 {
            return Err(table.damaged(row.line, "the row has no label"));
        }
        clips.push(clip);
    }
    if let (Some(folds), Some(_)) = (&options.folds, columns.fold) {
        let known: Vec<usize> = clips.iter().filter_map(|clip| clip.fold).collect();
        folds.check(&format!("reading {}", path.display()), &known)?;
    }
    // Classes all of whose parts are classes, too, are surely several.
    let known: BTreeSet<&str> = classes.iter().map(String::as_str).collect();
    let several = classes.iter().find(|name| {
        let mut parts = name.split([';', '|', ',']).map(str::trim);
        labelling == Labelling::Multi
            && !parts.all(|part| part == name.as_str())
            && name.split([';', '|', ',']).all(|part| known.contains(part.trim()))
    });
    let remark = several.map(|name| {
        let separator = &options.label_separator;
        format!("'{name}' is one class: label_separator is \"{separator}\"")
    });
    let listing = Listing {
        name: path.display().to_string(),
        labelling,
        class_ids: classes.clone(),
        classes,
        clips,
        lists: vec![path.to_path_buf()],
        left_out: Vec::new(),
        remarks: remark.into_iter().collect(),
    };
    finish(listing, &options.read, reach)
}

fn names(cell: &str, labelling: Labelling, separator: &str) -> Vec<String> {
    let parts: Vec<&str> = match labelling {
        Labelling::Single => vec![cell],
        Labelling::Multi => cell.split(separator).map(str::trim).collect(),
    };
    parts.into_iter().filter(|name| !name.is_empty()).map(str::to_string).collect()
}

/// The labels that occur: by size where all are numbers, else by the alphabet.
fn occurring(labels: &[Vec<String>]) -> Vec<String> {
    let mut names: Vec<String> = labels.iter().flatten().cloned().collect();
    names.sort();
    names.dedup();
    if names.iter().all(|name| name.parse::<u64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<u64>().unwrap_or(0));
    }
    names
}

fn listed(table: &Table, row: &Cells, columns: &Columns, options: &CsvOptions) -> Result<Listed> {
    let text = row.get(columns.file);
    let named = format!("{text}{}", options.ending);
    let start = options.audio.as_deref().or(table.path.parent()).unwrap_or(Path::new(""));
    // A whole path is what the user's own tables have; whether it may be read is asked later.
    let file = match Path::new(&named).is_absolute() {
        true => PathBuf::from(&named),
        false => start.join(inside(&named).filter(|_| !text.is_empty()).ok_or_else(|| {
            table
                .damaged(row.line, format!("'{}' is no file name below the folder", options.file))
                .received(format!("'{text}'"))
        })?),
    };
    let place = Row { list: table.path.clone(), line: row.line };
    let id = columns.id.map_or(text, |column| row.get(column));
    if id.is_empty() {
        return Err(table.damaged(row.line, "the row has no name for its clip"));
    }
    let mut clip = Listed::new(id, file, Some(place));
    if let Some(column) = columns.fold {
        let fold = table.whole(row, column, options.fold.as_deref().unwrap_or("fold"))?;
        clip.fold = Some(fold);
        if let Some(folds) = &options.folds {
            clip.split = folds.split(fold);
        }
    }
    if let Some(column) = columns.split {
        let own = row.get(column);
        let given = options.splits.iter().find(|(name, _)| name == own).map(|(_, split)| *split);
        clip.split = given.or_else(|| split_of(own)).ok_or_else(|| {
            table
                .damaged(row.line, "what a clip is for is not understood")
                .expected("train, validation, test, or a name that 'splits' tells")
                .received(format!("'{own}'"))
        })?;
    }
    clip.group = columns.group.map(|column| row.get(column).to_string());
    // Parts of one file are one recording.
    if columns.times.is_some() && clip.group.is_none() {
        clip.group = Some(text.to_string());
    }
    if let Some(pair) = columns.times {
        let mut seconds = [0.0; 2];
        for (value, column) in seconds.iter_mut().zip(pair) {
            let text = row.get(column);
            *value = text.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0).ok_or_else(
                || {
                    table
                        .damaged(row.line, "a time is no number of 0 or more")
                        .expected("seconds from the beginning of the file")
                        .received(format!("'{text}'"))
                },
            )?;
        }
        if columns.id.is_none() {
            let [start, end] = seconds;
            clip.id = format!("{text}@{start:.3}-{end:.3}");
        }
        clip.seconds = Some(seconds);
    }
    Ok(clip)
}
