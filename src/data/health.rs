//! How a set's clips sound, as far as numbers say it: silent, clipped, off centre.

use super::source::{ClipSource, interrupted};
use crate::error::Result;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// What is not louder than this is silence: less than one step of 16 bits.
const SILENCE: f32 = 1.0 / 32768.0;
/// A sample that is as loud as can be.
const FULL: f32 = 0.9999;
/// So many of them in a row are no peak but a clipped one.
const ROW: usize = 4;

/// One clip's sound in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// The clip's name.
    pub clip: String,
    /// Its largest sample, without the sign.
    pub peak: f32,
    /// The root of its mean square.
    pub rms: f32,
    /// Its mean: far from 0 where a recorder was off centre.
    pub mean: f32,
    /// The share of samples in runs of at least four at full scale.
    pub clipped: f32,
}

impl Health {
    /// Of samples.
    pub fn of(clip: &str, values: &[f32]) -> Self {
        let count = values.len().max(1) as f64;
        let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
        let squares: f64 = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
        let (mut run, mut clipped) = (0usize, 0usize);
        for value in values.iter().map(|v| v.abs()).chain([0.0]) {
            if value >= FULL {
                run += 1;
            } else {
                clipped += if run >= ROW { run } else { 0 };
                run = 0;
            }
        }
        Health {
            clip: clip.to_string(),
            peak: values.iter().fold(0.0, |most: f32, v| most.max(v.abs())),
            rms: (squares / count).sqrt() as f32,
            mean: (sum / count) as f32,
            clipped: (clipped as f64 / count) as f32,
        }
    }

    /// Whether nothing is to be heard.
    pub fn is_silent(&self) -> bool {
        self.peak <= SILENCE
    }
}

/// All clips of a split. `hears` makes their features, too, of the same reading: for who asks for their statistics next.
///
/// # Errors
/// A clip that cannot be read; `Interrupted` when `stop` says so.
pub fn health(
    source: &ClipSource,
    hears: bool,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Health>> {
    let one = |index: usize| {
        if stop() {
            return Err(interrupted());
        }
        let samples = match hears {
            true => source.read_and_hear(index)?,
            false => Arc::new(source.read(index)?),
        };
        let name = source.clips().get(index).map_or("", |clip| clip.id.as_str());
        Ok(Health::of(name, &samples.values))
    };
    (0..source.len()).into_par_iter().map(one).collect::<Vec<_>>().into_iter().collect()
}
