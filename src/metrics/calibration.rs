//! How far probabilities can be believed: ECE and Brier's score.

use super::argmax;
use super::predictions::{Predictions, Weights, weight};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// How far a row of probabilities may be from summing to 1: single precision over many classes.
const SUM_TOLERANCE: f64 = 1e-3;

/// How many classes a clip may have: how scores that are logits become probabilities, and what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labelling {
    /// Each clip has one class: softmax, cross-entropy, accuracy; the probabilities of a clip sum to 1.
    Single,
    /// A clip has any number of classes: a sigmoid each, binary cross-entropy, mean average precision.
    Multi,
}

impl Labelling {
    /// Probabilities of one clip's logits.
    pub fn probabilities(self, logits: &[f64]) -> Vec<f64> {
        match self {
            Labelling::Single => log_softmax(logits).into_iter().map(libm::exp).collect(),
            Labelling::Multi => logits.iter().map(|logit| sigmoid(*logit)).collect(),
        }
    }
}

impl Predictions {
    /// Probabilities of scores that are logits.
    pub fn probabilities(&self, labelling: Labelling) -> Self {
        self.mapped(|logits| labelling.probabilities(logits))
    }

    /// Fails where scores are no probabilities.
    fn check_probabilities(&self, labelling: Labelling) -> Result<()> {
        let wrong = |clip: usize, expected: &str, received: String| {
            Err(Error::new(Kind::Range, "metrics", "the scores are no probabilities")
                .expected(expected)
                .received(format!("{received} in clip {clip}"))
                .hint("for logits say `logits: true`"))
        };
        for (clip, (scores, _)) in self.rows().enumerate() {
            if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score)) {
                return wrong(clip, "numbers from 0 to 1", score.to_string());
            }
            let sum: f64 = scores.iter().sum();
            if labelling == Labelling::Single && (sum - 1.0).abs() > SUM_TOLERANCE {
                return wrong(clip, "numbers that sum to 1", format!("a sum of {sum}"));
            }
        }
        Ok(())
    }
}

/// Logarithms of the softmax.
pub(super) fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| libm::exp(logit - top)).sum();
    let log = libm::log(sum);
    logits.iter().map(|logit| logit - top - log).collect()
}

/// 1 / (1 + e⁻ˣ), exact at both ends.
pub(super) fn sigmoid(logit: f64) -> f64 {
    let small = libm::exp(-logit.abs());
    if logit < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

/// Expected calibration error over `bins` equally wide bins ((b − 1) / bins, b / bins]; 0 is in the first.
///
/// With one label a clip: the largest probability against whether it is right (Guo et al. 2017, equation 5).
/// With several: every probability against whether the clip has the class.
///
/// # Errors
/// No clips; no bins; scores that are no probabilities; with one label, a clip without exactly one.
pub fn ece(all: &Predictions, labelling: Labelling, bins: usize, weights: Weights) -> Result<f64> {
    all.some()?;
    if !(1..=1_000_000).contains(&bins) {
        return Err(Error::new(Kind::Range, "metrics", "the bins are out of range")
            .expected("1 to 1000000")
            .received(bins.to_string()));
    }
    all.check_probabilities(labelling)?;
    let mut sums = vec![(0.0, 0.0); bins];
    let mut total = 0.0;
    let mut put = |probability: f64, holds: bool, weight: f64| {
        let edge = |bin: usize| bin as f64 / bins as f64;
        // A product can round over an edge; the edges themselves decide.
        let mut bin = ((probability * bins as f64) as usize).min(bins - 1);
        if probability > edge(bin + 1) {
            bin += 1;
        } else if bin > 0 && probability <= edge(bin) {
            bin -= 1;
        }
        let (confidence, right) = &mut sums[bin.min(bins - 1)];
        *confidence += weight * probability;
        *right += if holds { weight } else { 0.0 };
        total += weight;
    };
    match labelling {
        Labelling::Single => {
            let labels = all.labels()?;
            for (clip, (scores, _)) in all.rows().enumerate() {
                let top = argmax(scores);
                put(scores[top], labels[clip] == top, weight(weights, clip));
            }
        }
        Labelling::Multi => {
            for (clip, (scores, targets)) in all.rows().enumerate() {
                for (score, target) in scores.iter().zip(targets) {
                    put(*score, *target, weight(weights, clip));
                }
            }
        }
    }
    Ok(sums.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>() / total)
}

/// Brier's score, the mean square of probability minus target. With one label a clip it is summed over classes,
/// as Brier 1950 and scikit-learn's `brier_score_loss` for more than two classes: 0 to 2. With several it is
/// averaged over classes: 0 to 1.
///
/// # Errors
/// No clips; scores that are no probabilities; with one label, a clip without exactly one.
pub fn brier(all: &Predictions, labelling: Labelling, weights: Weights) -> Result<f64> {
    all.some()?;
    all.check_probabilities(labelling)?;
    if labelling == Labelling::Single {
        all.labels()?;
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for (clip, (scores, targets)) in all.rows().enumerate() {
        let square = |(score, target): (&f64, &bool)| {
            let off = score - f64::from(u8::from(*target));
            off * off
        };
        let weight = weight(weights, clip);
        sum += weight * scores.iter().zip(targets).map(square).sum::<f64>();
        total += weight;
    }
    let classes = if labelling == Labelling::Multi { all.classes() as f64 } else { 1.0 };
    Ok(sum / total / classes)
}
