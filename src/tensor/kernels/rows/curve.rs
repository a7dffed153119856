//! Functions of one number with their slopes: activations.

use crate::tensor::kernels::activation::{Gelu, Hardswish, Relu, Sigmoid, Silu};
use crate::tensor::kernels::lanes::{Once, Twice, map_own, mapped, mapped_gradient, rounds_once};

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

/// Calls a function for a curve.
macro_rules! by_curve {
    ($curve:expr, $function:ident($($argument:expr),*)) => {
        match ($curve, rounds_once()) {
            (Curve::Relu, _) => $function::<Relu>($($argument),*),
            (Curve::HardSwish, _) => $function::<Hardswish>($($argument),*),
            (Curve::Sigmoid, true) => $function::<Sigmoid<Once>>($($argument),*),
            (Curve::Sigmoid, false) => $function::<Sigmoid<Twice>>($($argument),*),
            (Curve::Silu, true) => $function::<Silu<Once>>($($argument),*),
            (Curve::Silu, false) => $function::<Silu<Twice>>($($argument),*),
            (Curve::Gelu, true) => $function::<Gelu<Once>>($($argument),*),
            (Curve::Gelu, false) => $function::<Gelu<Twice>>($($argument),*),
        }
    };
}

impl Curve {
    /// The function of each number.
    pub(in crate::tensor::kernels) fn of(self, input: &[f32]) -> Vec<f32> {
        by_curve!(self, mapped(input))
    }

    /// Puts the function of each number in its place, on one thread.
    pub(in crate::tensor::kernels) fn replace(self, values: &mut [f32]) {
        by_curve!(self, map_own(values))
    }

    /// `gradient` times the slope at each number.
    pub(in crate::tensor::kernels) fn gradient(self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        by_curve!(self, mapped_gradient(input, gradient))
    }
}
