//! What is in a set, and what is wrong with it: counts, lengths, doubles, leaks.

use super::clip::{Clip, Split};
use super::dataset::Dataset;
use super::index::FileIndex;
use super::source::interrupted;
use crate::error::Result;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A set in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Clips of each split.
    pub splits: BTreeMap<&'static str, usize>,
    /// Each class with its clips in each split, in the order of [`Split::ALL`]; one of several classes counts for each.
    pub classes: Vec<(String, [usize; 3])>,
    /// Clips without any label.
    pub unlabelled: usize,
    /// Shortest, median and longest clip, in seconds.
    pub seconds: [f64; 3],
    /// All of it, in hours.
    pub hours: f64,
    /// Clips of each sample rate in hertz.
    pub rates_hz: BTreeMap<u32, usize>,
    /// Clips of each number of channels.
    pub channels: BTreeMap<usize, usize>,
    /// Files of the same bytes under several names.
    pub doubles: Vec<Double>,
    /// Recordings whose clips are in several splits: their names, up to the first hundred.
    pub torn_groups: Vec<String>,
    /// How many they are.
    pub torn: usize,
}

/// Clips that are the same file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Double {
    /// The clips' names.
    pub clips: Vec<String>,
    /// Whether they are in several splits: what trains is what tests.
    pub leaks: bool,
    /// Whether they are in several folds.
    pub across_folds: bool,
    /// Whether they have different labels.
    pub contradicts: bool,
}

/// Names are told up to so many.
const MOST: usize = 100;

impl Summary {
    /// Counts, and compares the files by content.
    ///
    /// # Errors
    /// A file that cannot be read; `Interrupted` when `stop` says so.
    pub fn of(data: &Dataset, index: &FileIndex, stop: &(dyn Fn() -> bool + Sync)) -> Result<Self> {
        let mut classes: Vec<(String, [usize; 3])> =
            data.classes.iter().map(|name| (name.clone(), [0; 3])).collect();
        let mut splits: BTreeMap<&str, usize> =
            Split::ALL.map(|split| (split.name(), 0)).into_iter().collect();
        let (mut rates_hz, mut channels) = (BTreeMap::new(), BTreeMap::new());
        for clip in data.clips.iter() {
            *splits.entry(clip.split.name()).or_default() += 1;
            *rates_hz.entry(clip.rate_hz).or_default() += 1;
            *channels.entry(clip.channels).or_default() += 1;
            for (class, _) in &clip.labels {
                if let Some((_, counts)) = classes.get_mut(*class) {
                    counts[clip.split as usize] += 1;
                }
            }
        }
        let mut lengths: Vec<f64> = data.clips.iter().map(Clip::seconds).collect();
        lengths.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * lengths.len().saturating_sub(1) as f64).round() as usize;
            lengths.get(place).copied().unwrap_or(0.0)
        };
        let torn = torn_groups(data);
        Ok(Summary {
            splits,
            classes,
            unlabelled: data.clips.iter().filter(|clip| clip.labels.is_empty()).count(),
            seconds: [at(0.0), at(0.5), at(1.0)],
            hours: lengths.iter().sum::<f64>() / 3600.0,
            rates_hz,
            channels,
            doubles: doubles(data, index, stop)?,
            torn: torn.len(),
            torn_groups: torn.into_iter().take(MOST).map(str::to_string).collect(),
        })
    }
}

/// Recordings whose clips are in several splits.
fn torn_groups(data: &Dataset) -> Vec<&str> {
    let mut splits: BTreeMap<&str, BTreeSet<Split>> = BTreeMap::new();
    for clip in data.clips.iter() {
        if let Some(group) = &clip.group {
            splits.entry(group).or_default().insert(clip.split);
        }
    }
    splits.into_iter().filter(|(_, splits)| splits.len() > 1).map(|(group, _)| group).collect()
}

/// Files of one content under several names. Parts of one file are none.
fn doubles(
    data: &Dataset,
    index: &FileIndex,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Double>> {
    let hashes: Vec<Result<String>> = data
        .clips
        .par_iter()
        .map(|clip| match stop() {
            true => Err(interrupted()),
            false => index.blake3(&clip.file).map_err(|error| clip.blame(error)),
        })
        .collect();
    index.save();
    let mut same: BTreeMap<String, Vec<&Clip>> = BTreeMap::new();
    for (hash, clip) in hashes.into_iter().zip(data.clips.iter()) {
        same.entry(hash?).or_default().push(clip);
    }
    let several = |clips: &Vec<&Clip>| {
        let files: BTreeSet<_> = clips.iter().map(|clip| &clip.file).collect();
        files.len() > 1
    };
    let double = |clips: Vec<&Clip>| {
        let differ = |what: &dyn Fn(&Clip) -> String| {
            clips.iter().map(|clip| what(clip)).collect::<BTreeSet<_>>().len() > 1
        };
        Double {
            leaks: differ(&|clip| clip.split.name().to_string()),
            across_folds: differ(&|clip| format!("{:?}", clip.fold)),
            contradicts: differ(&|clip| format!("{:?}", clip.labels)),
            clips: clips.iter().map(|clip| clip.id.clone()).collect(),
        }
    };
    Ok(same.into_values().filter(several).map(double).collect())
}
