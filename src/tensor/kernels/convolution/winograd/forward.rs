//! The outputs: at each of the 16 places a product of two matrices, summed in the order of the channels, and four sums of
//! these products. Tiles lie side by side in vectors; what is done with one does not depend on its neighbours.

use super::super::super::vectors::{Fresh, fresh, run, run_mut, width};
use super::super::Geometry;
use super::super::product::{InRows, Weights, in_rows, rows, wide};
use super::tiles::{Block, Line, Segment, blocks};
use super::{APART, PLACES, filtered, put_together, sums, transformed};
use pulp::Simd;
use rayon::prelude::*;

/// Floats of the transformed tiles of one task: a part of the second-level cache.
const SPACE: usize = 1 << 16;

/// A kernel in the transformed domain: at each place groups of rows, one after another, each `[inputs, rows]`. What is
/// beyond the last output is 0.
struct Filters {
    values: Vec<f32>,
    /// Floats of a place.
    place: usize,
}

impl Filters {
    fn of(weights: &Weights, inputs: usize, tall: usize) -> Self {
        let groups = weights.outputs.div_ceil(tall);
        let place = groups * inputs * tall;
        // SAFETY: the tasks cover all groups, and each fills its part at every place.
        let values = unsafe {
            fresh(PLACES * place, |target| {
                (0..groups).into_par_iter().for_each(|group| {
                    let length = inputs * tall;
                    let room = length + APART;
                    let mut own = vec![0.0; PLACES * room];
                    for row in 0..tall.min(weights.outputs - group * tall) {
                        for channel in 0..inputs {
                            let filter = filtered(weights.window(group * tall + row, channel));
                            let places = own[channel * tall + row..].iter_mut().step_by(room);
                            places.zip(filter).for_each(|(to, value)| *to = value);
                        }
                    }
                    for (at, own) in own.chunks_exact(room).enumerate() {
                        target.put(at * place + group * length, &own[..length]);
                    }
                });
            })
        };
        Filters { values, place }
    }
}

/// One task: some outputs of some tiles.
struct Task<'a> {
    shape: &'a Geometry,
    group: usize,
    input: &'a [f32],
    filters: &'a Filters,
    outputs: [usize; 2],
    blocks: &'a [Block],
    target: &'a Fresh<'a>,
    space: &'a mut Space,
}

/// Space that a thread keeps from task to task.
#[derive(Default)]
struct Space {
    /// What the tiles of one block see of one channel.
    seen: Vec<f32>,
    /// Transformed: `[place, vector, channel, lane]`, places apart.
    tiles: Vec<f32>,
    /// Of a group of rows: `[place, row, vector, lane]`.
    products: Vec<f32>,
}

impl InRows for Task<'_> {
    #[inline(always)]
    fn by<S: Simd, const ROWS: usize, const WIDE: usize>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        let lines = Line::of(self.blocks);
        let vectors = lines.last().map_or(0, |line| line.at + line.count).div_ceil(lanes);
        let segments = Segment::of(self.shape, self.group, &lines, [vectors, lanes]);
        let segments: Vec<&[Segment]> = segments.chunk_by(|a, b| a.vector == b.vector).collect();
        let length = self.lay::<S>(simd, &lines, vectors);
        let [top, bottom] = self.outputs;
        let panels = vectors.div_ceil(WIDE);
        for group in top / ROWS..bottom.div_ceil(ROWS) {
            let own = [group * ROWS, ROWS.min(bottom - group * ROWS)];
            for panel in 0..panels {
                // As even as can be.
                let first = panel * vectors / panels;
                let places = ([first, length], &segments[first..]);
                match (panel + 1) * vectors / panels - first {
                    3 => self.tile::<S, ROWS, 3>(simd, own, places),
                    2 => self.tile::<S, ROWS, 2>(simd, own, places),
                    _ => self.tile::<S, ROWS, 1>(simd, own, places),
                }
            }
        }
    }
}

