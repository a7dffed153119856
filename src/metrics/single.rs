//! Metrics of clips with one label: accuracy, top-k, confusion, Cohen's kappa.

use super::argmax;
use super::predictions::{Predictions, Weights, weight};
use crate::error::{Error, Kind, Result};

impl Predictions {
    /// The class of each clip's largest score, the first of equal ones.
    pub fn found(&self) -> Vec<usize> {
        self.rows().map(|(scores, _)| argmax(scores)).collect()
    }
}

/// The mean of what `of` says of each clip.
fn mean_over_clips(clips: usize, weights: Weights, of: impl Fn(usize) -> f64) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for clip in 0..clips {
        let weight = weight(weights, clip);
        sum += weight * of(clip);
        total += weight;
    }
    sum / total
}

/// The share of clips whose largest score, the first of equal ones, is that of their class.
///
/// # Errors
/// No clips; a clip without exactly one label.
pub fn accuracy_of(all: &Predictions, weights: Weights) -> Result<f64> {
    all.some()?;
    let (labels, found) = (all.labels()?, all.found());
    Ok(mean_over_clips(labels.len(), weights, |clip| {
        f64::from(u8::from(labels[clip] == found[clip]))
    }))
}

/// The share of clips whose class is among their `k` largest scores. Of equal scores the class with the larger
/// index comes first, as in scikit-learn's `top_k_accuracy_score`.
///
/// # Errors
/// No clips; a clip without exactly one label; a `k` of 0.
pub fn top_k(all: &Predictions, k: usize, weights: Weights) -> Result<f64> {
    all.some()?;
    if k == 0 {
        return Err(Error::new(Kind::Range, "metrics", "k is out of range")
            .expected("1 or more")
            .received("0"));
    }
    let labels = all.labels()?;
    let before = |clip: usize| {
        let label = labels[clip];
        let own = all.score(clip, label);
        let others = (0..all.classes()).map(|class| (class, all.score(clip, class)));
        others.filter(|(class, score)| *score > own || (*score == own && *class > label)).count()
    };
    Ok(mean_over_clips(labels.len(), weights, |clip| f64::from(u8::from(before(clip) < k))))
}

/// How often each class (row) was taken for each class (column): `[classes, classes]`, row by row.
///
/// # Errors
/// No clips; a clip without exactly one label.
pub fn confusion(all: &Predictions) -> Result<Vec<usize>> {
    all.some()?;
    Ok(counts(&all.labels()?, &all.found(), all.classes()))
}

/// How often each value of the first stands beside each value of the second.
pub(super) fn counts(first: &[usize], second: &[usize], classes: usize) -> Vec<usize> {
    let mut cells = vec![0; classes * classes];
    for (row, column) in first.iter().zip(second) {
        if let Some(cell) = cells.get_mut(row * classes + column) {
            *cell += 1;
        }
    }
    cells
}

/// Cohen's κ of a matrix of counts; NaN where both always say the same one class.
pub(super) fn kappa(cells: &[usize], classes: usize) -> f64 {
    let row = |own: usize| cells.iter().skip(own * classes).take(classes).sum::<usize>() as f64;
    let column = |own: usize| cells.iter().skip(own).step_by(classes).sum::<usize>() as f64;
    let total: f64 = (0..classes).map(row).sum();
    let same: f64 = (0..classes).map(|own| cells[own * classes + own] as f64).sum();
    let chance: f64 = (0..classes).map(|own| row(own) * column(own)).sum::<f64>() / total;
    1.0 - (total - same) / (total - chance)
}

/// What the counts of a confusion matrix are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    /// By the clips of the true class: rows sum to 1.
    Truth,
    /// By the clips for which the class was found: columns sum to 1.
    Found,
    /// By all clips.
    All,
}

/// Counts as shares; 0 where there is nothing to divide by.
pub fn shares(cells: &[usize], classes: usize, normalise: Normalise) -> Vec<f64> {
    let all: usize = cells.iter().sum();
    let of = |index: usize| -> usize {
        match normalise {
            Normalise::Truth => cells.iter().skip(index / classes * classes).take(classes).sum(),
            Normalise::Found => cells.iter().skip(index % classes).step_by(classes).sum(),
            Normalise::All => all,
        }
    };
    let share = |(index, count): (usize, &usize)| match of(index) {
        0 => 0.0,
        whole => *count as f64 / whole as f64,
    };
    cells.iter().enumerate().map(share).collect()
}
