//! The front end: from a clip's samples to the features that models see.

use crate::audio::FbankOptions;
use crate::error::{Error, Kind, Result};
use serde::Serialize;

/// Nearly three hours at 10 ms.
const MOST_FRAMES: usize = 1_000_000;

/// How clips become features: a filter bank, a fixed number of frames, and a normalisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrontEnd {
    /// The filter bank.
    pub fbank: FbankOptions,
    /// Frames of every clip (shorter ones are padded, longer ones cut); `None`: as the longest clip.
    pub frames: Option<usize>,
    /// Mean and deviation of the log-mel values; `None`: measured on the clips that train.
    pub statistics: Option<[f64; 2]>,
}

impl FrontEnd {
    /// AST's filter bank, with frames and statistics from the data.
    pub fn standard() -> Self {
        FrontEnd { fbank: FbankOptions::default(), frames: None, statistics: None }
    }

    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        if let Some(frames) = self.frames.filter(|frames| !(1..=MOST_FRAMES).contains(frames)) {
            return Err(Error::new(Kind::Range, "audio::fbank", "'frames' is out of range")
                .expected(format!("1 to {MOST_FRAMES}"))
                .received(frames.to_string()));
        }
        match self.statistics {
            Some([mean, std]) if !(mean.is_finite() && std.is_finite() && std > 0.0) => {
                Err(Error::new(Kind::Range, "audio::fbank", "'mean' and 'std' make no sense")
                    .expected("finite numbers, 'std' more than 0")
                    .received(format!("mean {mean}, std {std}")))
            }
            _ => Ok(()),
        }
    }
}
