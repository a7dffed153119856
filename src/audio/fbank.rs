//! Log-mel filter banks in Kaldi's order of operations, equal to `torchaudio.compliance.kaldi.fbank`.

use super::mel::{Triangle, bank};
use super::{Features, Samples, Window};
use crate::error::{Error, Kind, Result};
use realfft::{RealFftPlanner, RealToComplex};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// No energy is below this (the spacing of f32 at 1), so silence has the logarithm −15.9424.
const FLOOR: f64 = f32::EPSILON as f64;

/// The options of `audio::fbank` that concern the filter bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FbankOptions {
    /// Mel bins.
    pub mels: usize,
    /// Length of a frame.
    pub frame_ms: f64,
    /// Distance of two frames.
    pub hop_ms: f64,
    /// What a frame is weighted with.
    pub window: Window,
    /// Where the lowest triangle begins.
    pub low_hz: f64,
    /// Where the highest triangle ends; 0 is half the sample rate.
    pub high_hz: f64,
    /// How much of the sample before is taken off each sample.
    pub preemphasis: f64,
    /// Least points of the FFT; a frame is padded to the next power of two in any case.
    pub fft_points: usize,
}

impl Default for FbankOptions {
    fn default() -> Self {
        FbankOptions {
            mels: 128,
            frame_ms: 25.0,
            hop_ms: 10.0,
            window: Window::Hanning,
            low_hz: 20.0,
            high_hz: 0.0,
            preemphasis: 0.97,
            fft_points: 0,
        }
    }
}

impl FbankOptions {
    /// The names of all options, as a recipe writes them.
    pub const NAMES: [&str; 8] =
        ["mels", "frame_ms", "hop_ms", "window", "low_hz", "high_hz", "preemphasis", "fft_points"];

    /// Refuses what makes no sense whatever the sample rate.
    pub fn check(&self) -> Result<()> {
        let ms = |value: f64| value > 0.0 && value <= 60_000.0;
        let rules = [
            ("mels", self.mels as f64, (1..=4096).contains(&self.mels), "1 to 4096"),
            ("frame_ms", self.frame_ms, ms(self.frame_ms), "more than 0, 60000 at most"),
            ("hop_ms", self.hop_ms, ms(self.hop_ms), "more than 0, 60000 at most"),
            ("low_hz", self.low_hz, self.low_hz >= 0.0, "0 or more"),
            ("high_hz", self.high_hz, self.high_hz >= 0.0, "0 (half the sample rate) or more"),
            ("preemphasis", self.preemphasis, (0.0..=1.0).contains(&self.preemphasis), "0 to 1"),
            ("fft_points", self.fft_points as f64, self.fft_points <= 1 << 20, "1048576 at most"),
        ];
        match rules.into_iter().find(|(_, value, good, _)| !good || !value.is_finite()) {
            None => Ok(()),
            Some((name, value, _, wanted)) => Err(out_of_range(name, wanted, value)),
        }
    }
}

fn out_of_range(name: &str, wanted: impl Into<String>, value: f64) -> Error {
    Error::new(Kind::Range, "audio::fbank", format!("'{name}' is out of range"))
        .expected(wanted)
        .received(value.to_string())
}

/// A filter bank planned for one sample rate; cheap to clone, and usable from many threads.
#[derive(Clone)]
pub struct Fbank {
    options: FbankOptions,
    rate_hz: u32,
    frame: usize,
    hop: usize,
    window: Arc<[f32]>,
    triangles: Arc<[Triangle]>,
    fft: Arc<dyn RealToComplex<f64>>,
}

