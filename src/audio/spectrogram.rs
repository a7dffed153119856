//! The options of `audio::spectrogram` and `audio::mel_spectrogram`.

use super::mel::MelScale;
use super::{Window, ranges};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

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
