//! FSD50K's layout, as published: `FSD50K.dev_audio`, `FSD50K.eval_audio` and `FSD50K.ground_truth`.

use super::{Listed, Listing, Reach, ReadOptions, finish, need_file, need_folder};
use crate::data::clip::{Row, Split};
use crate::data::dataset::{Dataset, Labelling};
use crate::data::table::{Form, Table};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The options of `dataset::fsd50k`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fsd50kOptions {
    /// What all readers have.
    pub read: ReadOptions,
}

/// Reads FSD50K: the development clips train or validate as `dev.csv` says, the evaluation clips test. Classes are
/// `vocabulary.csv`'s, whose rows have no header: index, label, mid.
///
/// # Errors
/// A missing folder or list, a label that is not in the vocabulary, mids that are not those of the labels, a clip that is
/// not there.
pub fn fsd50k(folder: &Path, options: &Fsd50kOptions, reach: &Reach) -> Result<Dataset> {
    need_folder(
        folder,
        "a folder with FSD50K.dev_audio/, FSD50K.eval_audio/ and FSD50K.ground_truth/",
    )?;
    options.read.check("dataset::fsd50k")?;
    let ground = folder.join("FSD50K.ground_truth");
    let list = |name: &str| {
        let path = need_file(&ground, &[name])?;
        (reach.check)(&path)?;
        Ok(path)
    };
    let vocabulary = list("vocabulary.csv")?;
    let table = Table::read(&vocabulary, &Form { has_header: false, ..Form::default() })?;
    let mut places = BTreeMap::new();
    let (mut classes, mut class_ids) = (Vec::new(), Vec::new());
    for (index, row) in table.rows.iter().enumerate() {
        if table.whole(row, 0, "index")? != index {
            return Err(table
                .damaged(row.line, "the classes are not counted from 0")
                .expected(index.to_string())
                .received(row.get(0)));
        }
        if let Some(before) = places.insert(row.get(1).to_string(), index) {
            return Err(table
                .damaged(row.line, "a class is listed twice")
                .received(format!("'{}', which is class {before} already", row.get(1))));
        }
        classes.push(row.get(1).to_string());
        class_ids.push(row.get(2).to_string());
    }
    let (dev, eval) = (list("dev.csv")?, list("eval.csv")?);
    let mut clips = Vec::new();
    for (path, audio, fixed) in [
        (&dev, folder.join("FSD50K.dev_audio"), None),
        (&eval, folder.join("FSD50K.eval_audio"), Some(Split::Test)),
    ] {
        clips.extend(part(path, &audio, fixed, &places, &class_ids)?);
    }
    let listing = Listing {
        name: folder.display().to_string(),
        labelling: Labelling::Multi,
        classes,
        class_ids,
        clips,
        lists: vec![vocabulary, dev, eval],
        left_out: Vec::new(),
        remarks: Vec::new(),
    };
    finish(listing, &options.read, reach)
}

fn part(
    path: &Path,
    audio: &Path,
    fixed: Option<Split>,
    places: &BTreeMap<String, usize>,
    class_ids: &[String],
) -> Result<Vec<Listed>> {
    let table = Table::read(path, &Form::default())?;
    let (name, labels) = (table.column("fname")?, table.column("labels")?);
    let mids = table.find("mids");
    let split = if fixed.is_none() { Some(table.column("split")?) } else { None };
    let each = |row: &crate::data::table::Cells| {
        let file = table.file(row, name, "fname")?;
        let mut file_name = file.clone().into_os_string();
        file_name.push(".wav");
        let place = Row { list: Arc::clone(&table.path), line: row.line };
        let mut clip = Listed::new(file.to_string_lossy(), audio.join(file_name), Some(place));
        for label in row.get(labels).split(',').map(str::trim).filter(|label| !label.is_empty()) {
            clip.labels.push(places.get(label).copied().ok_or_else(|| {
                let error = table
                    .damaged(row.line, "a label is not in vocabulary.csv")
                    .received(format!("'{label}'"));
                let several = |sign| label.split(sign).all(|own| places.contains_key(own.trim()));
                match [';', '|'].into_iter().find(|sign| several(*sign)) {
                    Some(sign) => {
                        error.hint(format!("labels are separated by ',', not by '{sign}'"))
                    }
                    None => error.near(label, places.keys().map(String::as_str)),
                }
            })?);
        }
        if let Some(column) = mids {
            let named = |class: &usize| class_ids.get(*class).map_or("", String::as_str);
            let own: BTreeSet<&str> = clip.labels.iter().map(named).collect();
            let listed = row.get(column).split(',').map(str::trim).filter(|mid| !mid.is_empty());
            let listed: BTreeSet<&str> = listed.collect();
            if own != listed {
                let told = |mids: BTreeSet<&str>| mids.into_iter().collect::<Vec<_>>().join(",");
                return Err(table
                    .damaged(row.line, "'mids' and 'labels' contradict each other")
                    .expected(format!("'{}', as vocabulary.csv has it", told(own)))
                    .received(format!("'{}'", told(listed))));
            }
        }
        clip.split = match (fixed, split.map(|column| row.get(column))) {
            (Some(split), _) => split,
            (None, Some("train")) => Split::Train,
            (None, Some("val")) => Split::Validation,
            (None, other) => {
                return Err(table
                    .damaged(row.line, "'split' says neither")
                    .expected("train or val")
                    .received(format!("'{}'", other.unwrap_or_default())));
            }
        };
        Ok(clip)
    };
    table.rows.iter().map(each).collect()
}
