//! Short-time spectra as PyTorch and librosa make them, with or without a mel filter bank: `audio::spectrogram` and
//! `audio::mel_spectrogram`.

use super::fft::Spectrum;
use super::framing::{Frames, Kept};
use super::lanes::{LANES, Lanes, ln, vectorised};
use super::mel::{Bank, MelScale, Range};
use super::{Features, Window, ranges};
use crate::error::{Error, Kind, Result};
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::f64::consts::LN_10;
use std::sync::Arc;

/// What stands before and after a clip whose frames are centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The clip in reverse, without its first or last sample again.
    Reflect,
    /// Zeros.
    Constant,
    /// Its first or last sample.
    Replicate,
}

/// What is made of power at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Nothing.
    None,
    /// ln(x + `offset`).
    Ln,
    /// Decibels, as librosa's `power_to_db` and torchaudio's `AmplitudeToDB`.
    Db,
}

/// The options of `audio::spectrogram`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectrogramOptions {
    /// Length of the window.
    pub frame_ms: f64,
    /// Distance of two frames.
    pub hop_ms: f64,
    /// Length of the window in samples; 0: as `frame_ms` says.
    pub frame_samples: usize,
    /// Distance of two frames in samples; 0: as `hop_ms` says.
    pub hop_samples: usize,
    /// Points of the FFT, in whose middle the window lies; 0: as many as the window has.
    pub fft_points: usize,
    /// What a frame is weighted with.
    pub window: Window,
    /// Whether the window is the beginning of one that is a sample longer.
    pub periodic: bool,
    /// How much of the sample before is taken off each sample; where any, the clip loses its first sample.
    pub preemphasis: f64,
    /// Exponent of the magnitudes.
    pub power: f64,
    /// Whether frame i is centred on sample i · hop, rather than begins there.
    pub center: bool,
    /// What stands around a clip where `center` is on.
    pub pad_mode: Padding,
    /// What is made of power at the end.
    pub scaling: Scaling,
    /// What is added before the logarithm of `ln`.
    pub offset: f64,
    /// Least power of `db`.
    pub floor: f64,
    /// What 0 dB is.
    pub reference: f64,
    /// How far below the loudest value of the clip the quietest may be; 0: no limit.
    pub top_db: f64,
}

impl Default for SpectrogramOptions {
    fn default() -> Self {
        SpectrogramOptions {
            frame_ms: 25.0,
            hop_ms: 10.0,
            frame_samples: 0,
            hop_samples: 0,
            fft_points: 0,
            window: Window::Hanning,
            periodic: true,
            preemphasis: 0.0,
            power: 2.0,
            center: true,
            pad_mode: Padding::Reflect,
            scaling: Scaling::Ln,
            offset: 1e-5,
            floor: 1e-10,
            reference: 1.0,
            top_db: 80.0,
        }
    }
}

/// The options of `audio::mel_spectrogram`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MelOptions {
    /// Mel bins.
    pub mels: usize,
    /// Where the lowest triangle begins.
    pub low_hz: f64,
    /// Where the highest triangle ends; 0 and less count from half the sample rate.
    pub high_hz: f64,
    /// Where the triangles lie.
    pub scale: MelScale,
    /// Whether each triangle is divided by half its width ("slaney").
    pub norm: Norm,
    /// The spectrum.
    #[serde(flatten)]
    pub spectrum: SpectrogramOptions,
}

/// How triangles are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Peaks of 1.
    None,
    /// Equal areas.
    Slaney,
}

impl Default for MelOptions {
    fn default() -> Self {
        MelOptions {
            mels: 128,
            low_hz: 0.0,
            high_hz: 0.0,
            scale: MelScale::Htk,
            norm: Norm::None,
            spectrum: SpectrogramOptions::default(),
        }
    }
}

impl MelOptions {
    /// The names of its own options, as a recipe writes them.
    pub const NAMES: [&str; 5] = ["mels", "low_hz", "high_hz", "scale", "norm"];

    /// What EfficientAT's networks hear (Schmid et al. 2023): clips of 32 kHz.
    pub fn efficientat() -> Self {
        MelOptions {
            // Half the rate, less half of the 2000 Hz by which it moves the end in training.
            high_hz: -1000.0,
            scale: MelScale::Kaldi,
            spectrum: SpectrogramOptions {
                frame_samples: 800,
                hop_samples: 320,
                fft_points: 1024,
                periodic: false,
                preemphasis: 0.97,
                ..SpectrogramOptions::default()
            },
            ..MelOptions::default()
        }
    }

    /// `librosa.feature.melspectrogram` and `power_to_db` as they stand (at 22.05 kHz).
    pub fn librosa() -> Self {
        MelOptions {
            scale: MelScale::Slaney,
            norm: Norm::Slaney,
            spectrum: SpectrogramOptions {
                frame_samples: 2048,
                hop_samples: 512,
                pad_mode: Padding::Constant,
                scaling: Scaling::Db,
                ..SpectrogramOptions::default()
            },
            ..MelOptions::default()
        }
    }

