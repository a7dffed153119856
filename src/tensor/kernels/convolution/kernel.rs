//! The gradient of a kernel: products of rows of the output's gradient with rows of what the taps saw.
//!
//! Both run along the places, so sums are kept in vectors and added up at the end. The places are cut into parts that
//! depend on the shape only, and so does the order of all sums.

use super::super::vectors::{run, run_mut, total, vectorised, vectorised_loops};
use super::padded::Padded;
use super::patches::{Patches, copy_row};
use super::{Geometry, bands};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Places of a chunk: their rows of gradients stay in the first-level cache.
const CHUNK: usize = 1024;
/// Taps whose rows are laid out at once.
const TAPS: usize = 60;
/// Floats of the bands that are laid out at once.
const SPACE: usize = 1 << 17;
/// Parts of the places that are summed apart, and floats of all their sums, at most.
const PARTS: usize = 16;
const SUMS: usize = 1 << 20;
/// Outputs of one task: a multiple of the rows of a tile.
const OUTPUTS: usize = 64;

/// Rows of outer products that are worth a thread.
const ROWS: usize = 32;

/// A run of places within one image; of bands, whole rows.
#[derive(Clone, Copy, Debug)]
struct Span {
    image: usize,
    first: usize,
    length: usize,
}

/// All places of all images, in chunks of runs of at most `longest`.
fn chunks(images: usize, plane: usize, longest: usize) -> Vec<Vec<Span>> {
    let mut chunks = Vec::new();
    let (mut chunk, mut held) = (Vec::new(), 0);
    for image in 0..images {
        for first in (0..plane).step_by(longest) {
            let length = longest.min(plane - first);
            if held + length > CHUNK.max(longest) && held > 0 {
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

/// Where a run of both sides begins, and how many vectors it has.
#[derive(Clone, Copy)]
struct Run {
    left: usize,
    right: usize,
    vectors: usize,
}

struct Task<'a> {
    shape: &'a Geometry,
    group: usize,
    outputs: [usize; 2],
    chunks: &'a [Vec<Span>],
    /// Whether the places are whole rows, and bands of the input are taken as they lie.
    bands: bool,
    input: &'a [f32],
    gradient: &'a [f32],
    /// `[outputs, taps]` of this task.
    sums: &'a mut [f32],
    space: &'a mut Space,
}

/// Space that a thread keeps from task to task.
#[derive(Default)]
struct Space {
    /// Rows of the output's gradient.
    left: Vec<f32>,
    /// What the taps saw.
    right: Vec<f32>,
    runs: Vec<Run>,
    /// Where in `right` each tap's begins.
    offsets: Vec<usize>,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Decided before it is compiled.
        if const { S::F32_LANES == 16 } {
            self.by::<S, 4, 6>(simd);
        } else {
            self.by::<S, 3, 4>(simd);
        }
    }
}

impl Task<'_> {
    #[inline(always)]
    fn by<S: Simd, const OUTS: usize, const SEEN: usize>(mut self, simd: S) {
        let taps = self.shape.taps();
        let places = self.shape.kernel[0] * self.shape.kernel[1];
        let rows = self.outputs[1] - self.outputs[0];
        let lanes = S::F32_LANES;
        let padded = Padded::of::<S>(self.shape);
        let mut kept = vec![0.0; OUTS * SEEN * lanes];
        for chunk in self.chunks {
            let room = self.lay_gradient::<S>(chunk, &padded);
            // Of bands, some channels at once; else some taps.
            let held: usize = self.space.runs.last().map_or(0, |run| run.right)
                + chunk.last().map_or(0, |span| self.held(span, &padded));
            let block = match self.bands {
                true => (SPACE / held.max(1)).clamp(1, self.shape.inputs) * places,
                false => TAPS,
            };
            for first in (0..taps).step_by(block) {
                let count = block.min(taps - first);
                match self.bands {
                    true => {
                        self.lay_bands::<S>(chunk, &padded, [first / places, count / places], held)
                    }
                    false => self.lay_taps::<S>(chunk, [first, count], room),
                }
                for row in (0..rows).step_by(OUTS) {
                    for tap in (0..count).step_by(SEEN) {
                        self.tile::<S, OUTS, SEEN>(simd, [row, rows, tap], room, &mut kept);
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

    /// Floats of a band of one channel.
    fn held(&self, span: &Span, padded: &Padded) -> usize {
        match self.bands {
            true => padded.band(span.length / self.shape.output[1]),
            false => 0,
        }
    }

    /// Lays out the gradients of a chunk, as the other side will be, with zeros between; gives the floats of a row.
    #[inline(always)]
    fn lay_gradient<S: Simd>(&mut self, chunk: &[Span], padded: &Padded) -> usize {
        let Space { left, runs, .. } = &mut *self.space;
        let (lanes, width) = (S::F32_LANES, self.shape.output[1]);
        runs.clear();
        let (mut room, mut right) = (0, 0);
        for span in chunk {
            if self.bands {
                let rows = span.length / width;
                let vectors = ((rows - 1) * padded.step() + width).div_ceil(lanes);
                runs.push(Run { left: room, right, vectors });
                room += vectors * lanes;
                right += padded.band(rows);
            } else {
                room += span.length;
            }
        }
        if !self.bands {
            runs.push(Run { left: 0, right: 0, vectors: room.div_ceil(lanes) });
            // Each part of a row is laid out with zeros up to a whole vector behind it.
            room = room.next_multiple_of(lanes) + lanes;
        }
        left.clear();
        left.resize((self.outputs[1] - self.outputs[0]) * room, 0.0);
        for (output, to) in (self.outputs[0]..).zip(left.chunks_exact_mut(room)) {
            let mut at = 0;
            for (index, span) in chunk.iter().enumerate() {
                let image = self.shape.image_group_output(span.image, self.group);
                let from = image.start + output * self.shape.places() + span.first;
                let from = &self.gradient[from..from + span.length];
                if self.bands {
                    let to = to[runs[index].left..].chunks_mut(padded.step());
                    let rows = to.zip(from.chunks_exact(width));
                    rows.for_each(|(to, row)| copy_row::<S>(row, &mut to[..width]));
                } else {
                    copy_row::<S>(from, &mut to[at..at + span.length]);
                    at += span.length;
                }
            }
        }
        room
    }

    /// Lays out what some taps saw, a row each.
    #[inline(always)]
    fn lay_taps<S: Simd>(&mut self, chunk: &[Span], taps: [usize; 2], room: usize) {
        let Space { right, offsets, .. } = &mut *self.space;
        right.resize((TAPS * room).max(right.len()), 0.0);
        offsets.clear();
        offsets.extend((0..taps[1]).map(|tap| tap * room));
        let mut at = 0;
        for span in chunk {
            let input = &self.input[self.shape.image_group_input(span.image, self.group)];
            let patches = Patches { shape: self.shape, input };
            patches.lay_rows::<S>(taps, [span.first, span.length], &mut right[at..], room);
            at += span.length;
        }
    }

    /// Lays out bands of some channels.
    #[inline(always)]
    fn lay_bands<S: Simd>(
        &mut self,
        chunk: &[Span],
        padded: &Padded,
        [first, count]: [usize; 2],
        held: usize,
    ) {
        let Space { right, runs, offsets, .. } = &mut *self.space;
        let (size, width) = (self.shape.size, self.shape.output[1]);
        right.clear();
        // The last vector of a run may reach beyond its band, where it meets zeros of the gradient.
        right.resize(count * held + 2 * S::F32_LANES, 0.0);
        offsets.clear();
        for (channel, to) in right.chunks_exact_mut(held).enumerate().take(count) {
            offsets.extend(padded.taps.iter().map(|tap| channel * held + tap));
            for (span, run) in chunk.iter().zip(&*runs) {
                let input = self.shape.image_group_input(span.image, self.group).start;
                let input = input + (first + channel) * size[0] * size[1];
                let input = &self.input[input..input + size[0] * size[1]];
                let row = span.first / width * self.shape.stride[0];
                let length = padded.band(span.length / width);
                padded.lay::<S>(input, size, row, &mut to[run.right..run.right + length]);
            }
        }
    }

    /// Sums over a chunk for some outputs and taps, a vector each; those beyond the last are repeated.
    #[inline(always)]
    fn tile<S: Simd, const OUTS: usize, const SEEN: usize>(
        &self,
        simd: S,
        [row, rows, tap]: [usize; 3],
        room: usize,
        kept: &mut [f32],
    ) {
        let lanes = S::F32_LANES;
        let Space { left, right, runs, offsets } = &*self.space;
        let mut sums = [[simd.splat_f32s(0.0); SEEN]; OUTS];
        for span in runs {
            let left: [&[S::f32s]; OUTS] = std::array::from_fn(|out| {
                let row = (row + out).min(rows - 1);
                run::<S>(left, row * room + span.left, span.vectors)
            });
            let right: [&[S::f32s]; SEEN] = std::array::from_fn(|seen| {
                let tap = offsets[(tap + seen).min(offsets.len() - 1)];
                run::<S>(right, tap + span.right, span.vectors)
            });
            sums = added::<S, OUTS, SEEN>(simd, sums, left, right, span.vectors);
        }
        // To memory of their own: indexed in a loop, the sums themselves would not stay in registers.
        for (out, kept) in kept.chunks_exact_mut(SEEN * lanes).enumerate().take(OUTS) {
            run_mut::<S>(kept, 0, SEEN).copy_from_slice(&sums[out]);
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
    let bands = shape.stride == [1, 1] && bands::fits(shape);
    // Of bands, whole rows.
    let longest = match bands {
        true => CHUNK.next_multiple_of(shape.output[1]),
        false => CHUNK,
    };
    let chunks = chunks(shape.batch, places, longest);
    let parts = (SUMS / total.len()).clamp(1, PARTS);
    let parts: Vec<&[Vec<Span>]> = chunks.chunks(chunks.len().div_ceil(parts)).collect();
    let blocks = outputs.div_ceil(OUTPUTS);
    let tasks = (0..shape.groups * parts.len() * blocks).into_par_iter();
    let sums: Vec<Vec<f32>> = tasks
        .map_init(Space::default, |space, task| {
            let (group, part, block) =
                (task / (parts.len() * blocks), task / blocks % parts.len(), task % blocks);
            let outputs = [block * OUTPUTS, ((block + 1) * OUTPUTS).min(outputs)];
            let mut sums = vec![0.0; (outputs[1] - outputs[0]) * taps];
            let chunks = parts[part];
            vectorised(Task {
                shape,
                group,
                outputs,
                chunks,
                bands,
                input,
                gradient,
                sums: &mut sums,
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
        vectorised_loops(
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
