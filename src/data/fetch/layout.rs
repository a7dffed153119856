//! What the lists within a published set say of its clips.

use crate::data::table::{Form, Table};
use crate::disk;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// A set by its own lists.
pub(super) struct Own {
    /// The published set whose layout it has.
    pub name: &'static str,
    /// Clips that are there, or that the lists tell of, by their paths; sorted.
    pub clips: Vec<String>,
    /// Clips that the lists tell of and that are not there.
    pub missing: Vec<String>,
    /// Clips that are empty.
    pub empty: Vec<String>,
    /// Clips that are there and that no list tells of.
    pub extra: Vec<String>,
}

/// Reads the lists of the set in `folder`, whichever of the published layouts it has.
///
/// # Errors
/// A layout that is not known; a list that cannot be read.
pub(super) fn read(folder: &Path) -> Result<Own> {
    let has = |name: &str| folder.join(name).exists();
    let mut listed = BTreeSet::new();
    // Folders of clips, and whether a list has all of them.
    let (name, places, is_listed): (_, &[&str], _) = if has("meta/esc50.csv") {
        rows(folder, "meta/esc50.csv", &["filename"], &mut |row| {
            let [file] = row else { return None };
            Some(listed.insert(format!("audio/{file}")))
        })?;
        ("esc50", &["audio/"], true)
    } else if has("metadata/UrbanSound8K.csv") {
        rows(folder, "metadata/UrbanSound8K.csv", &["slice_file_name", "fold"], &mut |row| {
            let [file, fold] = row else { return None };
            Some(listed.insert(format!("audio/fold{fold}/{file}")))
        })?;
        ("urbansound8k", &["audio/"], true)
    } else if has("FSD50K.ground_truth") {
        for part in ["dev", "eval"] {
            let list = format!("FSD50K.ground_truth/{part}.csv");
            rows(folder, &list, &["fname"], &mut |row| {
                let [file] = row else { return None };
                Some(listed.insert(format!("FSD50K.{part}_audio/{file}.wav")))
            })?;
        }
        ("fsd50k", &["FSD50K.dev_audio/", "FSD50K.eval_audio/"], true)
    } else if has("testing_list.txt") && has("validation_list.txt") {
        for list in ["testing_list.txt", "validation_list.txt"] {
            let text = disk::read_text(&folder.join(list))?;
            let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
            listed.extend(names.map(str::to_string));
        }
        ("speech_commands", &[""], false)
    } else {
        let doing = format!("reading the data set {}", folder.display());
        return Err(Error::new(Kind::Data, doing, "the folder has no layout that is known")
            .expected(
                "still-dataset.json, meta/esc50.csv, metadata/UrbanSound8K.csv, FSD50K.ground_truth/, or testing_list.txt",
            ));
    };
    let is_clip = |name: &String| {
        let is_hidden = name.rsplit('/').next().is_some_and(|own| own.starts_with('.'));
        name.to_ascii_lowercase().ends_with(".wav")
            && !is_hidden
            && places.iter().any(|place| name.starts_with(place))
            && !name.starts_with("_background_noise_/")
    };
    let there: BTreeSet<String> = disk::files_in(folder).into_iter().filter(is_clip).collect();
    let is_empty = |name: &&String| disk::size_of(&folder.join(name)) == 0;
    Ok(Own {
        name,
        missing: listed.difference(&there).cloned().collect(),
        empty: there.iter().filter(is_empty).cloned().collect(),
        extra: if is_listed { there.difference(&listed).cloned().collect() } else { Vec::new() },
        clips: there.into_iter().collect(),
    })
}

/// Hands on these columns of each row of a table; no table may name a clip twice.
fn rows(
    folder: &Path,
    list: &str,
    columns: &[&str],
    take: &mut dyn FnMut(&[&str]) -> Option<bool>,
) -> Result<()> {
    let table = Table::read(&folder.join(list), &Form::default())?;
    let columns = columns.iter().map(|name| table.column(name)).collect::<Result<Vec<_>>>()?;
    for row in &table.rows {
        let cells: Vec<&str> = columns.iter().map(|column| row.get(*column)).collect();
        if take(&cells) != Some(true) {
            return Err(table
                .damaged(row.line, "a clip is listed twice")
                .received(cells.join(", ")));
        }
    }
    Ok(())
}
