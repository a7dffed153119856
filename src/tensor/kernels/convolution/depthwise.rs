//! Convolution in which each output channel sees one input channel.
//!
//! A plane is copied with its zeros around it, and its columns apart by their place between two steps of the kernel: so
//! every tap sees whole vectors, whatever the stride. One plane stays in the cache while it is worked on.

use super::super::vectors::{Fresh, fresh, run, run_mut, total, vectorised};
use super::Geometry;
use super::padded::Padded;
use super::patches::copy_row;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Vectors of a row that are summed side by side.
const WIDE: usize = 4;
/// Taps whose gradients are summed side by side.
const TAPS: usize = 5;

/// Vectors as the floats that they are, as many as there is room for.
#[inline(always)]
fn put<S: Simd>(vectors: &[S::f32s], to: &mut [f32]) {
    let values: &[f32] = pulp::bytemuck::cast_slice(vectors);
    let count = values.len().min(to.len());
    to[..count].copy_from_slice(&values[..count]);
}

/// Sums of what the taps see, weighted by the kernel, at every place.
#[inline(always)]
fn correlate<S: Simd>(simd: S, padded: &Padded, parts: &[f32], kernel: &[f32], to: &mut [f32]) {
    let (vectors, width) = (padded.vectors::<S>(), padded.places[1]);
    for (row, to) in to.chunks_exact_mut(width).enumerate() {
        let parts = &parts[row * padded.step()..];
        let mut done = 0;
        while done + WIDE <= vectors {
            let at = done * S::F32_LANES;
            put::<S>(&weighted::<S, WIDE>(simd, padded, parts, kernel, at), &mut to[at..]);
            done += WIDE;
        }
        for vector in done..vectors {
            let at = vector * S::F32_LANES;
            put::<S>(&weighted::<S, 1>(simd, padded, parts, kernel, at), &mut to[at..]);
        }
    }
}

#[inline(always)]
fn weighted<S: Simd, const COUNT: usize>(
    simd: S,
    padded: &Padded,
    parts: &[f32],
    kernel: &[f32],
    at: usize,
) -> [S::f32s; COUNT] {
    let mut sums = [simd.splat_f32s(0.0); COUNT];
    for (tap, weight) in padded.taps.iter().zip(kernel) {
        let (seen, weight) = (run::<S>(parts, tap + at, COUNT), simd.splat_f32s(*weight));
        for vector in 0..COUNT {
            sums[vector] = simd.mul_add_e_f32s(weight, seen[vector], sums[vector]);
        }
    }
    sums
}

/// The adjoint of [`correlate`]: adds each value, weighted by the kernel, where the taps see. Rows of `values` are
/// `step` floats apart, with zeros behind.
#[inline(always)]
fn scatter<S: Simd>(
    simd: S,
    padded: &Padded,
    (values, step): (&[f32], usize),
    kernel: &[f32],
    parts: &mut [f32],
) {
    let vectors = padded.vectors::<S>();
    for row in 0..padded.places[0] {
        let values = run::<S>(values, row * step, vectors);
        for (tap, weight) in padded.taps.iter().zip(kernel) {
            let to = run_mut::<S>(parts, row * padded.step() + tap, vectors);
            let weight = simd.splat_f32s(*weight);
            for (to, value) in to.iter_mut().zip(values) {
                *to = simd.mul_add_e_f32s(weight, *value, *to);
            }
        }
    }
}

/// Adds to the gradient of each weight: sums over all places of the value there times what its tap sees.
#[inline(always)]
fn correlations<S: Simd>(
    simd: S,
    padded: &Padded,
    parts: &[f32],
    (values, step): (&[f32], usize),
    (kernel, kept): (&mut [f64], &mut [f32]),
) {
    for (taps, kernel) in padded.taps.chunks(TAPS).zip(kernel.chunks_mut(TAPS)) {
        // The last chunk may be short: its last tap then stands for those that are not there.
        let taps: [usize; TAPS] = std::array::from_fn(|tap| taps[tap.min(taps.len() - 1)]);
        let sums = products::<S>(simd, padded, parts, (values, step), taps);
        // To memory of their own: indexed in a loop, the sums themselves would not stay in registers.
        run_mut::<S>(kept, 0, TAPS).copy_from_slice(&sums);
        for (to, kept) in kernel.iter_mut().zip(kept.chunks_exact(S::F32_LANES)) {
            *to += f64::from(total(kept));
        }
    }
}

/// Sums of a few taps, a vector each; by value, so that they stay in registers.
#[inline(always)]
fn products<S: Simd>(
    simd: S,
    padded: &Padded,
    parts: &[f32],
    (values, step): (&[f32], usize),
    taps: [usize; TAPS],
) -> [S::f32s; TAPS] {
    let vectors = padded.vectors::<S>();
    let mut sums = [simd.splat_f32s(0.0); TAPS];
    for row in 0..padded.places[0] {
        let values = run::<S>(values, row * step, vectors);
        let start = row * padded.step();
        let seen: [&[S::f32s]; TAPS] =
            std::array::from_fn(|tap| run::<S>(parts, start + taps[tap], vectors));
        for (at, value) in values.iter().enumerate() {
            for tap in 0..TAPS {
                sums[tap] = simd.mul_add_e_f32s(*value, seen[tap][at], sums[tap]);
            }
        }
    }
    sums
}

