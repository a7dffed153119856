//! The clips of a split as samples and as features, computed when first asked for.

use super::augmentation::{Normal, Pool};
use super::clip::{Clip, Split};
use super::dataset::{Dataset, Labelling};
use super::frontend::FrontEnd;
use super::statistics::Statistics;
use crate::audio::{Fbank, Features, Samples, wav};
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Features, and samples where augmentations need them, are kept in memory up to so many bytes a split; what does not
/// fit is computed again.
const KEPT_BYTES: usize = 1 << 30;

/// One split of a data set, ready for a loader.
pub struct ClipSource {
    clips: Vec<Clip>,
    classes: usize,
    labelling: Labelling,
    ear: Arc<Ear>,
    frames: usize,
    longest: usize,
    /// Shared by all splits, and measured on the clips that train where none are given.
    statistics: Arc<Statistics>,
    features: Vec<OnceLock<Arc<Features>>>,
    samples: Vec<OnceLock<Arc<Samples>>>,
    room: AtomicUsize,
}

/// From a clip to its samples and features.
pub(super) struct Ear {
    fbank: Fbank,
}

impl Ear {
    /// The samples of a clip.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn samples(&self, clip: &Clip) -> Result<Samples> {
        let mut samples = wav::read(&clip.file).map_err(|error| clip.blame(error))?;
        if let Some(span) = clip.span {
            samples.values =
                samples.values.into_iter().skip(span.start).take(span.samples).collect();
        }
        Ok(samples)
    }

    /// Features of samples, before they are cut and normalised.
    ///
    /// # Errors
    /// Samples that are shorter than a frame.
    pub fn features(&self, clip: &Clip, samples: &Samples) -> Result<Features> {
        let doing = || format!("features of {}", clip.file.display());
        self.fbank.compute(samples).map_err(|cause| clip.blame(cause.during(doing())))
    }
}

pub(super) fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "computing features", "stopped by a signal")
}

impl ClipSource {
    /// All splits of `dataset` with one front end, in the order of [`Split::ALL`]. The statistics, where the front end
    /// gives none, are measured on the frames of the clips that train (without padding).
    ///
    /// # Errors
    /// A front end that makes no sense for these clips; clips of several sample rates.
    pub fn all(dataset: &Dataset, front: &FrontEnd) -> Result<[ClipSource; 3]> {
        front.check()?;
        let rate_hz = common_rate(dataset)?;
        let fbank = Fbank::new(front.fbank.clone(), rate_hz)?;
        let longest = dataset.clips.iter().map(|clip| clip.samples).max().unwrap_or(0);
        let frames = match front.frames {
            Some(frames) => frames,
            None => fbank.frames_of(longest),
        };
        let ear = Arc::new(Ear { fbank });
        let trains: Vec<Clip> = dataset.of(Split::Train).cloned().collect();
        let statistics = Arc::new(Statistics::new(front.statistics, trains, ear.clone()));
        Ok(Split::ALL.map(|split| {
            let clips: Vec<Clip> = dataset.of(split).cloned().collect();
            ClipSource {
                features: clips.iter().map(|_| OnceLock::new()).collect(),
                samples: clips.iter().map(|_| OnceLock::new()).collect(),
                clips,
                classes: dataset.classes.len(),
                labelling: dataset.labelling,
                ear: ear.clone(),
                frames,
                longest,
                statistics: statistics.clone(),
                room: AtomicUsize::new(KEPT_BYTES),
            }
        }))
    }

    /// The clips, in their order.
    pub fn clips(&self) -> &[Clip] {
        &self.clips
    }

    /// The number of clips.
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    /// Frames of each clip.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames that the longest clip of the data set has.
    pub fn longest_frames(&self) -> usize {
        self.ear.fbank.frames_of(self.longest)
    }

