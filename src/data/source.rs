//! The normalised features of each clip of a split, computed when first asked for.

use super::{Dataset, FrontEnd, Record, Split};
use crate::audio::{Fbank, Features, wav};
use crate::error::{Error, Kind, Place, Result};
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Features are kept in memory up to so many bytes a split; what does not fit is computed again.
const KEPT_BYTES: usize = 1 << 30;

/// Features of one split, ready for a loader.
pub struct ClipSource {
    records: Vec<Record>,
    manifest: PathBuf,
    classes: usize,
    fbank: Fbank,
    frames: usize,
    longest: usize,
    /// Shared by both splits, and measured on the clips that train where none are given.
    statistics: Arc<Statistics>,
    kept: Vec<OnceLock<Arc<[f32]>>>,
    room: AtomicUsize,
}

fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "computing features", "stopped by a signal")
}

/// Mean and deviation, given or measured when they are first needed.
struct Statistics {
    known: OnceLock<[f64; 2]>,
    /// The clips to measure.
    records: Vec<Record>,
}

impl ClipSource {
    /// Both splits of `dataset` with one front end. The statistics, where the front end gives none,
    /// are measured on the frames of the clips that train (without padding).
    pub fn both(dataset: &Dataset, front: &FrontEnd) -> Result<[ClipSource; 2]> {
        front.check()?;
        let fbank = Fbank::new(front.fbank.clone(), dataset.rate_hz)?;
        let frames = match front.frames {
            Some(frames) => frames,
            None => fbank.frames_of(dataset.longest),
        };
        let known = front.statistics.map_or_else(OnceLock::new, OnceLock::from);
        let records = dataset.records(Split::Train).to_vec();
        let statistics = Arc::new(Statistics { known, records });
        Ok([Split::Train, Split::Test].map(|split| {
            ClipSource::new(dataset, split, fbank.clone(), frames, statistics.clone())
        }))
    }

    fn new(
        dataset: &Dataset,
        split: Split,
        fbank: Fbank,
        frames: usize,
        statistics: Arc<Statistics>,
    ) -> Self {
        let records = dataset.records(split).to_vec();
        ClipSource {
            kept: records.iter().map(|_| OnceLock::new()).collect(),
            records,
            manifest: dataset.manifest.clone(),
            classes: dataset.classes.len(),
            fbank,
            frames,
            longest: dataset.longest,
            statistics,
            room: AtomicUsize::new(KEPT_BYTES),
        }
    }

    /// The number of clips.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Frames of each clip.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames that the longest clip of the data set has.
    pub fn longest_frames(&self) -> usize {
        self.fbank.frames_of(self.longest)
    }

    /// Mel bins of each frame.
    pub fn mels(&self) -> usize {
        self.fbank.options().mels
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Mean and deviation that the features are normalised with, measured where none were given.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn statistics(&self) -> Result<[f64; 2]> {
        if let Some(known) = self.statistics.known.get() {
            return Ok(*known);
        }
        let measured = self.measure(&|| false)?;
        // Another thread may have been faster; both have the same numbers.
        Ok(*self.statistics.known.get_or_init(|| measured))
    }

    /// The file of each clip with its class, in order.
    pub fn clips(&self) -> impl Iterator<Item = (&std::path::Path, usize)> {
        self.records.iter().map(|record| (record.file.as_path(), record.class))
    }

    /// The class of clip `index`.
    pub fn class(&self, index: usize) -> usize {
        self.records.get(index).map_or(0, |record| record.class)
    }

    /// Reads every clip once, with all cores, so that a damaged file is told before training starts. For many clips
    /// that takes minutes: it ends at the next clip when `stop` says so.
    pub fn warm(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        if self.statistics.known.get().is_none() {
            let measured = self.measure(stop)?;
            let _ = self.statistics.known.set(measured);
        }
        let failures: Vec<Error> = (0..self.len())
            .into_par_iter()
            .filter(|index| self.kept.get(*index).is_none_or(|slot| slot.get().is_none()))
            .filter_map(|index| match stop() {
                true => Some(interrupted()),
                false => self.features(index).err(),
            })
            .collect();
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Normalised features of clip `index`, `[frames, mels]`: (x − mean) / (2 · std), as AST has it.
    pub fn features(&self, index: usize) -> Result<Arc<[f32]>> {
        let slot = self.kept.get(index);
        if let Some(kept) = slot.and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        let Some(record) = self.records.get(index) else { return Ok(Arc::from([])) };
        let [mean, std] = self.statistics()?;
        let fitted = self.log_mel(record)?.fit(self.frames);
        let scale = 1.0 / (2.0 * std);
        let values: Arc<[f32]> =
            fitted.values.iter().map(|v| ((f64::from(*v) - mean) * scale) as f32).collect();
        let bytes = std::mem::size_of_val(&*values);
        let take = |room: usize| room.checked_sub(bytes);
        let fits = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if let (Some(slot), true) = (slot, fits) {
            // Another thread may have been faster; both have the same numbers.
            let _ = slot.set(values.clone());
        }
        Ok(values)
    }

    fn log_mel(&self, record: &Record) -> Result<Features> {
        let at_row = |error: Error| error.at(Place::row(&self.manifest, record.row));
        let samples = wav::read(&record.file).map_err(at_row)?;
        let doing = || format!("features of {}", record.file.display());
        self.fbank.compute(&samples).map_err(|cause| at_row(cause.during(doing())))
    }

    /// Mean and deviation over all frames of all clips that train, summed in the clips' order whatever the threads.
    fn measure(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<[f64; 2]> {
        let sums = self
            .statistics
            .records
            .par_iter()
            .map(|record| {
                if stop() {
                    return Err(interrupted());
                }
                let values = self.log_mel(record)?.values;
                let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
                let squares: f64 = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
                Ok((values.len() as f64, sum, squares))
            })
            .collect::<Vec<Result<_>>>();
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for clip in sums {
            let (n, s, q) = clip?;
            count += n;
            sum += s;
            squares += q;
        }
        let mean = sum / f64::max(count, 1.0);
        let variance = (squares / f64::max(count, 1.0) - mean * mean).max(0.0);
        // Silence everywhere would have no deviation; dividing by it would make infinities.
        Ok([mean, variance.sqrt().max(1e-3)])
    }
}
