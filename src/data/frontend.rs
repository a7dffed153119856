//! The front end: from a clip's samples to the features that models see.

use super::cache::Width;
use super::fit::Fit;
use crate::audio::decode::Channel;
use crate::audio::{FeatureOptions, Samples, resample};
use crate::error::{Error, Kind, Result, unknown};
use serde::{Deserialize, Serialize};

/// Nearly three hours at 10 ms.
const MOST_FRAMES: usize = 1_000_000;

/// How features are normalised by mean and deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalize {
    /// (x − mean) / (2 · std), as AST.
    #[default]
    Ast,
    /// (x − mean) / std, as PSLA and EfficientAT.
    Psla,
    /// Not at all.
    None,
}

impl Normalize {
    /// The one that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "ast" => Ok(Normalize::Ast),
            "psla" => Ok(Normalize::Psla),
            "none" => Ok(Normalize::None),
            other => Err(unknown(operation, "normalisation", other, &["ast", "psla", "none"])),
        }
    }

    /// What (x − mean) / std is multiplied with; `None` where nothing is normalised.
    pub fn scale(self) -> Option<f64> {
        match self {
            Normalize::Ast => Some(0.5),
            Normalize::Psla => Some(1.0),
            Normalize::None => None,
        }
    }
}

/// How clips become features: what is made of them, a fixed number of frames, and a normalisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEnd {
    /// What is made of a clip.
    pub features: FeatureOptions,
    /// Frames of every clip (shorter ones are padded, longer ones cut); `None`: as the longest clip.
    pub frames: Option<usize>,
    /// Mean and deviation of the features; `None`: measured on the clips that train.
    pub statistics: Option<[f64; 2]>,
    /// What is done with them.
    pub normalize: Normalize,
    /// The rate that every clip is brought to; `None`: clips must share one.
    pub rate_hz: Option<u32>,
    /// How channels become one.
    pub channel: Channel,
    /// How clips of any length become clips of one.
    pub fit: Fit,
    /// How features are kept; f16 rounds them.
    pub dtype: Width,
}

impl FrontEnd {
    /// AST's filter bank, with frames and statistics from the data.
    pub fn standard() -> Self {
        FrontEnd::of(FeatureOptions::default())
    }

    /// These features as they come, with frames and statistics from the data.
    pub fn of(features: FeatureOptions) -> Self {
        FrontEnd {
            features,
            frames: None,
            statistics: None,
            normalize: Normalize::default(),
            rate_hz: None,
            channel: Channel::Mean,
            fit: Fit::default(),
            dtype: Width::F32,
        }
    }

    /// The standard front end of a kind of features, or that of a preset: EfficientAT's networks want 32 kHz and
    /// (x + 4.5) / 5.
    ///
    /// # Errors
    /// A kind or preset that there is not.
    pub fn preset(operation: &str, kind: &str, preset: Option<&str>) -> Result<Self> {
        let front = FrontEnd::of(FeatureOptions::preset(operation, kind, preset)?);
        Ok(match preset {
            Some("efficientat") => FrontEnd {
                rate_hz: Some(32_000),
                statistics: Some([-4.5, 5.0]),
                normalize: Normalize::Psla,
                ..front
            },
            _ => front,
        })
    }

    /// The clip at the front end's rate.
    ///
    /// # Errors
    /// A clip that would be too long.
    pub fn at_rate(&self, samples: Samples) -> Result<Samples> {
        match self.rate_hz {
            Some(rate_hz) if rate_hz != samples.rate_hz => resample(&samples, rate_hz),
            _ => Ok(samples),
        }
    }

    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        self.features.check()?;
        let wrong = |problem: &str| Error::new(Kind::Range, self.features.operation(), problem);
        if let Some(frames) = self.frames.filter(|frames| !(1..=MOST_FRAMES).contains(frames)) {
            return Err(wrong("'frames' is out of range")
                .expected(format!("1 to {MOST_FRAMES}"))
                .received(frames.to_string()));
        }
        if let Some(rate_hz) = self.rate_hz.filter(|rate| !(100..=1_000_000).contains(rate)) {
            return Err(wrong("'rate_hz' is out of range")
                .expected("100 to 1000000")
                .received(rate_hz.to_string()));
        }
        match self.statistics {
            Some([mean, std]) if !(mean.is_finite() && std.is_finite() && std > 0.0) => {
                Err(wrong("'mean' and 'std' make no sense")
                    .expected("finite numbers, 'std' more than 0")
                    .received(format!("mean {mean}, std {std}")))
            }
            _ => Ok(()),
        }
    }
}
