//! Analysis windows, as `torchaudio.compliance.kaldi` makes them.

use crate::error::{Result, unknown};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The shape that a frame is weighted with; all are symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// 0.5 − 0.5 cos: AST's choice.
    Hanning,
    /// 0.54 − 0.46 cos.
    Hamming,
    /// Hanning to the power of 0.85: Kaldi's own.
    Povey,
    /// 0.42 − 0.5 cos + 0.08 cos of twice the angle.
    Blackman,
    /// All ones.
    Rectangular,
}

const NAMES: [(&str, Window); 5] = [
    ("hanning", Window::Hanning),
    ("hamming", Window::Hamming),
    ("povey", Window::Povey),
    ("blackman", Window::Blackman),
    ("rectangular", Window::Rectangular),
];

impl Window {
    /// The window that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        found.map(|(_, window)| *window).ok_or_else(|| unknown(operation, "window", name, &known))
    }

    /// Its `length` weights: those of torchaudio, which takes the angles in single precision. With exact
    /// angles, quiet bands beside loud ones come out visibly different.
    pub fn weights(self, length: usize) -> Vec<f32> {
        let step = (TAU / length.saturating_sub(1).max(1) as f64) as f32;
        let cosine = |angle: f32| libm::cos(f64::from(angle)) as f32;
        let weight = |index: usize| {
            let angle = step * index as f32;
            match self {
                Window::Hanning => 0.5 - 0.5 * cosine(angle),
                Window::Hamming => 0.54 - 0.46 * cosine(angle),
                Window::Povey => libm::pow(f64::from(0.5 - 0.5 * cosine(angle)), 0.85) as f32,
                Window::Blackman => 0.42 - 0.5 * cosine(angle) + 0.08 * cosine(2.0 * angle),
                Window::Rectangular => 1.0,
            }
        };
        (0..length).map(weight).collect()
    }
}
