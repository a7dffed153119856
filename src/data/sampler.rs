//! In which order an epoch goes through the clips.

use super::clip::Clip;
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use std::sync::Arc;

/// What a class counts, shared among its clips: AST's and PSLA's number.
const SHARE: f64 = 1000.0;
/// Keeps a class without clips from an infinite weight, as in their scripts.
const NONE: f64 = 0.01;

/// Which clips an epoch takes, and in which order. An epoch is as long as the set in any case.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sampler {
    /// Every clip once, in an order of the epoch's own.
    #[default]
    Shuffled,
    /// Every clip once, in the set's order.
    Sequential,
    /// With replacement, rare classes more often: a class weighs 1000 / (clips + 0.01), a clip the sum over its classes.
    Balanced,
    /// With replacement, each clip by its weight.
    Weights(Arc<[f64]>),
}

impl Sampler {
    /// Its name and settings, as they stand in keys.
    pub fn describe(&self) -> String {
        match self {
            Sampler::Shuffled => "shuffled".to_string(),
            Sampler::Sequential => "sequential".to_string(),
            Sampler::Balanced => "balanced".to_string(),
            Sampler::Weights(weights) => {
                let mut hasher = blake3::Hasher::new();
                weights.iter().for_each(|weight| {
                    hasher.update(&weight.to_le_bytes());
                });
                format!("weights {}", hasher.finalize().to_hex())
            }
        }
    }

    /// Refuses weights that no clip could be drawn by.
    ///
    /// # Errors
    /// Another number of weights than clips; a weight that is no finite number or less than 0; none above 0.
    pub fn check(&self, clips: usize) -> Result<()> {
        let Sampler::Weights(weights) = self else { return Ok(()) };
        let wrong = |expected: String, received: String| {
            Err(Error::new(Kind::Range, "sampler", "the weights make no sense")
                .expected(expected)
                .received(received))
        };
        if weights.len() != clips {
            let received = format!("{} weights", weights.len());
            return wrong(format!("one for each of the {clips} clips that train"), received);
        }
        if let Some(bad) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
            return wrong("finite numbers, 0 or more".to_string(), bad.to_string());
        }
        match weights.iter().sum::<f64>() {
            sum if sum > 0.0 && sum.is_finite() => Ok(()),
            sum => {
                wrong("weights with a finite sum above 0".to_string(), format!("a sum of {sum}"))
            }
        }
    }

    /// The clips of one epoch.
    pub fn order(
        &self,
        weights: Option<&[f64]>,
        clips: usize,
        seed: u64,
        epoch: usize,
    ) -> Vec<usize> {
        let mut random = Stream::new(seed, "order", &[epoch as u64]);
        match (self, weights) {
            (Sampler::Sequential, _) => (0..clips).collect(),
            (Sampler::Shuffled, _) | (_, None) => random.permutation(clips),
            (_, Some(weights)) => {
                let mut sum = 0.0;
                let sums: Vec<f64> = weights
                    .iter()
                    .map(|weight| {
                        sum += weight;
                        sum
                    })
                    .collect();
                let draw = |random: &mut Stream| {
                    let place = random.uniform() * sum;
                    sums.partition_point(|end| *end <= place).min(clips.saturating_sub(1))
                };
                (0..clips).map(|_| draw(&mut random)).collect()
            }
        }
    }

    /// What each clip weighs, where they are drawn by weight.
    pub fn weights(&self, clips: &[Clip], classes: usize) -> Option<Vec<f64>> {
        match self {
            Sampler::Shuffled | Sampler::Sequential => None,
            Sampler::Balanced => Some(balanced(clips, classes)),
            Sampler::Weights(weights) => Some(weights.to_vec()),
        }
    }
}

/// AST's and PSLA's weights of clips.
pub fn balanced(clips: &[Clip], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.0; classes];
    for (class, _) in clips.iter().flat_map(|clip| &clip.labels) {
        if let Some(count) = counts.get_mut(*class) {
            *count += 1.0;
        }
    }
    let weight = |(class, _): &(usize, f32)| counts.get(*class).map_or(0.0, |n| SHARE / (n + NONE));
    clips.iter().map(|clip| clip.labels.iter().map(weight).sum()).collect()
}
