//! Analysis windows, as PyTorch makes them.

use crate::error::{Result, unknown};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The shape that a frame is weighted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// 0.5 − 0.5 cos: AST's choice.
    Hanning,
    /// 0.54 − 0.46 cos.
    Hamming,
    /// Hanning to the power of 0.85: Kaldi's own.
    Povey,
    /// c − 0.5 cos + (0.5 − c) cos of twice the angle; c is 0.42 where nothing else is said.
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

/// Blackman's own coefficient.
pub(super) const BLACKMAN: f64 = 0.42;

impl Window {
    /// The window that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        found.map(|(_, window)| *window).ok_or_else(|| unknown(operation, "window", name, &known))
    }

    /// Its `length` symmetric weights: those of torchaudio, which takes the angles in single precision. With exact
    /// angles, quiet bands beside loud ones come out visibly different.
    pub(super) fn single(self, length: usize, blackman: f64) -> Vec<f32> {
        let step = (TAU / length.saturating_sub(1).max(1) as f64) as f32;
        let cosine = |angle: f32| libm::cos(f64::from(angle)) as f32;
        let weight = |index: usize| {
            let angle = step * index as f32;
            match self {
                Window::Hanning => 0.5 - 0.5 * cosine(angle),
                Window::Hamming => 0.54 - 0.46 * cosine(angle),
                Window::Povey => libm::pow(f64::from(0.5 - 0.5 * cosine(angle)), 0.85) as f32,
                Window::Blackman => {
                    let rest = (0.5 - blackman) as f32;
                    blackman as f32 - 0.5 * cosine(angle) + rest * cosine(2.0 * angle)
                }
                Window::Rectangular => 1.0,
            }
        };
        (0..length).map(weight).collect()
    }

    /// Its `length` weights in double precision: symmetric, or the first ones of a symmetric window that is one longer
    /// (`periodic`).
    pub(super) fn double(self, length: usize, periodic: bool) -> Vec<f64> {
        let whole = if periodic { length } else { length.saturating_sub(1) };
        let step = TAU / whole.max(1) as f64;
        let weight = |index: usize| {
            let angle = step * index as f64;
            match self {
                Window::Hanning => 0.5 - 0.5 * libm::cos(angle),
                Window::Hamming => 0.54 - 0.46 * libm::cos(angle),
                Window::Povey => libm::pow((0.5 - 0.5 * libm::cos(angle)).max(0.0), 0.85),
                Window::Blackman => {
                    let rest = 0.5 - BLACKMAN;
                    BLACKMAN - 0.5 * libm::cos(angle) + rest * libm::cos(2.0 * angle)
                }
                Window::Rectangular => 1.0,
            }
        };
        (0..length).map(weight).collect()
    }
}
