//! Freq-MixStyle (Schmid et al. 2022, "Knowledge distillation from transformers for low-complexity acoustic scene
//! classification", DCASE workshop; Kim et al. 2022; after MixStyle, Zhou et al. 2021): mean and deviation of each bin
//! are mixed with another clip's. Labels stay, since what is mixed is the device, not the sound.

use crate::data::{Augmentation, Draws, HostBatch, Level};

/// Below this the deviation of a bin counts as this: the square root of what the authors add to the variance.
const EPS: f64 = 1e-6;

/// Mixes the statistics of each bin between clips of a batch.
#[derive(Clone, Debug)]
pub struct FreqMixStyle {
    /// The share of batches whose clips are mixed, 0 to 1.
    pub rate: f64,
    /// Both parameters of the Beta distribution of each clip's own share.
    pub alpha: f64,
}

impl FreqMixStyle {
    /// Mean and deviation of each bin of one clip: √(var + 1e-6), var with n − 1.
    fn statistics(features: &[f32], bins: usize) -> Vec<[f64; 2]> {
        let frames = features.chunks_exact(bins).len().max(1) as f64;
        let mut sums = vec![0.0f64; bins];
        for frame in features.chunks_exact(bins) {
            sums.iter_mut().zip(frame).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let means: Vec<f64> = sums.iter().map(|sum| sum / frames).collect();
        let mut squares = vec![0.0f64; bins];
        for frame in features.chunks_exact(bins) {
            for ((square, value), mean) in squares.iter_mut().zip(frame).zip(&means) {
                *square += (f64::from(*value) - mean) * (f64::from(*value) - mean);
            }
        }
        let deviation = |square: &f64| libm::sqrt(square / (frames - 1.0).max(1.0) + EPS);
        means.iter().zip(&squares).map(|(mean, square)| [*mean, deviation(square)]).collect()
    }

    /// Gives clip `place` the statistics share · own + (1 − share) · those of clip `partner`, by `(partner, share)` of each.
    pub fn mix(batch: &mut HostBatch, partners: &[(usize, f64)]) {
        let (bins, width) = (batch.bins, batch.frames * batch.bins);
        if width == 0 {
            return;
        }
        let all: Vec<Vec<[f64; 2]>> =
            batch.features.chunks_exact(width).map(|clip| Self::statistics(clip, bins)).collect();
        let clips = batch.features.chunks_exact_mut(width).zip(&all).zip(partners);
        for ((clip, own), (partner, share)) in clips {
            let Some(other) = all.get(*partner) else { continue };
            for frame in clip.chunks_exact_mut(bins) {
                for ((value, [mean, std]), [other_mean, other_std]) in
                    frame.iter_mut().zip(own).zip(other)
                {
                    let blend = |a: f64, b: f64| a * share + b * (1.0 - share);
                    let plain = (f64::from(*value) - mean) / std;
                    *value = (plain * blend(*std, *other_std) + blend(*mean, *other_mean)) as f32;
                }
            }
        }
    }
}

impl Augmentation for FreqMixStyle {
    fn describe(&self) -> String {
        format!("freq_mixstyle({}, {})", self.rate, self.alpha)
    }

    fn level(&self) -> Level {
        Level::Batch
    }

    fn batch(&self, batch: &mut HostBatch, draws: &mut Draws) {
        let random = &mut draws.stream;
        if random.uniform() >= self.rate {
            return;
        }
        let partners = random.permutation(batch.clips);
        let partners: Vec<(usize, f64)> =
            partners.into_iter().map(|partner| (partner, random.beta(self.alpha))).collect();
        FreqMixStyle::mix(batch, &partners);
    }
}
