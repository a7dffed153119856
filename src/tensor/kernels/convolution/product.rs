//! Products of a kernel with columns that are made of pictures on the way: the matrix of columns never stands in memory
//! as a whole.
//!
//! Rows of the kernel are laid out in groups of [`rows`], columns in panels of [`wide`] vectors; a product of one group and one
//! panel stays in registers. Each element is summed in the order of the taps.

use super::super::vectors::{Fresh, fresh, run, vectorised, width};
use super::patches::Patches;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Floats of the columns that one task lays out: a part of the second-level cache.
const COLUMNS: usize = 1 << 16;
/// Panels of one task at most.
const PANELS: usize = 8;

/// Rows of the kernel that are worked on together, for vectors of so many floats: as many as there are registers for. Of
/// 16, 12 hold sums; a compiler that takes factors ahead needs two of the others, or it puts a sum into memory and waits for it.
pub(super) const fn rows(lanes: usize) -> usize {
    if lanes >= 16 { 8 } else { 6 }
}

/// Vectors of places that are worked on together, likewise.
pub(super) const fn wide(lanes: usize) -> usize {
    if lanes >= 16 { 3 } else { 2 }
}

/// Work on so many rows of the kernel, and so many vectors of places, at a time.
pub(super) trait InRows {
    fn by<S: Simd, const ROWS: usize, const WIDE: usize>(self, simd: S);
}

struct Rows<W>(W);

impl<W: InRows> WithSimd for Rows<W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Decided before it is compiled.
        if const { rows(S::F32_LANES) == 8 } {
            self.0.by::<S, 8, 3>(simd);
        } else {
            self.0.by::<S, 6, 2>(simd);
        }
    }
}

/// Does `work` with the processor's widest vectors, and as many rows as suit them.
#[inline(always)]
pub(super) fn in_rows(work: impl InRows) {
    vectorised(Rows(work));
}

/// The kernel of a group as a matrix `[outputs, taps]`.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub values: &'a [f32],
    pub outputs: usize,
    pub taps: usize,
    /// Whether `values` are of the convolution the other way, `[channel, outputs, place]`, whose places are taken
    /// backwards: so many of them.
    pub turned: Option<usize>,
}

impl Weights<'_> {
    /// What an output has at the 3 × 3 places of a channel.
    pub(super) fn window(&self, output: usize, channel: usize) -> [f32; 9] {
        let at = |index: usize| std::array::from_fn(|place| self.values[9 * index + place]);
        match self.turned {
            None => at(output * (self.taps / 9) + channel),
            Some(_) => {
                let mut window: [f32; 9] = at(channel * self.outputs + output);
                window.reverse();
                window
            }
        }
    }

    /// Groups of rows, one after another, each `[taps, rows]`; what is beyond the last output is 0.
    pub(super) fn packed(&self, rows: usize) -> Vec<f32> {
        let mut packed = vec![0.0; self.outputs.div_ceil(rows) * self.taps * rows];
        let groups = packed.par_chunks_mut((self.taps * rows).max(1)).enumerate();
        groups.for_each(|(group, packed)| {
            let first = group * rows;
            for row in 0..rows.min(self.outputs - first) {
                let to = packed[row..].iter_mut().step_by(rows);
                match self.turned {
                    None => {
                        let values = &self.values[(first + row) * self.taps..][..self.taps];
                        to.zip(values).for_each(|(to, value)| *to = *value);
                    }
                    Some(places) => {
                        let channels = self.values.chunks_exact(self.outputs * places);
                        let own = (first + row) * places..(first + row + 1) * places;
                        let values = channels.flat_map(|channel| channel[own.clone()].iter().rev());
                        to.zip(values).for_each(|(to, value)| *to = *value);
                    }
                }
            }
        });
        packed
    }
}

/// One task: some outputs at some places of one image.
struct Task<'a> {
    packed: &'a [f32],
    outputs: [usize; 2],
    taps: usize,
    patches: &'a Patches<'a>,
    places: [usize; 2],
    /// Where the output of the image and group begins, and how far its channels are apart.
    start: usize,
    plane: usize,
    target: &'a Fresh<'a>,
    columns: &'a mut Vec<f32>,
}

