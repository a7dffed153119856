//! Convolutions by Burn's own, and linear maps that nobody has other words for.

use super::{Numbers, half};
use crate::tensor::kernels::linear::Linear;
use burn::backend::ops::ConvOptions;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::TensorData;
use std::sync::Arc;

/// The same convolution of a picture with zeros around it, where they differ before and behind: not every backend has
/// that. The padding of both sides, `[rows, columns]`, where there is any to add.
fn evened(options: ConvOptions<2>) -> (ConvOptions<2>, Option<[(usize, usize); 2]>) {
    let sides = options.padding;
    if sides.iter().all(|(before, behind)| before == behind) {
        return (options, None);
    }
    let even = ConvOptions::new(options.stride, [0, 0], options.dilation, options.groups);
    (even, Some(sides))
}

fn padded<B: Backend>(x: FloatTensor<B>, sides: [(usize, usize); 2]) -> FloatTensor<B> {
    let [rows, columns] = sides.map(|(before, behind)| [before, behind]);
    Numbers::<B>(x).with_zeros(2, rows).with_zeros(3, columns).0
}

pub fn conv2d<B: Backend>(
    input: FloatTensor<B>,
    kernel: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    let [input, kernel] = [input, kernel].map(|part| half::rounded(Numbers::<B>(part)).0);
    let made = match evened(options) {
        (options, None) => B::conv2d(input, kernel, None, options),
        (options, Some(sides)) => B::conv2d(padded::<B>(input, sides), kernel, None, options),
    };
    half::whole(Numbers::<B>(made)).laid_out().0
}

pub fn conv2d_transposed<B: Backend>(
    input: FloatTensor<B>,
    kernel: FloatTensor<B>,
    options: ConvOptions<2>,
    size: [usize; 2],
) -> FloatTensor<B> {
    let channels = kernel.shape()[1] * options.groups;
    let (input, top) = half::scaled::<B>(input);
    let [input, kernel] = [input, Numbers(kernel)].map(|part| half::rounded(part).0);
    let (options, sides) = evened(options);
    let [rows, columns] = sides.unwrap_or([(0, 0); 2]);
    let whole = [size[0] + rows.0 + rows.1, size[1] + columns.0 + columns.1];
    // Only its shape is looked at.
    let one = B::float_zeros([1, 1, 1, 1].into(), &input.device(), input.dtype().into());
    let like = B::float_expand(one, [input.shape()[0], channels, whole[0], whole[1]].into());
    let made = Numbers::<B>(B::conv2d_x_backward(like, kernel, input, options));
    let made = made.part(2, rows.0, rows.0 + size[0]).part(3, columns.0, columns.0 + size[1]);
    half::unscaled(half::whole(made), top).laid_out().0
}

pub fn conv2d_kernel<B: Backend>(
    input: FloatTensor<B>,
    kernel: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    let (gradient, top) = half::scaled::<B>(gradient);
    let parts = [Numbers(input), Numbers(kernel), gradient].map(|part| half::rounded(part).0);
    let [input, kernel, gradient] = parts;
    let made = match evened(options) {
        (options, None) => B::conv2d_weight_backward(input, kernel, gradient, options),
        (options, Some(sides)) => {
            B::conv2d_weight_backward(padded::<B>(input, sides), kernel, gradient, options)
        }
    };
    half::unscaled(half::whole(Numbers::<B>(made)), top).laid_out().0
}

pub fn permuted<B: Backend>(input: FloatTensor<B>, axes: &[usize]) -> FloatTensor<B> {
    Numbers::<B>(input).permute(axes).laid_out().0
}

/// The map by the processor: the numbers are fetched, and what comes of them is sent back.
pub fn on_the_host<B: Backend>(
    input: FloatTensor<B>,
    map: Arc<dyn Linear>,
    adjoint: bool,
) -> FloatTensor<B> {
    let device = input.device();
    crate::tensor::sync::note();
    let read = burn::tensor::try_read_sync(B::float_into_data(input));
    let values = read.and_then(Result::ok).and_then(|data| data.try_into_vec::<f32>().ok());
    // What cannot be read becomes no numbers, which training notices and tells.
    let (shape, made) = match (values, adjoint) {
        (Some(values), false) => (map.output_shape(), map.apply(&values)),
        (Some(values), true) => (map.input_shape(), map.adjoint(&values)),
        (None, adjoint) => {
            let shape = if adjoint { map.input_shape() } else { map.output_shape() };
            let count = shape.iter().product();
            (shape, vec![f32::NAN; count])
        }
    };
    B::float_from_data(TensorData::new(made, shape), &device)
}
