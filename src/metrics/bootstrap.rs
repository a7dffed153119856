//! Bootstrap intervals, and comparisons of two models on the same clips.

use super::measure::Metric;
use super::paired::{differences, mean};
use super::predictions::Predictions;
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use rayon::prelude::*;

/// Draws of all kinds: the most that anyone waits for.
const MOST: usize = 1_000_000;

/// How a bootstrap draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draws {
    /// How many samples are drawn.
    pub resamples: usize,
    /// The share of them that lies within the interval: 0.95.
    pub level: f64,
    /// The seed of the streams.
    pub seed: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Draws { resamples: 1000, level: 0.95, seed: 0 }
    }
}

/// A number with how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The number on all clips.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The standard deviation over resamples.
    pub deviation: f64,
    /// Resamples without a value, which are left out.
    pub undefined: usize,
}

/// Two models on the same clips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// The first one's.
    pub a: f64,
    /// The second one's.
    pub b: f64,
    /// First minus second, with its bootstrap interval.
    pub difference: Interval,
    /// Twice the share of resamples on the other side of no difference: (1 + so many) / (1 + all).
    pub bootstrap_p: f64,
    /// The share of ways to swap the models' scores of clips with a difference as large; as (1 + so many) / (1 + all).
    pub permutation_p: f64,
}

pub(super) fn check_resamples(resamples: usize) -> Result<()> {
    match (1..=MOST).contains(&resamples) {
        true => Ok(()),
        false => Err(Error::new(Kind::Range, "metrics", "the resamples are out of range")
            .expected(format!("1 to {MOST}"))
            .received(resamples.to_string())),
    }
}

impl Draws {
    fn check(&self) -> Result<()> {
        check_resamples(self.resamples)?;
        match self.level > 0.0 && self.level < 1.0 {
            true => Ok(()),
            false => Err(Error::new(Kind::Range, "metrics", "the level is out of range")
                .expected("above 0 and below 1, e.g. 0.95")
                .received(self.level.to_string())),
        }
    }

    /// What `of` gives for each resample, in their order: it is handed how often each item was drawn.
    fn each(&self, items: usize, of: impl Fn(&[u32]) -> Result<f64> + Sync) -> Result<Vec<f64>> {
        let draw = |index: usize| {
            let mut stream = Stream::new(self.seed, "metrics/bootstrap", &[index as u64]);
            let mut counts = vec![0u32; items];
            for _ in 0..items {
                counts[stream.below(items)] += 1;
            }
            of(&counts)
        };
        (0..self.resamples).into_par_iter().map(draw).collect()
    }

    fn interval(&self, value: f64, drawn: &[f64]) -> Interval {
        let mut kept: Vec<f64> = drawn.iter().copied().filter(|own| !own.is_nan()).collect();
        kept.sort_unstable_by(f64::total_cmp);
        let middle = mean(&kept);
        let square: f64 = kept.iter().map(|own| (own - middle) * (own - middle)).sum();
        let outside = (1.0 - self.level) / 2.0;
        Interval {
            value,
            low: quantile(&kept, outside),
            high: quantile(&kept, 1.0 - outside),
            deviation: (square / (kept.len() as f64 - 1.0)).sqrt(),
            undefined: drawn.len() - kept.len(),
        }
    }
}

/// The quantile of sorted numbers, linear between neighbours as NumPy's; NaN without any.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // Two infinite neighbours have no difference.
    if low == high { low } else { low + (high - low) * part }
}

/// The percentile interval of a metric: clips are drawn with replacement.
///
/// # Errors
/// As of the metric; resamples or a level out of range.
pub fn bootstrap(all: &Predictions, metric: &Metric, draws: &Draws) -> Result<Interval> {
    draws.check()?;
    let value = metric.of(all, None)?;
    let drawn = draws.each(all.clips(), |counts| metric.of(all, Some(counts)))?;
    Ok(draws.interval(value, &drawn))
}

