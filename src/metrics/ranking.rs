//! Metrics of order: average precision, ROC AUC, d′, lwlrap.

use super::average::{Average, Averaged, Missing};
use super::predictions::{Predictions, Weights, count, weight};
use super::special::normal_quantile;
use crate::error::Result;

/// Items from the highest score to the lowest, and where groups of equal scores end.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    order: Vec<usize>,
    ends: Vec<bool>,
}

impl Ranked {
    pub(super) fn of(scores: impl Iterator<Item = f64>) -> Self {
        let scores: Vec<f64> = scores.collect();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        let last = |pair: &[usize]| scores[pair[0]] != scores[pair[1]];
        let mut ends: Vec<bool> = order.windows(2).map(last).collect();
        ends.extend(order.last().map(|_| true));
        Ranked { order, ends }
    }

    /// Items with whether they are the last of their score.
    pub(super) fn items(&self) -> impl Iterator<Item = (usize, bool)> {
        self.order.iter().copied().zip(self.ends.iter().copied())
    }

    /// Groups of equal scores from the highest: the weights of their positives and of their negatives.
    fn groups(&self, about: impl Fn(usize) -> (bool, f64)) -> Vec<(f64, f64)> {
        let (mut all, mut group) = (Vec::new(), (0.0, 0.0));
        for (item, end) in self.items() {
            match about(item) {
                (true, weight) => group.0 += weight,
                (false, weight) => group.1 += weight,
            }
            if end {
                all.push(group);
                group = (0.0, 0.0);
            }
        }
        all
    }
}

/// Σ (Rₙ − Rₙ₋₁) · Pₙ over groups of equal scores; NaN without positives.
fn step_average(groups: &[(f64, f64)]) -> f64 {
    let total: f64 = groups.iter().map(|group| group.0).sum();
    if total == 0.0 {
        return f64::NAN;
    }
    let (mut found, mut taken, mut sum) = (0.0, 0.0, 0.0);
    for (positive, negative) in groups {
        found += positive;
        taken += positive + negative;
        if *positive > 0.0 {
            sum += positive / total * (found / taken);
        }
    }
    sum
}

/// The share of pairs of a positive and a negative that are in order, equal ones by half; NaN without pairs.
fn pairs_in_order(groups: &[(f64, f64)]) -> f64 {
    let positives: f64 = groups.iter().map(|group| group.0).sum();
    let negatives: f64 = groups.iter().map(|group| group.1).sum();
    if positives == 0.0 || negatives == 0.0 {
        return f64::NAN;
    }
    let (mut above, mut sum) = (0.0, 0.0);
    for (positive, negative) in groups {
        above += negative;
        sum += positive * (negatives - above + negative / 2.0);
    }
    sum / positives / negatives
}

/// Average precision, step-wise as scikit-learn's `average_precision_score`. A class without positives is NaN.
///
/// # Errors
/// No clips.
pub fn average_precision(
    all: &Predictions,
    average: Average,
    missing: Missing,
    weights: Weights,
) -> Result<Averaged> {
    by_ranking(all, average, missing, weights, step_average)
}

/// Area under the ROC curve, as scikit-learn's `roc_auc_score`. A class without positives or without
/// negatives is NaN.
///
/// # Errors
/// No clips.
pub fn roc_auc(
    all: &Predictions,
    average: Average,
    missing: Missing,
    weights: Weights,
) -> Result<Averaged> {
    by_ranking(all, average, missing, weights, pairs_in_order)
}

fn by_ranking(
    all: &Predictions,
    average: Average,
    missing: Missing,
    weights: Weights,
    measure: impl Fn(&[(f64, f64)]) -> f64,
) -> Result<Averaged> {
    all.some()?;
    if average == Average::Micro {
        let classes = all.classes();
        let about = |pair: usize| {
            let (clip, class) = (pair / classes, pair % classes);
            (all.target(clip, class), weight(weights, clip))
        };
        let value = measure(&all.pooled().groups(about));
        return Ok(Averaged { value, per_class: Vec::new(), missing: 0 });
    }
    let of = |(class, ranked): (usize, &Ranked)| {
        let groups = ranked.groups(|clip| (all.target(clip, class), weight(weights, clip)));
        (measure(&groups), groups.iter().map(|group| group.0).sum::<f64>())
    };
    let (per_class, positives): (Vec<f64>, Vec<f64>) =
        all.ranked().iter().enumerate().map(of).unzip();
    Ok(Averaged::of(per_class, &positives, average, missing))
}

/// d′ = √2 · Φ⁻¹(AUC); ∞ for a perfect AUC. AST and PSLA give that of the mean AUC.
pub fn d_prime(auc: f64) -> f64 {
    std::f64::consts::SQRT_2 * normal_quantile(auc)
}

/// Label-weighted label-ranking average precision: the mean over all labels of all clips of how many of
/// the classes that the clip's scores rank at least as high are labels, too.
///
/// Source: DCASE 2019, task 2; equal scores as scikit-learn's `label_ranking_average_precision_score`. With one
/// value for each class; a class without positives is NaN, and has no part in the whole by definition.
///
/// # Errors
/// No clips.
pub fn lwlrap(all: &Predictions, weights: Weights) -> Result<Averaged> {
    all.some()?;
    let (mut sums, mut labels) = (vec![0.0; all.classes()], vec![0.0; all.classes()]);
    for (clip, (scores, targets)) in all.rows().enumerate() {
        let weight = weight(weights, clip);
        if weight == 0.0 || count(targets) == 0 {
            continue;
        }
        for (class, score) in scores.iter().enumerate().filter(|(class, _)| targets[*class]) {
            let above = scores.iter().zip(targets).filter(|(other, _)| *other >= score);
            let (rank, right) =
                above.fold((0.0, 0.0), |(n, k), (_, own)| (n + 1.0, k + f64::from(u8::from(*own))));
            sums[class] += weight * right / rank;
            labels[class] += weight;
        }
    }
    let total: f64 = labels.iter().sum();
    let value = sums.iter().sum::<f64>() / total;
    let per_class: Vec<f64> = sums.iter().zip(&labels).map(|(sum, n)| sum / n).collect();
    let missing = labels.iter().filter(|n| **n == 0.0).count();
    Ok(Averaged { value, per_class, missing })
}