impl InRows for Task<'_> {
    #[inline(always)]
    fn by<S: Simd, const ROWS: usize, const WIDE: usize>(self, simd: S) {
        let lanes = S::F32_LANES;
        let wide = WIDE * lanes;
        let [first, end] = self.places;
        let panels = (end - first).div_ceil(wide);
        self.columns.resize((panels * self.taps * wide).max(self.columns.len()), 0.0);
        self.patches.lay_panels::<S>([first, end], WIDE, self.columns);
        let [top, bottom] = self.outputs;
        for group in top / ROWS..bottom.div_ceil(ROWS) {
            let left = &self.packed[group * self.taps * ROWS..][..self.taps * ROWS];
            let row = group * ROWS;
            let count = ROWS.min(bottom - row);
            for panel in 0..panels {
                let place = first + panel * wide;
                let width = wide.min(end - place);
                let right = &self.columns[panel * self.taps * wide..];
                let to = self.start + row * self.plane + place;
                let to = (self.target, to, self.plane, [count, width]);
                match width.div_ceil(lanes) {
                    3 => tile::<S, ROWS, 3>(simd, left, run::<S>(right, 0, 3 * self.taps), to),
                    2 => tile::<S, ROWS, 2>(simd, left, run::<S>(right, 0, 2 * self.taps), to),
                    _ => tile::<S, ROWS, 1>(simd, left, run::<S>(right, 0, self.taps), to),
                }
            }
        }
    }
}

/// One group of rows times one panel, written to `count` rows of `width` floats.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    right: &[S::f32s],
    (target, to, plane, [count, width]): (&Fresh, usize, usize, [usize; 2]),
) {
    let sums = sums::<S, ROWS, VECTORS>(simd, left, right);
    for (row, sums) in sums.iter().enumerate().take(count) {
        let values: &[f32] = pulp::bytemuck::cast_slice(sums);
        // SAFETY: each task has outputs and places of its own.
        unsafe { target.put(to + row * plane, &values[..width]) };
    }
}

/// By value, so that they stay in registers.
#[inline(always)]
fn sums<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    right: &[S::f32s],
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    let (left, right) = (left.as_chunks::<ROWS>().0, right.as_chunks::<VECTORS>().0);
    for (left, right) in left.iter().zip(right) {
        for row in 0..ROWS {
            let factor = simd.splat_f32s(left[row]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_e_f32s(factor, right[vector], sums[row][vector]);
            }
        }
    }
    sums
}

/// One product: the kernel of which group, where its output begins, and what it sees.
pub(super) struct Job<'a> {
    pub group: usize,
    pub start: usize,
    pub patches: Patches<'a>,
}

/// All products, whose outputs together fill a buffer of `length`; channels are `plane` apart.
pub(super) fn products(length: usize, plane: usize, kernels: &[Weights], jobs: &[Job]) -> Vec<f32> {
    let lanes = width();
    let (rows, wide) = (rows(lanes), wide(lanes) * lanes);
    let packed: Vec<Vec<f32>> = kernels.iter().map(|weights| weights.packed(rows)).collect();
    let taps = kernels.first().map_or(1, |weights| weights.taps).max(1);
    let outputs = kernels.first().map_or(0, |weights| weights.outputs);
    let panels = (COLUMNS / (taps * wide)).clamp(1, PANELS);
    let blocks = plane.div_ceil(panels * wide);
    // Where there are few blocks, the outputs are split as well: into so many parts for so many threads.
    let parts = (4 * rayon::current_num_threads()).div_ceil((jobs.len() * blocks).max(1));
    let tall = outputs.div_ceil(parts.max(1)).next_multiple_of(rows).max(rows);
    let parts = outputs.div_ceil(tall);
    // SAFETY: the tasks cover every output at every place of every image.
    unsafe {
        fresh(length, |target| {
            let tasks = (0..jobs.len() * blocks * parts).into_par_iter();
            tasks.for_each_init(Vec::new, |columns, task| {
                let (job, block, part) =
                    (task / (blocks * parts), task / parts % blocks, task % parts);
                let Job { group, start, patches } = &jobs[job];
                let first = block * panels * wide;
                in_rows(Task {
                    packed: &packed[*group],
                    outputs: [part * tall, ((part + 1) * tall).min(outputs)],
                    taps,
                    patches,
                    places: [first, (first + panels * wide).min(plane)],
                    start: *start,
                    plane,
                    target,
                    columns,
                });
            });
        })
    }
}
