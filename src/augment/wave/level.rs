//! Gain, polarity, and a shift in time.

use crate::augment::Range;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::Result;

/// Makes a clip louder or quieter. What leaves −1 to 1 is not cut off.
#[derive(Clone, Debug)]
pub struct Gain {
    /// The gain of amplitudes, in dB.
    pub gain_db: Range,
}

impl Augmentation for Gain {
    fn describe(&self) -> String {
        format!("gain({} dB)", self.gain_db)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let factor = libm::pow(10.0, self.gain_db.draw(&mut draws.stream) / 20.0);
        wave.samples.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
        Ok(())
    }
}

/// Turns some clips upside down.
#[derive(Clone, Debug)]
pub struct Polarity {
    /// The share of clips, 0 to 1.
    pub rate: f64,
}

impl Augmentation for Polarity {
    fn describe(&self) -> String {
        format!("polarity({})", self.rate)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        if draws.stream.uniform() < self.rate {
            wave.samples.iter_mut().for_each(|value| *value = -*value);
        }
        Ok(())
    }
}

/// Moves a clip in time, later or earlier.
#[derive(Clone, Debug)]
pub struct Shift {
    /// By how much, in seconds; later where it is positive.
    pub seconds: Range,
    /// Whether what leaves at one end comes in at the other; silence comes in otherwise.
    pub is_circular: bool,
}

impl Augmentation for Shift {
    fn describe(&self) -> String {
        let fill = if self.is_circular { "wrap" } else { "zero" };
        format!("shift({} s, {fill})", self.seconds)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let length = wave.samples.len();
        if length == 0 {
            return Ok(());
        }
        let drawn = self.seconds.draw(&mut draws.stream) * f64::from(wave.rate_hz);
        let by = libm::round(drawn) as i64;
        wave.samples.rotate_right(by.rem_euclid(length as i64) as usize);
        if !self.is_circular {
            let gone = usize::try_from(by.unsigned_abs()).unwrap_or(length).min(length);
            let came = if by >= 0 { 0..gone } else { length - gone..length };
            if let Some(came) = wave.samples.get_mut(came) {
                came.fill(0.0);
            }
        }
        Ok(())
    }
}
