//! UrbanSound8K's layout: `audio/fold1` to `fold10`, and `metadata/UrbanSound8K.csv`.

use super::{Folds, Listed, Listing, Reach, ReadOptions, finish, need_folder, renumber};
use crate::data::clip::Row;
use crate::data::dataset::Dataset;
use crate::data::table::{Form, Table};
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads UrbanSound8K. Classes are the class numbers that occur, in their order; slices of one recording (`fsID`) are a
/// group.
///
/// # Errors
/// A missing folder or table, a row that cannot be read or whose file is missing, a fold without clips.
pub fn urbansound8k(
    folder: &Path,
    folds: Folds,
    options: &ReadOptions,
    reach: &Reach,
) -> Result<Dataset> {
    need_folder(folder, "a folder with audio/fold1 … fold10 and metadata/UrbanSound8K.csv")?;
    options.check("dataset::urbansound8k")?;
    let list = folder.join("metadata").join("UrbanSound8K.csv");
    (reach.check)(&list)?;
    let table = Table::read(&list, &Form::default())?;
    let (file, fold) = (table.column("slice_file_name")?, table.column("fold")?);
    let (number, name) = (table.column("classID")?, table.column("class")?);
    let group = table.find("fsID");
    let audio = folder.join("audio");
    let mut named: BTreeMap<usize, (String, usize)> = BTreeMap::new();
    let mut clips = Vec::new();
    for row in &table.rows {
        let own = table.file(row, file, "slice_file_name")?;
        let fold = table.whole(row, fold, "fold")?;
        let number = table.whole(row, number, "classID")?;
        let called = row.get(name);
        let elsewhere =
            named.iter().find(|(other, (known, _))| **other != number && known == called);
        let elsewhere = elsewhere.map(|(other, _)| *other);
        let (known, first) = named.entry(number).or_insert_with(|| (called.to_string(), row.line));
        if known != called {
            let error = table.damaged(row.line, "a class has two names").received(format!(
                "class {number} is '{called}' here, and '{known}' in line {first}"
            ));
            return Err(match elsewhere {
                Some(other) => error.hint(format!("'{called}' is class {other} in other rows")),
                None => error,
            });
        }
        let place = Row { list: table.path.clone(), line: row.line };
        let path = audio.join(format!("fold{fold}")).join(&own);
        let mut clip = Listed::new(own.to_string_lossy(), path, Some(place));
        clip.labels = vec![number];
        clip.fold = Some(fold);
        clip.split = folds.split(fold);
        clip.group = group.map(|column| row.get(column).to_string());
        clips.push(clip);
    }
    let known: Vec<usize> = clips.iter().filter_map(|clip| clip.fold).collect();
    folds.check(&format!("reading the data set {}", folder.display()), &known)?;
    let names = named.into_iter().map(|(number, (name, _))| (number, name)).collect();
    renumber(&mut clips, &names);
    let classes: Vec<String> = names.into_values().collect();
    let listing = Listing::single(folder, classes, clips, vec![list]);
    finish(listing, options, reach)
}
