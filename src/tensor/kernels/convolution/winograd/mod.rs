//! Convolutions of 3 × 3 that move by one place, by minimal filtering F(2 × 2, 3 × 3) (Winograd 1980; Lavin and Gray 2015,
//! arXiv 1509.09308): a tile of 2 × 2 outputs takes 16 products a channel, where it would take 36.
//!
//! What a tile sees, d of 4 × 4 places, is transformed to Bᵀ d B, the kernel g to G g Gᵀ. The outputs are Aᵀ m A, where m are the
//! products of both, summed over the channels. The gradient of the input is such a convolution as well. That of the kernel could be
//! taken so, too; tried, it gained little for some sizes and lost for others, since both its sides change from step to step.

mod forward;
mod tiles;

use super::super::vectors::{run, width};
use super::Geometry;
pub(super) use forward::products;
use pulp::Simd;

/// Places of a transformed tile.
const PLACES: usize = 16;
/// Floats between the places of a tile, beside those that they need: at multiples of a page they would fall out of the
/// cache one for the other.
const APART: usize = 16;
/// Channels on both sides from which on the transforms are paid back.
const CHANNELS: usize = 32;

/// Whether a convolution is one of these, and large enough.
pub(super) fn fits(shape: &Geometry) -> bool {
    let (one, lanes) = ([1, 1], width());
    // Without vectors there is nothing to lay side by side.
    let has_vectors = lanes > 1;
    has_vectors
        && shape.kernel == [3, 3]
        && shape.stride == one
        && shape.dilation == one
        && shape.inputs.min(shape.outputs) >= CHANNELS
}

/// G g Gᵀ of a window g.
fn filtered(g: [f32; 9]) -> [f32; PLACES] {
    let rise = |a: f32, b: f32, c: f32| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let columns: [[f32; 4]; 3] = std::array::from_fn(|at| rise(g[at], g[3 + at], g[6 + at]));
    let mut to = [0.0; PLACES];
    for (row, to) in to.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *to = rise(columns[0][row], columns[1][row], columns[2][row]);
    }
    to
}

// No closure in what follows: it would be a function of its own, without the vectors.

/// Bᵀ of a column of four.
#[inline(always)]
fn rise<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
    [
        simd.sub_f32s(d[0], d[2]),
        simd.add_f32s(d[1], d[2]),
        simd.sub_f32s(d[2], d[1]),
        simd.sub_f32s(d[1], d[3]),
    ]
}

/// Aᵀ of a column of four.
#[inline(always)]
fn fall<S: Simd>(simd: S, m: [S::f32s; 4]) -> [S::f32s; 2] {
    let (sum, difference) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    [simd.add_f32s(m[0], sum), simd.sub_f32s(difference, m[3])]
}

/// The vector from a place on.
#[inline(always)]
fn at<S: Simd>(values: &[f32], place: usize) -> S::f32s {
    run::<S>(values, place, 1)[0]
}

/// Bᵀ d B of a vector of tiles, whose lines are `down` apart, columns of one parity side by side and `beside` from the
/// others, `step` from the next.
#[inline(always)]
fn transformed<S: Simd>(
    simd: S,
    seen: &[f32],
    [down, beside, step]: [usize; 3],
) -> [S::f32s; PLACES] {
    let zero = simd.splat_f32s(0.0);
    let mut lines = [[zero; 4]; 4];
    for (line, to) in lines.iter_mut().enumerate() {
        let seen = &seen[line * down..];
        let own = [
            at::<S>(seen, 0),
            at::<S>(seen, beside),
            at::<S>(seen, step),
            at::<S>(seen, beside + step),
        ];
        *to = rise(simd, own);
    }
    let mut to = [zero; PLACES];
    for column in 0..4 {
        let own = [lines[0][column], lines[1][column], lines[2][column], lines[3][column]];
        let own = rise(simd, own);
        for line in 0..4 {
            to[4 * line + column] = own[line];
        }
    }
    to
}

/// Aᵀ m A of a vector of tiles: of both lines the two columns.
#[inline(always)]
fn put_together<S: Simd>(simd: S, m: [S::f32s; PLACES]) -> [[S::f32s; 2]; 2] {
    let zero = simd.splat_f32s(0.0);
    let mut columns = [[zero; 2]; 4];
    for (place, to) in columns.iter_mut().enumerate() {
        *to = fall(simd, [m[place], m[4 + place], m[8 + place], m[12 + place]]);
    }
    let mut to = [[zero; 2]; 2];
    for (line, to) in to.iter_mut().enumerate() {
        *to = fall(simd, [columns[0][line], columns[1][line], columns[2][line], columns[3][line]]);
    }
    to
}

/// Sums of the products of rows of numbers with vectors, `step` floats from row to row; by value, so that they stay in
/// registers.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "by constant places, so that they stay in registers")]
fn sums<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    step: usize,
    right: [&[S::f32s]; VECTORS],
    count: usize,
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    assert!(count == 0 || (count - 1) * step + ROWS <= left.len());
    assert!(right.iter().all(|own| count <= own.len()));
    for place in 0..count {
        let mut values = [simd.splat_f32s(0.0); VECTORS];
        for vector in 0..VECTORS {
            // SAFETY: as asserted above.
            values[vector] = unsafe { *right[vector].get_unchecked(place) };
        }
        for row in 0..ROWS {
            // SAFETY: as asserted above.
            let factor = simd.splat_f32s(unsafe { *left.get_unchecked(place * step + row) });
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_e_f32s(factor, values[vector], sums[row][vector]);
            }
        }
    }
    sums
}
