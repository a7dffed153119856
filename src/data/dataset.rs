//! A data set: its clips, their classes, and which of them train.

pub use crate::metrics::Labelling;

use super::clip::{Clip, Row, Split};
use std::path::PathBuf;
use std::sync::Arc;

/// A clip that was listed, but is not among the clips.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Its file, or what was looked for.
    pub file: PathBuf,
    /// Where it is listed.
    pub row: Option<Row>,
    /// Why.
    pub why: String,
}

/// The clips of a set. A value: what selects or relabels makes another set.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it is called in results: its folder as given.
    pub name: String,
    /// One class a clip, or any number.
    pub labelling: Labelling,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// What the set's makers call the classes, by index (AudioSet's `/m/09x0r`); the names where they have nothing else.
    pub class_ids: Vec<String>,
    /// The clips, in the order of the lists.
    pub clips: Arc<Vec<Clip>>,
    /// The lists that it was read from.
    pub lists: Vec<PathBuf>,
    /// What was listed and left out.
    pub left_out: Arc<Vec<LeftOut>>,
    /// What else there is to tell of it, each in a line.
    pub remarks: Arc<Vec<String>>,
}

impl Dataset {
    /// The clips of `split`, in their order.
    pub fn of(&self, split: Split) -> impl Iterator<Item = &Clip> {
        self.clips.iter().filter(move |clip| clip.split == split)
    }

    /// How many clips `split` has.
    pub fn count(&self, split: Split) -> usize {
        self.of(split).count()
    }

    /// The clips that epochs are judged by: those that validate, or, where there are none, those that test.
    pub fn judging(&self) -> Split {
        match self.count(Split::Validation) {
            0 => Split::Test,
            _ => Split::Validation,
        }
    }

    /// The sample rate that all clips share, if they do.
    pub fn rate_hz(&self) -> Option<u32> {
        let first = self.clips.first()?.rate_hz;
        self.clips.iter().all(|clip| clip.rate_hz == first).then_some(first)
    }

    /// The same set with other clips.
    pub fn with(&self, clips: Vec<Clip>) -> Dataset {
        Dataset { clips: Arc::new(clips), ..self.clone() }
    }

    /// The same set with at most `count` clips of each class in each split, for a quick try. A clip of several
    /// classes counts for its first.
    pub fn at_most(&self, count: usize) -> Dataset {
        let mut takes = few(count);
        let few = |clip: &&Clip| takes(clip.split, clip.class());
        self.with(self.clips.iter().filter(few).cloned().collect())
    }
}

/// Whether a clip of a split and a class is among the first `count` of these that are asked about.
pub(super) fn few(count: usize) -> impl FnMut(Split, Option<usize>) -> bool {
    let mut taken = std::collections::BTreeMap::new();
    move |split, class| {
        let seen = taken.entry((split, class)).or_insert(0usize);
        *seen += 1;
        *seen <= count
    }
}
