//! Augmentations that mix clips of a batch, with their labels.

use crate::data::{Augmentation, Draws, HostBatch, Level, Mix};

/// Mixes a clip with one of its batch, features and labels alike; now and then with itself.
#[derive(Clone, Debug)]
pub struct Mixup {
    /// The share of clips that are mixed, 0 to 1.
    pub rate: f64,
    /// Both parameters of the Beta distribution of the ratio; 10 in AST and PSLA.
    pub alpha: f64,
}

impl Augmentation for Mixup {
    fn describe(&self) -> String {
        format!("mixup({}, {})", self.rate, self.alpha)
    }

    fn level(&self) -> Level {
        Level::Batch
    }

    fn mixes(&self) -> bool {
        true
    }

    fn batch(&self, batch: &mut HostBatch, draws: &mut Draws) {
        let random = &mut draws.stream;
        let (features, targets) = (batch.features.clone(), batch.targets.clone());
        let mixes = batch.mixes.clone();
        let (clip, label) = (batch.frames * batch.bins, batch.classes);
        for place in 0..batch.clips {
            // Drawn for every clip, mixed or not: one clip's luck does not move the others' numbers.
            let chosen = random.uniform() < self.rate;
            let partner = random.below(batch.clips);
            let ratio = random.beta(self.alpha) as f32;
            if !chosen {
                continue;
            }
            blend(&mut batch.features, &features, place, partner, clip, ratio);
            blend(&mut batch.targets, &targets, place, partner, label, ratio);
            if let (Some(mix), Some(own), Some(other)) =
                (batch.mixes.get_mut(place), mixes.get(place), mixes.get(partner))
            {
                *mix = mixed(own, other, ratio);
            }
        }
    }
}

/// What a row is made of, after `ratio` of it was kept and the rest taken from another.
pub(crate) fn mixed(own: &Mix, other: &Mix, ratio: f32) -> Mix {
    let mut mix: Mix = Vec::new();
    let shares = own.iter().map(|(clip, share)| (*clip, share * ratio));
    for (clip, share) in shares.chain(other.iter().map(|(clip, s)| (*clip, s * (1.0 - ratio)))) {
        match mix.iter_mut().find(|(known, _)| *known == clip) {
            Some((_, sum)) => *sum += share,
            None => mix.push((clip, share)),
        }
    }
    mix
}

/// Row `place` becomes ratio · row `place` + (1 − ratio) · row `partner` of `from`.
pub(super) fn blend(
    to: &mut [f32],
    from: &[f32],
    place: usize,
    partner: usize,
    width: usize,
    ratio: f32,
) {
    let row = |index: usize| index * width..(index + 1) * width;
    let (Some(target), Some(own), Some(other)) =
        (to.get_mut(row(place)), from.get(row(place)), from.get(row(partner)))
    else {
        return;
    };
    for ((cell, a), b) in target.iter_mut().zip(own).zip(other) {
        *cell = ratio * a + (1.0 - ratio) * b;
    }
}
