//! A split of a data set, ready for a loader: features of one length, normalised.

use super::augmentation::{Normal, Pool};
use super::cache::Caches;
use super::clip::{Clip, Split};
use super::dataset::{Dataset, Labelling};
use super::frontend::FrontEnd;
use super::shelf::{Ear, Shelf};
use super::statistics::Statistics;
use crate::audio::{Extractor, FeatureOptions, Features, Samples, resampled};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use rayon::prelude::*;
use std::sync::Arc;

/// One split of a data set, ready for a loader.
pub struct ClipSource {
    shelf: Arc<Shelf>,
    classes: usize,
    labelling: Labelling,
    frames: usize,
    longest: usize,
    /// Shared by all splits, and measured on the clips that train where none are given.
    statistics: Arc<Statistics>,
}

pub(super) fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "computing features", "stopped by a signal")
}

impl ClipSource {
    /// All splits of `dataset` with one front end, in the order of [`Split::ALL`]. The statistics, where the front end
    /// gives none, are measured on the frames of the clips that train (without padding).
    ///
    /// # Errors
    /// A front end that makes no sense for these clips; clips of several sample rates, where it does not resample.
    pub fn all(
        dataset: &Dataset,
        front: &FrontEnd,
        caches: &Arc<Caches>,
    ) -> Result<[ClipSource; 3]> {
        front.check()?;
        let rate_hz = match front.rate_hz {
            Some(rate_hz) => rate_hz,
            None => common_rate(dataset)?,
        };
        let extractor = Extractor::new(&front.features, rate_hz)?;
        let at_rate = |clip: &Clip| resampled(clip.samples, clip.rate_hz, rate_hz);
        let longest = dataset.clips.iter().map(at_rate).max().unwrap_or(0);
        let frames = match front.frames {
            Some(frames) => frames,
            None => extractor.frames_of(longest),
        };
        let ear = Arc::new(Ear::new(front.clone(), extractor, caches.clone()));
        let shelves = Split::ALL
            .map(|split| Arc::new(Shelf::new(dataset.of(split).cloned().collect(), ear.clone())));
        let [train, ..] = &shelves;
        let statistics = Arc::new(Statistics::new(front.statistics, train.clone()));
        Ok(shelves.map(|shelf| ClipSource {
            shelf,
            classes: dataset.classes.len(),
            labelling: dataset.labelling,
            frames,
            longest,
            statistics: statistics.clone(),
        }))
    }

    /// The clips, in their order.
    pub fn clips(&self) -> &[Clip] {
        &self.shelf.clips
    }

    /// The number of clips.
    pub fn len(&self) -> usize {
        self.shelf.clips.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.shelf.clips.is_empty()
    }

    /// Frames of each clip.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames that the longest clip of the data set has.
    pub fn longest_frames(&self) -> usize {
        self.shelf.ear.extractor.frames_of(self.longest)
    }

    /// Samples of the longest clip of the data set, at that rate.
    pub fn longest_samples(&self) -> usize {
        self.longest
    }

    /// The extractor of features.
    pub fn extractor(&self) -> &Extractor {
        &self.shelf.ear.extractor
    }

    /// What features are made of clips, and how.
    pub fn feature_options(&self) -> &FeatureOptions {
        &self.shelf.ear.front.features
    }

    /// The sample rate that features are made at.
    pub fn rate_hz(&self) -> u32 {
        self.shelf.ear.extractor.rate_hz()
    }

    /// Bins of each frame.
    pub fn bins(&self) -> usize {
        self.shelf.ear.extractor.bins()
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// One class a clip, or any number.
    pub fn labelling(&self) -> Labelling {
        self.labelling
    }

    /// Mean and deviation that the features are normalised with, measured where none were given.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn statistics(&self) -> Result<[f64; 2]> {
        self.statistics.get(&|| false)
    }

    /// As [`ClipSource::statistics`]; measuring ends at the next clip when `stop` says so.
    ///
    /// # Errors
    /// As `statistics`; `Interrupted`.
    pub fn statistics_until(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<[f64; 2]> {
        self.statistics.get(stop)
    }

    /// The samples of clip `index`, read for this once.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn read(&self, index: usize) -> Result<Samples> {
        self.shelf.ear.samples(self.shelf.clip(index)?)
    }

