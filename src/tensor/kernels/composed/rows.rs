//! The operations on rows.

use super::{Numbers, half};
use crate::tensor::kernels::rows::{Curve, Softmax};
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

fn sigmoid<B: Backend>(x: Numbers<B>) -> Numbers<B> {
    Numbers(B::sigmoid(x.0))
}

pub fn curve<B: Backend>(input: FloatTensor<B>, curve: Curve) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let made = match curve {
        Curve::Relu => Numbers(B::relu(x.0)),
        Curve::Sigmoid => sigmoid(x),
        Curve::Silu => x.clone() * sigmoid(x),
        Curve::Gelu => x.clone() * normal(x),
        Curve::HardSwish => x.clone() * gate(x),
    };
    made.0
}

/// min(max(x + 3, 0), 6) / 6.
fn gate<B: Backend>(x: Numbers<B>) -> Numbers<B> {
    let (low, high) = (x.at_most(-3.0), x.at_least(3.0));
    ((x + 3.0) / 6.0).with(low, 0.0).with(high, 1.0)
}

/// Φ(x), the normal distribution.
fn normal<B: Backend>(x: Numbers<B>) -> Numbers<B> {
    (Numbers::<B>(B::float_erf((x * std::f64::consts::FRAC_1_SQRT_2).0)) + 1.0) * 0.5
}

/// The slope of `curve` at each number.
pub(super) fn slope<B: Backend>(x: Numbers<B>, curve: Curve) -> Numbers<B> {
    match curve {
        Curve::Relu => {
            let below = x.at_most(0.0);
            (x * 0.0 + 1.0).with(below, 0.0)
        }
        Curve::Sigmoid => {
            let share = sigmoid(x);
            share.clone() * (share.neg() + 1.0)
        }
        Curve::Silu => {
            let share = sigmoid(x.clone());
            share.clone() * (x * (share.neg() + 1.0) + 1.0)
        }
        Curve::Gelu => {
            // 1 / √(2π).
            const HEIGHT: f64 = 0.398_942_280_401_432_7;
            let bell = (x.clone().squared() * -0.5).exp() * HEIGHT;
            normal(x.clone()) + x * bell
        }
        Curve::HardSwish => {
            let (low, high) = (x.at_most(-3.0), x.at_least(3.0));
            (x / 3.0 + 0.5).with(low, 0.0).with(high, 1.0)
        }
    }
}

pub fn curve_gradient<B: Backend>(
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
    curve: Curve,
) -> FloatTensor<B> {
    let (x, gradient) = (Numbers::<B>(input), Numbers(gradient));
    if curve == Curve::Relu {
        // As PyTorch: nothing flows at 0, also where the gradient is infinite.
        let below = x.at_most(0.0);
        return gradient.with(below, 0.0).0;
    }
    (gradient * slope(x, curve)).0
}

/// Rows less their largest numbers, and the sums of their powers.
fn lowered<B: Backend>(x: Numbers<B>) -> (Numbers<B>, Numbers<B>) {
    let low = x.clone() - x.row_tops();
    let total = low.clone().exp().row_sums();
    (low, total)
}

pub fn softmax<B: Backend>(input: FloatTensor<B>, kind: Softmax) -> FloatTensor<B> {
    let (low, total) = lowered(Numbers::<B>(input));
    let made = match kind {
        Softmax::Plain => low.exp() / total,
        Softmax::Log => low - total.log(),
    };
    made.0
}

pub fn softmax_gradient<B: Backend>(
    output: FloatTensor<B>,
    gradient: FloatTensor<B>,
    kind: Softmax,
) -> FloatTensor<B> {
    let (output, gradient) = (Numbers::<B>(output), Numbers(gradient));
    let made = match kind {
        Softmax::Plain => {
            let along = (output.clone() * gradient.clone()).row_sums();
            output * (gradient - along)
        }
        Softmax::Log => gradient.clone() - output.exp() * gradient.row_sums(),
    };
    made.0
}

/// Rows with a mean of 0 and a deviation of 1, and one over the deviation.
fn standard<B: Backend>(x: Numbers<B>, eps: f64) -> (Numbers<B>, Numbers<B>) {
    let centred = x.clone() - x.row_means();
    let deviation = (centred.clone().squared().row_means() + eps).sqrt();
    let steepness = Numbers(B::float_recip(deviation.0));
    (centred * steepness.clone(), steepness)
}

pub fn layer_norm<B: Backend>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    eps: f64,
) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let rank = x.shape().len();
    (standard(x, eps).0 * Numbers(scale).beside(rank - 1, rank)
        + Numbers(shift).beside(rank - 1, rank))
    .0
}

