//! The operations on rows on Burn's CPU backend: tensors in row-major order, then plain slices.

use super::{Curve, RowOps, Softmax, attention, layer_norm, linear};
use crate::tensor::kernels::{made, plain};
use burn::backend::{Flex, TensorMetadata};
use burn_flex::FlexTensor;

/// The length of the last dimension, and the product of the others.
fn rows(tensor: &FlexTensor) -> (usize, usize) {
    let shape = tensor.shape().to_vec();
    let width = shape.last().copied().unwrap_or(1);
    (shape.iter().product::<usize>() / width.max(1), width)
}

/// The shape with another last dimension.
fn widened(tensor: &FlexTensor, width: usize) -> Vec<usize> {
    let mut shape = tensor.shape().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = width;
    }
    shape
}

fn lengths(input: &FlexTensor, outputs: usize) -> linear::Lengths {
    let (rows, inputs) = rows(input);
    linear::Lengths { rows, inputs, outputs }
}

fn attended(qkv: &FlexTensor, heads: usize) -> attention::Lengths {
    let shape = qkv.shape().to_vec();
    attention::Lengths { batch: shape[0], tokens: shape[1], heads, width: shape[2] / 3 / heads }
}

impl RowOps for Flex {
    fn still_curve(input: FlexTensor, curve: Curve) -> FlexTensor {
        let input = input.to_contiguous();
        made(curve.of(plain(&input)), input.shape().to_vec())
    }

    fn still_curve_gradient(input: FlexTensor, gradient: FlexTensor, curve: Curve) -> FlexTensor {
        let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
        made(curve.gradient(plain(&input), plain(&gradient)), input.shape().to_vec())
    }

    fn still_softmax(input: FlexTensor, kind: Softmax) -> FlexTensor {
        let input = input.to_contiguous();
        made(kind.of(rows(&input).1, plain(&input)), input.shape().to_vec())
    }

    fn still_softmax_gradient(
        output: FlexTensor,
        gradient: FlexTensor,
        kind: Softmax,
    ) -> FlexTensor {
        let (output, gradient) = (output.to_contiguous(), gradient.to_contiguous());
        let width = rows(&output).1;
        made(kind.gradient(width, plain(&output), plain(&gradient)), output.shape().to_vec())
    }

    fn still_layer_norm(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        eps: f64,
    ) -> FlexTensor {
        let [input, scale, shift] = [input, scale, shift].map(|part| part.to_contiguous());
        let output = layer_norm::forward(plain(&input), plain(&scale), plain(&shift), eps);
        made(output, input.shape().to_vec())
    }

    fn still_layer_norm_gradients(
        input: FlexTensor,
        scale: FlexTensor,
        gradient: FlexTensor,
        eps: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let parts = [input, scale, gradient].map(|part| part.to_contiguous());
        let [input, scale, gradient] = parts.each_ref().map(plain);
        let (of_input, of_scale, of_shift) = layer_norm::gradients(input, scale, gradient, eps);
        let [input, scale, _] = parts.map(|part| part.shape().to_vec());
        (made(of_input, input), made(of_scale, scale.clone()), made(of_shift, scale))
    }

    fn still_linear_plain(input: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (input, weight) = (input.to_contiguous(), weight.to_contiguous());
        let lengths = lengths(&input, weight.shape()[0]);
        let output = lengths.forward(plain(&input), plain(&weight), None, None);
        made(output, widened(&input, lengths.outputs))
    }

    fn still_linear_biased(input: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let [input, weight, bias] = [input, weight, bias].map(|part| part.to_contiguous());
        let lengths = lengths(&input, weight.shape()[0]);
        let output = lengths.forward(plain(&input), plain(&weight), Some(plain(&bias)), None);
        made(output, widened(&input, lengths.outputs))
    }

    fn still_linear_curve(
        input: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        curve: Curve,
    ) -> FlexTensor {
        let [input, weight, bias] = [input, weight, bias].map(|part| part.to_contiguous());
        let lengths = lengths(&input, weight.shape()[0]);
        let bias = Some(plain(&bias));
        let output = lengths.forward(plain(&input), plain(&weight), bias, Some(curve));
        made(output, widened(&input, lengths.outputs))
    }

    fn still_linear_input(weight: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let (weight, gradient) = (weight.to_contiguous(), gradient.to_contiguous());
        let (rows, outputs) = rows(&gradient);
        let lengths = linear::Lengths { rows, inputs: weight.shape()[1], outputs };
        let input = lengths.input_gradient(plain(&weight), plain(&gradient));
        made(input, widened(&gradient, lengths.inputs))
    }

    fn still_linear_weight(input: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
        let lengths = lengths(&input, rows(&gradient).1);
        let weight = lengths.weight_gradient(plain(&input), plain(&gradient));
        made(weight, vec![lengths.outputs, lengths.inputs])
    }

    fn still_row_sum(gradient: FlexTensor) -> FlexTensor {
        let gradient = gradient.to_contiguous();
        let width = rows(&gradient).1;
        made(linear::row_sum(width, plain(&gradient)), vec![width])
    }

    fn still_attention(qkv: FlexTensor, heads: usize) -> (FlexTensor, FlexTensor) {
        let qkv = qkv.to_contiguous();
        let lengths = attended(&qkv, heads);
        let (output, levels) = lengths.forward(plain(&qkv));
        let width = heads * lengths.width;
        let levels = made(levels, vec![lengths.batch, heads, lengths.tokens]);
        (made(output, vec![lengths.batch, lengths.tokens, width]), levels)
    }

    fn still_attention_gradient(
        qkv: FlexTensor,
        levels: FlexTensor,
        gradient: FlexTensor,
        heads: usize,
    ) -> FlexTensor {
        let parts = [qkv, levels, gradient].map(|part| part.to_contiguous());
        let [qkv, levels, gradient] = parts.each_ref().map(plain);
        let output = attended(&parts[0], heads).gradient(qkv, levels, gradient);
        made(output, parts[0].shape().to_vec())
    }
}
