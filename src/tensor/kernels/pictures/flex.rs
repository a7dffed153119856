//! Burn's CPU backend: tensors in row-major order, then plain slices.

use super::blocks::Blocks;
use super::norm::{self, Planes, Settings};
use super::{NormOptions, PictureOps, gate};
use crate::tensor::kernels::made;
use burn::backend::{Flex, TensorMetadata};
use burn_flex::FlexTensor;

/// Batch and channels, and the numbers of a plane.
fn planes(input: &FlexTensor) -> ([usize; 2], usize) {
    let shape = input.shape().to_vec();
    ([shape[0], shape[1]], shape[2..].iter().product())
}

impl PictureOps for Flex {
    fn still_channel_statistics(input: FlexTensor) -> FlexTensor {
        let planes = Planes::new(&input.shape().to_vec());
        let input = input.to_contiguous();
        made(norm::statistics(&planes, input.storage()), vec![2, planes.channels])
    }

    fn still_channel_norm(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        statistics: FlexTensor,
        options: NormOptions,
    ) -> FlexTensor {
        let shape = input.shape().to_vec();
        let [input, scale, shift, statistics] =
            [input, scale, shift, statistics].map(|tensor| tensor.to_contiguous());
        let settings = Settings::new(scale.storage(), shift.storage(), options);
        let statistics = Some(statistics.storage());
        made(norm::normalise(&Planes::new(&shape), &settings, statistics, input.storage()).0, shape)
    }

    fn still_channel_norm_own(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        options: NormOptions,
    ) -> (FlexTensor, FlexTensor) {
        let shape = input.shape().to_vec();
        let planes = Planes::new(&shape);
        let [input, scale, shift] = [input, scale, shift].map(|tensor| tensor.to_contiguous());
        let settings = Settings::new(scale.storage(), shift.storage(), options);
        let (output, statistics) = norm::normalise(&planes, &settings, None, input.storage());
        (made(output, shape), made(statistics, vec![2, planes.channels]))
    }

    fn still_channel_norm_gradients(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        statistics: FlexTensor,
        gradient: FlexTensor,
        options: NormOptions,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let shape = input.shape().to_vec();
        let planes = Planes::new(&shape);
        let [input, scale, shift, statistics, gradient] =
            [input, scale, shift, statistics, gradient].map(|tensor| tensor.to_contiguous());
        let settings = Settings::new(scale.storage(), shift.storage(), options);
        let both = (input.storage(), gradient.storage());
        let all = norm::gradients(&planes, &settings, statistics.storage(), both, options.own);
        let channels = vec![planes.channels];
        (made(all.input, shape), made(all.scale, channels.clone()), made(all.shift, channels))
    }

    fn still_plane_means(input: FlexTensor) -> FlexTensor {
        let ([batch, channels], plane) = planes(&input);
        let input = input.to_contiguous();
        made(gate::means(plane, input.storage()), vec![batch, channels, 1, 1])
    }

    fn still_plane_spread(means: FlexTensor, size: [usize; 2]) -> FlexTensor {
        let ([batch, channels], _) = planes(&means);
        let (means, plane) = (means.to_contiguous(), size[0] * size[1]);
        let values = gate::filled(plane, means.storage(), 1.0 / plane as f32);
        made(values, vec![batch, channels, size[0], size[1]])
    }

    fn still_block_means(input: FlexTensor, size: [usize; 2]) -> FlexTensor {
        let shape = input.shape().to_vec();
        let blocks = Blocks { size, plane: [shape[2], shape[3]] };
        let (input, [rows, columns]) = (input.to_contiguous(), blocks.counts());
        made(blocks.means(input.storage()), vec![shape[0], shape[1], rows, columns])
    }

    fn still_block_spread(means: FlexTensor, size: [usize; 2], plane: [usize; 2]) -> FlexTensor {
        let ([batch, channels], _) = planes(&means);
        let (means, blocks) = (means.to_contiguous(), Blocks { size, plane });
        made(blocks.spread(means.storage()), vec![batch, channels, plane[0], plane[1]])
    }

    fn still_gated(input: FlexTensor, gates: FlexTensor) -> FlexTensor {
        let (shape, (_, plane)) = (input.shape().to_vec(), planes(&input));
        let (input, gates) = (input.to_contiguous(), gates.to_contiguous());
        made(gate::gated(plane, input.storage(), gates.storage()), shape)
    }

    fn still_gate_gradients(input: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let ([batch, channels], plane) = planes(&input);
        let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
        let values = gate::gate_gradients(plane, input.storage(), gradient.storage());
        made(values, vec![batch, channels, 1, 1])
    }
}