    /// `torchaudio.transforms.MelSpectrogram` and `AmplitudeToDB` as they stand.
    pub fn torchaudio() -> Self {
        MelOptions {
            spectrum: SpectrogramOptions {
                frame_samples: 400,
                hop_samples: 200,
                scaling: Scaling::Db,
                top_db: 0.0,
                ..SpectrogramOptions::default()
            },
            ..MelOptions::default()
        }
    }

    pub(super) fn check(&self, operation: &str) -> Result<()> {
        ranges::whole(operation, "mels", self.mels, 1, 4096)?;
        ranges::band(operation, self.low_hz, self.high_hz)?;
        if self.scale == MelScale::Kaldi && self.norm == Norm::Slaney {
            return Err(Error::new(Kind::Range, operation, "Kaldi's triangles have no norm")
                .expected("norm: \"none\", or scale: \"htk\" or \"slaney\""));
        }
        self.spectrum.check(operation)
    }
}

impl SpectrogramOptions {
    /// The names of its own options, as a recipe writes them.
    pub const NAMES: [&str; 16] = [
        "frame_ms",
        "hop_ms",
        "frame_samples",
        "hop_samples",
        "fft_points",
        "window",
        "periodic",
        "preemphasis",
        "power",
        "center",
        "pad_mode",
        "scaling",
        "offset",
        "floor",
        "reference",
        "top_db",
    ];

    pub(super) fn check(&self, operation: &str) -> Result<()> {
        ranges::length_ms(operation, "frame_ms", self.frame_ms)?;
        ranges::length_ms(operation, "hop_ms", self.hop_ms)?;
        let most = ranges::MOST_POINTS;
        ranges::whole(operation, "frame_samples", self.frame_samples, 0, most)?;
        ranges::whole(operation, "hop_samples", self.hop_samples, 0, most)?;
        ranges::whole(operation, "fft_points", self.fft_points, 0, most)?;
        ranges::number(operation, "preemphasis", self.preemphasis, 0.0, 1.0)?;
        ranges::number(operation, "power", self.power, 0.1, 10.0)?;
        ranges::number(operation, "offset", self.offset, 1e-30, 1e6)?;
        ranges::number(operation, "floor", self.floor, 1e-30, 1e6)?;
        ranges::number(operation, "reference", self.reference, 1e-30, 1e30)?;
        ranges::number(operation, "top_db", self.top_db, 0.0, 1000.0)
    }
}

/// Short-time spectra planned for one sample rate.
#[derive(Clone)]
pub(super) struct Stft {
    options: SpectrogramOptions,
    hop: usize,
    /// The window, in the middle of as many weights as the FFT has points.
    window: Arc<[f64]>,
    bank: Option<Arc<Bank>>,
    spectrum: Spectrum,
}

impl Stft {
    /// Spectra without a filter bank.
    pub(super) fn plain(operation: &str, options: SpectrogramOptions, rate: u32) -> Result<Self> {
        options.check(operation)?;
        let samples = |ms: f64| (f64::from(rate) * ms * 0.001).round() as usize;
        let or = |given: usize, ms: f64| if given > 0 { given } else { samples(ms) };
        let frame = or(options.frame_samples, options.frame_ms);
        let hop = or(options.hop_samples, options.hop_ms);
        ranges::frame(operation, [options.frame_ms, options.hop_ms], [frame, hop], rate)?;
        let points = if options.fft_points > 0 { options.fft_points } else { frame };
        if points < frame {
            return Err(ranges::out_of_range(
                operation,
                "fft_points",
                format!("{frame} or more, which the window has (0: as many)"),
                points,
            ));
        }
        let mut window = vec![0.0; points];
        let places = window.iter_mut().skip((points - frame) / 2);
        let weights = options.window.double(frame, options.periodic);
        places.zip(weights).for_each(|(place, weight)| *place = weight);
        let spectrum = Spectrum::new(points);
        Ok(Stft { hop, window: window.into(), bank: None, spectrum, options })
    }

    /// Spectra through a filter bank.
    pub(super) fn mel(operation: &str, options: MelOptions, rate: u32) -> Result<Self> {
        options.check(operation)?;
        let MelOptions { mels, scale, norm, low_hz, high_hz, spectrum } = options;
        let plain = Stft::plain(operation, spectrum, rate)?;
        let rate_hz = f64::from(rate);
        let [low_hz, high_hz] = ranges::fitting(operation, low_hz, high_hz, rate_hz)?;
        let points = plain.spectrum.points();
        let range = Range { mels, points, rate_hz, low_hz, high_hz };
        let bank = Bank::new(range, scale, norm == Norm::Slaney);
        Ok(Stft { bank: Some(Arc::new(bank)), ..plain })
    }

