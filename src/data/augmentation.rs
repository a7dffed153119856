//! What happens to a clip's samples, to its features, or to a whole batch, between the file and the model.

use super::draws::Draws;
use crate::audio::{FeatureOptions, Gain, Samples};
use crate::error::Result;
use std::sync::Arc;

/// Which clips a row of a batch is made of, and how much of each: `(clip, share)`. One pair with 1 where nothing was mixed.
pub type Mix = Vec<(usize, f32)>;

/// One clip's samples on their way to features.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// The samples, within −1 to 1.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate_hz: u32,
    /// Its labels, one number a class.
    pub target: Vec<f32>,
    /// What it is made of.
    pub mix: Mix,
}

/// One clip's features on their way to a batch: normalised, `[frames, bins]`, row-major.
#[derive(Debug)]
pub struct Spectrogram<'a> {
    /// The values.
    pub features: &'a mut [f32],
    /// Frames in time.
    pub frames: usize,
    /// Bins of each frame.
    pub bins: usize,
    /// How they were normalised.
    pub normal: Normal,
    /// What a gain does to a bin, before the normalisation; `None` where bins are no frequencies.
    pub gain: Option<Gain>,
}

/// A normalisation: (x − mean) · scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// What becomes 0.
    pub mean: f64,
    /// What a difference of 1 becomes.
    pub scale: f64,
}

impl Normal {
    /// What a value becomes.
    pub fn of(self, value: f32) -> f32 {
        ((f64::from(value) - self.mean) * self.scale) as f32
    }
}

/// A batch on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostBatch {
    /// Clips in the batch.
    pub clips: usize,
    /// Frames of each clip.
    pub frames: usize,
    /// Bins of each frame.
    pub bins: usize,
    /// Number of classes.
    pub classes: usize,
    /// Features `[clips, frames, bins]`.
    pub features: Vec<f32>,
    /// Labels `[clips, classes]`.
    pub targets: Vec<f32>,
    /// What each row is made of.
    pub mixes: Vec<Mix>,
}

/// The clips that a step may take others from: those of the same split.
pub trait Pool {
    /// How many there are.
    fn count(&self) -> usize;

    /// The samples of clip `index`, as its own would be before any step.
    ///
    /// # Errors
    /// A clip that cannot be read.
    fn samples(&self, index: usize) -> Result<Arc<Samples>>;

    /// The labels of clip `index`, one number a class.
    fn target(&self, index: usize) -> Vec<f32>;
}

/// Where a step works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// On samples, before the features.
    Wave,
    /// On one clip's features.
    Clip,
    /// On a whole batch.
    Batch,
}

impl Level {
    /// What a step of this level works on, in messages.
    pub fn name(self) -> &'static str {
        match self {
            Level::Wave => "samples",
            Level::Clip => "features",
            Level::Batch => "batches",
        }
    }
}

/// One step of an augmentation chain. All randomness comes from the draws that it is given.
pub trait Augmentation: Send + Sync {
    /// Its name and settings, as they stand in logs and keys; also names its random stream.
    fn describe(&self) -> String;

    /// Where it works. Steps on samples come first in a chain, then those on features, then those on batches.
    fn level(&self) -> Level;

    /// Whether it makes a clip of several. Such a step does the same to what a teacher sees, however the teacher is
    /// shown its clips: else it would tell of other sounds than the labels.
    fn mixes(&self) -> bool {
        self.parts().iter().any(|part| part.mixes())
    }

    /// The steps that it is a group of.
    fn parts(&self) -> &[Arc<dyn Augmentation>] {
        &[]
    }

    /// Refuses clips of a sample rate that it cannot work on, before anything is trained.
    ///
    /// # Errors
    /// What does not fit.
    fn check_rate(&self, rate_hz: u32) -> Result<()> {
        self.parts().iter().try_for_each(|part| part.check_rate(rate_hz))
    }

    /// Refuses features that it cannot work on, before anything is trained.
    ///
    /// # Errors
    /// What does not fit.
    fn check_features(&self, features: &FeatureOptions) -> Result<()> {
        self.parts().iter().try_for_each(|part| part.check_features(features))
    }

    /// Refuses pictures of a size that it was not meant for, before anything is trained.
    ///
    /// # Errors
    /// What does not fit.
    fn check_size(&self, frames: usize, bins: usize) -> Result<()> {
        self.parts().iter().try_for_each(|part| part.check_size(frames, bins))
    }

    /// Changes one clip's samples in place.
    ///
    /// # Errors
    /// A file that cannot be read.
    fn wave(&self, _wave: &mut Wave, _pool: &dyn Pool, _draws: &mut Draws) -> Result<()> {
        Ok(())
    }

    /// Changes one clip's features in place.
    fn clip(&self, _clip: &mut Spectrogram, _draws: &mut Draws) {}

    /// Changes a whole batch in place.
    fn batch(&self, _batch: &mut HostBatch, _draws: &mut Draws) {}
}
