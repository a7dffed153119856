//! The gradient of a kernel: products of rows of the output's gradient with rows of what the taps saw.
//!
//! Both run along the places, so sums are kept in vectors and added up at the end. The places are cut into parts that
//! depend on the shape only, and so does the order of all sums.

use super::super::vectors::{run, run_mut, total, vectorised};
use super::Geometry;
use super::patches::Patches;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Places of a chunk: their rows of gradients stay in the first-level cache.
const CHUNK: usize = 1024;
/// Taps whose rows are laid out at once.
const TAPS: usize = 60;
/// Parts of the places that are summed apart, and floats of all their sums, at most.
const PARTS: usize = 16;
const SUMS: usize = 1 << 20;
/// Outputs of one task: a multiple of the rows of a tile.
const OUTPUTS: usize = 64;

/// Rows of outer products that are worth a thread.
const ROWS: usize = 32;

/// A run of places within one image.
#[derive(Clone, Copy, Debug)]
struct Span {
    image: usize,
    first: usize,
    length: usize,
}

/// All places of all images, in chunks of runs.
fn chunks(images: usize, plane: usize) -> Vec<Vec<Span>> {
    let mut chunks = Vec::new();
    let (mut chunk, mut held) = (Vec::new(), 0);
    for image in 0..images {
        for first in (0..plane).step_by(CHUNK) {
            let length = CHUNK.min(plane - first);
            if held + length > CHUNK && held > 0 {
                chunks.push(std::mem::take(&mut chunk));
                held = 0;
            }
            chunk.push(Span { image, first, length });
            held += length;
        }
    }
    chunks.push(chunk);
    chunks
}

struct Task<'a> {
    shape: &'a Geometry,
    group: usize,
    outputs: [usize; 2],
    chunks: &'a [Vec<Span>],
    input: &'a [f32],
    gradient: &'a [f32],
    /// `[outputs, taps]` of this task.
    sums: &'a mut [f32],
    space: &'a mut Vec<f32>,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.by::<S, 4, 6>(simd),
            _ => self.by::<S, 3, 4>(simd),
        }
    }
}

impl Task<'_> {
    #[inline(always)]
    fn by<S: Simd, const OUTS: usize, const SEEN: usize>(self, simd: S) {
        let taps = self.shape.taps();
        let rows = self.outputs[1] - self.outputs[0];
        let lanes = S::F32_LANES;
        let mut kept = vec![0.0; OUTS * SEEN * lanes];
        for chunk in self.chunks {
            let padded = |span: &Span| span.length.next_multiple_of(S::F32_LANES);
            let room: usize = chunk.iter().map(padded).sum();
            self.space.resize((TAPS * room).max(self.space.len()), 0.0);
            for first in (0..taps).step_by(TAPS) {
                let count = TAPS.min(taps - first);
                let mut at = 0;
                for span in chunk {
                    let input = &self.input[self.shape.image_group_input(span.image, self.group)];
                    let patches = Patches { shape: self.shape, input };
                    let places = [span.first, span.length];
                    patches.lay_rows::<S>([first, count], places, &mut self.space[at..], room);
                    at += padded(span);
                }
                for row in (0..rows).step_by(OUTS) {
                    for tap in (0..count).step_by(SEEN) {
                        let place = [row, tap, count];
                        self.tile::<S, OUTS, SEEN>(simd, chunk, place, room, &mut kept);
                        for (row, kept) in (row..rows).zip(kept.chunks_exact(SEEN * lanes)) {
                            let to = row * taps + first + tap;
                            let to = &mut self.sums[to..to + SEEN.min(count - tap)];
                            let sums = kept.chunks_exact(lanes).map(total);
                            to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
                        }
                    }
                }
            }
        }
    }

    /// Sums over a chunk for some outputs and taps, a vector each; those beyond the last are repeated.
    #[inline(always)]
    fn tile<S: Simd, const OUTS: usize, const SEEN: usize>(
        &self,
        simd: S,
        chunk: &[Span],
        [row, tap, count]: [usize; 3],
        room: usize,
        kept: &mut [f32],
    ) {
        let lanes = S::F32_LANES;
        let plane = self.shape.places();
        let mut sums = [[simd.splat_f32s(0.0); SEEN]; OUTS];
        let mut at = 0;
        for span in chunk {
            let image = self.shape.image_group_output(span.image, self.group);
            let gradient = &self.gradient[image];
            let place = |out: usize| {
                (self.outputs[0] + row + out).min(self.outputs[1] - 1) * plane + span.first
            };
            let rows: [&[f32]; OUTS] =
                std::array::from_fn(|out| &gradient[place(out)..][..span.length]);
            let whole = span.length / lanes;
            let left: [&[S::f32s]; OUTS] = std::array::from_fn(|out| run::<S>(rows[out], 0, whole));
            let right: [&[S::f32s]; SEEN] = std::array::from_fn(|seen| {
                let tap = (tap + seen).min(count - 1);
                run::<S>(self.space, tap * room + at, span.length.div_ceil(lanes))
            });
            sums = added::<S, OUTS, SEEN>(simd, sums, left, right, whole);
            if whole * lanes < span.length {
                // What is left over of each row, with zeros behind.
                let mut ends = [[simd.splat_f32s(0.0); 1]; OUTS];
                for out in 0..OUTS {
                    ends[out] = [simd.partial_load_f32s(&rows[out][whole * lanes..])];
                }
                let left: [&[S::f32s]; OUTS] = std::array::from_fn(|out| ends[out].as_slice());
                let right: [&[S::f32s]; SEEN] = std::array::from_fn(|seen| &right[seen][whole..]);
                sums = added::<S, OUTS, SEEN>(simd, sums, left, right, 1);
            }
            at += span.length.next_multiple_of(lanes);
        }
        // To memory of their own: indexed in a loop, the sums themselves would not stay in registers.
        for (out, kept) in kept.chunks_exact_mut(SEEN * lanes).enumerate().take(OUTS) {
            let kept = run_mut::<S>(kept, 0, SEEN);
            for seen in 0..SEEN {
                kept[seen] = sums[out][seen];
            }
        }
    }
}

