//! Times of something that is done again and again.

use crate::error::Result;
use std::time::{Duration, Instant};

/// Repeats at least, and at most.
const LEAST: usize = 5;
const MOST: usize = 100_000;
/// Repeats after which the median may be taken for settled.
const ENOUGH: usize = 20;
/// The median is settled where it is known to so much of itself, with 95 % confidence.
const SETTLED: f64 = 0.01;
/// This share of the time goes to repeats that do not count.
const WARM: f64 = 0.2;
/// A repeat that takes more than this share of the time is done so few times.
const LONG: f64 = 0.5;
const FEW: usize = 3;

/// Seconds of each repeat, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Times(pub Vec<f64>);

impl Times {
    fn sorted(&self) -> Vec<f64> {
        let mut all = self.0.clone();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The value that so large a share of all is not above, between two values where it falls there; 0 of none.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let all = self.sorted();
        let place = share * all.len().saturating_sub(1) as f64;
        let (low, part) = (place.floor() as usize, place.fract());
        let at = |index: usize| all.get(index).or(all.last()).copied().unwrap_or(0.0);
        at(low) + part * (at(low + 1) - at(low))
    }

    /// The middle one.
    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// How far the median may be off, as a share of itself: by the order statistics that hold it with 95 % confidence.
    pub(super) fn uncertainty(&self) -> f64 {
        let (all, count) = (self.sorted(), self.0.len() as f64);
        let reach = 0.98 * count.sqrt();
        let (low, high) = (count / 2.0 - reach, count / 2.0 + reach);
        if low < 0.0 || high >= count {
            return f64::INFINITY;
        }
        let at = |place: f64| all.get(place as usize).copied().unwrap_or(0.0);
        (at(high) - at(low)) / 2.0 / self.median().max(1e-12)
    }
}

/// Repeats `act` for about `seconds`, or less where its median is settled before; first some times that do not
/// count, at least one.
pub(super) fn repeated(seconds: f64, act: &mut dyn FnMut() -> Result<()>) -> Result<Times> {
    let begun = Instant::now();
    let warm = Duration::from_secs_f64(seconds * WARM);
    let mut once;
    loop {
        let start = Instant::now();
        act()?;
        once = start.elapsed().as_secs_f64();
        if begun.elapsed() >= warm {
            break;
        }
    }
    let least = if once > seconds * LONG { FEW } else { LEAST };
    let (begun, mut times) = (Instant::now(), Times::default());
    while times.0.len() < MOST {
        let start = Instant::now();
        act()?;
        times.0.push(start.elapsed().as_secs_f64());
        let (count, over) = (times.0.len(), begun.elapsed().as_secs_f64() >= seconds);
        // The check sorts: not after each of many.
        let look = count >= ENOUGH && count.is_power_of_two();
        if count >= least && (over || look && times.uncertainty() < SETTLED) {
            break;
        }
    }
    Ok(times)
}

/// `1.234 ms` with three digits that count: `12.3 µs`, `0.98 s`.
pub(super) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 10.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Three digits that count.
pub(super) fn digits(value: f64) -> String {
    let after = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.after$}")
}
