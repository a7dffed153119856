//! A data set: its clips, their classes, and which of them train.

use crate::audio::wav;
use crate::error::{Error, Kind, Place, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One clip of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The audio file.
    pub file: PathBuf,
    /// Its row in the manifest, counted from 1 with the header.
    pub row: usize,
    /// Index of its class.
    pub class: usize,
}

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The clips that train.
    Train,
    /// The clips that test.
    Test,
}

/// The clips of a set, split into those that train and those that test.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What it is called in results: its folder as given.
    pub name: String,
    /// The table that lists the clips.
    pub manifest: PathBuf,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// Clips that train, in the manifest's order.
    pub train: Vec<Record>,
    /// Clips that test, in the manifest's order.
    pub test: Vec<Record>,
    /// Sample rate of all clips.
    pub rate_hz: u32,
    /// Samples of the longest clip.
    pub longest: usize,
}

impl Dataset {
    /// The clips of `split`.
    pub fn records(&self, split: Split) -> &[Record] {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    /// The same data set with at most `count` clips of each class in each split, for a quick try.
    pub fn at_most(mut self, count: usize) -> Self {
        for records in [&mut self.train, &mut self.test] {
            let mut taken = vec![0usize; self.classes.len()];
            records.retain(|record| match taken.get_mut(record.class) {
                Some(seen) => {
                    *seen += 1;
                    *seen <= count
                }
                None => false,
            });
        }
        self
    }

    /// Reads every clip's header: all must be there and share a rate. Gives rate and longest length.
    pub(super) fn survey(manifest: &Path, records: &[&Record]) -> Result<(u32, usize)> {
        let mut rate_hz = None;
        let mut longest = 0;
        for record in records {
            let at_row = |error: Error| error.at(Place::row(manifest, record.row));
            let info = wav::probe(&record.file).map_err(at_row)?;
            let first = *rate_hz.get_or_insert(info.rate_hz);
            if info.rate_hz != first {
                return Err(at_row(
                    Error::new(
                        Kind::Data,
                        format!("reading {}", record.file.display()),
                        "the sample rate differs from the clips before",
                    )
                    .expected(format!("{first} Hz"))
                    .received(format!("{} Hz", info.rate_hz)),
                ));
            }
            longest = longest.max(info.samples as usize);
        }
        Ok((rate_hz.unwrap_or(0), longest))
    }
}
