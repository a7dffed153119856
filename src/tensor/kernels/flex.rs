//! Our operations on Burn's CPU backend: tensors in row-major order, then plain slices.

use super::channels::{self, Planes};
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

    fn still_channel_statistics(input: FlexTensor) -> FlexTensor {
        let planes = Planes::new(&input.shape().to_vec());
        let input = input.to_contiguous();
        made(channels::statistics(&planes, input.storage()), vec![2, planes.channels])
    }

    fn still_channel_norm(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        statistics: FlexTensor,
        eps: f64,
        _own: bool,
    ) -> FlexTensor {
        let shape = input.shape().to_vec();
        let planes = Planes::new(&shape);
        let [input, scale, shift, statistics] =
            [input, scale, shift, statistics].map(|tensor| tensor.to_contiguous());
        let norm = channels::Norm::new(scale.storage(), statistics.storage(), eps);
        made(channels::normalise(&planes, &norm, input.storage(), shift.storage()), shape)
    }

    fn still_channel_norm_gradients(
        input: FlexTensor,
        scale: FlexTensor,
        statistics: FlexTensor,
        gradient: FlexTensor,
        eps: f64,
        own: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let shape = input.shape().to_vec();
        let planes = Planes::new(&shape);
        let [input, scale, statistics, gradient] =
            [input, scale, statistics, gradient].map(|tensor| tensor.to_contiguous());
        let norm = channels::Norm::new(scale.storage(), statistics.storage(), eps);
        let all = channels::gradients(&planes, &norm, input.storage(), gradient.storage(), own);
        let channels = vec![planes.channels];
        (made(all.input, shape), made(all.scale, channels.clone()), made(all.shift, channels))
    }

    fn still_sloped(_input: FlexTensor, value: FlexTensor, _slope: FlexTensor) -> FlexTensor {
        value
    }

    fn still_flat(_input: FlexTensor, value: FlexTensor) -> FlexTensor {
        value
    }
}