    /// The samples of clip `index`, read for this once, and its features made of the same reading: those are kept where there
    /// is room.
    ///
    /// # Errors
    /// A clip that cannot be read, or that is shorter than a frame.
    pub fn read_and_hear(&self, index: usize) -> Result<Arc<Samples>> {
        self.shelf.samples_and_features(index)
    }

    /// Reads every clip once, with all cores, so that a damaged file is told before training starts. For many clips
    /// that takes minutes: it ends at the next clip when `stop` says so.
    pub fn warm(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        self.statistics.get(stop)?;
        let failures: Vec<Error> = (0..self.len())
            .into_par_iter()
            .filter(|index| !self.shelf.has(*index))
            .filter_map(|index| match stop() {
                true => Some(interrupted()),
                false => self.shelf.features(index).err(),
            })
            .collect();
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Features of clip `index`, `[frames, bins]`, as a model sees them without any augmentation.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn features(&self, index: usize) -> Result<Vec<f32>> {
        self.finish(&*self.shelf.features(index)?, None)
    }

    /// As [`ClipSource::features`], with the part of a longer clip drawn from `random`, where the front end says so.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn drawn(&self, index: usize, random: &mut Stream) -> Result<Vec<f32>> {
        self.finish(&*self.shelf.features(index)?, Some(random))
    }

    /// Features of samples that an augmentation changed, before they are normalised.
    ///
    /// # Errors
    /// Samples that are shorter than a frame.
    pub fn heard(&self, index: usize, samples: &Samples) -> Result<Features> {
        self.shelf.ear.features(self.shelf.clip(index)?, samples)
    }

    /// How features are normalised.
    ///
    /// # Errors
    /// A clip that cannot be read, where the statistics are not measured yet.
    pub fn normal(&self) -> Result<Normal> {
        match self.shelf.ear.front.normalize.scale() {
            // Nothing is measured for what is not asked for.
            None => Ok(Normal { mean: 0.0, scale: 1.0 }),
            Some(scale) => {
                let [mean, std] = self.statistics()?;
                Ok(Normal { mean, scale: scale / std })
            }
        }
    }

    /// Cuts or pads features to the frames that models see, and normalises them.
    ///
    /// # Errors
    /// A clip that cannot be read, where the statistics are not measured yet.
    pub fn finish(&self, features: &Features, random: Option<&mut Stream>) -> Result<Vec<f32>> {
        let fit = self.shelf.ear.front.fit;
        let first = fit.first(features.frames, self.frames, random);
        let normal = self.normal()?;
        Ok(fit.frames(features, first, self.frames, |value| normal.of(value)))
    }

    /// The samples of clip `index`, kept where there is room: for steps that work on samples.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn kept_samples(&self, index: usize) -> Result<Arc<Samples>> {
        self.shelf.kept_samples(index)
    }
}

impl Pool for ClipSource {
    fn count(&self) -> usize {
        self.len()
    }

    fn samples(&self, index: usize) -> Result<Arc<Samples>> {
        self.kept_samples(index)
    }

    fn target(&self, index: usize) -> Vec<f32> {
        self.shelf.clips.get(index).map_or_else(Vec::new, |clip| clip.target(self.classes))
    }
}

/// The sample rate that all clips share.
fn common_rate(dataset: &Dataset) -> Result<u32> {
    let Some(first) = dataset.clips.first() else {
        return Err(Error::new(Kind::Data, "features", "the data set has no clip"));
    };
    match dataset.clips.iter().find(|clip| clip.rate_hz != first.rate_hz) {
        None => Ok(first.rate_hz),
        Some(other) => {
            let doing = format!("reading {}", other.file.display());
            let error =
                Error::new(Kind::Data, doing, "the sample rate differs from the clips before")
                    .hint("give the front end a rate for all: rate_hz: 16000");
            Err(other.blame(
                error
                    .expected(format!("{} Hz", first.rate_hz))
                    .received(format!("{} Hz", other.rate_hz)),
            ))
        }
    }
}
