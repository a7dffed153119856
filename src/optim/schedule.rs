//! Plain functions of a position (a step, an epoch, anything that counts up) to a number; good for
//! a learning rate, λ, τ and whatever else changes while a stage runs.

use std::f64::consts::PI;

/// How far `at` lies between `start` and `end`, within 0..=1.
fn share(at: f64, start: f64, end: f64) -> f64 {
    if end <= start {
        return if at < start { 0.0 } else { 1.0 };
    }
    ((at - start) / (end - start)).clamp(0.0, 1.0)
}

/// From `from` at `start` to `to` at `end`, in a straight line, and level outside.
pub fn linear(at: f64, start: f64, end: f64, from: f64, to: f64) -> f64 {
    from + (to - from) * share(at, start, end)
}

/// From `from` at `start` to `to` at `end` along half a cosine, and level outside; PyTorch's
/// `CosineAnnealingLR` while it falls.
pub fn cosine(at: f64, start: f64, end: f64, from: f64, to: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share(at, start, end)).cos()) / 2.0
}

/// `from`, multiplied by `factor` once for every full `every` that `at` has passed; PyTorch's `StepLR`.
pub fn step(at: f64, every: f64, from: f64, factor: f64) -> f64 {
    if every <= 0.0 {
        return from;
    }
    from * factor.powf((at / every).floor().max(0.0))
}

/// From 0 at 0 up to `to` at `length`, then level.
pub fn warmup(at: f64, length: f64, to: f64) -> f64 {
    linear(at, 0.0, length, 0.0, to)
}