pub fn layer_norm_gradients<B: Backend>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    gradient: FloatTensor<B>,
    eps: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let x = Numbers::<B>(input);
    let rank = x.shape().len();
    let (normal, steepness) = standard(x, eps);
    let gradient = Numbers::<B>(gradient);
    let of_scale = row_sum::<B>((gradient.clone() * normal.clone()).0);
    let of_shift = row_sum::<B>(gradient.0.clone());
    let inner = gradient * Numbers(scale).beside(rank - 1, rank);
    let mean = inner.clone().row_means();
    let along = (inner.clone() * normal.clone()).row_means();
    let of_input = (inner - mean - normal * along) * steepness;
    (of_input.0, of_scale, of_shift)
}

pub fn linear<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
) -> FloatTensor<B> {
    let x = Numbers::<B>(input);
    let mut shape = x.shape();
    let weight = Numbers::<B>(weight);
    if let Some(last) = shape.last_mut() {
        *last = weight.shape()[0];
    }
    let made = x.rows().product(weight.turned());
    let made = match bias {
        Some(bias) => made + Numbers(bias).beside(1, 2),
        None => made,
    };
    made.reshape(&shape).0
}

pub fn linear_input<B: Backend>(
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let (gradient, top) = half::scaled::<B>(gradient);
    let weight = Numbers::<B>(weight);
    let mut shape = gradient.shape();
    if let Some(last) = shape.last_mut() {
        *last = weight.shape()[1];
    }
    half::unscaled(gradient.rows().product(weight), top).reshape(&shape).0
}

pub fn linear_weight<B: Backend>(
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let (gradient, top) = half::scaled::<B>(gradient);
    let made = gradient.rows().turned().product(Numbers(input).rows());
    half::unscaled(made, top).0
}

pub fn row_sum<B: Backend>(gradient: FloatTensor<B>) -> FloatTensor<B> {
    let rows = Numbers::<B>(gradient).rows();
    let width = rows.shape()[1];
    rows.sums([0]).reshape(&[width]).0
}

/// Queries, keys and values, each `[batch, head, token, width]`.
fn parted<B: Backend>(qkv: FloatTensor<B>, heads: usize) -> [Numbers<B>; 3] {
    let qkv = Numbers::<B>(qkv);
    let shape = qkv.shape();
    let (batch, tokens, width) = (shape[0], shape[1], shape[2] / 3 / heads);
    let qkv = qkv.reshape(&[batch, tokens, 3, heads, width]).permute(&[2, 0, 3, 1, 4]);
    [0, 1, 2]
        .map(|part| qkv.clone().part(0, part, part + 1).reshape(&[batch, heads, tokens, width]))
}

/// `[batch, head, token, width]` as `[batch, token, head · width]`.
fn joined<B: Backend>(heads: Numbers<B>) -> Numbers<B> {
    let shape = heads.shape();
    let [batch, count, tokens, width] = [shape[0], shape[1], shape[2], shape[3]];
    heads.permute(&[0, 2, 1, 3]).reshape(&[batch, tokens, count * width])
}

/// One over the root of a head's width.
fn evened(width: usize) -> f64 {
    1.0 / (width as f64).sqrt()
}

pub fn attention<B: Backend>(
    qkv: FloatTensor<B>,
    heads: usize,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [query, key, value] = parted::<B>(qkv, heads);
    let shape = query.shape();
    let scores = (query * evened(shape[3])).product(key.turned());
    let tops = scores.clone().row_tops();
    let powers = (scores - tops.clone()).exp();
    let total = powers.clone().row_sums();
    let output = joined(powers.product(value) / total.clone());
    let levels = (tops + total.log()).reshape(&shape[..3]);
    (output.0, levels.0)
}

pub fn attention_gradient<B: Backend>(
    qkv: FloatTensor<B>,
    levels: FloatTensor<B>,
    gradient: FloatTensor<B>,
    heads: usize,
) -> FloatTensor<B> {
    let [query, key, value] = parted::<B>(half::single::<B>(qkv), heads);
    let shape = query.shape();
    let [batch, _, tokens, width] = [shape[0], shape[1], shape[2], shape[3]];
    let (gradient, top) = half::scaled::<B>(gradient);
    let gradient = gradient.reshape(&[batch, tokens, heads, width]).permute(&[0, 2, 1, 3]);
    let levels = Numbers::<B>(levels).reshape(&[batch, heads, tokens, 1]);
    let scaled = query * evened(width);
    let weights = (scaled.clone().product(key.clone().turned()) - levels).exp();
    let of_value = weights.clone().turned().product(gradient.clone());
    let of_weights = gradient.product(value.turned());
    let along = (weights.clone() * of_weights.clone()).row_sums();
    let of_scores = weights * (of_weights - along);
    let of_query = of_scores.clone().product(key) * evened(width);
    let of_key = of_scores.turned().product(scaled);
    let parts = [of_query, of_key, of_value].map(|part| joined(part).0);
    half::unscaled(Numbers::<B>(B::float_cat(parts.to_vec(), 2)), top).0
}
