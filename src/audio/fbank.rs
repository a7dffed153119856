//! Mel filter banks in Kaldi's order of operations, equal to `torchaudio.compliance.kaldi.fbank`.

use super::fft::Spectrum;
use super::framing::{Frames, Kept};
use super::lanes::{LANES, Lanes, ln, vectorised, vectors, vectors_mut};
use super::mel::{Bank, Range};
use super::window::BLACKMAN;
use super::{Features, Window, ranges};
use crate::error::{Error, Result};
use crate::tensor::random::Stream;
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// No energy is below this (the spacing of f32 at 1), so silence has the logarithm −15.9424.
const FLOOR: f64 = f32::EPSILON as f64;

/// The options of `audio::fbank` that concern the filter bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FbankOptions {
    /// Mel bins.
    pub mels: usize,
    /// Length of a frame.
    pub frame_ms: f64,
    /// Distance of two frames.
    pub hop_ms: f64,
    /// What a frame is weighted with.
    pub window: Window,
    /// Coefficient of the Blackman window.
    pub blackman_coeff: f64,
    /// Where the lowest triangle begins.
    pub low_hz: f64,
    /// Where the highest triangle ends; 0 and less count from half the sample rate.
    pub high_hz: f64,
    /// How much of the sample before is taken off each sample.
    pub preemphasis: f64,
    /// Whether each frame's mean is taken off it.
    pub remove_dc: bool,
    /// Least points of the FFT.
    pub fft_points: usize,
    /// Whether a frame is padded to the next power of two.
    pub round_to_power_of_two: bool,
    /// Whether only frames that lie wholly within the clip count; else the clip is reflected at its ends.
    pub snip_edges: bool,
    /// Deviation of normal noise that is added to each sample of each frame.
    pub dither: f64,
    /// Whether power is summed, rather than magnitude.
    pub power: bool,
    /// Whether the logarithm is taken.
    pub log: bool,
    /// Whether each frame's log energy is one more bin.
    pub use_energy: bool,
    /// Whether that energy is taken before pre-emphasis and window.
    pub raw_energy: bool,
    /// Least energy; 0 for none.
    pub energy_floor: f64,
    /// Whether the energy comes last instead of first.
    pub htk_compat: bool,
    /// Whether each bin's mean over the clip is taken off it.
    pub subtract_mean: bool,
}

impl Default for FbankOptions {
    fn default() -> Self {
        FbankOptions {
            mels: 128,
            frame_ms: 25.0,
            hop_ms: 10.0,
            window: Window::Hanning,
            blackman_coeff: BLACKMAN,
            low_hz: 20.0,
            high_hz: 0.0,
            preemphasis: 0.97,
            remove_dc: true,
            fft_points: 0,
            round_to_power_of_two: true,
            snip_edges: true,
            dither: 0.0,
            power: true,
            log: true,
            use_energy: false,
            raw_energy: true,
            energy_floor: 1.0,
            htk_compat: false,
            subtract_mean: false,
        }
    }
}

impl FbankOptions {
    /// The bin that is the frame's energy, counted from 0, where there is one.
    pub fn energy_bin(&self) -> Option<usize> {
        let place = if self.htk_compat { self.mels } else { 0 };
        self.use_energy.then_some(place)
    }

    /// The names of its own options, as a recipe writes them.
    pub const NAMES: [&str; 20] = [
        "mels",
        "frame_ms",
        "hop_ms",
        "window",
        "blackman_coeff",
        "low_hz",
        "high_hz",
        "preemphasis",
        "remove_dc",
        "fft_points",
        "round_to_power_of_two",
        "snip_edges",
        "dither",
        "power",
        "log",
        "use_energy",
        "raw_energy",
        "energy_floor",
        "htk_compat",
        "subtract_mean",
    ];

    /// Refuses what makes no sense whatever the sample rate; errors name `operation`.
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        ranges::whole(operation, "mels", self.mels, 1, 4096)?;
        ranges::length_ms(operation, "frame_ms", self.frame_ms)?;
        ranges::length_ms(operation, "hop_ms", self.hop_ms)?;
        ranges::number(operation, "blackman_coeff", self.blackman_coeff, 0.0, 1.0)?;
        ranges::number(operation, "preemphasis", self.preemphasis, 0.0, 1.0)?;
        ranges::number(operation, "dither", self.dither, 0.0, 1e6)?;
        ranges::number(operation, "energy_floor", self.energy_floor, 0.0, 1e12)?;
        ranges::band(operation, self.low_hz, self.high_hz)?;
        ranges::whole(operation, "fft_points", self.fft_points, 0, ranges::MOST_POINTS)
    }
}

