//! Mel cepstra: the cosine transform of logarithmic mel features.

use super::fbank::{Fbank, FbankOptions};
use super::spectrogram::{MelOptions, Scaling};
use super::stft::Stft;
use super::{Features, Window, ranges};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, SQRT_2};
use std::sync::Arc;

/// The options of `audio::mfcc`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MfccOptions {
    /// Coefficients of each frame.
    pub coefficients: usize,
    /// How much higher coefficients are raised; 0: not at all.
    pub lifter: f64,
    /// What is transformed.
    #[serde(flatten)]
    pub style: MfccStyle,
}

/// What cepstra are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "style", rename_all = "snake_case")]
pub enum MfccStyle {
    /// As `torchaudio.compliance.kaldi.mfcc`.
    Kaldi(FbankOptions),
    /// As `librosa.feature.mfcc` and `torchaudio.transforms.MFCC`.
    Mel(MelOptions),
}

impl Default for MfccOptions {
    fn default() -> Self {
        MfccOptions::kaldi()
    }
}

impl MfccOptions {
    /// The names of its own options, as a recipe writes them.
    pub const NAMES: [&str; 2] = ["coefficients", "lifter"];

    /// Kaldi's, as they stand.
    pub fn kaldi() -> Self {
        let fbank = FbankOptions { mels: 23, window: Window::Povey, ..FbankOptions::default() };
        MfccOptions { coefficients: 13, lifter: 22.0, style: MfccStyle::Kaldi(fbank) }
    }

    /// librosa's, as they stand.
    pub fn librosa() -> Self {
        MfccOptions { coefficients: 20, lifter: 0.0, style: MfccStyle::Mel(MelOptions::librosa()) }
    }

    /// torchaudio's transform, as it stands.
    pub fn torchaudio() -> Self {
        let mut mel = MelOptions::torchaudio();
        mel.spectrum.top_db = 80.0;
        MfccOptions { coefficients: 40, lifter: 0.0, style: MfccStyle::Mel(mel) }
    }

    fn mels(&self) -> usize {
        match &self.style {
            MfccStyle::Kaldi(fbank) => fbank.mels,
            MfccStyle::Mel(mel) => mel.mels,
        }
    }

    pub(super) fn check(&self, operation: &str) -> Result<()> {
        match &self.style {
            MfccStyle::Kaldi(fbank) => fbank.check(operation)?,
            MfccStyle::Mel(mel) => mel.check(operation)?,
        }
        ranges::number(operation, "lifter", self.lifter, 0.0, 1e6)?;
        ranges::whole(operation, "coefficients", self.coefficients, 1, self.mels())?;
        let logarithmic = match &self.style {
            MfccStyle::Kaldi(fbank) => fbank.log && fbank.power,
            MfccStyle::Mel(mel) => mel.spectrum.scaling != Scaling::None,
        };
        if logarithmic {
            return Ok(());
        }
        Err(Error::new(Kind::Range, operation, "cepstra are made of logarithms of power")
            .expected("'log' and 'power' as they stand, 'scaling' \"ln\" or \"db\""))
    }
}

/// Cepstra planned for one sample rate.
#[derive(Clone)]
pub(super) struct Cepstrum {
    coefficients: usize,
    source: Source,
    /// `[coefficients, mels]`, liftered.
    transform: Arc<[f64]>,
}

#[derive(Clone)]
enum Source {
    Kaldi { fbank: Fbank, options: FbankOptions },
    Mel(Stft),
}

impl Cepstrum {
    pub(super) fn new(operation: &str, options: MfccOptions, rate: u32) -> Result<Self> {
        options.check(operation)?;
        let (count, mels) = (options.coefficients, options.mels());
        let kaldi = matches!(options.style, MfccStyle::Kaldi(_));
        let weight = |k: usize, m: usize| {
            let scale =
                if k == 0 { (1.0 / mels as f64).sqrt() } else { (2.0 / mels as f64).sqrt() };
            // Kaldi counts the coefficients from 0, librosa from 1.
            let place = if kaldi { k } else { k + 1 } as f64;
            let lift = match options.lifter > 0.0 {
                true => 1.0 + options.lifter / 2.0 * libm::sin(PI * place / options.lifter),
                false => 1.0,
            };
            lift * scale * libm::cos(PI / mels as f64 * (m as f64 + 0.5) * k as f64)
        };
        let weights = (0..count).flat_map(|k| (0..mels).map(move |m| (k, m)));
        let transform = weights.map(|(k, m)| weight(k, m)).collect();
        let source = match options.style {
            MfccStyle::Kaldi(own) => {
                // The mean is that of the cepstra.
                let plain = FbankOptions { subtract_mean: false, ..own.clone() };
                Source::Kaldi { fbank: Fbank::new(operation, plain, rate)?, options: own }
            }
            MfccStyle::Mel(own) => Source::Mel(Stft::mel(operation, own, rate)?),
        };
        Ok(Cepstrum { coefficients: count, source, transform })
    }

    pub(super) fn bins(&self) -> usize {
        self.coefficients
    }

    pub(super) fn frames_of(&self, samples: usize) -> usize {
        match &self.source {
            Source::Kaldi { fbank, .. } => fbank.frames_of(samples),
            Source::Mel(stft) => stft.frames_of(samples),
        }
    }

    pub(super) fn least(&self) -> usize {
        match &self.source {
            Source::Kaldi { fbank, .. } => fbank.least(),
            Source::Mel(stft) => stft.least(),
        }
    }

    pub(super) fn compute(&self, values: &[f32], random: Option<&mut Stream>) -> Features {
        let (logs, kaldi) = match &self.source {
            Source::Kaldi { fbank, options } => (fbank.compute(values, random), Some(options)),
            Source::Mel(stft) => (stft.compute(values), None),
        };
        let energy = kaldi.filter(|options| options.use_energy);
        let htk = kaldi.is_some_and(|options| options.htk_compat);
        let mut values = Vec::with_capacity(logs.frames * self.coefficients);
        for row in logs.values.chunks_exact(logs.bins.max(1)) {
            let (bins, energy) = match energy {
                None => (row, None),
                Some(_) if htk => (row, row.last()),
                Some(_) => (row.get(1..).unwrap_or_default(), row.first()),
            };
            let weights = self.transform.chunks_exact(self.transform.len() / self.coefficients);
            let from = values.len();
            values.extend(weights.map(|weights| {
                weights.iter().zip(bins).map(|(w, v)| w * f64::from(*v)).sum::<f64>() as f32
            }));
            if let Some(frame) = values.get_mut(from..) {
                if let (Some(first), Some(energy)) = (frame.first_mut(), energy) {
                    *first = *energy;
                }
                if htk {
                    frame.rotate_left(1);
                    if let (Some(last), None) = (frame.last_mut(), energy) {
                        *last = (f64::from(*last) * SQRT_2) as f32;
                    }
                }
            }
        }
        let mut features = Features { frames: logs.frames, bins: self.coefficients, values };
        if kaldi.is_some_and(|options| options.subtract_mean) {
            features.subtract_mean();
        }
        features
    }
}
