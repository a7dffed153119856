//! Sets shared out: subsets, splits and folds, drawn by streams that are named by the clips. So a smaller subset is part
//! of a larger one, and a clip more or less does not move the others.

use super::clip::{Clip, Split};
use super::dataset::Dataset;
use super::layouts::Folds;
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use std::collections::BTreeMap;

/// How clips are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Names the stream.
    pub seed: u64,
    /// Whether each class is shared out alike. A clip of several classes counts for its rarest.
    pub stratified: bool,
    /// Whether clips of one recording stay together, where that is known.
    pub by_group: bool,
}

/// Clips that stay together, and the class that they count for.
struct Unit {
    clips: Vec<usize>,
    stratum: Option<usize>,
    rank: u64,
}

impl Dataset {
    /// The share of the clips that train, 0 to 1; at least one clip of each class. The others are dropped; clips that
    /// validate or test stay.
    ///
    /// # Errors
    /// A share that is none.
    pub fn subset(&self, share: f64, draw: Draw) -> Result<Dataset> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::new(Kind::Range, "subset", "the share is out of range")
                .expected("more than 0, 1 at most")
                .received(share.to_string()));
        }
        let mut kept = vec![false; self.clips.len()];
        for (kept, clip) in kept.iter_mut().zip(self.clips.iter()) {
            *kept = clip.split != Split::Train;
        }
        for stratum in self.strata(draw, |clip| clip.split == Split::Train).values() {
            let clips: usize = stratum.iter().map(|unit| unit.clips.len()).sum();
            let wanted = ((share * clips as f64).round() as usize).max(1);
            let mut taken = 0;
            for unit in stratum {
                if taken >= wanted {
                    break;
                }
                taken += unit.clips.len();
                unit.clips.iter().for_each(|clip| kept[*clip] = true);
            }
        }
        let pairs = self.clips.iter().zip(kept);
        Ok(self.with(pairs.filter(|(_, kept)| *kept).map(|(clip, _)| clip.clone()).collect()))
    }

    /// All clips shared out anew: `validation` and `test` of them, 0 to 1, the rest trains.
    ///
    /// # Errors
    /// Shares that are none, or leave nothing to train.
    pub fn split(&self, validation: f64, test: f64, draw: Draw) -> Result<Dataset> {
        for (name, share) in [("validation", validation), ("test", test)] {
            if !(0.0..1.0).contains(&share) {
                return Err(Error::out_of_range(
                    "split",
                    name,
                    "0 to less than 1: a share of the clips",
                    share,
                ));
            }
        }
        if validation + test >= 1.0 {
            return Err(Error::new(Kind::Range, "split", "nothing would be left to train")
                .expected("'validation' and 'test' less than 1 together")
                .received((validation + test).to_string()));
        }
        let mut splits = vec![Split::Train; self.clips.len()];
        for stratum in self.strata(draw, |_| true).values() {
            let clips: usize = stratum.iter().map(|unit| unit.clips.len()).sum();
            let upto = |share: f64| (share * clips as f64).round() as usize;
            let (first, second) = (upto(test), upto(test + validation));
            let mut passed = 0;
            for unit in stratum {
                let split = match passed {
                    passed if passed < first => Split::Test,
                    passed if passed < second => Split::Validation,
                    _ => Split::Train,
                };
                passed += unit.clips.len();
                unit.clips.iter().for_each(|clip| splits[*clip] = split);
            }
        }
        if !splits.contains(&Split::Train) {
            return Err(Error::new(Kind::Range, "split", "no clip is left to train")
                .expected("smaller shares, or more clips of each class")
                .received(format!("{} clips in all", self.clips.len())));
        }
        for (share, split) in [(validation, Split::Validation), (test, Split::Test)] {
            if share > 0.0 && !splits.contains(&split) {
                let problem = format!("no clip is left to {}", split.name());
                return Err(Error::new(Kind::Range, "split", problem)
                    .expected("larger shares, or more clips of each class: each class is shared out by itself")
                    .received(format!("{share} of {} clips", self.clips.len())));
            }
        }
        Ok(self.shared_out(&splits))
    }

    /// The set with the folds that its makers gave it: one tests, maybe one validates, the others train.
    ///
    /// # Errors
    /// A set without folds; folds without clips.
    pub fn fold(&self, folds: Folds) -> Result<Dataset> {
        let known: Vec<usize> = self.clips.iter().filter_map(|clip| clip.fold).collect();
        if known.len() < self.clips.len() {
            return Err(Error::new(Kind::Data, "fold", "not every clip of the set has a fold")
                .received(self.name.clone())
                .hint("data.k_fold(5, 1) makes folds"));
        }
        folds.check("fold", &known)?;
        let splits: Vec<Split> =
            self.clips.iter().map(|clip| folds.split(clip.fold.unwrap_or(0))).collect();
        Ok(self.shared_out(&splits))
    }

    /// All clips dealt out to `count` folds, of which `folds` says what they do; counted from 1.
    ///
    /// # Errors
    /// Fewer than 2 folds; a fold that is not there.
    pub fn k_fold(&self, count: usize, folds: Folds, draw: Draw) -> Result<Dataset> {
        if count < 2 {
            return Err(Error::new(Kind::Range, "k_fold", "the number of folds is out of range")
                .expected("at least 2")
                .received(count.to_string()));
        }
        let mut numbers = vec![0; self.clips.len()];
        // Dealt on from class to class, so that the folds are of one size though the classes are small.
        let mut sizes = vec![0usize; count];
        for stratum in self.strata(draw, |_| true).values() {
            let mut own = vec![0usize; count];
            for unit in stratum {
                // The fold that has the fewest of this class, and the fewest clips at all.
                let place = (0..count).min_by_key(|fold| (own[*fold], sizes[*fold])).unwrap_or(0);
                own[place] += unit.clips.len();
                sizes[place] += unit.clips.len();
                unit.clips.iter().for_each(|clip| numbers[*clip] = place + 1);
            }
        }
        if sizes.contains(&0) {
            let units: usize = self.strata(draw, |_| true).values().map(Vec::len).sum();
            let error = Error::new(Kind::Range, "k_fold", "there are more folds than recordings");
            return Err(error
                .expected(format!("{units} folds at most: clips of one recording stay together"))
                .received(format!("{count} folds of {} clips", self.clips.len())));
        }
        let numbered = self.clips.iter().zip(numbers);
        let clips = numbered.map(|(clip, fold)| Clip { fold: Some(fold), ..clip.clone() });
        self.with(clips.collect()).fold(folds).map_err(|error| error.during("k_fold"))
    }

    fn shared_out(&self, splits: &[Split]) -> Dataset {
        let pairs = self.clips.iter().zip(splits);
        self.with(pairs.map(|(clip, split)| Clip { split: *split, ..clip.clone() }).collect())
    }

    /// The clips that `takes` says, by class, each class in an order of its own.
    fn strata(
        &self,
        draw: Draw,
        takes: impl Fn(&Clip) -> bool,
    ) -> BTreeMap<Option<usize>, Vec<Unit>> {
        let mut counts = vec![0usize; self.classes.len()];
        for (class, _) in self.clips.iter().flat_map(|clip| &clip.labels) {
            counts[*class] += 1;
        }
        let rarest = |clip: &Clip| {
            let classes = clip.labels.iter().map(|(class, _)| *class);
            classes.min_by_key(|class| (counts[*class], *class))
        };
        let mut units: BTreeMap<(bool, &str), Unit> = BTreeMap::new();
        for (index, clip) in self.clips.iter().enumerate().filter(|(_, clip)| takes(clip)) {
            let group = clip.group.as_deref().filter(|_| draw.by_group);
            let name = (group.is_some(), group.unwrap_or(&clip.id));
            let stratum = if draw.stratified { rarest(clip) } else { None };
            let blank = || Unit { clips: Vec::new(), stratum, rank: rank(draw.seed, name.1) };
            units.entry(name).or_insert_with(blank).clips.push(index);
        }
        let mut strata: BTreeMap<Option<usize>, Vec<Unit>> = BTreeMap::new();
        for unit in units.into_values() {
            strata.entry(unit.stratum).or_default().push(unit);
        }
        // Equal ranks stay in the order of their names.
        strata.values_mut().for_each(|units| units.sort_by_key(|unit| unit.rank));
        strata
    }
}

/// A unit's place in a draw, whatever else is drawn.
fn rank(seed: u64, name: &str) -> u64 {
    Stream::new(seed, &format!("draw {name}"), &[]).bits()
}
