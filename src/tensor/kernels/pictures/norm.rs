//! Normalisation of channels, and what follows it. A channel is one thread's: its numbers are read from memory once and are
//! in the cache when they are needed again. Sums are in double precision, in the order of the images.

use super::super::activation::{Activate, Hardswish, Nothing, Relu, Silu};
use super::super::lanes::{Once, Twice, rounds_once};
use super::super::vectors::{Fresh, fresh, vectorised_loops};
use super::NormOptions;
use super::after::After;
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Sums that are taken side by side, so that the compiler may use vectors; their number is fixed, so the result is.
const LANES: usize = 16;

/// The lengths of `[batch, channel, …]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    pub batch: usize,
    pub channels: usize,
    /// Values of one channel of one image.
    pub plane: usize,
}

impl Planes {
    pub(super) fn new(shape: &[usize]) -> Self {
        Planes { batch: shape[0], channels: shape[1], plane: shape[2..].iter().product() }
    }

    /// Values of each channel.
    fn count(&self) -> f64 {
        (self.batch * self.plane) as f64
    }

    /// Values of all channels.
    fn all(&self) -> usize {
        self.batch * self.channels * self.plane
    }

    /// Where the planes of one channel begin, image after image.
    fn starts(&self, channel: usize) -> impl Iterator<Item = usize> + use<> {
        let (channels, plane) = (self.channels, self.plane);
        (0..self.batch).map(move |image| (image * channels + channel) * plane)
    }

    fn each<T: Send>(&self, act: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        (0..self.channels).into_par_iter().map(act).collect()
    }
}

/// Two sums over the elements of two rows. By value, so that they stay in registers.
#[inline(always)]
fn sums(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> [f64; 2]) -> [f64; 2] {
    let mut sums = [[0.0f64; LANES]; 2];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            let [first, second] = term(left[lane], right[lane]);
            sums[0][lane] += first;
            sums[1][lane] += second;
        }
    }
    let mut all = sums.map(|lanes| lanes.iter().sum::<f64>());
    for (left, right) in left_rest.iter().zip(right_rest) {
        let [first, second] = term(*left, *right);
        all[0] += first;
        all[1] += second;
    }
    all
}

/// Mean and biased variance of one channel, in one pass: of the distances to its first number, so that little is lost.
#[inline(always)]
fn moments(planes: &Planes, channel: usize, input: &[f32]) -> [f32; 2] {
    let Some(first) = planes.starts(channel).next().and_then(|start| input.get(start)) else {
        return [0.0, 0.0];
    };
    let first = f64::from(*first);
    let mut all = [0.0; 2];
    for start in planes.starts(channel) {
        let row = &input[start..start + planes.plane];
        let [sum, squares] = sums(
            row,
            row,
            #[inline(always)]
            |value, _| {
                let distance = f64::from(value) - first;
                [distance, distance * distance]
            },
        );
        all[0] += sum;
        all[1] += squares;
    }
    let [mean, squares] = all.map(|sum| sum / planes.count());
    // Not max, which would hide what is no number.
    let variance = squares - mean * mean;
    let variance = if variance < 0.0 { 0.0 } else { variance };
    [(first + mean) as f32, variance as f32]
}

/// All first numbers of pairs, then all second ones.
fn columns(pairs: &[[f32; 2]]) -> Vec<f32> {
    pairs.iter().map(|pair| pair[0]).chain(pairs.iter().map(|pair| pair[1])).collect()
}

/// Mean and biased variance of each channel: all means, then all variances.
pub(super) fn statistics(planes: &Planes, input: &[f32]) -> Vec<f32> {
    columns(&planes.each(|channel| {
        vectorised_loops(
            #[inline(always)]
            || moments(planes, channel, input),
        )
    }))
}

/// What one channel is normalised with.
#[derive(Clone, Copy)]
struct Norm {
    mean: f32,
    /// 1 / √(variance + eps).
    inverse: f32,
    /// The inverse times the scale.
    factor: f32,
    shift: f32,
}

impl Norm {
    fn new([mean, variance]: [f32; 2], eps: f64, scale: f32, shift: f32) -> Self {
        let inverse = (1.0 / (f64::from(variance) + eps).sqrt()) as f32;
        Norm { mean, inverse, factor: inverse * scale, shift }
    }

    #[inline(always)]
    fn of(&self, value: f32) -> f32 {
        (value - self.mean) * self.factor + self.shift
    }

    #[inline(always)]
    fn write<A: Activate>(&self, input: &[f32], output: &mut [MaybeUninit<f32>]) {
        for (to, value) in output.iter_mut().zip(input) {
            to.write(A::value(self.of(*value)));
        }
    }
}

/// Scale and shift of the channels, what is added to the variance, and what follows.
pub(super) struct Settings<'a> {
    scale: &'a [f32],
    shift: &'a [f32],
    eps: f64,
    after: After,
}

impl<'a> Settings<'a> {
    pub(super) fn new(scale: &'a [f32], shift: &'a [f32], options: NormOptions) -> Self {
        let NormOptions { eps, after, .. } = options;
        Settings { scale, shift, eps, after }
    }

