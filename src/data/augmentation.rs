//! What happens to a clip, or to a whole batch, between the front end and the model.

use crate::tensor::random::Stream;

/// A batch on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostBatch {
    /// Clips in the batch.
    pub clips: usize,
    /// Frames of each clip.
    pub frames: usize,
    /// Mel bins of each frame.
    pub mels: usize,
    /// Number of classes.
    pub classes: usize,
    /// Features `[clips, frames, mels]`.
    pub features: Vec<f32>,
    /// Labels `[clips, classes]`, rows that sum to 1.
    pub targets: Vec<f32>,
}

/// One step of an augmentation chain. All randomness comes from the stream it is given.
pub trait Augmentation: Send + Sync {
    /// Its name and settings, as they stand in logs and keys; also names its random stream.
    fn describe(&self) -> String;

    /// Changes one clip's features `[frames, mels]` in place.
    fn clip(&self, _features: &mut [f32], _frames: usize, _mels: usize, _random: &mut Stream) {}

    /// Changes a whole batch in place.
    fn batch(&self, _batch: &mut HostBatch, _random: &mut Stream) {}
}
