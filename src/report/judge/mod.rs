//! What the numbers say: estimates, comparisons with a baseline, and whether a claim holds.

mod baseline;
mod compare;
mod estimate;
mod precision;
mod verdict;

pub use compare::Comparison;
pub use estimate::{Estimate, Over, estimate};
pub use precision::{precision, precision_gain};
pub use verdict::{Finding, Verdict, verdict};

use crate::metrics::Draws;

/// How many samples are drawn where that is quick.
const RESAMPLES: usize = 2000;
/// Scores that may be looked at for one interval: with more, fewer samples are drawn.
const WORK: usize = 300_000_000;
/// Fewer samples say nothing of the ends.
const LEAST: usize = 200;

/// How intervals over clips are drawn, with so many scores; the seed is always the same.
fn draws(scores: usize, level: f64) -> Draws {
    let resamples = (WORK / scores.max(1)).clamp(LEAST, RESAMPLES);
    Draws { resamples, level, seed: 0 }
}
