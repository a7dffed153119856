//! Operations on the channels of pictures `[batch, channel, …]`: normalisation with the activation that follows, and
//! squeeze-and-excite.

mod after;
mod autodiff;
mod blocks;
mod flex;
mod gate;
mod norm;

pub use after::After;

use super::composed;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};

/// How channels are normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormOptions {
    /// Added to the variance.
    pub eps: f64,
    /// Whether the statistics were taken of this input, and are constants otherwise.
    pub own: bool,
    /// What follows.
    pub after: After,
}

/// Shapes are checked by the caller.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub trait PictureOps: Backend {
    /// Mean and biased variance of each channel of `[batch, channel, …]`, as `[2, channel]`; outside of
    /// any graph.
    fn still_channel_statistics(input: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::channel_statistics::<Self>(input)
    }

    /// (input − mean) / √(variance + eps) · scale + shift for each channel, and what follows, with statistics
    /// `[2, channel]`.
    fn still_channel_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        options: NormOptions,
    ) -> FloatTensor<Self> {
        composed::channel_norm::<Self>(input, scale, shift, statistics, options)
    }

    /// The same with the input's own statistics, which are given as well, outside of any graph.
    fn still_channel_norm_own(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        options: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let statistics = Self::still_channel_statistics(input.clone());
        let made = Self::still_channel_norm(input, scale, shift, statistics.clone(), options);
        (made, statistics)
    }

    /// The gradients of input, scale and shift.
    fn still_channel_norm_gradients(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        composed::channel_norm_gradients::<Self>(input, scale, shift, statistics, gradient, options)
    }

    /// The mean of each plane of `[batch, channel, h, w]`, as `[batch, channel, 1, 1]`.
    fn still_plane_means(input: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::plane_means::<Self>(input)
    }

    /// The adjoint: each number, over those of a plane, all over its plane of `size`.
    fn still_plane_spread(means: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        composed::plane_spread::<Self>(means, size)
    }

    /// The mean of each block of `size` of `[batch, channel, h, w]`; what no whole block covers is left out.
    fn still_block_means(input: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        composed::block_means::<Self>(input, size)
    }

    /// The adjoint: each number, over those of a block of `size`, all over its block of a plane.
    fn still_block_spread(
        means: FloatTensor<Self>,
        size: [usize; 2],
        plane: [usize; 2],
    ) -> FloatTensor<Self> {
        composed::block_spread::<Self>(means, size, plane)
    }

    /// Each plane of `[batch, channel, h, w]` times its number of `[batch, channel, 1, 1]`.
    fn still_gated(input: FloatTensor<Self>, gates: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::gated::<Self>(input, gates)
    }

    /// The gradient of the gates, of their shape.
    fn still_gate_gradients(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::gate_gradients::<Self>(input, gradient)
    }
}
