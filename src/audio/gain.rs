//! What a gain in decibels does to features.

use super::{FeatureOptions, Scaling};
use std::f64::consts::LN_10;

/// What becomes of one bin's features where its sound gets louder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// Each decibel adds so much: features are logarithms.
    Adds(f64),
    /// Each decibel multiplies with e to this: features are powers or magnitudes.
    Multiplies(f64),
}

impl Gain {
    /// Natural logarithms of power, as of `audio::fbank`.
    pub const LOG_POWER: Gain = Gain::Adds(LN_10 / 10.0);
}

impl FeatureOptions {
    /// What a gain does to a bin; `None` where features are no bins of frequency.
    pub fn gain(&self) -> Option<Gain> {
        let (exponent, scaling) = match self {
            FeatureOptions::Fbank(own) => {
                let exponent = if own.power { 2.0 } else { 1.0 };
                (exponent, if own.log { Scaling::Ln } else { Scaling::None })
            }
            FeatureOptions::MelSpectrogram(own) => (own.spectrum.power, own.spectrum.scaling),
            FeatureOptions::Spectrogram(own) => (own.power, own.scaling),
            FeatureOptions::Mfcc(_) => return None,
        };
        let natural = exponent * LN_10 / 20.0;
        Some(match scaling {
            Scaling::Ln => Gain::Adds(natural),
            Scaling::Db => Gain::Adds(1.0),
            Scaling::None => Gain::Multiplies(natural),
        })
    }
}
