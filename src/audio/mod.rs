//! From a file to features: samples of any format and rate, and what is made of them.

mod books;
mod cepstrum;
pub mod decode;
mod extract;
mod fbank;
mod fft;
mod framing;
mod gain;
mod lanes;
mod mel;
mod mpeg;
mod ogg;
mod plain;
mod ranges;
mod refused;
mod resample;
mod spectrogram;
mod stft;
mod stream;
mod tail;
mod vorbis;
pub mod wav;
mod window;

pub use cepstrum::{MfccOptions, MfccStyle};
pub use extract::{Axes, Bins, Extractor, FeatureOptions};
pub use fbank::FbankOptions;
pub use gain::Gain;
pub use mel::MelScale;
pub use plain::{Level, Plain};
pub use resample::{resample, resampled};
pub use spectrogram::{MelOptions, Norm, Padding, Scaling, SpectrogramOptions};
pub use window::Window;

/// The samples of one clip, mono, within −1 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Samples a second.
    pub rate_hz: u32,
    /// The samples, in time.
    pub values: Vec<f32>,
}

/// The features of one clip, `[frames, bins]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Frames in time.
    pub frames: usize,
    /// Numbers of each frame: mel bins, coefficients, frequencies.
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

    /// Takes each bin's mean over the frames off it.
    fn subtract_mean(&mut self) {
        let mut sums = vec![0.0f64; self.bins];
        for frame in self.values.chunks_exact(self.bins.max(1)) {
            sums.iter_mut().zip(frame).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let means: Vec<f64> = sums.iter().map(|sum| sum / self.frames.max(1) as f64).collect();
        for frame in self.values.chunks_exact_mut(self.bins.max(1)) {
            for (value, mean) in frame.iter_mut().zip(&means) {
                *value = (f64::from(*value) - mean) as f32;
            }
        }
    }

    /// Raises what lies more than `range` below the largest value.
    fn limit(&mut self, range: f32) {
        let most = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        self.values.iter_mut().for_each(|value| *value = value.max(most - range));
    }
}

/// For tests of single parts.
#[doc(hidden)]
pub mod inside {
    pub use super::books::are_sane;
    pub use super::fft::Spectrum;
    pub use super::lanes::{Lanes, ln};
}
