//! What some operations are called in a graph.

use super::graph::{Op, Unary};
use crate::tensor::kernels::rows::{Curve, Softmax};
use burn::backend::{DispatchTensor as Any, TensorMetadata};
use burn::tensor::Slice;

/// An activation as an operation.
pub(super) fn curved(curve: Curve) -> Op {
    match curve {
        Curve::Relu => Op::Unary(Unary::Relu),
        Curve::Sigmoid => Op::Unary(Unary::Sigmoid),
        Curve::Gelu => Op::Unary(Unary::Gelu),
        Curve::HardSwish => Op::Unary(Unary::HardSwish),
        Curve::Silu => Op::Untold("x · σ(x)".to_string()),
    }
}

/// Along the last dimension.
pub(super) fn softmaxed(x: &Any, kind: Softmax) -> Op {
    let last = x.shape().num_dims().saturating_sub(1);
    match kind {
        Softmax::Plain => Op::Softmax(last),
        Softmax::Log => Op::LogSoftmax(last),
    }
}

/// Two dimensions that change places.
pub(super) fn swapped(x: &Any, a: usize, b: usize) -> Op {
    let mut axes: Vec<usize> = (0..x.shape().num_dims()).collect();
    axes.swap(a, b);
    Op::Permute(axes)
}

/// A part, by its first places and ends.
pub(super) fn sliced(x: &Any, slices: &[Slice]) -> Op {
    let shape = x.shape().to_vec();
    let range = |(slice, length): (&Slice, &usize)| {
        let range = slice.to_range(*length);
        [range.start, range.end]
    };
    Op::Slice(slices.iter().zip(&shape).map(range).collect())
}