    pub(super) fn bins(&self) -> usize {
        self.bank.as_ref().map_or(self.spectrum.bins(), |bank| bank.len())
    }

    /// Samples around the clip at each end.
    fn around(&self) -> usize {
        if self.options.center { self.spectrum.points() / 2 } else { 0 }
    }

    fn lost(&self) -> usize {
        usize::from(self.options.preemphasis > 0.0)
    }

    pub(super) fn frames_of(&self, samples: usize) -> usize {
        if samples < self.least() {
            return 0;
        }
        let long = samples - self.lost() + 2 * self.around();
        long.checked_sub(self.spectrum.points()).map_or(0, |rest| 1 + rest / self.hop)
    }

    /// The least samples that make a frame. A reflection needs one more sample than it is long.
    pub(super) fn least(&self) -> usize {
        let own = match (self.options.center, self.options.pad_mode) {
            (false, _) => self.spectrum.points(),
            (true, Padding::Reflect) => self.around() + 1,
            // An odd FFT is a sample longer than what stands around.
            (true, _) => 1,
        };
        own + self.lost()
    }

    /// The features of samples that make one frame at least.
    pub(super) fn compute(&self, values: &[f32]) -> Features {
        let count = self.frames_of(values.len());
        let values = self.padded(values);
        let length = self.spectrum.points();
        let frames = Frames { values: &values, length, hop: self.hop, count };
        let mut kept = Kept::new(count, self.bins());
        vectorised(Work { stft: self, frames: &frames, kept: &mut kept });
        let mut features = kept.done();
        if self.options.scaling == Scaling::Db && self.options.top_db > 0.0 {
            features.limit(self.options.top_db as f32);
        }
        features
    }

    fn padded<'a>(&self, values: &'a [f32]) -> Cow<'a, [f32]> {
        let factor = self.options.preemphasis as f32;
        let values: Cow<'a, [f32]> = match factor > 0.0 {
            true => values.windows(2).map(|pair| pair[1] - factor * pair[0]).collect(),
            false => values.into(),
        };
        let (around, length) = (self.around() as i64, values.len() as i64);
        if around == 0 || length == 0 {
            return values;
        }
        let at = |index: i64| match self.options.pad_mode {
            Padding::Constant => values.get(usize::try_from(index).unwrap_or(usize::MAX)),
            Padding::Replicate => values.get(index.clamp(0, length - 1) as usize),
            Padding::Reflect => {
                let index = index.abs();
                values.get(index.min(2 * (length - 1) - index).max(0) as usize)
            }
        };
        (-around..length + around).map(|index| at(index).copied().unwrap_or(0.0)).collect()
    }

    /// What is made of power at the end.
    #[inline(always)]
    fn scale(&self, values: &mut [f64]) {
        let options = &self.options;
        match options.scaling {
            Scaling::None => {}
            Scaling::Ln => {
                let offset = options.offset;
                values.iter_mut().for_each(
                    #[inline(always)]
                    |value| *value = ln(*value + offset),
                );
            }
            Scaling::Db => {
                // 20 log₁₀ of magnitudes, 10 log₁₀ of power.
                let factor = 20.0 / options.power / LN_10;
                let least = libm::pow(options.floor, options.power / 2.0);
                let zero = ln(options.reference.max(least));
                values.iter_mut().for_each(
                    #[inline(always)]
                    |value| *value = factor * (ln(value.max(least)) - zero),
                );
            }
        }
    }
}

/// The frames of a clip on their way through a spectrum.
struct Work<'a> {
    stft: &'a Stft,
    frames: &'a Frames<'a>,
    kept: &'a mut Kept,
}

impl WithSimd for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Work { stft, frames, kept } = self;
        let mut block = vec![[0.0f32; LANES]; frames.length];
        let mut scratch = stft.spectrum.scratch();
        let mut power = vec![Lanes::default(); stft.spectrum.bins()];
        let mut sums = vec![Lanes::default(); stft.bins()];
        let exponent = stft.options.power;
        for start in (0..frames.count).step_by(LANES) {
            frames.take(start, &mut block);
            let weighted = block.iter().zip(stft.window.iter());
            for (place, (values, weight)) in scratch.samples.iter_mut().zip(weighted) {
                *place = values.map(|value| f64::from(value) * weight);
            }
            stft.spectrum.power(simd, &mut scratch, &mut power);
            let bins = power.as_flattened_mut().iter_mut();
            if exponent == 1.0 {
                bins.for_each(|bin| *bin = bin.sqrt());
            } else if exponent != 2.0 {
                bins.for_each(|bin| *bin = libm::pow(*bin, exponent / 2.0));
            }
            let values = match &stft.bank {
                Some(bank) => {
                    bank.apply(simd, &power, &mut sums);
                    &mut sums
                }
                None => &mut power,
            };
            stft.scale(values.as_flattened_mut());
            kept.set(0, values);
            kept.store(start);
        }
    }
}
