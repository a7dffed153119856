//! Precision, recall and F1: scores turned into yes or no.

use super::average::{Average, Missing};
use super::predictions::{Predictions, Weights, weight};
use crate::error::{Error, Kind, Result};

/// When a clip is said to have a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Threshold {
    /// Where its score is at least so high.
    At(f64),
    /// The same, with one number a class.
    Each(Vec<f64>),
    /// Where it is the first of the clip's largest scores.
    Argmax,
    /// Where its score is at least the class's best threshold on these very clips.
    Best,
}

/// Precision, recall and F1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// The share of what was found that is right; 0 where nothing was found.
    pub precision: f64,
    /// The share of what is there that was found; 0 where nothing is there.
    pub recall: f64,
    /// 2·TP / (2·TP + FP + FN); 0 where that is 0 / 0.
    pub f1: f64,
}

/// Counts of one class: found and right, found in all, there in all.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    right: f64,
    found: f64,
    there: f64,
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Counts {
    fn decided(self) -> Decided {
        Decided {
            precision: share(self.right, self.found),
            recall: share(self.right, self.there),
            f1: share(2.0 * self.right, self.found + self.there),
        }
    }
}

/// The threshold of each class with the largest F1, and that F1. A clip is found where its score is at least
/// the threshold, which is one of the scores; of equally good ones the lowest. NaN and 0 without positives.
///
/// # Errors
/// No clips.
pub fn best_thresholds(all: &Predictions, weights: Weights) -> Result<Vec<(f64, f64)>> {
    all.some()?;
    let best = |class: usize| {
        let mut counts = Counts { there: all.positives(class, weights), ..Counts::default() };
        let mut best = (f64::NAN, 0.0);
        for (clip, end) in all.ranked()[class].items() {
            let weight = weight(weights, clip);
            counts.found += weight;
            counts.right += if all.target(clip, class) { weight } else { 0.0 };
            let f1 = counts.decided().f1;
            if end && f1 > 0.0 && f1 >= best.1 {
                best = (all.score(clip, class), f1);
            }
        }
        best
    };
    Ok((0..all.classes()).map(best).collect())
}

/// Precision, recall and F1 of each class, with how many positives it has.
fn counted(all: &Predictions, threshold: &Threshold, weights: Weights) -> Result<Vec<Counts>> {
    all.some()?;
    let classes = all.classes();
    let limits = match threshold {
        Threshold::At(limit) => vec![*limit; classes],
        Threshold::Each(limits) => limits.clone(),
        Threshold::Argmax => Vec::new(),
        Threshold::Best => best_thresholds(all, weights)?.iter().map(|best| best.0).collect(),
    };
    if *threshold != Threshold::Argmax && limits.len() != classes {
        return Err(Error::new(Kind::Shape, "metrics", "the thresholds do not fit")
            .expected(format!("one a class, {classes} in all"))
            .received(limits.len().to_string()));
    }
    let mut counts = vec![Counts::default(); classes];
    for (clip, (scores, targets)) in all.rows().enumerate() {
        let weight = weight(weights, clip);
        let top = super::argmax(scores);
        for (class, own) in counts.iter_mut().enumerate() {
            let found = match limits.get(class) {
                Some(limit) => scores[class] >= *limit,
                None => class == top,
            };
            own.found += if found { weight } else { 0.0 };
            own.there += if targets[class] { weight } else { 0.0 };
            own.right += if found && targets[class] { weight } else { 0.0 };
        }
    }
    Ok(counts)
}

/// Precision, recall and F1 of each class.
///
/// # Errors
/// No clips; not one threshold a class.
pub fn decided_per_class(
    all: &Predictions,
    threshold: &Threshold,
    weights: Weights,
) -> Result<Vec<Decided>> {
    Ok(counted(all, threshold, weights)?.into_iter().map(Counts::decided).collect())
}

/// Precision, recall and F1, averaged as scikit-learn's `precision_recall_fscore_support` with
/// `zero_division=0` where `missing` is [`Missing::Zero`]; else without classes that have no positives.
///
/// # Errors
/// No clips; not one threshold a class.
pub fn decided(
    all: &Predictions,
    threshold: &Threshold,
    average: Average,
    missing: Missing,
    weights: Weights,
) -> Result<Decided> {
    let counts = counted(all, threshold, weights)?;
    if average == Average::Micro {
        let sum = |a: Counts, b: &Counts| Counts {
            right: a.right + b.right,
            found: a.found + b.found,
            there: a.there + b.there,
        };
        return Ok(counts.iter().fold(Counts::default(), sum).decided());
    }
    let mut mean = Decided { precision: 0.0, recall: 0.0, f1: 0.0 };
    let mut total = 0.0;
    for own in counts.iter().filter(|own| missing == Missing::Zero || own.there > 0.0) {
        let share = if average == Average::Weighted { own.there } else { 1.0 };
        let decided = own.decided();
        mean.precision += share * decided.precision;
        mean.recall += share * decided.recall;
        mean.f1 += share * decided.f1;
        total += share;
    }
    let over = |sum: f64| share(sum, total);
    Ok(Decided { precision: over(mean.precision), recall: over(mean.recall), f1: over(mean.f1) })
}
