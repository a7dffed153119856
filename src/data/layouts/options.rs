//! What all readers have in common: permission, folds, and what becomes of bad clips.

use crate::data::clip::Split;
use crate::data::index::FileIndex;
use crate::error::{Error, Kind, Result};
use std::path::Path;

/// What becomes of a clip that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    /// It is an error.
    #[default]
    Error,
    /// It is left out, counted and listed. So that this is known before anything is trained, every clip is decoded
    /// once; the file index remembers which are whole.
    Skip,
}

/// What may be read, and what is known of files already.
pub struct Reach<'a> {
    /// Whether a list, a folder, or a clip that is a link may be read.
    pub check: &'a dyn Fn(&Path) -> Result<()>,
    /// Lengths and fingerprints of files that have not changed.
    pub index: &'a FileIndex,
    /// Whether the user wants an end.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Reach<'a> {
    /// Any file may be read, to the end: for programs of one's own.
    pub fn anywhere(index: &'a FileIndex) -> Self {
        Reach { check: &|_| Ok(()), index, stop: &|| false }
    }
}

/// Options of every reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// At most so many clips of each class in each split; `None` takes all.
    pub per_class: Option<usize>,
    /// What becomes of a clip that cannot be read.
    pub on_bad: OnBad,
}

impl ReadOptions {
    /// Refuses what makes no sense.
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        if self.per_class == Some(0) {
            return Err(Error::out_of_range(operation, "per_class", "at least 1", "0"));
        }
        Ok(())
    }
}

/// Which folds of a set with folds do what; the others train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folds {
    /// The fold that tests.
    pub test: usize,
    /// The fold that chooses between epochs, if one does.
    pub validation: Option<usize>,
}

impl Folds {
    /// What a fold does.
    pub fn split(&self, fold: usize) -> Split {
        match fold {
            fold if fold == self.test => Split::Test,
            fold if Some(fold) == self.validation => Split::Validation,
            _ => Split::Train,
        }
    }

    /// Refuses folds that no clip is in.
    ///
    /// # Errors
    /// A fold without clips, or nothing left to train.
    pub(crate) fn check(&self, operation: &str, folds: &[usize]) -> Result<()> {
        let mut known = folds.to_vec();
        known.sort_unstable();
        known.dedup();
        let wrong = |problem: String, received: String| {
            Err(Error::new(Kind::Data, operation, problem)
                .expected(format!("a fold of {known:?}, and another one beside it"))
                .received(received))
        };
        for (part, fold) in [("test", Some(self.test)), ("validate", self.validation)] {
            if let Some(fold) = fold.filter(|fold| !known.contains(fold)) {
                return wrong(format!("no clip is left to {part}"), format!("fold {fold}"));
            }
        }
        if self.validation == Some(self.test) {
            return wrong(
                "one fold cannot both test and validate".to_string(),
                format!("fold {} and validation_fold {}", self.test, self.test),
            );
        }
        if known.iter().all(|fold| self.split(*fold) != Split::Train) {
            return wrong("no clip is left to train".to_string(), format!("fold {}", self.test));
        }
        Ok(())
    }
}
