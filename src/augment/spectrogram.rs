//! Augmentations of one clip's features `[frames, bins]`. What is masked becomes 0, which after
//! normalisation is the mean of the training clips.

use crate::data::{Augmentation, Level};
use crate::tensor::random::Stream;

/// Rolls a clip along time by any number of frames.
#[derive(Clone, Debug)]
pub struct TimeRoll;

impl Augmentation for TimeRoll {
    fn describe(&self) -> String {
        "time_roll".to_string()
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, features: &mut [f32], frames: usize, bins: usize, random: &mut Stream) {
        features.rotate_right((random.below(frames) * bins).min(features.len()));
    }
}

/// Masks one band of up to `width` bins.
#[derive(Clone, Debug)]
pub struct FreqMask {
    /// The widest band.
    pub width: usize,
}

impl Augmentation for FreqMask {
    fn describe(&self) -> String {
        format!("freq_mask({})", self.width)
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, features: &mut [f32], _: usize, bins: usize, random: &mut Stream) {
        let (start, end) = span(self.width, bins, random);
        for frame in features.chunks_exact_mut(bins.max(1)) {
            if let Some(band) = frame.get_mut(start..end) {
                band.fill(0.0);
            }
        }
    }
}

/// Masks one span of up to `width` frames.
#[derive(Clone, Debug)]
pub struct TimeMask {
    /// The longest span.
    pub width: usize,
}

impl Augmentation for TimeMask {
    fn describe(&self) -> String {
        format!("time_mask({})", self.width)
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, features: &mut [f32], frames: usize, bins: usize, random: &mut Stream) {
        let (start, end) = span(self.width, frames, random);
        if let Some(masked) = features.get_mut(start * bins..end * bins) {
            masked.fill(0.0);
        }
    }
}

/// A span of 0 to `widest` within `length`, every width and every place equally likely.
fn span(widest: usize, length: usize, random: &mut Stream) -> (usize, usize) {
    let width = random.below(widest.min(length) + 1);
    let start = random.below(length - width + 1);
    (start, start + width)
}
