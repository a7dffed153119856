//! One batch on the host: clips, each through its steps, and what a teacher sees instead.

use super::augmentation::{Augmentation, HostBatch, Level, Mix, Spectrogram, Wave};
use super::draws::{Draws, Namer, Viewer};
use super::loader::Teaching;
use super::source::ClipSource;
use crate::audio::Samples;
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::trace::{self, Part};
use std::sync::Arc;

/// A clip in an epoch's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// Which clip.
    pub clip: usize,
    /// How often it came before in this epoch.
    pub time: usize,
}

impl Drawn {
    /// An order with the times counted.
    pub fn counted(order: Vec<usize>, clips: usize) -> Vec<Drawn> {
        let mut times = vec![0; clips];
        let each = |clip: usize| {
            let time = times.get_mut(clip).map_or(0, |count| std::mem::replace(count, *count + 1));
            Drawn { clip, time }
        };
        order.into_iter().map(each).collect()
    }
}

/// Makes batches on the host.
pub(super) struct Maker {
    pub source: Arc<ClipSource>,
    chain: Vec<Arc<dyn Augmentation>>,
    seed: u64,
    teaching: Teaching,
    hears: bool,
    /// Whether the part of a longer clip is drawn, where the front end says so.
    draws: bool,
}

impl Maker {
    /// # Errors
    /// A step on samples after one on features, and the like; one that cannot work on the clips' sample rate,
    /// or on the features; a mask wider than they are.
    pub fn new(
        source: Arc<ClipSource>,
        chain: Vec<Arc<dyn Augmentation>>,
        seed: u64,
        teaching: Teaching,
        draws: bool,
    ) -> Result<Self> {
        if let Some([before, after]) = chain
            .windows(2)
            .find(|pair| matches!(pair, [before, after] if before.level() > after.level()))
        {
            return Err(Error::new(Kind::Script, "augment", "the steps stand in a wrong order")
                .expected("steps on samples first, then those on features, then those on batches")
                .received(format!("{} after {}", after.describe(), before.describe())));
        }
        let features = source.feature_options();
        chain.iter().try_for_each(|step| {
            step.check_rate(source.rate_hz())?;
            step.check_features(features)?;
            step.check_size(source.frames(), source.bins())
        })?;
        let hears = chain.iter().any(|step| step.level() == Level::Wave);
        Ok(Maker { source, chain, seed, teaching, hears, draws })
    }

    /// The batch of number `index` with these clips, and what the teacher sees of it, where that is something else.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn make(
        &self,
        epoch: usize,
        index: usize,
        clips: &[Drawn],
    ) -> Result<(HostBatch, Option<HostBatch>)> {
        let own = self.view(Viewer::Student, epoch, index, clips)?;
        let other = match self.teaching {
            Teaching::Consistent | Teaching::Stored => None,
            Teaching::Independent => Some(Viewer::Apart),
            Teaching::Clean => Some(Viewer::Clean),
        };
        let other = other.map(|viewer| self.view(viewer, epoch, index, clips)).transpose()?;
        Ok((own, other))
    }

    fn view(
        &self,
        viewer: Viewer,
        epoch: usize,
        index: usize,
        clips: &[Drawn],
    ) -> Result<HostBatch> {
        let source = &self.source;
        let (frames, bins, classes) = (source.frames(), source.bins(), source.classes());
        let mut batch = HostBatch {
            clips: clips.len(),
            frames,
            bins,
            classes,
            features: Vec::with_capacity(clips.len() * frames * bins),
            targets: Vec::with_capacity(clips.len() * classes),
            mixes: Vec::with_capacity(clips.len()),
        };
        for Drawn { clip, time } in clips {
            // Named by the clip, not by its place: the same clip of the same epoch is augmented in the same way whatever
            // the batch. One that is drawn again gets other draws.
            let item = [*clip as u64, *time as u64];
            let heard = || self.hear(viewer, epoch, item, *clip);
            let (mut features, target, mix) = trace::span(Part::Features, heard)?;
            let (normal, gain) = (source.normal()?, source.feature_options().gain());
            let mut clip = Spectrogram { features: &mut features, frames, bins, normal, gain };
            trace::span(Part::Chain, || {
                for (step, mut draws) in self.steps(viewer, Level::Clip, epoch, &item) {
                    step.clip(&mut clip, &mut draws);
                }
            });
            batch.features.append(&mut features);
            batch.targets.extend(target);
            batch.mixes.push(mix);
        }
        trace::span(Part::Chain, || {
            for (step, mut draws) in self.steps(viewer, Level::Batch, epoch, &[index as u64]) {
                step.batch(&mut batch, &mut draws);
            }
        });
        Ok(batch)
    }

    /// One clip's normalised features, its labels, and what it is made of.
    fn hear(
        &self,
        viewer: Viewer,
        epoch: usize,
        item: [u64; 2],
        clip: usize,
    ) -> Result<(Vec<f32>, Vec<f32>, Mix)> {
        let source = &self.source;
        let target = super::augmentation::Pool::target(source.as_ref(), clip);
        let mix = vec![(clip, 1.0)];
        // Named apart from the steps, so that a chain changes nothing of it; all viewers see the same part.
        let mut crop = Stream::new(self.seed, "crop", &[epoch as u64, item[0], item[1]]);
        let crop = if self.draws { Some(&mut crop) } else { None };
        if !self.hears {
            let features = match crop {
                Some(random) => source.drawn(clip, random)?,
                None => source.features(clip)?,
            };
            return Ok((features, target, mix));
        }
        let samples = source.kept_samples(clip)?;
        let (rate_hz, samples) = (samples.rate_hz, samples.values.clone());
        let mut wave = Wave { samples, rate_hz, target, mix };
        trace::span(Part::Chain, || {
            let mut steps = self.steps(viewer, Level::Wave, epoch, &item).into_iter();
            steps
                .try_for_each(|(step, mut draws)| step.wave(&mut wave, source.as_ref(), &mut draws))
        })?;
        let Wave { samples, rate_hz, target, mix } = wave;
        let heard = source.heard(clip, &Samples { rate_hz, values: samples })?;
        Ok((source.finish(&heard, crop)?, target, mix))
    }

    /// Each step of a level with its draws for an item of `epoch`.
    fn steps(
        &self,
        viewer: Viewer,
        level: Level,
        epoch: usize,
        item: &[u64],
    ) -> Vec<(&dyn Augmentation, Draws)> {
        let indices = [&[epoch as u64], item].concat();
        Namer::new(viewer, self.seed, &indices).each(&self.chain, level)
    }
}
