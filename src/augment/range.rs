//! A range that a setting is drawn from.

use crate::tensor::random::Stream;
use std::fmt;

/// From `low` to `high`; one value where they are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
}

impl Range {
    /// From `low` to `high`.
    pub fn new(low: f64, high: f64) -> Self {
        Range { low, high }
    }

    /// A value of it, all equally likely.
    pub fn draw(self, random: &mut Stream) -> f64 {
        random.range(self.low, self.high)
    }

    /// A value of it, all octaves equally likely; both ends are greater than 0.
    pub fn draw_octaves(self, random: &mut Stream) -> f64 {
        let (low, high) = (libm::log(self.low), libm::log(self.high));
        libm::exp(random.range(low, high)).clamp(self.low, self.high)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.low == self.high {
            true => write!(out, "{}", self.low),
            false => write!(out, "{} to {}", self.low, self.high),
        }
    }
}
