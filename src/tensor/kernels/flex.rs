//! Our operations on Burn's CPU backend: tensors in row-major order, then plain slices.

use super::convolution::{Geometry, forward, input_gradient, kernel_gradient};
use super::linear::Linear;
use super::{StillOps, made};
use burn::backend::ops::ConvOptions;
use burn::backend::{Flex, TensorMetadata};
use burn_flex::FlexTensor;
use std::sync::Arc;

fn geometry(input: &FlexTensor, kernel: &FlexTensor, options: &ConvOptions<2>) -> Geometry {
    Geometry::new(&input.shape().to_vec(), &kernel.shape().to_vec(), options)
}

impl StillOps for Flex {
    fn still_conv2d(input: FlexTensor, kernel: FlexTensor, options: ConvOptions<2>) -> FlexTensor {
        let shape = geometry(&input, &kernel, &options);
        let (input, kernel) = (input.to_contiguous(), kernel.to_contiguous());
        made(forward(&shape, input.storage(), kernel.storage()), shape.output_shape())
    }

    fn still_conv2d_transposed(
        input: FlexTensor,
        kernel: FlexTensor,
        options: ConvOptions<2>,
        size: [usize; 2],
    ) -> FlexTensor {
        let (own, taps) = (input.shape().to_vec(), kernel.shape().to_vec());
        let shape = Geometry::towards(&own, &taps, &options, size);
        let (input, kernel) = (input.to_contiguous(), kernel.to_contiguous());
        made(input_gradient(&shape, kernel.storage(), input.storage()), shape.input_shape())
    }

    fn still_linear(input: FlexTensor, map: Arc<dyn Linear>, adjoint: bool) -> FlexTensor {
        let input = input.to_contiguous();
        match adjoint {
            false => made(map.apply(input.storage()), map.output_shape()),
            true => made(map.adjoint(input.storage()), map.input_shape()),
        }
    }

    fn still_conv2d_kernel(
        input: FlexTensor,
        kernel: FlexTensor,
        gradient: FlexTensor,
        options: ConvOptions<2>,
    ) -> FlexTensor {
        let shape = geometry(&input, &kernel, &options);
        let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
        made(kernel_gradient(&shape, input.storage(), gradient.storage()), kernel.shape().to_vec())
    }
}
