//! Activations that follow a normalisation at once.

use crate::tensor::kernels::activation;

/// What is done with a normalised number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// max(z, 0).
    Relu,
    /// z · σ(z).
    Silu,
    /// z · min(max(z + 3, 0), 6) / 6.
    Hardswish,
}

/// One of the activations, so that each loop is compiled for each of them.
pub(super) trait Activate {
    fn value(z: f32) -> f32;
    fn slope(z: f32) -> f32;
}

pub(super) struct Nothing;

impl Activate for Nothing {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        z
    }

    #[inline(always)]
    fn slope(_z: f32) -> f32 {
        1.0
    }
}

pub(super) struct Relu;

impl Activate for Relu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        activation::relu(z)
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        activation::relu_slope(z)
    }
}

pub(super) struct Silu;

impl Activate for Silu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        activation::silu(z)
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        activation::silu_slope(z)
    }
}

pub(super) struct Hardswish;

impl Activate for Hardswish {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        activation::hard_swish(z)
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        activation::hard_swish_slope(z)
    }
}
