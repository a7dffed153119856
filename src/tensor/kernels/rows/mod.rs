//! What works on rows of numbers: activations, softmax, layer normalisation, linear layers, attention.

mod attention;
mod autodiff;
mod curve;
mod flex;
mod layer_norm;
mod linear;
mod softmax;

pub use curve::Curve;
pub use softmax::Softmax;

use super::composed;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};

/// A linear layer, then a function of each number.
fn linear_then_curve<B: RowOps>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    curve: Curve,
) -> FloatTensor<B> {
    B::still_curve(B::still_linear_biased(input, weight, bias), curve)
}

/// Operations on rows and their gradients. Shapes are checked by the caller; nothing is empty.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub trait RowOps: Backend {
    /// A function of each number.
    fn still_curve(input: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self> {
        composed::curve::<Self>(input, curve)
    }

    /// `gradient` times the slope of the function at each number.
    fn still_curve_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        curve: Curve,
    ) -> FloatTensor<Self> {
        composed::curve_gradient::<Self>(input, gradient, curve)
    }

    /// Along the last dimension.
    fn still_softmax(input: FloatTensor<Self>, kind: Softmax) -> FloatTensor<Self> {
        composed::softmax::<Self>(input, kind)
    }

    /// The gradient of the input, from the output and its gradient.
    fn still_softmax_gradient(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kind: Softmax,
    ) -> FloatTensor<Self> {
        composed::softmax_gradient::<Self>(output, gradient, kind)
    }

    /// Of the last dimension, with a scale and a shift of its length.
    fn still_layer_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        composed::layer_norm::<Self>(input, scale, shift, eps)
    }

    /// The gradients of input, scale and shift.
    fn still_layer_norm_gradients(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        composed::layer_norm_gradients::<Self>(input, scale, gradient, eps)
    }

    /// `input · weightᵀ` of `[…, in]` and `[out, in]`.
    fn still_linear_plain(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::linear::<Self>(input, weight, None)
    }

    /// `input · weightᵀ + bias`, with a bias of `[out]`.
    fn still_linear_biased(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::linear::<Self>(input, weight, Some(bias))
    }

    /// A function of each number of such an output: what `still_linear_biased` and `still_curve` give, to the last bit.
    fn still_linear_curve(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        curve: Curve,
    ) -> FloatTensor<Self> {
        linear_then_curve::<Self>(input, weight, bias, curve)
    }

    /// The gradient of the input of a linear layer.
    fn still_linear_input(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::linear_input::<Self>(weight, gradient)
    }

    /// The gradient of the weight of a linear layer.
    fn still_linear_weight(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::linear_weight::<Self>(input, gradient)
    }

    /// The sum over all but the last dimension: the gradient of a bias.
    fn still_row_sum(gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::row_sum::<Self>(gradient)
    }

    /// Self-attention of `[batch, token, 3 · heads · width]`, queries, keys and values side by side, without a mask: the
    /// output `[batch, token, heads · width]`, and what the backward pass needs, `[batch, head, token]`.
    fn still_attention(
        qkv: FloatTensor<Self>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::attention::<Self>(qkv, heads)
    }

    /// The gradient of `qkv`.
    fn still_attention_gradient(
        qkv: FloatTensor<Self>,
        levels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self> {
        composed::attention_gradient::<Self>(qkv, levels, gradient, heads)
    }
}
