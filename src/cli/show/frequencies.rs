//! The axis of a picture's bins.

use crate::audio::Bins;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Frequencies that an axis may name.
const NAMED_HZ: [f64; 9] = [60.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3];

/// Nearer to each other than by this part of the axis, two names would touch.
const LEAST_APART: f64 = 0.08;

/// Frequencies in Hz, or numbers of coefficients, as far apart as the bins are, which are equally high.
#[derive(Clone)]
pub(super) struct Frequencies {
    low: f64,
    high: f64,
    is_mel: bool,
    /// What the axis counts.
    pub unit: &'static str,
}

impl Frequencies {
    pub fn of(bins: Bins) -> Self {
        let of = |low, high, is_mel, unit| Frequencies { low, high, is_mel, unit };
        match bins {
            Bins::Mel { low_hz, high_hz } => of(low_hz, high_hz, true, "hertz"),
            Bins::Linear { high_hz } => of(0.0, high_hz, false, "hertz"),
            Bins::Coefficients { count } => of(0.0, count as f64, false, "coefficient"),
        }
    }

    fn place(&self, value: f64) -> f64 {
        if self.is_mel { 1127.0 * libm::log(1.0 + value / 700.0) } else { value }
    }

    /// What an axis may name.
    fn named(&self) -> Vec<f64> {
        if self.is_mel {
            return NAMED_HZ.to_vec();
        }
        // A round distance that gives about five names.
        let rough = (self.high / 5.0).max(1.0);
        let ten = libm::pow(10.0, libm::floor(libm::log10(rough)));
        let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * ten);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        (0..=5).map(|index| f64::from(index) * step).collect()
    }
}

impl Ranged for Frequencies {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let [low, high, own] = [self.low, self.high, *value].map(|value| self.place(value));
        let place = (own - low) / (high - low);
        limit.0 + libm::round(place * f64::from(limit.1 - limit.0)) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        let [low, high] = [self.low, self.high].map(|value| self.place(value));
        let mut named: Vec<f64> = Vec::new();
        for hz in self.named().into_iter().rev() {
            let room = (high - low) * LEAST_APART;
            let apart = |last: &f64| self.place(*last) - self.place(hz) >= room;
            if (self.low..=self.high).contains(&hz) && named.last().is_none_or(apart) {
                named.push(hz);
            }
        }
        named
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Frequencies {
    fn format(hz: &f64) -> String {
        format!("{hz:.0}")
    }
}
