//! Readers for the layouts in which data sets are published, and for one's own. Each gives a listing: clips as they are
//! listed; what all have in common, from permission to the lengths of the clips, is done once (`finish.rs`).

mod audioset;
mod csv_list;
mod esc50;
mod finish;
mod folders;
mod fsd50k;
mod guess;
mod json_list;
mod options;
mod speech_commands;
mod tree;
mod urbansound8k;

pub use audioset::{AudioSetOptions, Segments, audioset};
pub use csv_list::{CsvOptions, csv};
pub use esc50::{Esc50Options, esc50};
pub use folders::{FoldersOptions, folders};
pub use fsd50k::{Fsd50kOptions, fsd50k};
pub use guess::layout_of;
pub use json_list::{JsonOptions, json};
pub use options::{Folds, OnBad, Reach, ReadOptions};
pub use speech_commands::speech_commands;
pub use tree::{audio_below, is_audio};
pub use urbansound8k::urbansound8k;

use super::clip::{Row, Split};
use super::dataset::Labelling;
use crate::error::{Error, Kind, Result};
use finish::finish;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A set as its lists tell it.
struct Listing {
    name: String,
    labelling: Labelling,
    classes: Vec<String>,
    class_ids: Vec<String>,
    clips: Vec<Listed>,
    lists: Vec<PathBuf>,
    left_out: Vec<super::dataset::LeftOut>,
    remarks: Vec<String>,
}

impl Listing {
    /// A set whose clips have one class each, called by its name only.
    fn single(
        folder: &Path,
        classes: Vec<String>,
        clips: Vec<Listed>,
        lists: Vec<PathBuf>,
    ) -> Self {
        Listing {
            name: folder.display().to_string(),
            labelling: Labelling::Single,
            class_ids: classes.clone(),
            classes,
            clips,
            lists,
            left_out: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

/// Labels by the published numbers of `classes`, which may leave some out, as places in their order.
fn renumber<T>(clips: &mut [Listed], classes: &BTreeMap<usize, T>) {
    let numbers: Vec<usize> = classes.keys().copied().collect();
    for label in clips.iter_mut().flat_map(|clip| &mut clip.labels) {
        *label = numbers.binary_search(label).unwrap_or_default();
    }
}

/// A clip as it is listed.
struct Listed {
    id: String,
    file: PathBuf,
    /// Seconds of the file from and to which it reaches.
    seconds: Option<[f64; 2]>,
    row: Option<Row>,
    labels: Vec<usize>,
    split: Split,
    fold: Option<usize>,
    group: Option<String>,
}

impl Listed {
    fn new(id: impl Into<String>, file: PathBuf, row: Option<Row>) -> Self {
        Listed {
            id: id.into(),
            file,
            seconds: None,
            row,
            labels: Vec::new(),
            split: Split::Train,
            fold: None,
            group: None,
        }
    }
}

/// The folder of a data set.
///
/// # Errors
/// It is none; `expected` says what should be in it.
fn need_folder(folder: &Path, expected: &str) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let problem = if folder.exists() { "it is no folder" } else { "no such folder" };
    Err(Error::new(Kind::File, format!("reading the data set {}", folder.display()), problem)
        .expected(expected)
        .hint("a path counts from the current folder; 'still:example' is the built-in set"))
}

/// A file of a data set's own, by the first of `names` that is there.
fn find_file(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|name| folder.join(name)).find(|file| file.is_file())
}

/// As [`find_file`].
///
/// # Errors
/// None of them is there.
fn need_file(folder: &Path, names: &[&str]) -> Result<PathBuf> {
    find_file(folder, names).ok_or_else(|| {
        let doing = format!("reading the data set {}", folder.display());
        Error::new(Kind::File, doing, format!("{} is missing", names.join(" or ")))
            .expected(format!("{} in that folder", names.join(" or ")))
    })
}

/// What a list or a folder means that calls a split by one of its usual names.
fn split_of(name: &str) -> Option<Split> {
    match name.to_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "validation" | "valid" | "val" | "dev" => Some(Split::Validation),
        "test" | "testing" | "eval" | "evaluation" => Some(Split::Test),
        _ => None,
    }
}
