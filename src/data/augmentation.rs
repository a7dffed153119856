//! What happens to a clip's samples, to its features, or to a whole batch, between the file and the model.

use crate::audio::Samples;
use crate::error::Result;
use crate::tensor::random::Stream;
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

/// One step of an augmentation chain. All randomness comes from the stream it is given.
pub trait Augmentation: Send + Sync {
    /// Its name and settings, as they stand in logs and keys; also names its random stream.
    fn describe(&self) -> String;

    /// Where it works. Steps on samples come first in a chain, then those on features, then those on batches.
    fn level(&self) -> Level;

    /// Whether it makes a clip of several. Such a step does the same to what a teacher sees, however the teacher is
    /// shown its clips: else it would tell of other sounds than the labels.
    fn mixes(&self) -> bool {
        false
    }

    /// Changes one clip's samples in place.
    ///
    /// # Errors
    /// A file that cannot be read.
    fn wave(&self, _wave: &mut Wave, _pool: &dyn Pool, _random: &mut Stream) -> Result<()> {
        Ok(())
    }

    /// Changes one clip's features `[frames, bins]` in place.
    fn clip(&self, _features: &mut [f32], _frames: usize, _bins: usize, _random: &mut Stream) {}

    /// Changes a whole batch in place.
    fn batch(&self, _batch: &mut HostBatch, _random: &mut Stream) {}
}
