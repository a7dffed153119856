//! Mixup of waveforms, as AST and PSLA have it.

use crate::augment::mix::mixed;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::{Error, Kind, Result};

/// Mixes a clip with any other of the split (`_wav2fbank` in AST's and PSLA's `dataloader.py`): both without their mean,
/// the other padded with zeros or cut to the clip's length, the mix without its mean; labels add up by share.
#[derive(Clone, Debug)]
pub struct WaveMixup {
    /// The share of clips that are mixed, 0 to 1.
    pub rate: f64,
    /// Both parameters of the Beta distribution of the ratio; 10 in AST and PSLA.
    pub alpha: f64,
}

impl WaveMixup {
    /// `ratio` · own + (1 − `ratio`) · other, by that rule.
    pub fn mix(own: &mut [f32], other: &[f32], ratio: f64) {
        let (first, second) = (mean(own), mean(other));
        let mut others = other.iter().map(|value| f64::from(*value) - second);
        for value in own.iter_mut() {
            let other = others.next().unwrap_or(0.0);
            *value = (ratio * (f64::from(*value) - first) + (1.0 - ratio) * other) as f32;
        }
        let whole = mean(own);
        own.iter_mut().for_each(|value| *value = (f64::from(*value) - whole) as f32);
    }
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len().max(1) as f64
}

impl Augmentation for WaveMixup {
    fn describe(&self) -> String {
        format!("wave_mixup({}, {})", self.rate, self.alpha)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn mixes(&self) -> bool {
        true
    }

    fn wave(&self, wave: &mut Wave, pool: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let random = &mut draws.stream;
        let chosen = random.uniform() < self.rate;
        let partner = random.below(pool.count());
        let ratio = random.beta(self.alpha);
        if !chosen || pool.count() == 0 {
            return Ok(());
        }
        let other = pool.samples(partner)?;
        if other.rate_hz != wave.rate_hz {
            return Err(Error::new(Kind::Data, "augment::wave_mixup", "the sample rates differ")
                .expected(format!("{} Hz", wave.rate_hz))
                .received(format!("{} Hz", other.rate_hz)));
        }
        WaveMixup::mix(&mut wave.samples, &other.values, ratio);
        for (label, other) in wave.target.iter_mut().zip(pool.target(partner)) {
            *label = (ratio * f64::from(*label) + (1.0 - ratio) * f64::from(other)) as f32;
        }
        wave.mix = mixed(&wave.mix, &vec![(partner, 1.0)], ratio as f32);
        Ok(())
    }
}
