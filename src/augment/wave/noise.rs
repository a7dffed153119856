//! Noise at a signal-to-noise ratio: white, pink, or from files.

use super::clips::Clips;
use crate::augment::Range;
use crate::data::{Augmentation, Draws, Level, Pool, Wave};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use realfft::RealFftPlanner;
use std::sync::Arc;

/// Where noise comes from.
#[derive(Clone)]
pub enum NoiseSource {
    /// The same power at all frequencies.
    White,
    /// Power that falls by 3 dB an octave.
    Pink,
    /// One of several sounds, from any of its samples on; one that is too short is repeated.
    Files(Arc<Clips>),
}

/// Adds noise to a clip. The ratio is that of the energies of the whole clip and of the noise under it, as in
/// torchaudio's `add_noise`; a silent clip stays silent.
#[derive(Clone)]
pub struct Noise {
    /// Signal over noise, in dB.
    pub snr_db: Range,
    /// Where the noise comes from.
    pub source: NoiseSource,
}

impl Noise {
    /// Adds `noise`, scaled so that the signal is `snr_db` above it.
    pub fn add(samples: &mut [f32], noise: &[f32], snr_db: f64) {
        let (signal, other) = (energy(samples), energy(noise));
        if signal == 0.0 || other == 0.0 {
            return;
        }
        let scale = libm::sqrt(signal / other * libm::pow(10.0, -snr_db / 10.0));
        for (value, noise) in samples.iter_mut().zip(noise) {
            *value = (f64::from(*value) + scale * f64::from(*noise)) as f32;
        }
    }

    fn drawn(&self, wave: &Wave, random: &mut Stream) -> Result<Vec<f32>> {
        let length = wave.samples.len();
        match &self.source {
            NoiseSource::White => Ok(white(length, random)),
            NoiseSource::Pink => pink(white(length, random)),
            NoiseSource::Files(clips) => {
                let sound = clips.get(random.below(clips.count()), wave.rate_hz)?;
                let values = &sound.values;
                // One that is long enough is not cut: it begins where all of the clip has noise.
                let starts =
                    if values.len() > length { values.len() - length + 1 } else { values.len() };
                let start = random.below(starts);
                Ok(values.iter().copied().cycle().skip(start).take(length).collect())
            }
        }
    }
}

fn energy(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum()
}

fn white(length: usize, random: &mut Stream) -> Vec<f32> {
    (0..length).map(|_| random.normal() as f32).collect()
}

/// White noise whose spectrum is divided by √f; what has no frequency is left out.
fn pink(mut white: Vec<f32>) -> Result<Vec<f32>> {
    let length = white.len();
    if length < 2 {
        return Ok(white);
    }
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut spectrum = forward.make_output_vec();
    let failed =
        |cause: realfft::FftError| Error::new(Kind::Internal, "pink noise", cause.to_string());
    forward.process(&mut white, &mut spectrum).map_err(failed)?;
    for (place, value) in spectrum.iter_mut().enumerate() {
        *value = match place {
            0 => *value * 0.0,
            _ => *value / (place as f32).sqrt(),
        };
    }
    // Nothing but rounding is lost: what has no imaginary part gets none.
    inverse.process(&mut spectrum, &mut white).map_err(failed)?;
    Ok(white)
}

impl Augmentation for Noise {
    fn describe(&self) -> String {
        let source = match &self.source {
            NoiseSource::White => "white".to_string(),
            NoiseSource::Pink => "pink".to_string(),
            NoiseSource::Files(clips) => clips.describe(),
        };
        format!("noise({} dB, {source})", self.snr_db)
    }

    fn level(&self) -> Level {
        Level::Wave
    }

    fn check_rate(&self, _: u32) -> Result<()> {
        match &self.source {
            NoiseSource::White | NoiseSource::Pink => Ok(()),
            NoiseSource::Files(clips) => clips.check(),
        }
    }

    fn wave(&self, wave: &mut Wave, _: &dyn Pool, draws: &mut Draws) -> Result<()> {
        let snr_db = self.snr_db.draw(&mut draws.stream);
        let noise = self.drawn(wave, &mut draws.stream)?;
        Noise::add(&mut wave.samples, &noise, snr_db);
        Ok(())
    }
}
