//! From values to places, and the values that an axis names.

use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordf64;

/// A linear scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The value at the beginning.
    pub low: f64,
    /// The value at the end.
    pub high: f64,
    /// The place of the beginning.
    pub from: f64,
    /// The place of the end.
    pub to: f64,
}

impl Scale {
    /// Over these values; where there is only one, around it.
    pub fn over([low, high]: [f64; 2], [from, to]: [f64; 2]) -> Self {
        // Nearer than this they are one value to ticks in double precision.
        let spread = high - low;
        let apart = spread.is_finite() && spread > 1e-9 * low.abs().max(high.abs());
        let room = if low == 0.0 { 1.0 } else { low.abs() / 2.0 };
        let [low, high] = if apart { [low, high] } else { [low - room, low + room] };
        let known = low.is_finite() && high.is_finite() && low < high;
        let [low, high] = if known { [low, high] } else { [0.0, 1.0] };
        Scale { low, high, from, to }
    }

    /// The same with a little room at both ends, but not beyond `least` and `most`.
    pub fn roomy(self, [least, most]: [f64; 2]) -> Self {
        let room = (self.high - self.low) * 0.06;
        let (low, high) = ((self.low - room).max(least), (self.high + room).min(most));
        // What is beyond these ends altogether is drawn where it is.
        if low < high { Scale { low, high, ..self } } else { self }
    }

    /// The place of a value.
    pub fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// About so many round values.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let range = RangedCoordf64::from(self.low..self.high);
        range.key_points(BoldPoints(most)).into_iter().map(|tick| tick + 0.0).collect()
    }

    /// About so many whole values.
    pub fn whole_ticks(&self, most: usize) -> Vec<f64> {
        self.ticks(most).into_iter().filter(|tick| tick.fract().abs() < 1e-9).collect()
    }
}