    fn norm(&self, channel: usize, moments: [f32; 2]) -> Norm {
        Norm::new(moments, self.eps, self.scale[channel], self.shift[channel])
    }
}

/// Calls a function for the activation that follows.
macro_rules! by_activation {
    ($after:expr, $function:ident($($argument:expr),*)) => {
        match $after {
            After::Nothing => $function::<Nothing>($($argument),*),
            After::Relu => $function::<Relu>($($argument),*),
            After::Silu if rounds_once() => $function::<Silu<Once>>($($argument),*),
            After::Silu => $function::<Silu<Twice>>($($argument),*),
            After::Hardswish => $function::<Hardswish>($($argument),*),
        }
    };
}

/// The normalised input, with given statistics: all means, then all variances. Without them the input's own are taken,
/// and given, too.
pub(super) fn normalise(
    planes: &Planes,
    settings: &Settings,
    statistics: Option<&[f32]>,
    input: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    by_activation!(settings.after, normalised(planes, settings, statistics, input))
}

fn normalised<A: Activate>(
    planes: &Planes,
    settings: &Settings,
    statistics: Option<&[f32]>,
    input: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let mut pairs = Vec::new();
    // SAFETY: the planes of all channels are all of the output, and each is written.
    let output = unsafe {
        fresh(planes.all(), |target| {
            pairs = planes.each(|channel| {
                vectorised_loops(
                    #[inline(always)]
                    || {
                        let own = match statistics {
                            Some(all) => [all[channel], all[planes.channels + channel]],
                            None => moments(planes, channel, input),
                        };
                        let norm = settings.norm(channel, own);
                        for start in planes.starts(channel) {
                            // The planes of a channel are this task's own.
                            let output = target.space(start, planes.plane);
                            norm.write::<A>(&input[start..start + planes.plane], output);
                        }
                        own
                    },
                )
            });
        })
    };
    (output, columns(&pairs))
}

/// The gradients of one normalisation.
pub(super) struct NormGradients {
    pub input: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

/// Gradients, with the statistics a function of the input where `own`.
pub(super) fn gradients(
    planes: &Planes,
    settings: &Settings,
    statistics: &[f32],
    (input, gradient): (&[f32], &[f32]),
    own: bool,
) -> NormGradients {
    let both = (input, gradient);
    by_activation!(settings.after, all_gradients(planes, settings, statistics, both, own))
}

fn all_gradients<A: Activate>(
    planes: &Planes,
    settings: &Settings,
    statistics: &[f32],
    both: (&[f32], &[f32]),
    own: bool,
) -> NormGradients {
    let mut pairs = Vec::new();
    // SAFETY: the planes of all channels are all of the gradient, and each is written.
    let input = unsafe {
        fresh(planes.all(), |target| {
            pairs = planes.each(|channel| {
                let moments = [statistics[channel], statistics[planes.channels + channel]];
                let norm = settings.norm(channel, moments);
                vectorised_loops(
                    #[inline(always)]
                    || channel_gradients::<A>(planes, channel, &norm, both, own, target),
                )
            });
        })
    };
    NormGradients {
        input,
        shift: pairs.iter().map(|pair| pair[0]).collect(),
        scale: pairs.iter().map(|pair| pair[1]).collect(),
    }
}

/// Writes the gradient of one channel's input, and gives those of shift and scale.
#[inline(always)]
fn channel_gradients<A: Activate>(
    planes: &Planes,
    channel: usize,
    norm: &Norm,
    (input, gradient): (&[f32], &[f32]),
    own: bool,
    target: &Fresh,
) -> [f32; 2] {
    let mean = f64::from(norm.mean);
    let mut all = [0.0; 2];
    for start in planes.starts(channel) {
        let (input, gradient) =
            (&input[start..start + planes.plane], &gradient[start..start + planes.plane]);
        // SAFETY: the planes of a channel are this task's own.
        let to = unsafe { target.space(start, planes.plane) };
        // The gradient of what was normalised stands where that of the input will.
        for ((to, gradient), value) in to.iter_mut().zip(gradient).zip(input) {
            to.write(gradient * A::slope(norm.of(*value)));
        }
        // SAFETY: all of it was just written.
        let inner = unsafe { to.assume_init_ref() };
        let [shift, scale] = sums(
            inner,
            input,
            #[inline(always)]
            |gradient, value| {
                let gradient = f64::from(gradient);
                [gradient, gradient * (f64::from(value) - mean)]
            },
        );
        all[0] += shift;
        all[1] += scale;
    }
    let [shift, scale] = [all[0], all[1] * f64::from(norm.inverse)];
    let [level, tilt] = match own {
        true => [shift, scale].map(|sum| (sum / planes.count()) as f32),
        false => [0.0, 0.0],
    };
    let tilt = tilt * norm.inverse;
    for start in planes.starts(channel) {
        let input = &input[start..start + planes.plane];
        // SAFETY: the planes of a channel are this task's own, and were written above.
        let to = unsafe { target.space(start, planes.plane).assume_init_mut() };
        for (to, value) in to.iter_mut().zip(input) {
            *to = norm.factor * (*to - level - (value - norm.mean) * tilt);
        }
    }
    [shift as f32, scale as f32]
}