/// Sums with the products of so many vectors of rows; by value, so that they stay in registers.
#[inline(always)]
fn added<S: Simd, const OUTS: usize, const SEEN: usize>(
    simd: S,
    mut sums: [[S::f32s; SEEN]; OUTS],
    left: [&[S::f32s]; OUTS],
    right: [&[S::f32s]; SEEN],
    count: usize,
) -> [[S::f32s; SEEN]; OUTS] {
    for place in 0..count {
        let mut values = [simd.splat_f32s(0.0); OUTS];
        for out in 0..OUTS {
            values[out] = left[out][place];
        }
        for seen in 0..SEEN {
            let right = right[seen][place];
            for out in 0..OUTS {
                sums[out][seen] = simd.mul_add_e_f32s(values[out], right, sums[out][seen]);
            }
        }
    }
    sums
}

/// The gradient of the kernel.
pub(super) fn kernel_gradient(shape: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (taps, outputs, places) = (shape.taps(), shape.outputs, shape.places());
    let mut total = vec![0.0; shape.weights()];
    if shape.batch * places == 0 || total.is_empty() {
        return total;
    }
    let chunks = chunks(shape.batch, places);
    let parts = (SUMS / total.len()).clamp(1, PARTS);
    let parts: Vec<&[Vec<Span>]> = chunks.chunks(chunks.len().div_ceil(parts)).collect();
    let blocks = outputs.div_ceil(OUTPUTS);
    let tasks = (0..shape.groups * parts.len() * blocks).into_par_iter();
    let sums: Vec<Vec<f32>> = tasks
        .map_init(Vec::new, |space, task| {
            let (group, part, block) =
                (task / (parts.len() * blocks), task / blocks % parts.len(), task % blocks);
            let outputs = [block * OUTPUTS, ((block + 1) * OUTPUTS).min(outputs)];
            let mut sums = vec![0.0; (outputs[1] - outputs[0]) * taps];
            let chunks = parts[part];
            let sums_of = &mut sums;
            vectorised(Task {
                shape,
                group,
                outputs,
                chunks,
                input,
                gradient,
                sums: sums_of,
                space,
            });
            sums
        })
        .collect();
    // In the order of the parts, which does not depend on the threads.
    for (task, sums) in sums.iter().enumerate() {
        let (group, block) = (task / (parts.len() * blocks), task % blocks);
        let start = (group * outputs + block * OUTPUTS) * taps;
        total[start..start + sums.len()].iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
    }
    total
}

/// The gradient of a kernel of one place that stands at one place only: the sum over the images of the products of each
/// output's gradient with each input.
pub(super) fn outer_products(shape: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (inputs, outputs) = (shape.inputs, shape.outputs);
    let mut total = vec![0.0; shape.weights()];
    let rows = total.par_chunks_mut(inputs.max(1)).with_min_len(ROWS).enumerate();
    rows.for_each(|(output, row)| {
        vectorised(
            #[inline(always)]
            || {
                for image in 0..shape.batch {
                    let factor = gradient[image * outputs + output];
                    let input = &input[image * inputs..][..inputs];
                    row.iter_mut().zip(input).for_each(|(to, value)| *to += factor * value);
                }
            },
        );
    });
    total
}