impl Task<'_> {
    /// Lays out all tiles, transformed. Gives the floats from place to place.
    #[inline(always)]
    fn lay<S: Simd>(&mut self, simd: S, lines: &[Line], vectors: usize) -> usize {
        let (shape, lanes) = (self.shape, S::F32_LANES);
        let Space { seen, tiles, .. } = &mut *self.space;
        let length = vectors * shape.inputs * lanes + APART;
        tiles.resize((PLACES * length).max(tiles.len()), 0.0);
        let plane = shape.size[0] * shape.size[1];
        for channel in 0..shape.inputs {
            let mut lines = lines.iter();
            for block in self.blocks {
                let from = shape.image_group_input(block.image, self.group).start;
                let input = &self.input[from + channel * plane..][..plane];
                let part = block.lay(shape, lanes, input, seen);
                for (row, line) in lines.by_ref().take(block.height()).enumerate() {
                    for left in (0..line.count).step_by(lanes) {
                        let seen = &seen[4 * row * part + left..];
                        let tile = transformed::<S>(simd, seen, [2 * part, part, 1]);
                        let count = lanes.min(line.count - left);
                        let at = line.at + left;
                        let (vector, lane) = (at / lanes, at % lanes);
                        let to = (vector * shape.inputs + channel) * lanes;
                        if lane == 0 && count == lanes {
                            for (place, value) in tile.iter().enumerate() {
                                run_mut::<S>(tiles, place * length + to, 1)[0] = *value;
                            }
                            continue;
                        }
                        // It may go over into the next vector.
                        let here = count.min(lanes - lane);
                        let next = to + shape.inputs * lanes;
                        for (place, value) in tile.iter().enumerate() {
                            let values: &[f32] =
                                pulp::bytemuck::cast_slice(std::slice::from_ref(value));
                            let tiles = &mut tiles[place * length..][..length];
                            tiles[to + lane..][..here].copy_from_slice(&values[..here]);
                            if here < count {
                                tiles[next..][..count - here].copy_from_slice(&values[here..count]);
                            }
                        }
                    }
                }
            }
        }
        length
    }

    /// One group of rows at some vectors of tiles, written to its `count` channels. `segments` are those of these vectors
    /// and of what follows them.
    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        [row, count]: [usize; 2],
        ([first, length], segments): ([usize; 2], &[&[Segment]]),
    ) {
        let (inputs, lanes) = (self.shape.inputs, S::F32_LANES);
        let Space { tiles, products, .. } = &mut *self.space;
        products.resize((PLACES * ROWS * VECTORS * lanes).max(products.len()), 0.0);
        for place in 0..PLACES {
            let left = &self.filters.values[place * self.filters.place + row * inputs..];
            let mut right: [&[S::f32s]; VECTORS] = [&[]; VECTORS];
            for (vector, right) in right.iter_mut().enumerate() {
                let from = place * length + (first + vector) * inputs * lanes;
                *right = run::<S>(tiles, from, inputs);
            }
            let sums = sums::<S, ROWS, VECTORS>(simd, left, ROWS, right, inputs);
            let to = run_mut::<S>(products, place * ROWS * VECTORS * lanes, ROWS * VECTORS);
            for (to, sums) in to.as_chunks_mut::<VECTORS>().0.iter_mut().zip(sums) {
                *to = sums;
            }
        }
        let products = run::<S>(products, 0, PLACES * ROWS * VECTORS);
        let [height, width] = self.shape.output;
        for own in 0..count {
            let channel = (row + own) * height * width;
            for (vector, segments) in segments.iter().enumerate().take(VECTORS) {
                let at = own * VECTORS + vector;
                let mut tile = [simd.splat_f32s(0.0); PLACES];
                for (place, tile) in tile.iter_mut().enumerate() {
                    *tile = products[place * ROWS * VECTORS + at];
                }
                let [top, bottom] = put_together(simd, tile);
                let pairs = [by_turns::<S>(top), by_turns::<S>(bottom)];
                for segment in *segments {
                    let to = segment.to + channel;
                    let values = 2 * segment.lane..2 * segment.lane + segment.width;
                    for (line, pairs) in pairs.iter().enumerate().take(segment.height) {
                        // SAFETY: each task has outputs and places of its own.
                        unsafe { self.target.put(to + line * width, &pairs[values.clone()]) };
                    }
                }
            }
        }
    }
}

/// Two vectors, their numbers by turns.
#[inline(always)]
fn by_turns<S: Simd>(pair: [S::f32s; 2]) -> [f32; 32] {
    let even: &[f32] = pulp::bytemuck::cast_slice(&pair[..1]);
    let odd: &[f32] = pulp::bytemuck::cast_slice(&pair[1..]);
    let mut to = [0.0; 32];
    for ((to, even), odd) in to.as_chunks_mut::<2>().0.iter_mut().zip(even).zip(odd) {
        *to = [*even, *odd];
    }
    to
}

/// All outputs: of the images in `input`, with a kernel for each group.
pub(crate) fn products(shape: &Geometry, input: &[f32], kernels: &[Weights]) -> Vec<f32> {
    let lanes = width();
    let tall = rows(lanes);
    let filters: Vec<Filters> =
        kernels.iter().map(|weights| Filters::of(weights, shape.inputs, tall)).collect();
    let most = (SPACE / (PLACES * shape.inputs)).next_multiple_of(lanes).max(wide(lanes) * lanes);
    let blocks = blocks(shape, most, lanes);
    let jobs = shape.groups * blocks.len();
    // Where there are few blocks, the outputs are split as well: into so many parts for so many threads.
    let parts = (4 * rayon::current_num_threads()).div_ceil(jobs.max(1));
    let part = shape.outputs.div_ceil(parts.max(1)).next_multiple_of(tall).max(tall);
    let parts = shape.outputs.div_ceil(part);
    // SAFETY: the tasks cover every output of every tile, and the tiles every place of every image.
    unsafe {
        fresh(shape.batch * shape.output_image(), |target| {
            let tasks = (0..jobs * parts).into_par_iter();
            tasks.for_each_init(Space::default, |space, task| {
                let (job, at) = (task / parts, task % parts);
                let group = job / blocks.len();
                in_rows(Task {
                    shape,
                    group,
                    input,
                    filters: &filters[group],
                    outputs: [at * part, ((at + 1) * part).min(shape.outputs)],
                    blocks: &blocks[job % blocks.len()],
                    target,
                    space,
                });
            });
        })
    }
}
