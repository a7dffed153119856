//! ESC-50's layout: `audio/*.wav` and `meta/esc50.csv` with columns for file, fold, class and name.

use super::{Folds, Listed, Listing, Reach, ReadOptions, finish, need_folder, renumber};
use crate::data::clip::Row;
use crate::data::dataset::Dataset;
use crate::data::table::{Form, Table};
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// The options of `dataset::esc50`.
#[derive(Clone, Debug, PartialEq)]
pub struct Esc50Options {
    /// Which fold tests, and which one chooses between epochs.
    pub folds: Folds,
    /// Only the ten classes of ESC-10: the rows that say so in the column `esc10`.
    pub esc10: bool,
    /// What all readers have.
    pub read: ReadOptions,
}

impl Default for Esc50Options {
    fn default() -> Self {
        let folds = Folds { test: 5, validation: None };
        Esc50Options { folds, esc10: false, read: ReadOptions::default() }
    }
}

/// Reads a data set in ESC-50's layout. Classes are the targets that occur, in their order. Clips of one recording
/// (`src_file`) are a group.
///
/// # Errors
/// A missing folder or table, a row that cannot be read or whose file is missing, a fold without clips.
pub fn esc50(folder: &Path, options: &Esc50Options, reach: &Reach) -> Result<Dataset> {
    need_folder(folder, "a folder with audio/ and meta/esc50.csv")?;
    options.read.check("dataset::esc50")?;
    let list = folder.join("meta").join("esc50.csv");
    (reach.check)(&list)?;
    let table = Table::read(&list, &Form::default())?;
    let (file, fold) = (table.column("filename")?, table.column("fold")?);
    let (target, category) = (table.column("target")?, table.column("category")?);
    let group = table.find("src_file");
    let esc10 = if options.esc10 { Some(table.column("esc10")?) } else { None };
    let audio = folder.join("audio");
    let mut names: BTreeMap<usize, (String, usize)> = BTreeMap::new();
    let mut targets: BTreeMap<String, usize> = BTreeMap::new();
    let (mut clips, mut odd) = (Vec::new(), Vec::new());
    for row in &table.rows {
        let target = table.whole(row, target, "target")?;
        let name = table.file(row, file, "filename")?;
        let fold = table.whole(row, fold, "fold")?;
        if fold == 0 {
            return Err(table.damaged(row.line, "folds are counted from 1").received("fold 0"));
        }
        if let Some(said) = contradicted(&name, fold, target) {
            odd.push(format!("line {}: {said}", row.line));
        }
        let own = row.get(category);
        if let Some(column) = esc10 {
            match row.get(column).to_ascii_lowercase().as_str() {
                "true" => {}
                "false" => continue,
                other => {
                    return Err(table
                        .damaged(row.line, "'esc10' is neither True nor False")
                        .received(format!("'{other}'")));
                }
            }
        }
        let (known, before) = names.entry(target).or_insert_with(|| (own.to_string(), row.line));
        if known != own {
            let what = format!("target {target}: '{own}' and '{known}', in line {before} already");
            return Err(table.damaged(row.line, "a target has two categories").received(what));
        }
        let place = Row { list: table.path.clone(), line: row.line };
        let other = *targets.entry(own.to_string()).or_insert(target);
        if other != target {
            let what = format!("'{own}': target {target}, and {other} in a line before");
            return Err(table
                .damaged(row.line, "a category has two targets")
                .received(what)
                .hint("classes are told apart by their names: one category for each target"));
        }
        let mut clip = Listed::new(name.to_string_lossy(), audio.join(&name), Some(place));
        clip.labels = vec![target];
        clip.fold = Some(fold);
        clip.split = options.folds.split(fold);
        clip.group = group.map(|column| row.get(column).to_string());
        clips.push(clip);
    }
    let folds: Vec<usize> = clips.iter().filter_map(|clip| clip.fold).collect();
    options.folds.check(&format!("reading the data set {}", folder.display()), &folds)?;
    renumber(&mut clips, &names);
    let classes: Vec<String> = names.into_values().map(|(name, _)| name).collect();
    let mut listing = Listing::single(folder, classes, clips, vec![list]);
    if let Some(first) = odd.first() {
        let names = if odd.len() == 1 { "name contradicts" } else { "names contradict" };
        listing.remarks.push(format!("{} {names} the table, {first}", odd.len()));
    }
    finish(listing, &options.read, reach)
}

/// What a name says otherwise than the table: `FOLD-SOURCE-TAKE-TARGET.wav`.
fn contradicted(name: &Path, fold: usize, target: usize) -> Option<String> {
    let stem = name.file_stem()?.to_str()?;
    let [own_fold, _, take, own_target] = stem.split('-').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (own_fold, own_target): (usize, usize) = (own_fold.parse().ok()?, own_target.parse().ok()?);
    let is_take = take.len() == 1 && take.starts_with(|own: char| own.is_ascii_uppercase());
    let differs = (own_fold, own_target) != (fold, target);
    (is_take && differs).then(|| format!("{stem} is in fold {fold} with target {target}"))
}
