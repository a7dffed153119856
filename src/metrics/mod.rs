//! What a model is worth.
//!
//! [`Predictions`] gathers scores and targets; functions measure them, in f64 and in a fixed order. Where
//! scikit-learn defines a metric, the number is the same; `docs/src/guide/metrics.md` has each definition.

mod agreement;
mod average;
mod bootstrap;
mod calibration;
mod decisions;
mod measure;
mod paired;
mod predictions;
mod proportion;
mod ranking;
mod single;
mod special;
mod table;

pub use agreement::{Agreement, agreement};
pub use average::{Average, Averaged, Missing};
pub use bootstrap::{
    Compared, Draws, Interval, bootstrap, bootstrap_difference, bootstrap_mean, compare, quantile,
};
pub use calibration::{Labelling, brier, ece};
pub use decisions::{Decided, Threshold, best_thresholds, decided, decided_per_class};
pub use measure::{Metric, NAMES};
pub use paired::{EXACT_FLIPS, EXACT_RANKS, Tested, mcnemar, sign_flip, t_test, wilcoxon};
pub use predictions::{Predictions, Weights};
pub use proportion::{newcombe, wilson};
pub use ranking::{average_precision, d_prime, lwlrap, roc_auc};
pub use single::{Normalise, accuracy_of, confusion, shares, top_k};
pub use special::{
    binomial_two_sided, normal_quantile, normal_two_sided, student_quantile, student_two_sided,
};
pub use table::{ClassRow, TOP_FIVE_CLASSES, per_class};

/// The index of the first largest value; 0 without any.
fn argmax<T: PartialOrd>(row: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in row.iter().enumerate() {
        if row.get(best).is_some_and(|top| value > top) {
            best = index;
        }
    }
    best
}

/// The index of the first largest value of each row of `[rows, classes]`.
pub fn argmax_rows(values: &[f32], classes: usize) -> Vec<usize> {
    match classes {
        0 => Vec::new(),
        _ => values.chunks_exact(classes).map(argmax).collect(),
    }
}

/// The share of rows whose largest value stands where the target's does; 0 without rows. Targets may be
/// mixed; [`accuracy_of`] is for those that are labels.
pub fn accuracy(scores: &[f32], targets: &[f32], classes: usize) -> f64 {
    let (found, right) = (argmax_rows(scores, classes), argmax_rows(targets, classes));
    let rows = found.len().min(right.len());
    if rows == 0 {
        return 0.0;
    }
    let hits = found.iter().zip(&right).filter(|(a, b)| a == b).count();
    hits as f64 / rows as f64
}