impl Fbank {
    /// Plans the FFT and the triangles for clips of `rate_hz`.
    ///
    /// # Errors
    /// Options that make no sense, alone or at this rate.
    pub fn new(options: FbankOptions, rate_hz: u32) -> Result<Self> {
        options.check()?;
        let rate = f64::from(rate_hz);
        // Truncated, as torchaudio does it.
        let samples = |ms: f64| (rate * ms * 0.001) as usize;
        let (frame, hop) = (samples(options.frame_ms), samples(options.hop_ms));
        if frame < 2 {
            return Err(out_of_range(
                "frame_ms",
                format!("2 samples at {rate_hz} Hz"),
                options.frame_ms,
            ));
        }
        if hop == 0 {
            return Err(out_of_range(
                "hop_ms",
                format!("a sample at {rate_hz} Hz"),
                options.hop_ms,
            ));
        }
        let half = rate / 2.0;
        let high_hz = if options.high_hz > 0.0 { options.high_hz } else { half };
        if high_hz > half || options.low_hz >= high_hz {
            return Err(Error::new(
                Kind::Range,
                "audio::fbank",
                "'low_hz' and 'high_hz' do not fit the sample rate",
            )
            .expected(format!("low_hz below high_hz, and that at most {half} Hz"))
            .received(format!("{} to {high_hz} Hz", options.low_hz)));
        }
        let points = frame.max(options.fft_points).next_power_of_two();
        Ok(Fbank {
            rate_hz,
            frame,
            hop,
            window: options.window.weights(frame).into(),
            triangles: bank(options.mels, points, rate, options.low_hz, high_hz).into(),
            fft: RealFftPlanner::new().plan_fft_forward(points),
            options,
        })
    }

    /// Its options.
    pub fn options(&self) -> &FbankOptions {
        &self.options
    }

    /// Whole frames in so many samples.
    pub fn frames_of(&self, samples: usize) -> usize {
        samples.checked_sub(self.frame).map_or(0, |rest| 1 + rest / self.hop)
    }

    /// The log-mel features of a clip, before padding and normalisation.
    ///
    /// # Errors
    /// Another sample rate, or a clip that is shorter than a frame.
    pub fn compute(&self, samples: &Samples) -> Result<Features> {
        if samples.rate_hz != self.rate_hz {
            return Err(Error::new(Kind::Data, "audio::fbank", "the sample rate differs")
                .expected(format!("{} Hz", self.rate_hz))
                .received(format!("{} Hz", samples.rate_hz)));
        }
        let frames = self.frames_of(samples.values.len());
        if frames == 0 {
            return Err(Error::new(Kind::Data, "audio::fbank", "the clip is shorter than a frame")
                .expected(format!("{} samples ({} ms)", self.frame, self.options.frame_ms))
                .received(format!("{} samples", samples.values.len())));
        }
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = vec![0.0f64; spectrum.len()];
        let mut values = Vec::with_capacity(frames * self.options.mels);
        for start in (0..frames).map(|index| index * self.hop) {
            let frame = samples.values.get(start..start + self.frame).unwrap_or_default();
            self.fill(&mut input, frame);
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .map_err(|cause| Error::new(Kind::Internal, "audio::fbank", cause.to_string()))?;
            for (bin, value) in power.iter_mut().zip(&spectrum) {
                *bin = value.norm_sqr();
            }
            // A NaN would pass for silence below.
            if !power.iter().all(|bin| bin.is_finite()) {
                return Err(Error::new(Kind::Data, "audio::fbank", "the samples are too large")
                    .expected("samples within -1 to 1"));
            }
            let bins = self
                .triangles
                .iter()
                .map(|triangle| libm::log(triangle.energy(&power).max(FLOOR)) as f32);
            values.extend(bins);
        }
        Ok(Features { frames, bins: self.options.mels, values })
    }

    /// Less its mean, pre-emphasised, windowed, padded with zeros: Kaldi's order. Rounded to single
    /// precision after every step, as torchaudio does; only what follows is double.
    fn fill(&self, input: &mut [f64], frame: &[f32]) {
        let sum: f64 = frame.iter().map(|v| f64::from(*v)).sum();
        let mean = (sum / frame.len().max(1) as f64) as f32;
        let factor = self.options.preemphasis as f32;
        // The sample before the first one is taken to be equal to it.
        let mut before = frame.first().map_or(0.0, |v| v - mean);
        let weighted = frame.iter().zip(self.window.iter());
        for (place, (value, weight)) in input.iter_mut().zip(weighted) {
            let centred = value - mean;
            *place = f64::from((centred - factor * before) * weight);
            before = centred;
        }
        for place in input.iter_mut().skip(frame.len()) {
            *place = 0.0;
        }
    }
}
