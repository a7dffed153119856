//! A front end in plain operations, for graphs: frames, the mean, pre-emphasis, the window and the Fourier transform are
//! one linear map of each frame, so they are one kernel; then power, a matrix, a logarithm.

use super::fbank::Fbank;
use super::stft::Stft;
use super::{FbankOptions, Padding, Scaling, SpectrogramOptions};
use crate::error::{Error, Kind, Result};
use std::f64::consts::TAU;

/// What follows the filter bank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// Nothing.
    Plain,
    /// ln(max(x, this)).
    Floored(f64),
    /// ln(x + this).
    Shifted(f64),
    /// `factor` · (ln(max(x, `least`)) − `zero`), and nothing more than `range` below the clip's largest value (0: no
    /// limit).
    Decibel {
        /// What a natural logarithm is multiplied with.
        factor: f64,
        /// The least power.
        least: f64,
        /// The logarithm that becomes 0.
        zero: f64,
        /// The range of a clip.
        range: f64,
    },
}

/// A front end in plain operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    /// How much of the sample before is taken off each sample of the whole clip, which loses its first one; 0: nothing.
    pub preemphasis: f64,
    /// Samples around the clip at each end, and what they are.
    pub around: (usize, Padding),
    /// Samples of a frame.
    pub points: usize,
    /// Samples between two frames.
    pub hop: usize,
    /// Bins of the spectrum.
    pub bins: usize,
    /// `[2 · bins, points]`: what gives the real parts of a frame's spectrum, then the imaginary ones.
    pub kernel: Vec<f32>,
    /// Exponent of the magnitudes.
    pub exponent: f64,
    /// `[bins, features]`; `None` where the spectrum itself is asked for.
    pub bank: Option<Vec<f32>>,
    /// Numbers of each frame.
    pub features: usize,
    /// What follows.
    pub level: Level,
}

fn refused(operation: &str, option: &str) -> Error {
    let problem = format!("a graph cannot hold features with '{option}'");
    Error::new(Kind::Usage, operation, problem)
        .hint("export without --with-features: the graph takes features then")
}

/// The spectrum of a frame as a linear map, `[2 · bins, frame]`: `prepared(i)` is what becomes of the i-th unit frame
/// before the transform of `points` points.
fn spectrum_of(
    frame: usize,
    points: usize,
    prepared: impl Fn(usize) -> Vec<(usize, f64)>,
) -> Vec<f32> {
    let bins = points / 2 + 1;
    let turns: Vec<(f64, f64)> = (0..points)
        .map(|at| TAU * at as f64 / points as f64)
        .map(|angle| (libm::cos(angle), libm::sin(angle)))
        .collect();
    let mut kernel = vec![0.0f64; 2 * bins * frame];
    for unit in 0..frame {
        for (place, value) in prepared(unit) {
            for bin in 0..bins {
                let (cosine, sine) = turns[bin * place % points];
                kernel[bin * frame + unit] += value * cosine;
                kernel[(bins + bin) * frame + unit] -= value * sine;
            }
        }
    }
    kernel.into_iter().map(|value| value as f32).collect()
}

impl Fbank {
    /// In plain operations.
    pub(super) fn plain(&self, operation: &str) -> Result<Plain> {
        let options = self.options();
        let FbankOptions { remove_dc, preemphasis, power, log, .. } = *options;
        let others = [
            (options.dither > 0.0, "dither"),
            (options.use_energy, "use_energy"),
            (options.subtract_mean, "subtract_mean"),
            (!options.snip_edges, "snip_edges: false"),
        ];
        if let Some((_, option)) = others.iter().find(|(there, _)| *there) {
            return Err(refused(operation, option));
        }
        let (frame, points, window) = (self.frame(), self.points(), self.window());
        // In the order of the filter bank: the mean, pre-emphasis, the window.
        let prepared = |unit: usize| -> Vec<(usize, f64)> {
            let mean = if remove_dc { 1.0 / frame as f64 } else { 0.0 };
            let centred = |at: usize| if at == unit { 1.0 - mean } else { -mean };
            let weighted = |at: usize| {
                let less = preemphasis * centred(at.saturating_sub(1));
                (at, (centred(at) - less) * f64::from(window[at]))
            };
            (0..frame).map(weighted).filter(|(_, value)| *value != 0.0).collect()
        };
        Ok(Plain {
            preemphasis: 0.0,
            around: (0, Padding::Constant),
            points: frame,
            hop: self.hop(),
            bins: points / 2 + 1,
            kernel: spectrum_of(frame, points, prepared),
            exponent: if power { 2.0 } else { 1.0 },
            bank: Some(self.bank().matrix(points / 2 + 1)),
            features: options.mels,
            level: if log { Level::Floored(f64::from(f32::EPSILON)) } else { Level::Plain },
        })
    }
}

impl Stft {
    /// In plain operations.
    pub(super) fn in_plain(&self) -> Plain {
        let options = self.options();
        let SpectrogramOptions { preemphasis, power, pad_mode, .. } = *options;
        let (points, window) = (self.points(), self.window());
        let level = match options.scaling {
            Scaling::None => Level::Plain,
            Scaling::Ln => Level::Shifted(options.offset),
            Scaling::Db => {
                let least = libm::pow(options.floor, power / 2.0);
                Level::Decibel {
                    factor: 20.0 / power / std::f64::consts::LN_10,
                    least,
                    zero: libm::log(options.reference.max(least)),
                    range: options.top_db.max(0.0),
                }
            }
        };
        Plain {
            preemphasis,
            around: (self.around(), pad_mode),
            points,
            hop: self.hop(),
            bins: points / 2 + 1,
            kernel: spectrum_of(points, points, |unit| vec![(unit, window[unit])]),
            exponent: power,
            bank: self.bank().map(|bank| bank.matrix(points / 2 + 1)),
            features: self.bins(),
            level,
        }
    }
}
