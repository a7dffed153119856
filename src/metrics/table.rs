//! All metrics at once: one row a class, and one for the whole.

use super::average::{Average, Missing};
use super::decisions::{Threshold, best_thresholds, decided_per_class};
use super::predictions::Predictions;
use super::ranking::{average_precision, d_prime, lwlrap, roc_auc};
use crate::error::Result;

/// From so many classes on, the share among the first five is told.
pub const TOP_FIVE_CLASSES: usize = 10;

/// What is known of one class; NaN where it is not defined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassRow {
    /// The index of the class.
    pub class: usize,
    /// How many clips have it.
    pub positives: usize,
    /// Average precision.
    pub average_precision: f64,
    /// Area under the ROC curve.
    pub roc_auc: f64,
    /// √2 · Φ⁻¹ of that area.
    pub d_prime: f64,
    /// Label-weighted label-ranking average precision.
    pub lwlrap: f64,
    /// Precision at the threshold.
    pub precision: f64,
    /// Recall at the threshold.
    pub recall: f64,
    /// F1 at the threshold.
    pub f1: f64,
    /// The threshold with the largest F1 on these clips.
    pub best_threshold: f64,
    /// That F1.
    pub best_f1: f64,
}

/// One row a class.
///
/// # Errors
/// No clips; not one threshold a class.
pub fn per_class(all: &Predictions, threshold: &Threshold) -> Result<Vec<ClassRow>> {
    let precision = average_precision(all, Average::Macro, Missing::Skip, None)?.per_class;
    let auc = roc_auc(all, Average::Macro, Missing::Skip, None)?.per_class;
    let lwlrap = lwlrap(all, None)?.per_class;
    let decided = decided_per_class(all, threshold, None)?;
    let best = best_thresholds(all, None)?;
    let row = |class: usize| ClassRow {
        class,
        positives: all.positives(class, None) as usize,
        average_precision: precision[class],
        roc_auc: auc[class],
        d_prime: d_prime(auc[class]),
        lwlrap: lwlrap[class],
        precision: decided[class].precision,
        recall: decided[class].recall,
        f1: decided[class].f1,
        best_threshold: best[class].0,
        best_f1: best[class].1,
    };
    Ok((0..all.classes()).map(row).collect())
}
