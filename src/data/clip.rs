//! One clip of a data set: its file, its labels, and what it is for.

use crate::error::{Error, Place};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The clips that train.
    Train,
    /// The clips that choose between epochs, where a set has some.
    Validation,
    /// The clips that test.
    Test,
}

impl Split {
    /// All of them, in their order.
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// The part of that name, if there is one.
    pub fn named(name: &str) -> Option<Split> {
        Split::ALL.into_iter().find(|split| split.name() == name)
    }
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its first sample, at the file's rate.
    pub start: usize,
    /// Samples of each channel.
    pub samples: usize,
}

/// The row of a list that a clip stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The list.
    pub list: Arc<Path>,
    /// Its line, counted from 1.
    pub line: usize,
}

/// One clip of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// What it is called in its set: the name that stored logits go by.
    pub id: String,
    /// The audio file.
    pub file: PathBuf,
    /// The part of the file that it is; `None`: all of it.
    pub span: Option<Span>,
    /// Where it is listed; `None` in sets that are a folder a class.
    pub row: Option<Row>,
    /// Its classes, in rising order, each with a weight that is 1 unless the label is soft. None: unlabelled.
    pub labels: Vec<(usize, f32)>,
    /// What it is for.
    pub split: Split,
    /// The fold that the set's makers put it in.
    pub fold: Option<usize>,
    /// What clips of one recording share: they should train or test together.
    pub group: Option<String>,
    /// Samples a second, as the file has them.
    pub rate_hz: u32,
    /// Its samples of each channel, at the file's own rate.
    pub samples: usize,
    /// Channels.
    pub channels: usize,
}

impl Clip {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate_hz.max(1))
    }

    /// The first of its classes, if it has any.
    pub fn class(&self) -> Option<usize> {
        self.labels.first().map(|(class, _)| *class)
    }

    /// Its labels as a row over all classes.
    pub fn target(&self, classes: usize) -> Vec<f32> {
        let mut target = vec![0.0; classes];
        for (class, weight) in &self.labels {
            if let Some(cell) = target.get_mut(*class) {
                *cell = *weight;
            }
        }
        target
    }

    /// An error about it, with the row that lists it.
    pub fn blame(&self, error: Error) -> Error {
        at_row(self.row.as_ref(), error)
    }
}

/// An error about a clip, with the row that lists it, where one does.
pub(super) fn at_row(row: Option<&Row>, error: Error) -> Error {
    match row {
        Some(row) => error.at(Place::row(&row.list, row.line)),
        None => error,
    }
}
