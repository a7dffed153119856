//! Small changes of one clip's features: a roll along time, and noise.

use super::range::Range;
use crate::data::{Augmentation, Draws, Level, Spectrogram};

/// Rolls a clip along time; what leaves at one end comes in at the other.
#[derive(Clone, Debug)]
pub struct TimeRoll {
    /// Frames to roll by, towards later ones, both ends included; any number where nothing is said.
    pub frames: Option<[i64; 2]>,
}

impl Augmentation for TimeRoll {
    fn describe(&self) -> String {
        match self.frames {
            None => "time_roll".to_string(),
            Some([low, high]) => format!("time_roll({low} to {high})"),
        }
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        if clip.frames == 0 {
            return;
        }
        let by = match self.frames {
            None => draws.stream.below(clip.frames),
            Some([low, high]) => {
                let span = usize::try_from(high.saturating_sub(low)).unwrap_or(0);
                let drawn = low.saturating_add_unsigned(draws.stream.below(span + 1) as u64);
                drawn.rem_euclid(clip.frames as i64) as usize
            }
        };
        clip.features.rotate_right((by * clip.bins).min(clip.features.len()));
    }
}

/// Adds U(0, 1) to each bin, scaled by a number drawn for the clip. AST's recipe for Speech Commands scales by
/// U(0, 0.1), after the normalisation, and then rolls by −10 to 9 frames (`noise` in its `dataloader.py`).
#[derive(Clone, Debug)]
pub struct BinNoise {
    /// What the noise of a clip is scaled by.
    pub scale: Range,
}

impl Augmentation for BinNoise {
    fn describe(&self) -> String {
        format!("bin_noise({})", self.scale)
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let scale = self.scale.draw(&mut draws.stream);
        for value in clip.features.iter_mut() {
            *value += (draws.stream.uniform() * scale) as f32;
        }
    }
}
