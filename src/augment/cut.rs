//! CutMix (Yun et al. 2019, arXiv 1905.04899): a rectangle of a clip's features comes from another clip.

use super::mix::{blend, mixed};
use crate::data::{Augmentation, Draws, HostBatch, Level};
use std::ops::Range;

/// Puts a rectangle of another clip of the batch into a clip; labels go by the area.
#[derive(Clone, Debug)]
pub struct CutMix {
    /// The share of clips that are mixed, 0 to 1.
    pub rate: f64,
    /// Both parameters of the Beta distribution of the share that stays; 1 in the paper.
    pub alpha: f64,
}

/// A side of the rectangle: √(1 − share) of `size` around `centre`, what lies outside cut off.
fn side(size: usize, share: f64, centre: usize) -> Range<usize> {
    let length = (size as f64 * libm::sqrt(1.0 - share)) as usize;
    let end = (centre + length / 2).min(size);
    centre.saturating_sub(length / 2).min(end)..end
}

impl Augmentation for CutMix {
    fn describe(&self) -> String {
        format!("cutmix({}, {})", self.rate, self.alpha)
    }

    fn level(&self) -> Level {
        Level::Batch
    }

    fn mixes(&self) -> bool {
        true
    }

    fn batch(&self, batch: &mut HostBatch, draws: &mut Draws) {
        let random = &mut draws.stream;
        let before = batch.clone();
        let (frames, bins) = (batch.frames, batch.bins);
        for place in 0..batch.clips {
            // Drawn for every clip, mixed or not: one clip's luck does not move the others' numbers.
            let chosen = random.uniform() < self.rate;
            let partner = random.below(batch.clips);
            let share = random.beta(self.alpha);
            let time = side(frames, share, random.below(frames));
            let freq = side(bins, share, random.below(bins));
            if !chosen {
                continue;
            }
            for frame in time.clone() {
                let cells = |clip: usize| {
                    let start = (clip * frames + frame) * bins;
                    start + freq.start..start + freq.end
                };
                if let (Some(to), Some(from)) =
                    (batch.features.get_mut(cells(place)), before.features.get(cells(partner)))
                {
                    to.copy_from_slice(from);
                }
            }
            let area = (time.len() * freq.len()) as f64 / ((frames * bins).max(1)) as f64;
            let (kept, classes) = ((1.0 - area) as f32, batch.classes);
            blend(&mut batch.targets, &before.targets, place, partner, classes, kept);
            if let (Some(mix), Some(own), Some(other)) =
                (batch.mixes.get_mut(place), before.mixes.get(place), before.mixes.get(partner))
            {
                *mix = mixed(own, other, kept);
            }
        }
    }
}
