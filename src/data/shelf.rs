//! The clips of a split as samples and as features in all their length: computed when first asked for, then kept in
//! memory and on disk.

use super::cache::{Caches, Width};
use super::clip::Clip;
use super::frontend::FrontEnd;
use crate::audio::decode::{self, ReadOptions};
use crate::audio::{Extractor, Features, Samples};
use crate::error::{Error, Kind, Result};
use half::f16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Features, and samples where augmentations need them, are kept in memory up to so many bytes a split; what does not
/// fit is read or computed again.
const KEPT_BYTES: usize = 1 << 30;

/// From a clip to its samples and features.
pub(super) struct Ear {
    pub front: FrontEnd,
    pub extractor: Extractor,
    caches: Arc<Caches>,
    /// What features in the cache depend on besides their clip.
    settings: String,
}

impl Ear {
    pub fn new(front: FrontEnd, extractor: Extractor, caches: Arc<Caches>) -> Self {
        // What is done after the features is no part of it.
        let FrontEnd { features, rate_hz, channel, dtype, .. } = &front;
        let settings = format!(
            "{} {} {features:?} {rate_hz:?} {channel:?} {dtype:?}",
            env!("STILL_NUMERICS"),
            extractor.rate_hz()
        );
        Ear { front, extractor, caches, settings }
    }

    /// The samples of a clip.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn samples(&self, clip: &Clip) -> Result<Samples> {
        let options = ReadOptions {
            channel: self.front.channel,
            start: clip.span.map_or(0, |span| span.start),
            length: clip.span.map(|span| span.samples),
        };
        let samples = decode::read(&clip.file, &options).map_err(|error| clip.blame(error))?;
        self.front.at_rate(samples).map_err(|error| clip.blame(error))
    }

    /// Features of samples, before they are cut and normalised.
    ///
    /// # Errors
    /// Samples that are shorter than a frame.
    pub fn features(&self, clip: &Clip, samples: &Samples) -> Result<Features> {
        let doing = || format!("features of {}", clip.file.display());
        let made = self.extractor.compute(samples, None);
        let mut features = made.map_err(|cause| clip.blame(cause.during(doing())))?;
        if self.front.dtype == Width::F16 {
            // Always, so that what comes from the cache is what was computed.
            features.values.iter_mut().for_each(|value| *value = f16::from_f32(*value).to_f32());
        }
        Ok(features)
    }

    /// What the features of a clip go by: the audio itself, which part of it, and how they are made.
    fn key(&self, clip: &Clip) -> Option<String> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.caches.files.blake3(&clip.file).ok()?.as_bytes());
        let span = clip.span.map_or([u64::MAX; 2], |s| [s.start as u64, s.samples as u64]);
        for number in span {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(self.settings.as_bytes());
        Some(hasher.finalize().to_hex().to_string())
    }

    /// Features from the cache, or computed of `samples` and put there.
    fn recalled(
        &self,
        clip: &Clip,
        samples: impl FnOnce() -> Result<Arc<Samples>>,
    ) -> Result<Features> {
        let key = self.caches.features.as_ref().and_then(|cache| Some((cache, self.key(clip)?)));
        if let Some(found) = key.as_ref().and_then(|(cache, key)| cache.get(key)) {
            return Ok(found);
        }
        let features = self.features(clip, &*samples()?)?;
        if let Some((cache, key)) = key {
            cache.put(&key, &features, self.front.dtype);
        }
        Ok(features)
    }
}

/// The clips of a split, as far as they were asked for.
pub(super) struct Shelf {
    pub clips: Vec<Clip>,
    pub ear: Arc<Ear>,
    features: Vec<OnceLock<Arc<Features>>>,
    samples: Vec<OnceLock<Arc<Samples>>>,
    room: AtomicUsize,
}

impl Shelf {
    pub fn new(clips: Vec<Clip>, ear: Arc<Ear>) -> Self {
        Shelf {
            features: clips.iter().map(|_| OnceLock::new()).collect(),
            samples: clips.iter().map(|_| OnceLock::new()).collect(),
            clips,
            ear,
            room: AtomicUsize::new(KEPT_BYTES),
        }
    }

    /// A clip.
    ///
    /// # Errors
    /// There is none of that number.
    pub fn clip(&self, index: usize) -> Result<&Clip> {
        self.clips.get(index).ok_or_else(|| {
            Error::new(Kind::Internal, "loading", format!("there is no clip {index}"))
        })
    }

    /// Features of a clip in all their length, before they are normalised.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn features(&self, index: usize) -> Result<Arc<Features>> {
        let slot = self.features.get(index);
        if let Some(kept) = slot.and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        let features = Arc::new(self.ear.recalled(self.clip(index)?, || self.samples(index))?);
        self.keep(slot, &features, features.values.len());
        Ok(features)
    }

    /// Whether the features of a clip are in memory.
    pub fn has(&self, index: usize) -> bool {
        self.features.get(index).is_some_and(|slot| slot.get().is_some())
    }

    /// The samples of a clip.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn samples(&self, index: usize) -> Result<Arc<Samples>> {
        if let Some(kept) = self.samples.get(index).and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        Ok(Arc::new(self.ear.samples(self.clip(index)?)?))
    }

    /// The samples of a clip, from which its features are made at once where they are not in memory: one reading for both.
    ///
    /// # Errors
    /// A clip that cannot be read, or that is shorter than a frame.
    pub fn samples_and_features(&self, index: usize) -> Result<Arc<Samples>> {
        let samples = self.samples(index)?;
        if !self.has(index) {
            let made = Arc::new(self.ear.recalled(self.clip(index)?, || Ok(samples.clone()))?);
            self.keep(self.features.get(index), &made, made.values.len());
        }
        Ok(samples)
    }

    /// The samples of a clip, kept where there is room: for steps that work on samples.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn kept_samples(&self, index: usize) -> Result<Arc<Samples>> {
        let samples = self.samples(index)?;
        let slot = self.samples.get(index).filter(|slot| slot.get().is_none());
        self.keep(slot, &samples, samples.values.len());
        Ok(samples)
    }

    /// Keeps something that was computed, if there is room. Another thread may have been faster; both have the same.
    fn keep<T>(&self, slot: Option<&OnceLock<Arc<T>>>, made: &Arc<T>, numbers: usize) {
        let Some(slot) = slot else { return };
        let take = |room: usize| room.checked_sub(numbers * size_of::<f32>());
        if self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let _ = slot.set(made.clone());
        }
    }
}
