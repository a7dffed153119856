//! Speed: tempo and pitch together, by band-limited interpolation (Smith, "Digital Audio Resampling Home Page") with
//! any real factor.

use crate::augment::Range;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::Result;
use std::sync::LazyLock;

/// Zero crossings of the sinc on each side.
const CROSSINGS: usize = 32;
/// Points of its table between two crossings; between points it is interpolated.
const POINTS: usize = 512;
/// Of Kaiser's window: what is let through wrongly lies 90 dB below.
const BETA: f64 = 9.0;
/// Where the band ends, as a part of the lower Nyquist frequency: leaves room for the filter's slope.
const ROLLOFF: f64 = 0.95;

/// Plays a clip faster or slower.
#[derive(Clone, Debug)]
pub struct Speed {
    /// How much faster: 2 is twice as fast, an octave higher, half as long.
    pub factor: Range,
    /// Whether the clip keeps its length: cut at the end, or padded there with zeros.
    pub keeps_length: bool,
}

/// A windowed sinc from its middle on.
static TABLE: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let each = |index: usize| {
        let x = index as f64 / POINTS as f64;
        let sinc = match index {
            0 => 1.0,
            _ => libm::sin(std::f64::consts::PI * x) / (std::f64::consts::PI * x),
        };
        let edge = (x / CROSSINGS as f64).min(1.0);
        sinc * bessel(BETA * libm::sqrt(1.0 - edge * edge)) / bessel(BETA)
    };
    (0..=CROSSINGS * POINTS + 1).map(each).collect()
});

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        let factor = x / (2.0 * f64::from(k));
        term *= factor * factor;
        sum += term;
    }
    sum
}

/// The sinc at `distance` crossings from its middle.
fn sinc(table: &[f64], distance: f64) -> f64 {
    let position = distance * POINTS as f64;
    let whole = position as usize;
    match (table.get(whole), table.get(whole + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (position - whole as f64),
        _ => 0.0,
    }
}

impl Speed {
    /// The samples at `factor` times their speed: round(n / factor) of them.
    pub fn resample(samples: &[f32], factor: f64) -> Vec<f32> {
        let length = libm::round(samples.len() as f64 / factor) as usize;
        let band = ROLLOFF * f64::min(1.0, 1.0 / factor);
        let reach = CROSSINGS as f64 / band;
        let table = TABLE.as_slice();
        let each = |index: usize| {
            let at = index as f64 * factor;
            let first = libm::ceil(at - reach).max(0.0) as usize;
            let last = (libm::floor(at + reach) as usize + 1).min(samples.len());
            let own = samples.get(first..last).unwrap_or_default();
            let weighted = own.iter().zip(first..).map(|(value, place)| {
                f64::from(*value) * sinc(table, (place as f64 - at).abs() * band)
            });
            (weighted.sum::<f64>() * band) as f32
        };
        (0..length).map(each).collect()
    }
}

impl Augmentation for Speed {
    fn describe(&self) -> String {
        let length = if self.keeps_length { "keep" } else { "free" };
        format!("speed({}, {length})", self.factor)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let length = wave.samples.len();
        let factor = self.factor.draw(&mut draws.stream);
        if factor != 1.0 {
            wave.samples = Speed::resample(&wave.samples, factor);
        }
        if self.keeps_length {
            wave.samples.resize(length, 0.0);
        }
        Ok(())
    }
}
