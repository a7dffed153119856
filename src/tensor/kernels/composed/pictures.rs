//! The operations on the channels of pictures.

use super::Numbers;
use super::rows::{curve, slope};
use crate::tensor::kernels::pictures::{After, NormOptions};
use crate::tensor::kernels::rows::Curve;
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

/// All dimensions but that of the channels.
fn others(rank: usize) -> impl Iterator<Item = usize> {
    (0..rank).filter(|axis| *axis != 1)
}

fn followed<B: Backend>(x: Numbers<B>, after: After) -> Numbers<B> {
    match curve_of(after) {
        Some(kind) => Numbers(curve::<B>(x.0, kind)),
        None => x,
    }
}

fn curve_of(after: After) -> Option<Curve> {
    match after {
        After::Nothing => None,
        After::Relu => Some(Curve::Relu),
        After::Silu => Some(Curve::Silu),
        After::Hardswish => Some(Curve::HardSwish),
    }
}

pub fn channel_statistics<B: Backend>(input: FloatTensor<B>) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let shape = x.shape();
    let (rank, channels) = (shape.len(), shape[1]);
    let count = shape.iter().product::<usize>() / channels.max(1);
    let mean = x.clone().sums(others(rank)) / count as f64;
    let variance = (x - mean.clone()).squared().sums(others(rank)) / count as f64;
    B::float_cat(vec![mean.reshape(&[1, channels]).0, variance.reshape(&[1, channels]).0], 0)
}

/// The normalised input, before scale and shift, and one over the deviation.
fn standard<B: Backend>(
    x: Numbers<B>,
    statistics: Numbers<B>,
    eps: f64,
) -> (Numbers<B>, Numbers<B>) {
    let rank = x.shape().len();
    let mean = statistics.clone().part(0, 0, 1).beside(1, rank);
    let variance = statistics.part(0, 1, 2).beside(1, rank);
    let steepness = Numbers(B::float_recip((variance + eps).sqrt().0));
    ((x - mean) * steepness.clone(), steepness)
}

pub fn channel_norm<B: Backend>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    statistics: FloatTensor<B>,
    options: NormOptions,
) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let rank = x.shape().len();
    let (normal, _) = standard(x, Numbers(statistics), options.eps);
    let made = normal * Numbers(scale).beside(1, rank) + Numbers(shift).beside(1, rank);
    followed(made, options.after).0
}

pub fn channel_norm_gradients<B: Backend>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    statistics: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: NormOptions,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let x = Numbers::<B>(input);
    let shape = x.shape();
    let (rank, channels) = (shape.len(), shape[1]);
    let count = (shape.iter().product::<usize>() / channels.max(1)) as f64;
    let (normal, steepness) = standard(x, Numbers(statistics), options.eps);
    let scale = Numbers::<B>(scale).beside(1, rank);
    let gradient = match curve_of(options.after) {
        Some(kind) => {
            let made = normal.clone() * scale.clone() + Numbers(shift).beside(1, rank);
            Numbers::<B>(gradient) * slope(made, kind)
        }
        None => Numbers(gradient),
    };
    let of_shift = gradient.clone().sums(others(rank));
    let of_scale = (gradient.clone() * normal.clone()).sums(others(rank));
    let inner = match options.own {
        true => gradient - of_shift.clone() / count - normal * (of_scale.clone() / count),
        false => gradient,
    };
    let of_input = inner * (scale * steepness);
    (of_input.0, of_scale.reshape(&[channels]).0, of_shift.reshape(&[channels]).0)
}

pub fn plane_means<B: Backend>(input: FloatTensor<B>) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let shape = x.shape();
    (x.sums([3, 2]) / (shape[2] * shape[3]) as f64).0
}

pub fn plane_spread<B: Backend>(means: FloatTensor<B>, size: [usize; 2]) -> FloatTensor<B> {
    let means = Numbers::<B>(means) / (size[0] * size[1]) as f64;
    let shape = means.shape();
    means.expand(&[shape[0], shape[1], size[0], size[1]]).0
}

pub fn block_means<B: Backend>(input: FloatTensor<B>, size: [usize; 2]) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let shape = x.shape();
    let [rows, columns] = [shape[2] / size[0], shape[3] / size[1]];
    let whole = x.part(2, 0, rows * size[0]).part(3, 0, columns * size[1]);
    let blocks = whole.reshape(&[shape[0] * shape[1], rows, size[0], columns, size[1]]);
    let made = blocks.sums([4, 2]) / (size[0] * size[1]) as f64;
    made.reshape(&[shape[0], shape[1], rows, columns]).0
}

pub fn block_spread<B: Backend>(
    means: FloatTensor<B>,
    size: [usize; 2],
    plane: [usize; 2],
) -> FloatTensor<B> {
    let means = Numbers::<B>(means) / (size[0] * size[1]) as f64;
    let shape = means.shape();
    let [images, rows, columns] = [shape[0] * shape[1], shape[2], shape[3]];
    let blocks = means
        .reshape(&[images, rows, 1, columns, 1])
        .expand(&[images, rows, size[0], columns, size[1]]);
    let [high, wide] = [rows * size[0], columns * size[1]];
    let covered = blocks.reshape(&[shape[0], shape[1], high, wide]);
    // What no whole block covers has a gradient of 0.
    let missing = [plane[0] - high, plane[1] - wide];
    covered.with_zeros(2, [0, missing[0]]).with_zeros(3, [0, missing[1]]).0
}

pub fn gated<B: Backend>(input: FloatTensor<B>, gates: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mul(input, gates)
}

pub fn gate_gradients<B: Backend>(
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    (Numbers::<B>(input) * Numbers(gradient)).sums([3, 2]).0
}
