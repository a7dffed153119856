//! Normalisation of channels: sums in double precision, in the order of the images, one thread a channel.

use rayon::prelude::*;

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

    /// The planes of one channel, image after image.
    fn of<'a>(&self, channel: usize, values: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        let (channels, plane) = (self.channels, self.plane);
        let start = move |image: usize| (image * channels + channel) * plane;
        (0..self.batch).map(move |image| &values[start(image)..start(image) + plane])
    }

    fn each<T: Send>(&self, act: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        (0..self.channels).into_par_iter().map(act).collect()
    }
}

/// The sum of `term` over two rows. Eight sums side by side, so that the compiler may use vectors; their
/// number is fixed, so the result is.
fn sum(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0f64; LANES];
    let (left_blocks, right_blocks) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let rest = left_blocks.remainder().iter().zip(right_blocks.remainder());
    let rest: f64 = rest.map(|(a, b)| term(*a, *b)).sum();
    for (a, b) in left_blocks.zip(right_blocks) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Mean and biased variance of each channel: all means, then all variances.
pub(super) fn statistics(planes: &Planes, input: &[f32]) -> Vec<f32> {
    let count = planes.count();
    let pairs = planes.each(|channel| {
        let total: f64 =
            planes.of(channel, input).map(|row| sum(row, row, |v, _| f64::from(v))).sum();
        let mean = total / count;
        let square = |v: f32, _| (f64::from(v) - mean) * (f64::from(v) - mean);
        let squares: f64 = planes.of(channel, input).map(|row| sum(row, row, square)).sum();
        (mean as f32, (squares / count) as f32)
    });
    pairs.iter().map(|pair| pair.0).chain(pairs.iter().map(|pair| pair.1)).collect()
}

/// What each channel is normalised with.
pub(super) struct Norm {
    mean: Vec<f32>,
    /// 1 / √(variance + eps).
    inverse: Vec<f32>,
    scale: Vec<f32>,
}

impl Norm {
    /// `statistics` are all means, then all variances.
    pub(super) fn new(scale: &[f32], statistics: &[f32], eps: f64) -> Self {
        let (mean, variance) = statistics.split_at(scale.len());
        let inverse = variance.iter().map(|v| (1.0 / (f64::from(*v) + eps).sqrt()) as f32);
        Norm { mean: mean.to_vec(), inverse: inverse.collect(), scale: scale.to_vec() }
    }
}

/// (input − mean) · inverse · scale + shift.
pub(super) fn normalise(planes: &Planes, norm: &Norm, input: &[f32], shift: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    let plane = planes.plane.max(1);
    let pairs = output.par_chunks_mut(plane).zip(input.par_chunks(plane)).enumerate();
    pairs.for_each(|(index, (output, input))| {
        let channel = index % planes.channels;
        let (mean, shift) = (norm.mean[channel], shift[channel]);
        let factor = norm.inverse[channel] * norm.scale[channel];
        let places = output.iter_mut().zip(input);
        places.for_each(|(to, value)| *to = (value - mean) * factor + shift);
    });
    output
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
    norm: &Norm,
    input: &[f32],
    gradient: &[f32],
    own: bool,
) -> NormGradients {
    let sums = planes.each(|channel| {
        let (mean, inverse) = (f64::from(norm.mean[channel]), f64::from(norm.inverse[channel]));
        let rows = || planes.of(channel, gradient).zip(planes.of(channel, input));
        let shift: f64 = rows().map(|(g, _)| sum(g, g, |g, _| f64::from(g))).sum();
        let along = |g: f32, v: f32| f64::from(g) * (f64::from(v) - mean);
        let scale: f64 = rows().map(|(g, v)| sum(g, v, along)).sum();
        (shift, scale * inverse)
    });
    let mut made = vec![0.0; input.len()];
    let plane = planes.plane.max(1);
    let rows = made.par_chunks_mut(plane).zip(gradient.par_chunks(plane));
    rows.zip(input.par_chunks(plane)).enumerate().for_each(|(index, ((made, gradient), input))| {
        let channel = index % planes.channels;
        let (mean, inverse) = (norm.mean[channel], norm.inverse[channel]);
        let factor = inverse * norm.scale[channel];
        let (shift, scale) = match own {
            true => (sums[channel].0 / planes.count(), sums[channel].1 / planes.count()),
            false => (0.0, 0.0),
        };
        let (shift, slope) = (shift as f32, scale as f32 * inverse);
        let values = made.iter_mut().zip(gradient).zip(input);
        values.for_each(|((to, g), v)| *to = factor * (g - shift - (v - mean) * slope));
    });
    NormGradients {
        input: made,
        shift: sums.iter().map(|pair| pair.0 as f32).collect(),
        scale: sums.iter().map(|pair| pair.1 as f32).collect(),
    }
}