/// The percentile interval of the mean of numbers, e.g. of folds or seeds.
///
/// # Errors
/// No numbers, or such as are not finite; resamples or a level out of range.
pub fn bootstrap_mean(values: &[f64], draws: &Draws) -> Result<Interval> {
    draws.check()?;
    let values = differences(values, &vec![0.0; values.len()], 1)?;
    let drawn = draws.each(values.len(), |counts| {
        let sum: f64 = values.iter().zip(counts).map(|(own, count)| own * f64::from(*count)).sum();
        Ok(sum / values.len() as f64)
    })?;
    Ok(draws.interval(mean(&values), &drawn))
}

/// The percentile interval of a metric's difference, first minus second: each resample draws the same clips for both.
///
/// # Errors
/// Not the same clips and targets; as of the metric; resamples or a level out of range.
pub fn bootstrap_difference(
    a: &Predictions,
    b: &Predictions,
    metric: &Metric,
    draws: &Draws,
) -> Result<Interval> {
    let (of_a, of_b, drawn) = drawn_differences(a, b, metric, draws)?;
    Ok(draws.interval(difference(of_a, of_b), &drawn))
}

/// The metric of both on all clips, and its difference on each resample.
fn drawn_differences(
    a: &Predictions,
    b: &Predictions,
    metric: &Metric,
    draws: &Draws,
) -> Result<(f64, f64, Vec<f64>)> {
    draws.check()?;
    a.same_targets(b)?;
    let (of_a, of_b) = (metric.of(a, None)?, metric.of(b, None)?);
    let drawn = draws.each(a.clips(), |counts| {
        Ok(difference(metric.of(a, Some(counts))?, metric.of(b, Some(counts))?))
    })?;
    Ok((of_a, of_b, drawn))
}

/// Compares two models on the same clips: each resample draws the same clips for both, and each permutation
/// swaps their scores of half of the clips.
///
/// # Errors
/// Not the same clips and targets; as of the metric; resamples or a level out of range.
pub fn compare(
    a: &Predictions,
    b: &Predictions,
    metric: &Metric,
    draws: &Draws,
) -> Result<Compared> {
    let (of_a, of_b, drawn) = drawn_differences(a, b, metric, draws)?;
    let value = difference(of_a, of_b);
    // Each clip counts once, with the scores of one of both: so all permutations share their rankings.
    let stacked = a.stacked(b);
    let swap = |index: usize| -> Result<f64> {
        let mut stream = Stream::new(draws.seed, "metrics/permutation", &[index as u64]);
        let swap: Vec<u32> = (0..a.clips()).map(|_| stream.below(2) as u32).collect();
        let stay: Vec<u32> = swap.iter().map(|own| 1 - own).collect();
        let of = |parts: [&[u32]; 2]| metric.of(&stacked, Some(&parts.concat()));
        Ok(difference(of([&stay, &swap])?, of([&swap, &stay])?))
    };
    let swapped: Vec<f64> =
        (0..draws.resamples).into_par_iter().map(swap).collect::<Result<_>>()?;
    // Equal differences can differ by rounding.
    let limit = value.abs() * (1.0 - 1e-12);
    let share = |count: usize, all: usize| (count + 1) as f64 / (all + 1) as f64;
    let kept = drawn.iter().filter(|own| !own.is_nan()).count();
    let low = drawn.iter().filter(|own| **own <= 0.0).count();
    let high = drawn.iter().filter(|own| **own >= 0.0).count();
    Ok(Compared {
        a: of_a,
        b: of_b,
        difference: draws.interval(value, &drawn),
        bootstrap_p: (2.0 * share(low.min(high), kept)).min(1.0),
        permutation_p: share(
            swapped.iter().filter(|own| own.abs() >= limit).count(),
            swapped.iter().filter(|own| !own.is_nan()).count(),
        ),
    })
}

/// First minus second; two equal infinities do not differ.
fn difference(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { a - b }
}
