//! Tests of paired numbers: two models on the same clips, folds or seeds.

use super::special::{binomial_two_sided, normal_two_sided, student_two_sided};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use rayon::prelude::*;

/// Up to so many pairs that differ, every way of signs is tried: 2^20 of them.
pub const EXACT_FLIPS: usize = 20;
/// Up to so many pairs that differ, the distribution of signed ranks is counted.
pub const EXACT_RANKS: usize = 50;

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// The number that the test is about.
    pub statistic: f64,
    /// How likely a statistic at least as far off is, on either side, where there is no difference.
    pub p: f64,
    /// The mean of first minus second.
    pub difference: f64,
    /// Whether p is counted rather than approximated or drawn.
    pub exact: bool,
}

/// First minus second.
pub(super) fn differences(a: &[f64], b: &[f64], least: usize) -> Result<Vec<f64>> {
    if a.len() != b.len() || a.len() < least {
        return Err(Error::new(Kind::Shape, "metrics", "the numbers are no pairs")
            .expected(format!("two lists of the same length, {least} or more"))
            .received(format!("{} and {}", a.len(), b.len())));
    }
    match a.iter().chain(b).find(|value| !value.is_finite()) {
        Some(value) => Err(Error::new(Kind::Number, "metrics", "a number is not finite")
            .received(value.to_string())),
        None => Ok(a.iter().zip(b).map(|(a, b)| a - b).collect()),
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Student's paired t test. Where all differences are equal, p is 0, and 1 where all are 0.
///
/// # Errors
/// Lists of different lengths, fewer than two pairs, numbers that are not finite.
pub fn t_test(a: &[f64], b: &[f64]) -> Result<Tested> {
    let all = differences(a, b, 2)?;
    let (count, difference) = (all.len() as f64, mean(&all));
    let square = all.iter().map(|own| (own - difference) * (own - difference)).sum::<f64>();
    let error = (square / (count - 1.0) / count).sqrt();
    let statistic = if difference == 0.0 { 0.0 } else { difference / error };
    Ok(Tested { statistic, p: student_two_sided(statistic, count - 1.0), difference, exact: false })
}

/// Ranks from 1, equal values at the mean of theirs.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = start as f64 + (group.len() as f64 + 1.0) / 2.0;
        group.iter().for_each(|index| ranks[*index] = rank);
        start += group.len();
    }
    ranks
}

/// Wilcoxon's signed rank test; pairs without a difference are left out, as he did. Exact up to
/// [`EXACT_RANKS`] pairs, also with ties; else normal with the variance corrected for ties, without a correction of
/// continuity. The statistic is the smaller sum of ranks, as scipy's.
///
/// # Errors
/// Lists of different lengths, no pairs, numbers that are not finite.
pub fn wilcoxon(a: &[f64], b: &[f64]) -> Result<Tested> {
    let all = differences(a, b, 1)?;
    let difference = mean(&all);
    let kept: Vec<f64> = all.into_iter().filter(|own| *own != 0.0).collect();
    let sizes: Vec<f64> = kept.iter().map(|own| own.abs()).collect();
    let ranks = ranks(&sizes);
    let count = kept.len() as f64;
    let above: f64 = kept.iter().zip(&ranks).filter(|(own, _)| **own > 0.0).map(|(_, r)| r).sum();
    let statistic = above.min(count * (count + 1.0) / 2.0 - above);
    let exact = kept.len() <= EXACT_RANKS;
    let p = match exact {
        true => signed_rank_two_sided(&ranks, above),
        false => {
            let mut sorted = sizes;
            sorted.sort_unstable_by(f64::total_cmp);
            let ties = sorted.chunk_by(|a, b| a == b).map(|group| group.len() as f64);
            let ties: f64 = ties.map(|n| n * n * n - n).sum();
            let variance = (count * (count + 1.0) * (2.0 * count + 1.0) - ties / 2.0) / 24.0;
            normal_two_sided((above - count * (count + 1.0) / 4.0) / variance.sqrt())
        }
    };
    Ok(Tested { statistic, p, difference, exact })
}

/// The share of all 2ⁿ ways of signs whose sum of positive ranks is at least as extreme, twice.
fn signed_rank_two_sided(ranks: &[f64], above: f64) -> f64 {
    // Ranks are halves at worst, so that their doubles are whole; 2^50 ways are exact in f64.
    let doubled: Vec<usize> = ranks.iter().map(|rank| (2.0 * rank) as usize).collect();
    let mut ways = vec![0.0; doubled.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    for rank in doubled {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let at = ((2.0 * above) as usize).min(ways.len() - 1);
    let below: f64 = ways[..=at].iter().sum();
    let over: f64 = ways[at..].iter().sum();
    (2.0 * below.min(over) / libm::exp2(ranks.len() as f64)).min(1.0)
}

/// McNemar's exact test of two lists of right and wrong answers to the same questions. The statistic is the
/// smaller number of clips that only one of them has right.
///
/// # Errors
/// Lists of different lengths, or without a clip.
pub fn mcnemar(a: &[bool], b: &[bool]) -> Result<Tested> {
    let number = |all: &[bool]| all.iter().map(|own| f64::from(u8::from(*own))).collect::<Vec<_>>();
    let all = differences(&number(a), &number(b), 1)?;
    let first = all.iter().filter(|own| **own > 0.0).count();
    let second = all.iter().filter(|own| **own < 0.0).count();
    Ok(Tested {
        statistic: first.min(second) as f64,
        p: binomial_two_sided(first, first + second),
        difference: mean(&all),
        exact: true,
    })
}

/// The permutation test of paired numbers: signs of differences are flipped. All ways are tried up to
/// [`EXACT_FLIPS`] pairs that differ; else `resamples` are drawn, and p = (1 + as extreme) / (1 + drawn).
///
/// # Errors
/// Lists of different lengths, no pairs, numbers that are not finite, no resamples.
pub fn sign_flip(a: &[f64], b: &[f64], resamples: usize, seed: u64) -> Result<Tested> {
    let all = differences(a, b, 1)?;
    super::bootstrap::check_resamples(resamples)?;
    let difference = mean(&all);
    let kept: Vec<f64> = all.into_iter().filter(|own| *own != 0.0).collect();
    // Equal sums can differ by rounding.
    let slack = 1e-12 * kept.iter().map(|own| own.abs()).sum::<f64>();
    let limit = kept.iter().sum::<f64>().abs() - slack;
    let exact = kept.len() <= EXACT_FLIPS;
    let p = match exact {
        true => {
            let ways = 1u32 << kept.len();
            let flipped = |way: u32| {
                let signs = kept.iter().enumerate().map(|(bit, own)| match way >> bit & 1 {
                    1 => -own,
                    _ => *own,
                });
                signs.sum::<f64>().abs() >= limit
            };
            (0..ways).into_par_iter().filter(|way| flipped(*way)).count() as f64 / f64::from(ways)
        }
        false => {
            let drawn = |index: usize| {
                let mut stream = Stream::new(seed, "metrics/sign_flip", &[index as u64]);
                let signs = kept.iter().map(|own| if stream.below(2) == 1 { -own } else { *own });
                signs.sum::<f64>().abs() >= limit
            };
            let far = (0..resamples).into_par_iter().filter(|index| drawn(*index)).count();
            (far + 1) as f64 / (resamples + 1) as f64
        }
    };
    Ok(Tested { statistic: difference, p, difference, exact })
}
