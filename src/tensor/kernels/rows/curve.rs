//! Functions of one number with their slopes: activations.

use crate::tensor::kernels::activation::{
    gelu, gelu_slope, hard_swish, hard_swish_slope, relu, sigmoid, sigmoid_slope, silu, silu_slope,
};
use crate::tensor::kernels::lanes::{map_own, mapped, mapped_two};

/// A function of each number for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// max(x, 0).
    Relu,
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// x · σ(x).
    Silu,
    /// x · Φ(x).
    Gelu,
    /// x · min(max(x + 3, 0), 6) / 6.
    HardSwish,
}

// Not closures: see `activation`.

#[inline(always)]
fn relu_gradient(x: f32, g: f32) -> f32 {
    // As PyTorch: nothing flows at 0, also where g is infinite.
    if x > 0.0 { g } else { 0.0 }
}

#[inline(always)]
fn sigmoid_gradient(x: f32, g: f32) -> f32 {
    g * sigmoid_slope(x)
}

#[inline(always)]
fn silu_gradient(x: f32, g: f32) -> f32 {
    g * silu_slope(x)
}

#[inline(always)]
fn gelu_gradient(x: f32, g: f32) -> f32 {
    g * gelu_slope(x)
}

#[inline(always)]
fn hard_swish_gradient(x: f32, g: f32) -> f32 {
    g * hard_swish_slope(x)
}

impl Curve {
    /// The function of each number.
    pub(in crate::tensor::kernels) fn of(self, input: &[f32]) -> Vec<f32> {
        match self {
            Curve::Relu => mapped(input, relu),
            Curve::Sigmoid => mapped(input, sigmoid),
            Curve::Silu => mapped(input, silu),
            Curve::Gelu => mapped(input, gelu),
            Curve::HardSwish => mapped(input, hard_swish),
        }
    }

    /// Puts the function of each number in its place, on one thread.
    pub(in crate::tensor::kernels) fn replace(self, values: &mut [f32]) {
        match self {
            Curve::Relu => map_own(values, relu),
            Curve::Sigmoid => map_own(values, sigmoid),
            Curve::Silu => map_own(values, silu),
            Curve::Gelu => map_own(values, gelu),
            Curve::HardSwish => map_own(values, hard_swish),
        }
    }

    /// `gradient` times the slope at each number.
    pub(in crate::tensor::kernels) fn gradient(self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        match self {
            Curve::Relu => mapped_two(input, gradient, relu_gradient),
            Curve::Sigmoid => mapped_two(input, gradient, sigmoid_gradient),
            Curve::Silu => mapped_two(input, gradient, silu_gradient),
            Curve::Gelu => mapped_two(input, gradient, gelu_gradient),
            Curve::HardSwish => mapped_two(input, gradient, hard_swish_gradient),
        }
    }
}