/// A filter bank planned for one sample rate; cheap to clone, and usable from many threads.
#[derive(Clone)]
pub(super) struct Fbank {
    options: FbankOptions,
    frame: usize,
    hop: usize,
    window: Arc<[f32]>,
    bank: Arc<Bank>,
    spectrum: Spectrum,
}

impl Fbank {
    /// Plans the FFT and the triangles for clips of `rate_hz`.
    pub(super) fn new(operation: &str, options: FbankOptions, rate_hz: u32) -> Result<Self> {
        options.check(operation)?;
        let rate = f64::from(rate_hz);
        // Truncated, as torchaudio does it.
        let samples = |ms: f64| (rate * ms * 0.001) as usize;
        let (frame, hop) = (samples(options.frame_ms), samples(options.hop_ms));
        ranges::frame(operation, [options.frame_ms, options.hop_ms], [frame, hop], rate_hz)?;
        let [low_hz, high_hz] = ranges::fitting(operation, options.low_hz, options.high_hz, rate)?;
        if options.fft_points > 0 && options.fft_points < frame {
            let wanted = format!("{frame} or more, which a frame has (0: as many)");
            return Err(Error::out_of_range(operation, "fft_points", wanted, options.fft_points));
        }
        let least = frame.max(options.fft_points);
        let points = if options.round_to_power_of_two { least.next_power_of_two() } else { least };
        ranges::points(operation, points)?;
        let range = Range { mels: options.mels, points, rate_hz: rate, low_hz, high_hz };
        Ok(Fbank {
            frame,
            hop,
            window: options.window.single(frame, options.blackman_coeff).into(),
            bank: Arc::new(Bank::kaldi(range)),
            spectrum: Spectrum::new(points),
            options,
        })
    }

    pub(super) fn options(&self) -> &FbankOptions {
        &self.options
    }

    /// Samples of a frame.
    pub(super) fn frame(&self) -> usize {
        self.frame
    }

    /// Samples between two frames.
    pub(super) fn hop(&self) -> usize {
        self.hop
    }

    pub(super) fn window(&self) -> &[f32] {
        &self.window
    }

    pub(super) fn bank(&self) -> &Bank {
        &self.bank
    }

    /// Points of the FFT.
    pub(super) fn points(&self) -> usize {
        self.spectrum.points()
    }

    pub(super) fn bins(&self) -> usize {
        self.options.mels + usize::from(self.options.use_energy)
    }

    pub(super) fn frames_of(&self, samples: usize) -> usize {
        match self.options.snip_edges {
            true => samples.checked_sub(self.frame).map_or(0, |rest| 1 + rest / self.hop),
            false => (samples + self.hop / 2) / self.hop,
        }
    }

    /// The least samples that make a frame.
    pub(super) fn least(&self) -> usize {
        if self.options.snip_edges { self.frame } else { self.hop.div_ceil(2) }
    }

    /// The features of samples that make one frame at least.
    pub(super) fn compute(&self, values: &[f32], random: Option<&mut Stream>) -> Features {
        let count = self.frames_of(values.len());
        let reflected = (!self.options.snip_edges).then(|| self.reflected(values, count));
        let values = reflected.as_deref().unwrap_or(values);
        let frames = Frames { values, length: self.frame, hop: self.hop, count };
        let mut kept = Kept::new(count, self.bins());
        let dither = (self.options.dither > 0.0).then_some(self.options.dither as f32).zip(random);
        vectorised(Work { fbank: self, frames: &frames, dither, kept: &mut kept });
        let mut features = kept.done();
        if self.options.subtract_mean {
            features.subtract_mean();
        }
        features
    }

    /// The clip between reflections of itself: sample −1 is sample 0, as Kaldi has it.
    fn reflected(&self, values: &[f32], frames: usize) -> Vec<f32> {
        let first = (self.hop / 2) as i64 - (self.frame / 2) as i64;
        let length = frames.saturating_sub(1) * self.hop + self.frame;
        let period = 2 * values.len().max(1) as i64;
        let at = |index: i64| {
            let folded = (first + index).rem_euclid(period);
            let folded = if folded >= period / 2 { period - 1 - folded } else { folded };
            values.get(folded as usize).copied().unwrap_or(0.0)
        };
        (0..length as i64).map(at).collect()
    }
}

/// The frames of a clip on their way through a filter bank.
struct Work<'a> {
    fbank: &'a Fbank,
    frames: &'a Frames<'a>,
    dither: Option<(f32, &'a mut Stream)>,
    kept: &'a mut Kept,
}

