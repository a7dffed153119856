//! Products of a kernel with what it sees, taken from a band of rows of the picture as it lies there: nothing is laid out
//! but the zeros around it.
//!
//! Rows of the kernel are laid out in groups; the products of one group and of a few vectors of places stay in
//! registers. Each element is summed in the order of the taps.

use super::super::vectors::{Fresh, fresh, width};
use super::Geometry;
use super::padded::Padded;
use super::product::{InRows, Job, Weights, in_rows, rows};
use pulp::Simd;
use rayon::prelude::*;

/// Floats of a band: a part of the second-level cache.
const BAND: usize = 1 << 16;

/// Whether rows of places fill vectors well enough.
pub(super) fn fits(shape: &Geometry) -> bool {
    let places = shape.output[1];
    !shape.is_plain() && 4 * places >= 3 * places.next_multiple_of(width())
}

/// One task: some outputs of one image at some rows of places.
struct Task<'a> {
    shape: &'a Geometry,
    /// `[inputs, height, width]`.
    input: &'a [f32],
    packed: &'a [f32],
    outputs: [usize; 2],
    rows: [usize; 2],
    /// Where the output of the image and group begins.
    start: usize,
    target: &'a Fresh<'a>,
    space: &'a mut Vec<f32>,
}

/// A vector of places: where the first tap sees it, where its output is, and how many places there are.
#[derive(Clone, Copy)]
struct Place {
    seen: usize,
    to: usize,
    count: usize,
}

impl InRows for Task<'_> {
    #[inline(always)]
    fn by<S: Simd, const ROWS: usize, const WIDE: usize>(self, simd: S) {
        let Task { shape, target, space, rows: [first, end], .. } = self;
        let padded = Padded::of::<S>(shape);
        let (plane, held) = (shape.size[0] * shape.size[1], padded.band(end - first));
        space.clear();
        space.resize(shape.inputs * held, 0.0);
        for (channel, to) in space.chunks_exact_mut(held).enumerate() {
            let input = &self.input[channel * plane..][..plane];
            padded.lay::<S>(input, shape.size, first * shape.stride[0], to);
        }
        let channels = (0..shape.inputs).map(|channel| channel * held);
        let offsets = channels.flat_map(|channel| padded.taps.iter().map(move |tap| channel + tap));
        let offsets: Vec<usize> = offsets.collect();
        let mut places = Vec::new();
        for row in first..end {
            for left in (0..shape.output[1]).step_by(S::F32_LANES) {
                places.push(Place {
                    seen: (row - first) * padded.step() + left,
                    to: self.start + row * shape.output[1] + left,
                    count: S::F32_LANES.min(shape.output[1] - left),
                });
            }
        }
        // What the last tap sees of the last place lies in the space: so no tile looks whether it does.
        let farthest = |all: &mut dyn Iterator<Item = usize>| all.max().unwrap_or(0);
        let [place, tap] = [
            farthest(&mut places.iter().map(|place| place.seen)),
            farthest(&mut offsets.iter().copied()),
        ];
        assert!(place + tap + S::F32_LANES <= space.len());
        let [top, bottom] = self.outputs;
        let (taps, channel) = (offsets.len(), shape.places());
        for group in top / ROWS..bottom.div_ceil(ROWS) {
            let row = group * ROWS;
            let left = &self.packed[row * taps..][..taps * ROWS];
            let to = (target, row * channel, channel, ROWS.min(bottom - row));
            let seen = (space.as_slice(), offsets.as_slice());
            let (whole, rest) = places.as_chunks::<WIDE>();
            for places in whole {
                // SAFETY: as was found above.
                unsafe { tile::<S, ROWS, WIDE>(simd, left, seen, places, to) };
            }
            for place in rest {
                // SAFETY: as was found above.
                unsafe { tile::<S, ROWS, 1>(simd, left, seen, &[*place], to) };
            }
        }
    }
}

/// One group of rows at some vectors of places, written to `count` channels.
///
/// # Safety
/// Every offset of `seen` from every place has a vector of its space behind it.
#[inline(always)]
unsafe fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    seen: (&[f32], &[usize]),
    places: &[Place; VECTORS],
    (target, to, channel, count): (&Fresh, usize, usize, usize),
) {
    // SAFETY: the caller promises the same.
    let sums = unsafe { sums::<S, ROWS, VECTORS>(simd, left, seen, places) };
    for (row, sums) in sums.iter().enumerate().take(count) {
        let values: &[f32] = pulp::bytemuck::cast_slice(sums);
        for (place, values) in places.iter().zip(values.chunks_exact(S::F32_LANES)) {
            // SAFETY: each task has outputs and places of its own.
            unsafe { target.put(to + row * channel + place.to, &values[..place.count]) };
        }
    }
}

/// By value, so that they stay in registers.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn sums<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    (space, offsets): (&[f32], &[usize]),
    places: &[Place; VECTORS],
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for (left, offset) in left.as_chunks::<ROWS>().0.iter().zip(offsets) {
        let mut right = [simd.splat_f32s(0.0); VECTORS];
        for vector in 0..VECTORS {
            // SAFETY: the caller found that all taps see the space only, at all places; vectors of floats may lie
            // anywhere.
            right[vector] = unsafe {
                space.as_ptr().add(places[vector].seen + offset).cast::<S::f32s>().read_unaligned()
            };
        }
        for row in 0..ROWS {
            let factor = simd.splat_f32s(left[row]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_e_f32s(factor, right[vector], sums[row][vector]);
            }
        }
    }
    sums
}

/// All products, whose outputs together fill a buffer of `length`.
pub(super) fn products(
    length: usize,
    shape: &Geometry,
    kernels: &[Weights],
    jobs: &[Job],
) -> Vec<f32> {
    let lanes = width();
    let tall = rows(lanes);
    let packed: Vec<Vec<f32>> = kernels.iter().map(|weights| weights.packed(tall)).collect();
    let (outputs, height) = (shape.outputs, shape.output[0]);
    let row = shape.inputs * shape.stride[0] * (shape.output[1] * shape.stride[1] + lanes);
    let high = (BAND / row.max(1)).saturating_sub(shape.kernel[0] / 2).clamp(1, height.max(1));
    let bands = height.div_ceil(high);
    // Where there are few bands, the outputs are split as well: into so many parts for so many threads.
    let parts = (4 * rayon::current_num_threads()).div_ceil((jobs.len() * bands).max(1));
    let part = outputs.div_ceil(parts.max(1)).next_multiple_of(tall).max(tall);
    let parts = outputs.div_ceil(part);
    // SAFETY: the tasks cover every output at every place of every image.
    unsafe {
        fresh(length, |target| {
            let tasks = (0..jobs.len() * bands * parts).into_par_iter();
            tasks.for_each_init(Vec::new, |space, task| {
                let (job, band, at) = (task / (bands * parts), task / parts % bands, task % parts);
                let Job { group, start, patches } = &jobs[job];
                in_rows(Task {
                    shape,
                    input: patches.input,
                    packed: &packed[*group],
                    outputs: [at * part, ((at + 1) * part).min(outputs)],
                    rows: [band * high, ((band + 1) * high).min(height)],
                    start: *start,
                    target,
                    space,
                });
            });
        })
    }
}
