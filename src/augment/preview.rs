//! What a chain makes of one clip, to look at.

use crate::audio::{Extractor, Features, Samples};
use crate::data::{
    Augmentation, ClipSource, Draws, FrontEnd, HostBatch, Level, Mix, Normal, Pool, Spectrogram,
    Wave,
};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use std::sync::Arc;

/// Clips of a batch that the clip is shown in, where a chain has steps on batches.
const COMPANIONS: usize = 7;

/// A chain with what it needs.
pub struct Preview {
    /// How features are made.
    pub front: FrontEnd,
    /// The steps.
    pub chain: Vec<Arc<dyn Augmentation>>,
    /// Clips that steps may mix in; none is mixed where there are none.
    pub others: Option<Arc<ClipSource>>,
    /// Names all random streams.
    pub seed: u64,
}

/// A clip as a model would see it.
#[derive(Clone, Debug)]
pub struct Look {
    /// Its samples.
    pub samples: Samples,
    /// Its features before any normalisation.
    pub features: Features,
    /// What it is made of: other clips by their place in the source, this one by `None`; with the share of each.
    pub made_of: Vec<(Option<usize>, f32)>,
}

/// No clip.
struct Nobody;

impl Pool for Nobody {
    fn count(&self) -> usize {
        0
    }

    fn samples(&self, index: usize) -> Result<Arc<Samples>> {
        Err(Error::new(Kind::Internal, "augment", format!("there is no clip {index}")))
    }

    fn target(&self, _: usize) -> Vec<f32> {
        Vec::new()
    }
}

impl Preview {
    /// The clip without any augmentation, all of its frames.
    ///
    /// # Errors
    /// A clip that is shorter than a frame; a front end that makes no sense for it.
    pub fn plain(&self, samples: &Samples) -> Result<Look> {
        let samples = self.front.at_rate(samples.clone())?;
        let features = self.features(&samples)?;
        Ok(Look { samples, features, made_of: vec![(None, 1.0)] })
    }

    fn features(&self, samples: &Samples) -> Result<Features> {
        Extractor::new(&self.front.features, samples.rate_hz)?.compute(samples, None)
    }

    /// What the chain makes of the clip in epoch `epoch`.
    ///
    /// # Errors
    /// As of `plain`; a clip that is mixed in and cannot be read; features that a step cannot work on.
    pub fn draw(&self, samples: &Samples, epoch: u64) -> Result<Look> {
        self.chain.iter().try_for_each(|step| step.check_features(&self.front.features))?;
        let nobody = Nobody;
        let pool: &dyn Pool = match &self.others {
            Some(source) => source.as_ref(),
            None => &nobody,
        };
        // The clip itself stands behind the others.
        let own = pool.count();
        let indices = [epoch, own as u64];
        let Samples { rate_hz, values } = self.front.at_rate(samples.clone())?;
        let mut wave = Wave { samples: values, rate_hz, target: Vec::new(), mix: vec![(own, 1.0)] };
        for (step, mut draws) in Draws::each(&self.chain, Level::Wave, self.seed, &indices) {
            step.wave(&mut wave, pool, &mut draws)?;
        }
        let samples = Samples { rate_hz: wave.rate_hz, values: wave.samples };
        let plain = self.features(&samples)?;
        let normal = self.normal(&plain)?;
        let (frames, bins) = (self.frames(&plain), plain.bins);
        let mut features: Vec<f32> =
            plain.fit(frames).values.into_iter().map(|v| normal.of(v)).collect();
        let gain = self.front.features.gain();
        let mut clip = Spectrogram { features: &mut features, frames, bins, normal, gain };
        for (step, mut draws) in Draws::each(&self.chain, Level::Clip, self.seed, &indices) {
            step.clip(&mut clip, &mut draws);
        }
        let mut batch = self.batch(features, wave.mix, frames, bins, epoch)?;
        for (step, mut draws) in Draws::each(&self.chain, Level::Batch, self.seed, &[epoch, 0]) {
            step.batch(&mut batch, &mut draws);
        }
        let back = |value: &f32| (f64::from(*value) / normal.scale + normal.mean) as f32;
        let values = batch.features.iter().take(frames * bins).map(back).collect();
        let made_of = batch.mixes.into_iter().next().unwrap_or_default();
        let made_of = made_of
            .into_iter()
            .map(|(clip, share)| ((clip != own).then_some(clip), share))
            .collect();
        Ok(Look { samples, features: Features { frames, bins, values }, made_of })
    }

    /// The normalisation: as said, as of the clips that train, or that of the clip alone.
    fn normal(&self, plain: &Features) -> Result<Normal> {
        if let Some(source) = &self.others {
            return source.normal();
        }
        let [mean, std] = self.front.statistics.unwrap_or_else(|| {
            let count = plain.values.len().max(1) as f64;
            let mean = plain.values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
            let square = |v: &f32| (f64::from(*v) - mean) * (f64::from(*v) - mean);
            let std = libm::sqrt(plain.values.iter().map(square).sum::<f64>() / count);
            [mean, if std > 0.0 { std } else { 1.0 }]
        });
        Ok(match self.front.normalize.scale() {
            Some(scale) => Normal { mean, scale: scale / std },
            None => Normal { mean: 0.0, scale: 1.0 },
        })
    }

    fn frames(&self, plain: &Features) -> usize {
        match (&self.others, self.front.frames) {
            (Some(source), _) => source.frames(),
            (None, Some(frames)) => frames,
            (None, None) => plain.frames,
        }
    }

    /// The clip, and others behind it where the chain has steps on batches.
    fn batch(
        &self,
        features: Vec<f32>,
        mix: Mix,
        frames: usize,
        bins: usize,
        epoch: u64,
    ) -> Result<HostBatch> {
        let mut batch = HostBatch {
            clips: 1,
            frames,
            bins,
            classes: 0,
            features,
            targets: Vec::new(),
            mixes: vec![mix],
        };
        let has_batches = self.chain.iter().any(|step| step.level() == Level::Batch);
        if let (Some(source), true) = (&self.others, has_batches) {
            let order = Stream::new(self.seed, "companions", &[epoch]).permutation(source.len());
            for clip in order.into_iter().take(COMPANIONS) {
                batch.features.extend(source.features(clip)?);
                batch.mixes.push(vec![(clip, 1.0)]);
                batch.clips += 1;
            }
        }
        Ok(batch)
    }
}