impl WithSimd for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Work { fbank, frames, mut dither, kept } = self;
        let options = &fbank.options;
        let mut block = vec![[0.0f32; LANES]; fbank.frame];
        let mut scratch = fbank.spectrum.scratch();
        let mut power = vec![Lanes::default(); fbank.spectrum.bins()];
        let mut sums = vec![Lanes::default(); options.mels];
        let energy_at = options.energy_bin();
        let mel_at = usize::from(energy_at == Some(0));
        for start in (0..frames.count).step_by(LANES) {
            frames.take(start, &mut block);
            if let Some((deviation, random)) = &mut dither {
                frames.dither(start, &mut block, *deviation, random);
            }
            if options.remove_dc {
                centre(simd, &mut block, &mut scratch.samples);
            }
            let raw = energy_at.filter(|_| options.raw_energy).map(|_| fbank.energy(&block));
            fbank.emphasise(&block, &mut scratch.samples);
            let energy = raw.or_else(|| energy_at.map(|_| fbank.energy_of(&scratch.samples)));
            fbank.spectrum.power(simd, &mut scratch, &mut power);
            if !options.power {
                power.as_flattened_mut().iter_mut().for_each(|bin| *bin = bin.sqrt());
            }
            fbank.bank.apply(simd, &power, &mut sums);
            if options.log {
                sums.as_flattened_mut().iter_mut().for_each(
                    #[inline(always)]
                    |sum| *sum = ln(sum.max(FLOOR)),
                );
            }
            kept.set(mel_at, &sums);
            if let Some((place, energy)) = energy_at.zip(energy) {
                kept.set(place, &[energy]);
            }
            kept.store(start);
        }
    }
}

impl Fbank {
    /// Log energy of each frame.
    fn energy(&self, block: &[[f32; LANES]]) -> Lanes {
        let wide: Vec<Lanes> = block.iter().map(|values| values.map(f64::from)).collect();
        self.energy_of(&wide)
    }

    fn energy_of(&self, samples: &[Lanes]) -> Lanes {
        let mut sums = Lanes::default();
        for values in samples {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value * value;
            }
        }
        let floor = self.options.energy_floor;
        let least = if floor > 0.0 { libm::log(floor) } else { f64::NEG_INFINITY };
        sums.map(|sum| ln(sum.max(FLOOR)).max(least))
    }

    /// Pre-emphasis, window and the padding with zeros. Rounded to single precision after every step as torchaudio does
    /// it; only what follows is double.
    #[inline(always)]
    fn emphasise(&self, block: &[[f32; LANES]], samples: &mut [Lanes]) {
        let factor = self.options.preemphasis as f32;
        let (ours, padding) = samples.split_at_mut(block.len());
        if let ([first, ..], [weight, ..], [place, ..]) = (block, &*self.window, &mut *ours) {
            // The sample before the first one is taken to be equal to it.
            *place = weighted(first, first, factor, *weight);
        }
        let later = ours.iter_mut().skip(1).zip(self.window.iter().skip(1));
        for ((place, weight), pair) in later.zip(block.windows(2)) {
            *place = weighted(&pair[1], &pair[0], factor, *weight);
        }
        padding.fill(Lanes::default());
    }
}

/// A sample of each frame, less some of the one before, times its weight.
#[inline(always)]
fn weighted(own: &[f32; LANES], before: &[f32; LANES], factor: f32, weight: f32) -> Lanes {
    let [a, b, c, d] = *own;
    let [e, f, g, h] = *before;
    [
        f64::from((a - factor * e) * weight),
        f64::from((b - factor * f) * weight),
        f64::from((c - factor * g) * weight),
        f64::from((d - factor * h) * weight),
    ]
}

/// Takes each frame's mean off it; `wide` has room for the frames.
#[inline(always)]
fn centre<S: Simd>(simd: S, block: &mut [[f32; LANES]], wide: &mut [Lanes]) {
    for (place, values) in wide.iter_mut().zip(block.iter()) {
        *place = values.map(f64::from);
    }
    // Four sums at a time, since each addition waits for the one before.
    let mut sums = [simd.splat_f64s(0.0); 4];
    let (fours, rest) = vectors::<S>(&wide[..block.len()]).as_chunks::<4>();
    for four in fours {
        for (sum, value) in sums.iter_mut().zip(four) {
            *sum = simd.add_f64s(*sum, *value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum = simd.add_f64s(*sum, *value);
    }
    let [a, b, c, d] = sums;
    let mut total = [Lanes::default()];
    vectors_mut::<S>(&mut total)[0] = simd.add_f64s(simd.add_f64s(a, b), simd.add_f64s(c, d));
    let count = block.len().max(1) as f64;
    let means = total[0].map(|sum| (sum / count) as f32);
    for values in block.iter_mut() {
        for (value, mean) in values.iter_mut().zip(means) {
            *value -= mean;
        }
    }
}
