//! Plain functions of a position (a step, an epoch, anything that counts up) to a number; good for
//! a learning rate, λ, τ and whatever else changes while a stage runs.

use crate::error::{Error, Kind, Result};
use std::f64::consts::PI;

/// How far `at` lies between `start` and `end`, within 0..=1.
fn share(at: f64, start: f64, end: f64) -> f64 {
    if end <= start {
        return if at < start { 0.0 } else { 1.0 };
    }
    ((at - start) / (end - start)).clamp(0.0, 1.0)
}

/// From `from` at a share of 0 to `to` at 1, along half a cosine.
fn half_cosine(share: f64, from: f64, to: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share).cos()) / 2.0
}

/// The same number everywhere.
pub fn constant(_at: f64, value: f64) -> f64 {
    value
}

/// From `from` at `start` to `to` at `end`, in a straight line, and level outside.
pub fn linear(at: f64, start: f64, end: f64, from: f64, to: f64) -> f64 {
    from + (to - from) * share(at, start, end)
}

/// From `from` at `start` to `to` at `end` along half a cosine, and level outside; PyTorch's
/// `CosineAnnealingLR` while it falls.
pub fn cosine(at: f64, start: f64, end: f64, from: f64, to: f64) -> f64 {
    half_cosine(share(at, start, end), from, to)
}

/// From `from` at `start` to `to` at `end`, and level outside: what is left of the way, to the power of
/// `power`; PyTorch's `PolynomialLR`.
///
/// # Errors
/// A power of 0 or less.
pub fn polynomial(at: f64, start: f64, end: f64, from: f64, to: f64, power: f64) -> Result<f64> {
    positive("schedule::polynomial", "power", power)?;
    Ok(to + (from - to) * (1.0 - share(at, start, end)).powf(power))
}

/// `from`, multiplied by `factor` once for every full `every` that `at` has passed; PyTorch's `StepLR`.
///
/// # Errors
/// An `every` of 0 or less.
pub fn step(at: f64, every: f64, from: f64, factor: f64) -> Result<f64> {
    positive("schedule::step", "every", every)?;
    Ok(from * factor.powf((at / every).floor().max(0.0)))
}

/// `from`, multiplied by `factor` once for each of `milestones` that `at` has come to; PyTorch's
/// `MultiStepLR`.
pub fn multi_step(at: f64, milestones: &[f64], from: f64, factor: f64) -> f64 {
    let passed = milestones.iter().filter(|milestone| at >= **milestone).count();
    from * factor.powf(passed as f64)
}

/// `from`, multiplied by `factor` with every 1 that `at` grows by; PyTorch's `ExponentialLR`.
pub fn exponential(at: f64, from: f64, factor: f64) -> f64 {
    from * factor.powf(at.max(0.0))
}

/// From 0 at 0 up to `to` at `length`, then level.
pub fn warmup(at: f64, length: f64, to: f64) -> f64 {
    linear(at, 0.0, length, 0.0, to)
}

/// The shape of a one-cycle schedule; names and standard values are those of PyTorch's `OneCycleLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The share of all steps in which it rises.
    pub pct_start: f64,
    /// Straight lines instead of cosines.
    pub linear: bool,
    /// The highest number, divided by the first one.
    pub div_factor: f64,
    /// The first number, divided by the last one.
    pub final_div_factor: f64,
    /// Falls as fast as it rose, and then on.
    pub three_phase: bool,
}

impl Default for OneCycle {
    fn default() -> Self {
        let (pct_start, div_factor, final_div_factor) = (0.3, 25.0, 1e4);
        OneCycle { pct_start, linear: false, div_factor, final_div_factor, three_phase: false }
    }
}

