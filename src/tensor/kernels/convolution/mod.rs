//! Convolution and its gradients. Work is split by image, plane or fixed blocks of places, and each sum is taken in an
//! order of its own, so any number of threads gives the same bytes.

mod bands;
mod columns;
mod depthwise;
mod kernel;
mod padded;
mod patches;
mod product;
mod winograd;

use burn::backend::ops::ConvOptions;
use patches::Patches;
use product::{Job, Weights, products};
use std::ops::Range;

/// All lengths of one convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    batch: usize,
    groups: usize,
    /// Channels of one group.
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    kernel: [usize; 2],
    output: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Geometry {
    /// The geometry for an input `[batch, in, h, w]` and a kernel `[out, in / groups, kh, kw]`.
    pub(super) fn new(input: &[usize], kernel: &[usize], options: &ConvOptions<2>) -> Self {
        let length = |side: usize| {
            let reach = options.dilation[side] * (kernel[2 + side] - 1) + 1;
            let (before, after) = options.padding[side];
            (input[2 + side] + before + after - reach) / options.stride[side] + 1
        };
        Geometry {
            batch: input[0],
            groups: options.groups,
            inputs: kernel[1],
            outputs: kernel[0] / options.groups,
            size: [input[2], input[3]],
            kernel: [kernel[2], kernel[3]],
            output: [length(0), length(1)],
            stride: options.stride,
            // What is put after the end shows in the lengths only.
            padding: options.padding.map(|pair| pair.0),
            dilation: options.dilation,
        }
    }

    /// The geometry of the convolution that makes `output` of an input whose sides are `size`.
    pub(super) fn towards(
        output: &[usize],
        kernel: &[usize],
        options: &ConvOptions<2>,
        size: [usize; 2],
    ) -> Self {
        let input = [output[0], kernel[1] * options.groups, size[0], size[1]];
        Geometry { output: [output[2], output[3]], ..Geometry::new(&input, kernel, options) }
    }

    /// `[batch, in, h, w]`.
    pub(super) fn input_shape(&self) -> Vec<usize> {
        vec![self.batch, self.groups * self.inputs, self.size[0], self.size[1]]
    }

    /// `[batch, out, h, w]`.
    pub(super) fn output_shape(&self) -> Vec<usize> {
        vec![self.batch, self.groups * self.outputs, self.output[0], self.output[1]]
    }

    fn input_image(&self) -> usize {
        self.groups * self.inputs * self.size[0] * self.size[1]
    }

    fn output_image(&self) -> usize {
        self.groups * self.outputs * self.output[0] * self.output[1]
    }

    /// Rows of the matrix of columns: weights of one output channel.
    fn taps(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1]
    }

    fn weights(&self) -> usize {
        self.groups * self.outputs * self.taps()
    }

    /// Places of the kernel in one image.
    fn places(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Whether each place sees itself only.
    fn is_plain(&self) -> bool {
        let one = [1, 1];
        self.kernel == one
            && self.stride == one
            && self.padding == [0, 0]
            && self.size == self.output
    }

    /// Whether each output channel sees one input channel.
    fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.inputs == 1
    }

    /// The convolution that makes the gradient of the input of that of the output, with a kernel turned round whose
    /// outputs are inputs; there is none where the kernel moves by more than one.
    fn turned(&self) -> Option<Geometry> {
        let reach = |side: usize| (self.kernel[side] - 1) * self.dilation[side];
        let within = (0..2).all(|side| self.padding[side] <= reach(side));
        (self.stride == [1, 1] && within).then(|| Geometry {
            inputs: self.outputs,
            outputs: self.inputs,
            size: self.output,
            output: self.size,
            padding: [reach(0) - self.padding[0], reach(1) - self.padding[1]],
            ..*self
        })
    }

    /// What a group of one image reads.
    fn image_group_input(&self, image: usize, group: usize) -> Range<usize> {
        let (start, own) = (image * self.input_image(), self.group_input(group));
        start + own.start..start + own.end
    }

    fn image_group_output(&self, image: usize, group: usize) -> Range<usize> {
        let (start, own) = (image * self.output_image(), self.group_output(group));
        start + own.start..start + own.end
    }

    /// The part of an image that a group reads.
    fn group_input(&self, group: usize) -> Range<usize> {
        let length = self.inputs * self.size[0] * self.size[1];
        group * length..(group + 1) * length
    }

    fn group_output(&self, group: usize) -> Range<usize> {
        let length = self.outputs * self.output[0] * self.output[1];
        group * length..(group + 1) * length
    }

    fn group_weights(&self, group: usize) -> Range<usize> {
        let length = self.outputs * self.taps();
        group * length..(group + 1) * length
    }
}

/// Whether a convolution of these shapes is done by minimal filtering.
pub fn is_minimal(input: &[usize], kernel: &[usize], options: &ConvOptions<2>) -> bool {
    winograd::fits(&Geometry::new(input, kernel, options))
}

/// The output of a convolution.
pub(super) fn forward(shape: &Geometry, input: &[f32], kernel: &[f32]) -> Vec<f32> {
    if shape.is_depthwise() {
        return depthwise::forward(shape, input, kernel);
    }
    multiply(shape, input, |group| &kernel[shape.group_weights(group)], None)
}

/// The gradient of the input.
pub(super) fn input_gradient(shape: &Geometry, kernel: &[f32], gradient: &[f32]) -> Vec<f32> {
    if shape.is_depthwise() {
        return depthwise::input_gradient(shape, kernel, gradient);
    }
    let Some(turned) = shape.turned() else {
        return columns::input_gradient(shape, kernel, gradient);
    };
    let places = Some(shape.kernel[0] * shape.kernel[1]);
    multiply(&turned, gradient, |group| &kernel[shape.group_weights(group)], places)
}

/// The gradient of the kernel.
pub(super) fn kernel_gradient(shape: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    if shape.is_depthwise() {
        return depthwise::kernel_gradient(shape, input, gradient);
    }
    match shape.is_plain() && shape.groups == 1 && shape.places() == 1 {
        true => kernel::outer_products(shape, input, gradient),
        false => kernel::kernel_gradient(shape, input, gradient),
    }
}

/// Each image and group times its kernel, which may be that of the convolution the other way, of so many places.
fn multiply<'a>(
    shape: &Geometry,
    input: &[f32],
    kernel: impl Fn(usize) -> &'a [f32],
    turned: Option<usize>,
) -> Vec<f32> {
    let (outputs, taps) = (shape.outputs, shape.taps());
    let kernels =
        (0..shape.groups).map(|group| Weights { values: kernel(group), outputs, taps, turned });
    if winograd::fits(shape) {
        return winograd::products(shape, input, &kernels.collect::<Vec<_>>());
    }
    directly(shape, input, &kernels.collect::<Vec<_>>())
}

/// As [`multiply`], each output by the products that it is the sum of.
fn directly(shape: &Geometry, input: &[f32], kernels: &[Weights]) -> Vec<f32> {
    let jobs = (0..shape.batch * shape.groups).map(|job| {
        let (image, group) = (job / shape.groups, job % shape.groups);
        let input = &input[shape.image_group_input(image, group)];
        let start = shape.image_group_output(image, group).start;
        Job { group, start, patches: Patches { shape, input } }
    });
    let jobs: Vec<_> = jobs.collect();
    let length = shape.batch * shape.output_image();
    match bands::fits(shape) {
        true => bands::products(length, shape, kernels, &jobs),
        false => products(length, shape.places(), kernels, &jobs),
    }
}
