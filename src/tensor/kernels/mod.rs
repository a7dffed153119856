//! Operations of our own, each with its own backward pass. On Burn's CPU backend they are loops over slices, where the
//! built-in ones are slow: the work is split by image or by fixed blocks and summed in a fixed order, so any
//! number of threads gives the same bytes. On other devices they are composed (`composed`).

mod activation;
mod autodiff;
pub mod composed;
pub(super) mod convolution;
pub(super) mod descent;
mod flex;
mod kept;
pub(super) mod lanes;
pub(super) mod linear;
pub(super) mod pictures;
mod product;
pub(super) mod rows;
pub(super) mod vectors;

use burn::backend::ops::{ConvOptions, FloatTensorOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;
use burn_flex::FlexTensor;
use linear::Linear;
use std::sync::Arc;

pub fn made(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    Flex::float_from_data(TensorData::new(values, shape), &Default::default())
}

/// The numbers of a tensor in row-major order; its buffer may have more of them.
pub fn plain(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage()[..tensor.shape().num_elements()]
}

/// Convolution without bias, linear maps, and their gradients. Shapes and options are checked by
/// the caller.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub trait StillOps: Backend {
    /// `[batch, in, h, w]` with a kernel `[out, in / groups, kh, kw]`.
    fn still_conv2d(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        composed::conv2d::<Self>(input, kernel, options)
    }

    /// The transposed convolution, i.e. the gradient of the input of `still_conv2d`: from `[batch, out, …]` to
    /// `[batch, in, h, w]`, where `size` is `[h, w]`.
    fn still_conv2d_transposed(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        options: ConvOptions<2>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        composed::conv2d_transposed::<Self>(input, kernel, options, size)
    }

    /// A linear map, or its adjoint.
    fn still_linear(
        input: FloatTensor<Self>,
        map: Arc<dyn Linear>,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        composed::on_the_host::<Self>(input, map, adjoint)
    }

    /// The dimensions in another order, and the numbers in the order of those: for devices that do not see a view as it is.
    fn still_permuted(input: FloatTensor<Self>, axes: Vec<usize>) -> FloatTensor<Self> {
        composed::permuted::<Self>(input, &axes)
    }

    /// The gradient of the kernel, of `kernel`'s shape.
    fn still_conv2d_kernel(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        composed::conv2d_kernel::<Self>(input, kernel, gradient, options)
    }

    /// `value`, outside of any graph, as a function of `input` whose slope is `slope` at each element of
    /// `input`. Lengths of `value` may be 1 where `input` was reduced.
    fn still_sloped(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        slope: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (_, _) = (input, slope);
        value
    }

    /// `value`, outside of any graph, as a function of `input` whose slope is 0: where either has no elements.
    fn still_flat(input: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self> {
        let _ = input;
        value
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod cards {
    //! Graphics cards have every operation composed.
    use burn::backend::Cube;

    impl super::StillOps for Cube {}
    impl super::rows::RowOps for Cube {}
    impl super::pictures::PictureOps for Cube {}
    impl super::descent::DescentOps for Cube {}
}
