//! Impulse responses of rooms and microphones.

use super::clips::Clips;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::{Error, Kind, Result};
use realfft::RealFftPlanner;
use std::sync::Arc;

/// Convolves a clip with one of several impulse responses. The clip keeps its length: the tail is cut off.
#[derive(Clone)]
pub struct ImpulseResponse {
    /// The responses.
    pub responses: Arc<Clips>,
    /// Whether a response is divided by its Euclidean norm before, so that rooms are about equally loud (as in
    /// torchaudio's tutorial on augmentation).
    pub is_normalised: bool,
}

impl Augmentation for ImpulseResponse {
    fn describe(&self) -> String {
        let normal = if self.is_normalised { ", normalised" } else { "" };
        format!("impulse_response({}{normal})", self.responses.describe())
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn check_rate(&self, _: u32) -> Result<()> {
        self.responses.check()
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let index = draws.stream.below(self.responses.count());
        let response = self.responses.get(index, wave.rate_hz)?;
        let square = |value: &f32| f64::from(*value) * f64::from(*value);
        let norm = libm::sqrt(response.values.iter().map(square).sum::<f64>());
        let scale = if self.is_normalised && norm > 0.0 { 1.0 / norm } else { 1.0 };
        let convolved = convolve(&wave.samples, &response.values)?;
        let length = wave.samples.len();
        wave.samples = convolved
            .into_iter()
            .take(length)
            .map(|value| (f64::from(value) * scale) as f32)
            .collect();
        Ok(())
    }
}

/// The whole convolution, `n + m − 1` samples, by Fourier transforms.
///
/// # Errors
/// None but of our own making.
pub fn convolve(first: &[f32], second: &[f32]) -> Result<Vec<f32>> {
    if first.is_empty() || second.is_empty() {
        return Ok(Vec::new());
    }
    let length = first.len() + second.len() - 1;
    // Powers of two are fast, and exact in their twiddle factors.
    let points = length.next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(points), planner.plan_fft_inverse(points));
    let failed =
        |cause: realfft::FftError| Error::new(Kind::Internal, "convolution", cause.to_string());
    let spectrum = |values: &[f32]| {
        let mut padded: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        padded.resize(points, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).map(|()| spectrum).map_err(failed)
    };
    let mut product = spectrum(first)?;
    for (value, other) in product.iter_mut().zip(spectrum(second)?) {
        *value *= other;
    }
    let mut result = inverse.make_output_vec();
    inverse.process(&mut product, &mut result).map_err(failed)?;
    Ok(result.into_iter().take(length).map(|value| (value / points as f64) as f32).collect())
}
