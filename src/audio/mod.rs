//! From a file to features: samples, and Kaldi's log-mel filter bank.

mod fbank;
mod mel;
pub mod wav;
mod window;

pub use fbank::{Fbank, FbankOptions};
pub use window::Window;

/// The samples of one clip, mono, within −1 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Samples a second.
    pub rate_hz: u32,
    /// The samples, in time.
    pub values: Vec<f32>,
}

/// The features of one clip, `[frames, mels]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Frames in time.
    pub frames: usize,
    /// Bins of each frame.
    pub bins: usize,
    /// The values.
    pub values: Vec<f32>,
}

impl Features {
    /// Exactly `frames` frames: cut at the end, or padded there with zeros (as AST does it: in the
    /// log-mel domain, before the normalisation).
    pub fn fit(mut self, frames: usize) -> Features {
        self.values.resize(frames * self.bins, 0.0);
        self.frames = frames;
        self
    }
}