/// Up to `highest` and down to almost nothing within `total` steps, as PyTorch's `OneCycleLR`; level
/// afterwards.
///
/// # Errors
/// No steps, factors of 0 or less, a share outside of 0 to 1.
pub fn one_cycle(at: f64, total: f64, highest: f64, cycle: &OneCycle) -> Result<f64> {
    let operation = "schedule::one_cycle";
    positive(operation, "total", total)?;
    positive(operation, "div_factor", cycle.div_factor)?;
    positive(operation, "final_div_factor", cycle.final_div_factor)?;
    let rising = cycle.pct_start;
    if !(0.0..=1.0).contains(&rising) {
        return Err(Error::out_of_range(operation, "pct_start", "0 to 1", rising));
    }
    let first = highest / cycle.div_factor;
    let last = first / cycle.final_div_factor;
    // Each phase with its last step and the number there.
    let phases = match cycle.three_phase {
        true => vec![
            (rising * total - 1.0, highest),
            (2.0 * rising * total - 2.0, first),
            (total - 1.0, last),
        ],
        false => vec![(rising * total - 1.0, highest), (total - 1.0, last)],
    };
    let (mut start, mut from) = (0.0, first);
    for (end, to) in &phases {
        if at <= *end || *end >= total - 1.0 {
            let share = share(at, start, *end);
            return Ok(match cycle.linear {
                true => from + (to - from) * share,
                false => half_cosine(share, from, *to),
            });
        }
        (start, from) = (*end, *to);
    }
    Ok(last)
}

/// From `from` to `to` along half a cosine, again and again: first within `length`, then within a time that
/// is `factor` times as long each; PyTorch's `CosineAnnealingWarmRestarts`.
///
/// # Errors
/// A `length` of 0 or less, a `factor` below 1.
pub fn cosine_restarts(at: f64, length: f64, from: f64, to: f64, factor: f64) -> Result<f64> {
    let operation = "schedule::cosine_restarts";
    positive(operation, "length", length)?;
    if !(factor >= 1.0 && factor.is_finite()) {
        return Err(Error::out_of_range(operation, "factor", "1 or more", factor));
    }
    let at = at.max(0.0);
    if factor == 1.0 {
        return Ok(half_cosine((at % length) / length, from, to));
    }
    // Where cycle n begins: a geometric series. The logarithm may be off by one at a restart.
    let begins = |n: f64| length * (factor.powf(n) - 1.0) / (factor - 1.0);
    let mut cycle = (at / length * (factor - 1.0) + 1.0).log(factor).floor().max(0.0);
    if at >= begins(cycle + 1.0) {
        cycle += 1.0;
    } else if at < begins(cycle) {
        cycle -= 1.0;
    }
    let (start, end) = (begins(cycle), begins(cycle + 1.0));
    Ok(half_cosine(share(at, start, end), from, to))
}

/// Straight lines from point to point, `(position, number)` each, and level outside. Of two points at one
/// position, the second counts from there on.
///
/// # Errors
/// No points, or points out of order.
pub fn piecewise(at: f64, points: &[(f64, f64)]) -> Result<f64> {
    let operation = "schedule::piecewise";
    let positions: Vec<f64> = points.iter().map(|(position, _)| *position).collect();
    ordered(operation, "points", &positions, false)?;
    let next = positions.iter().take_while(|position| **position <= at).count();
    let before = points[next.saturating_sub(1)];
    let after = points.get(next).copied().unwrap_or(before);
    Ok(linear(at, before.0, after.0, before.1, after.1))
}

/// Which of several schedules is in force at `at`, where each begins at its boundary, and the position
/// since that boundary; PyTorch's `SequentialLR`. Before the first boundary it is the first one.
///
/// # Errors
/// No boundaries, or boundaries out of order.
pub fn join(at: f64, boundaries: &[f64]) -> Result<(usize, f64)> {
    ordered("schedule::join", "boundaries", boundaries, true)?;
    let begun = boundaries.iter().take_while(|boundary| **boundary <= at).count();
    let index = begun.saturating_sub(1);
    Ok((index, at - boundaries[index]))
}

/// Refuses no positions, and positions out of order.
fn ordered(operation: &str, what: &str, positions: &[f64], strictly: bool) -> Result<()> {
    let wrong = |problem: &str, expected: &str| {
        Err(Error::new(Kind::Range, operation, format!("{what} {problem}"))
            .expected(expected)
            .received(format!("{positions:?}")))
    };
    if positions.is_empty() {
        return wrong("are missing", "one at least");
    }
    let fits = |pair: &[f64]| if strictly { pair[0] < pair[1] } else { pair[0] <= pair[1] };
    if positions.iter().any(|position| position.is_nan()) || !positions.windows(2).all(fits) {
        return wrong("are out of order", "positions that grow");
    }
    Ok(())
}

fn positive(operation: &str, name: &str, value: f64) -> Result<()> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, "more than 0", value)),
    }
}
