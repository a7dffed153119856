//! Low- and high-pass filters: the biquads of torchaudio's `lowpass_biquad` and `highpass_biquad` (Bristow-Johnson,
//! "Cookbook formulae for audio EQ biquad filter coefficients").

use crate::augment::Range;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::{Error, Kind, Result};

/// What a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What lies below the cutoff.
    Low,
    /// What lies above it.
    High,
}

impl Pass {
    /// Its name in recipes.
    fn name(self) -> &'static str {
        match self {
            Pass::Low => "lowpass",
            Pass::High => "highpass",
        }
    }
}

/// A biquad with a random cutoff, all octaves of its range equally likely.
#[derive(Clone, Debug)]
pub struct PassFilter {
    /// What it lets through.
    pub pass: Pass,
    /// Where it has fallen by 3 dB (with the standard `q`), in Hz.
    pub cutoff_hz: Range,
    /// Its quality; 1/√2 is Butterworth's.
    pub q: f64,
}

impl PassFilter {
    /// Filters samples; the result is cut to −1 to 1, as torchaudio's is.
    pub fn filter(&self, samples: &mut [f32], rate_hz: u32, cutoff_hz: f64) {
        let angle = std::f64::consts::TAU * cutoff_hz / f64::from(rate_hz);
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let alpha = sin / 2.0 / self.q;
        let (outer, middle) = match self.pass {
            Pass::Low => ((1.0 - cos) / 2.0, 1.0 - cos),
            Pass::High => ((1.0 + cos) / 2.0, -1.0 - cos),
        };
        let whole = 1.0 + alpha;
        let [b0, b1, a1, a2] =
            [outer, middle, -2.0 * cos, 1.0 - alpha].map(|coefficient| coefficient / whole);
        let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
        for sample in samples {
            let x = f64::from(*sample);
            let y = b0 * (x + x2) + b1 * x1 - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            *sample = y.clamp(-1.0, 1.0) as f32;
        }
    }
}

impl Augmentation for PassFilter {
    fn describe(&self) -> String {
        let name = self.pass.name();
        format!("{name}({} Hz, q {})", self.cutoff_hz, self.q)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn check_rate(&self, rate_hz: u32) -> Result<()> {
        let (nyquist, highest) = (f64::from(rate_hz) / 2.0, self.cutoff_hz.high);
        if highest < nyquist {
            return Ok(());
        }
        let operation = format!("augment::{}", self.pass.name());
        Err(Error::new(Kind::Range, operation, "the cutoff is too high")
            .expected(format!("less than half the sample rate, {nyquist} Hz"))
            .received(format!("{highest} Hz")))
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        self.check_rate(wave.rate_hz)?;
        let cutoff = self.cutoff_hz.draw_octaves(&mut draws.stream);
        self.filter(&mut wave.samples, wave.rate_hz, cutoff);
        Ok(())
    }
}
