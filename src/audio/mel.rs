//! Mel filter banks: triangles over the bins of a spectrum.

use super::lanes::{Lanes, vectors, vectors_mut};
use crate::error::{Result, unknown};
use pulp::Simd;
use serde::{Deserialize, Serialize};

/// One triangle: its weights, and the first bin that it covers.
#[derive(Clone, Debug)]
struct Triangle {
    first: usize,
    weights: Vec<f64>,
}

/// The triangles of a filter bank, from the lowest to the highest.
#[derive(Clone, Debug)]
pub(super) struct Bank(Vec<Triangle>);

/// Where triangles lie, and what they are straight in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MelScale {
    /// 2595 log₁₀(1 + f/700), straight in hertz: torchaudio's default, librosa's `htk=True`.
    Htk,
    /// Linear below 1 kHz, logarithmic above (Slaney 1998), straight in hertz: librosa's default.
    Slaney,
    /// 1127 ln(1 + f/700), straight in mel: Kaldi's triangles, which EfficientAT uses too.
    Kaldi,
}

impl MelScale {
    /// The names in recipes.
    pub const NAMES: [&str; 3] = ["htk", "slaney", "kaldi"];

    /// The scale that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "htk" => Ok(MelScale::Htk),
            "slaney" => Ok(MelScale::Slaney),
            "kaldi" => Ok(MelScale::Kaldi),
            other => Err(unknown(operation, "scale", other, &MelScale::NAMES)),
        }
    }

    fn of_hz(self, hz: f64) -> f64 {
        match self {
            MelScale::Htk => 2595.0 * libm::log10(1.0 + hz / 700.0),
            MelScale::Kaldi => 1127.0 * libm::log(1.0 + hz / 700.0),
            MelScale::Slaney if hz < SLANEY_BREAK_HZ => hz / SLANEY_HZ,
            MelScale::Slaney => {
                SLANEY_BREAK_HZ / SLANEY_HZ + libm::log(hz / SLANEY_BREAK_HZ) / slaney_step()
            }
        }
    }

    fn to_hz(self, mel: f64) -> f64 {
        let start = SLANEY_BREAK_HZ / SLANEY_HZ;
        match self {
            MelScale::Htk => 700.0 * (libm::pow(10.0, mel / 2595.0) - 1.0),
            MelScale::Kaldi => 700.0 * (libm::exp(mel / 1127.0) - 1.0),
            MelScale::Slaney if mel < start => mel * SLANEY_HZ,
            MelScale::Slaney => SLANEY_BREAK_HZ * libm::exp(slaney_step() * (mel - start)),
        }
    }
}

const SLANEY_BREAK_HZ: f64 = 1000.0;
/// Hertz a mel below the break.
const SLANEY_HZ: f64 = 200.0 / 3.0;

/// 27 mels take a factor of 6.4 above the break.
fn slaney_step() -> f64 {
    libm::log(6.4) / 27.0
}

/// What a bank is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub mels: usize,
    pub points: usize,
    pub rate_hz: f64,
    pub low_hz: f64,
    pub high_hz: f64,
}

impl Bank {
    /// Kaldi's bank with the roundings of torchaudio, which makes the weights in single precision: a triangle that is
    /// narrower than a bin of the spectrum has but one small weight, which those roundings change by up to 1e-3 of it.
    pub(super) fn kaldi(range: Range) -> Self {
        let Range { mels, points, rate_hz, low_hz, high_hz } = range;
        let (low, high) = (MelScale::Kaldi.of_hz(low_hz), MelScale::Kaldi.of_hz(high_hz));
        let delta = ((high - low) / (mels + 1) as f64) as f32;
        let edge = |index: usize| low as f32 + index as f32 * delta;
        let width = (rate_hz / points as f64) as f32;
        let mel = |bin: usize| {
            let inner = 1.0 + width * bin as f32 / 700.0;
            1127.0f32 * libm::log(f64::from(inner)) as f32
        };
        let bins: Vec<f32> = (0..points / 2).map(mel).collect();
        let triangle = |index: usize| {
            let (left, centre, right) = (edge(index), edge(index + 1), edge(index + 2));
            let weight = |at: &f32| {
                let (up, down) = ((at - left) / (centre - left), (right - at) / (right - centre));
                f64::from(up.min(down).max(0.0))
            };
            Triangle::new(bins.iter().map(weight).collect())
        };
        Bank((0..mels).map(triangle).collect())
    }

    /// The bank of a scale. With `area`, triangles that are straight in hertz are divided by half their width
    /// (Slaney's normalisation).
    pub(super) fn new(range: Range, scale: MelScale, area: bool) -> Self {
        if scale == MelScale::Kaldi {
            return Bank::kaldi(range);
        }
        let Range { mels, points, rate_hz, low_hz, high_hz } = range;
        let (low, high) = (scale.of_hz(low_hz), scale.of_hz(high_hz));
        let edge =
            |index: usize| scale.to_hz(low + (high - low) * index as f64 / (mels + 1) as f64);
        let bins: Vec<f64> =
            (0..=points / 2).map(|bin| bin as f64 * rate_hz / points as f64).collect();
        let triangle = |index: usize| {
            let (left, centre, right) = (edge(index), edge(index + 1), edge(index + 2));
            let scaled = if area { 2.0 / (right - left) } else { 1.0 };
            let weight = |at: &f64| {
                let (up, down) = ((at - left) / (centre - left), (right - at) / (right - centre));
                up.min(down).max(0.0) * scaled
            };
            Triangle::new(bins.iter().map(weight).collect())
        };
        Bank((0..mels).map(triangle).collect())
    }

    /// As a matrix `[bins, triangles]`.
    pub(super) fn matrix(&self, bins: usize) -> Vec<f32> {
        let mut matrix = vec![0.0; bins * self.0.len()];
        for (column, Triangle { first, weights }) in self.0.iter().enumerate() {
            for (row, weight) in weights.iter().enumerate() {
                matrix[(first + row) * self.0.len() + column] = *weight as f32;
            }
        }
        matrix
    }

    /// The number of triangles.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The weighted sums of four spectra, triangle by triangle.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(&self, simd: S, spectrum: &[Lanes], into: &mut [Lanes]) {
        let spectrum = vectors::<S>(spectrum);
        let into = vectors_mut::<S>(into);
        for (place, Triangle { first, weights }) in into.iter_mut().zip(&self.0) {
            let mut sum = simd.splat_f64s(0.0);
            for (weight, bin) in weights.iter().zip(&spectrum[*first..]) {
                sum = simd.add_f64s(sum, simd.mul_f64s(*bin, simd.splat_f64s(*weight)));
            }
            *place = sum;
        }
    }
}

impl Triangle {
    fn new(all: Vec<f64>) -> Self {
        let first = all.iter().position(|w| *w > 0.0).unwrap_or(0);
        let end = all.iter().rposition(|w| *w > 0.0).map_or(first, |last| last + 1);
        Triangle { first, weights: all.get(first..end).unwrap_or_default().to_vec() }
    }
}