    /// Bins of each frame.
    pub fn bins(&self) -> usize {
        self.ear.fbank.options().mels
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

    /// Reads every clip once, with all cores, so that a damaged file is told before training starts. For many clips
    /// that takes minutes: it ends at the next clip when `stop` says so.
    pub fn warm(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        self.statistics.get(stop)?;
        let failures: Vec<Error> = (0..self.len())
            .into_par_iter()
            .filter(|index| self.features.get(*index).is_none_or(|slot| slot.get().is_none()))
            .filter_map(|index| match stop() {
                true => Some(interrupted()),
                false => self.raw(index).err(),
            })
            .collect();
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Features of clip `index`, `[frames, bins]`, as a model sees them without any augmentation.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn features(&self, index: usize) -> Result<Vec<f32>> {
        self.finish(&*self.raw(index)?, 0)
    }

    /// Features of clip `index` in all their length, before they are normalised.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn raw(&self, index: usize) -> Result<Arc<Features>> {
        let slot = self.features.get(index);
        if let Some(kept) = slot.and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        let Some(clip) = self.clips.get(index) else { return Err(missing(index)) };
        let features = Arc::new(self.ear.features(clip, &*self.samples(index)?)?);
        self.keep(slot, &features, features.values.len());
        Ok(features)
    }

    /// Features of samples that an augmentation changed, before they are normalised.
    ///
    /// # Errors
    /// Samples that are shorter than a frame.
    pub fn heard(&self, index: usize, samples: &Samples) -> Result<Features> {
        let Some(clip) = self.clips.get(index) else { return Err(missing(index)) };
        self.ear.features(clip, samples)
    }

    /// How features are normalised: (x − mean) / (2 · std), as AST has it.
    ///
    /// # Errors
    /// A clip that cannot be read, where the statistics are not measured yet.
    pub fn normal(&self) -> Result<Normal> {
        let [mean, std] = self.statistics()?;
        Ok(Normal { mean, scale: 1.0 / (2.0 * std) })
    }

    /// Cuts or pads features to the frames that models see, from frame `first` on, and normalises them.
    /// Padding stands for 0 before that.
    ///
    /// # Errors
    /// A clip that cannot be read, where the statistics are not measured yet.
    pub fn finish(&self, features: &Features, first: usize) -> Result<Vec<f32>> {
        let normal = self.normal()?;
        let width = self.bins();
        let there = features.values.get(first * width..).unwrap_or_default();
        let wanted = self.frames * width;
        let mut values: Vec<f32> = there.iter().take(wanted).map(|v| normal.of(*v)).collect();
        values.resize(wanted, normal.of(0.0));
        Ok(values)
    }

    /// Keeps something that was computed, if there is room. Another thread may have been faster; both have the same.
    fn keep<T>(&self, slot: Option<&OnceLock<Arc<T>>>, made: &Arc<T>, numbers: usize) {
        let take = |room: usize| room.checked_sub(numbers * size_of::<f32>());
        let fits = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if let (Some(slot), true) = (slot, fits) {
            let _ = slot.set(made.clone());
        }
    }

    /// The samples of clip `index`, kept where there is room: for steps that work on samples.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn kept_samples(&self, index: usize) -> Result<Arc<Samples>> {
        let slot = self.samples.get(index);
        let samples = self.samples(index)?;
        if slot.is_some_and(|slot| slot.get().is_none()) {
            self.keep(slot, &samples, samples.values.len());
        }
        Ok(samples)
    }

    fn samples(&self, index: usize) -> Result<Arc<Samples>> {
        if let Some(kept) = self.samples.get(index).and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        let Some(clip) = self.clips.get(index) else { return Err(missing(index)) };
        Ok(Arc::new(self.ear.samples(clip)?))
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
        self.clips.get(index).map_or_else(Vec::new, |clip| clip.target(self.classes))
    }
}

fn missing(index: usize) -> Error {
    Error::new(Kind::Internal, "loading", format!("there is no clip {index}"))
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
                Error::new(Kind::Data, doing, "the sample rate differs from the clips before");
            Err(other.blame(
                error
                    .expected(format!("{} Hz", first.rate_hz))
                    .received(format!("{} Hz", other.rate_hz)),
            ))
        }
    }
}