/// Rows of a plane, each as long as whole vectors.
#[inline(always)]
fn aligned<S: Simd>(plane: &[f32], width: usize, to: &mut Vec<f32>) -> usize {
    let step = width.next_multiple_of(S::F32_LANES);
    to.resize(plane.len() / width.max(1) * step, 0.0);
    let rows = to.chunks_exact_mut(step).zip(plane.chunks_exact(width));
    rows.for_each(|(to, row)| copy_row::<S>(row, to));
    step
}

/// Space that a thread keeps from plane to plane.
#[derive(Default)]
struct Space {
    parts: Vec<f32>,
    values: Vec<f32>,
}

/// One output plane.
struct Forward<'a> {
    shape: &'a Geometry,
    input: &'a [f32],
    kernel: &'a [f32],
    output: &'a mut [f32],
    space: &'a mut Space,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let padded = Padded::of::<S>(self.shape);
        padded.fill::<S>(self.input, self.shape.size, &mut self.space.parts);
        correlate(simd, &padded, &self.space.parts, self.kernel, self.output);
    }
}

/// The output of a convolution with one input channel a group.
pub(super) fn forward(shape: &Geometry, input: &[f32], kernel: &[f32]) -> Vec<f32> {
    let (plane, seen, taps) = (shape.places(), shape.size[0] * shape.size[1], shape.taps());
    let channels = shape.groups * shape.outputs;
    planes(shape.batch * channels, plane, |index, output, space| {
        let (image, channel) = (index / channels, index % channels);
        let from = (image * shape.groups + channel / shape.outputs) * seen;
        let input = &input[from..from + seen];
        let kernel = &kernel[channel * taps..][..taps];
        vectorised(Forward { shape, input, kernel, output, space });
    })
}

/// Planes that are made one by one.
fn planes(
    count: usize,
    plane: usize,
    make: impl Fn(usize, &mut [f32], &mut Space) + Sync,
) -> Vec<f32> {
    // SAFETY: each plane is one task's, and its part is set to 0 before it is handed out.
    unsafe {
        fresh(count * plane, |target: &Fresh| {
            let tasks = (0..count).into_par_iter();
            tasks.for_each_init(Space::default, |space, index| {
                make(index, target.part(index * plane, plane), space);
            });
        })
    }
}

/// One plane of the gradient of the input.
struct Backward<'a> {
    shape: &'a Geometry,
    /// The gradients of all outputs that saw the plane.
    gradients: &'a [f32],
    kernels: &'a [f32],
    input: &'a mut [f32],
    space: &'a mut Space,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (shape, plane, taps) = (self.shape, self.shape.places(), self.shape.taps());
        let Space { parts, values } = self.space;
        if let (1, Some(turned)) = (shape.outputs, shape.turned()) {
            let padded = Padded::of::<S>(&turned);
            padded.fill::<S>(self.gradients, turned.size, parts);
            values.clear();
            values.extend(self.kernels.iter().rev());
            return correlate(simd, &padded, parts, values, self.input);
        }
        let padded = Padded::of::<S>(shape);
        parts.clear();
        parts.resize(padded.length(), 0.0);
        for output in 0..shape.outputs {
            let gradient = &self.gradients[output * plane..][..plane];
            let step = aligned::<S>(gradient, shape.output[1], values);
            let kernel = &self.kernels[output * taps..][..taps];
            scatter(simd, &padded, (values, step), kernel, parts);
        }
        padded.add_to(parts, self.input, shape.size);
    }
}

/// The gradient of the input.
pub(super) fn input_gradient(shape: &Geometry, kernel: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (plane, own) = (shape.outputs * shape.places(), shape.outputs * shape.taps());
    planes(shape.batch * shape.groups, shape.size[0] * shape.size[1], |index, input, space| {
        let group = index % shape.groups;
        let gradients = &gradient[index * plane..][..plane];
        let kernels = &kernel[group * own..][..own];
        vectorised(Backward { shape, gradients, kernels, input, space });
    })
}

/// The gradient of one output channel's kernel.
struct Weigh<'a> {
    shape: &'a Geometry,
    input: &'a [f32],
    gradient: &'a [f32],
    channel: usize,
    kernel: &'a mut [f32],
}

impl WithSimd for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Weigh { shape, channel, .. } = self;
        let padded = Padded::of::<S>(shape);
        let (plane, seen) = (shape.places(), shape.size[0] * shape.size[1]);
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        let mut sums = vec![0.0; self.kernel.len()];
        let mut kept = vec![0.0; TAPS * S::F32_LANES];
        for image in 0..shape.batch {
            let from = (image * shape.groups + channel / shape.outputs) * seen;
            padded.fill::<S>(&self.input[from..from + seen], shape.size, &mut parts);
            let from = (image * shape.groups * shape.outputs + channel) * plane;
            let gradient = &self.gradient[from..from + plane];
            let step = aligned::<S>(gradient, shape.output[1], &mut values);
            let to = (sums.as_mut_slice(), kept.as_mut_slice());
            correlations(simd, &padded, &parts, (&values, step), to);
        }
        self.kernel.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
    }
}

/// The gradient of the kernel: each channel's sum is one thread's, image after image.
pub(super) fn kernel_gradient(shape: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut kernels = vec![0.0; shape.weights()];
    let channels = kernels.par_chunks_mut(shape.taps()).enumerate();
    channels.for_each(|(channel, kernel)| {
        vectorised(Weigh { shape, input, gradient, channel, kernel });
    });
    kernels
}
