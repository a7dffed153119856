//! Short-time spectra as PyTorch and librosa make them, with or without a mel filter bank: `audio::spectrogram` and
//! `audio::mel_spectrogram`.

use super::fft::Spectrum;
use super::framing::{Frames, Kept};
use super::lanes::{LANES, Lanes, ln, vectorised};
use super::mel::{Bank, Range};
use super::spectrogram::{MelOptions, Norm, Padding, Scaling, SpectrogramOptions};
use super::{Features, ranges};
use crate::error::{Error, Result};
use pulp::{Simd, WithSimd};
use std::borrow::Cow;
use std::f64::consts::LN_10;
use std::sync::Arc;

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
            return Err(Error::out_of_range(
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

    pub(super) fn options(&self) -> &SpectrogramOptions {
        &self.options
    }

    /// Samples between two frames.
    pub(super) fn hop(&self) -> usize {
        self.hop
    }

    pub(super) fn window(&self) -> &[f64] {
        &self.window
    }

    pub(super) fn bank(&self) -> Option<&Bank> {
        self.bank.as_deref()
    }

    /// Points of the FFT.
    pub(super) fn points(&self) -> usize {
        self.spectrum.points()
    }

    pub(super) fn bins(&self) -> usize {
        self.bank.as_ref().map_or(self.spectrum.bins(), |bank| bank.len())
    }

    /// Samples around the clip at each end.
    pub(super) fn around(&self) -> usize {
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
