//! Squeeze-and-excite: the mean of each plane, and planes times a number each.

use super::super::vectors::{fresh, vectorised_loops};
use rayon::prelude::*;

/// Sums that are taken side by side, so that the compiler may use vectors; their number is fixed, so the result is.
const LANES: usize = 16;
/// Planes of one task at least, in numbers: smaller ones are not worth a thread.
const TASK: usize = 1 << 14;

/// The sum over two rows of their products, in double precision. By value, so that it stays in registers.
#[inline(always)]
fn product(left: &[f32], right: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += f64::from(left[lane]) * f64::from(right[lane]);
        }
    }
    let rest = left_rest.iter().zip(right_rest);
    let rest: f64 = rest.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    sums.iter().sum::<f64>() + rest
}

#[inline(always)]
fn sum(row: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += f64::from(block[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|value| f64::from(*value)).sum::<f64>()
}

/// The mean of each plane of so many numbers.
pub(super) fn means(plane: usize, input: &[f32]) -> Vec<f32> {
    let rows = input.par_chunks(plane.max(1)).with_min_len(TASK.div_ceil(plane.max(1)));
    rows.map(|row| {
        vectorised_loops(
            #[inline(always)]
            || (sum(row) / plane as f64) as f32,
        )
    })
    .collect()
}

/// Each plane filled with its number times `factor`.
pub(super) fn filled(plane: usize, values: &[f32], factor: f32) -> Vec<f32> {
    planes(
        plane,
        values.len(),
        #[inline(always)]
        |index, to| {
            for to in to {
                to.write(values[index] * factor);
            }
        },
    )
}

/// Each plane times its number.
pub(super) fn gated(plane: usize, input: &[f32], gates: &[f32]) -> Vec<f32> {
    planes(
        plane,
        gates.len(),
        #[inline(always)]
        |index, to| {
            let gate = gates[index];
            for (to, value) in to.iter_mut().zip(&input[index * plane..][..plane]) {
                to.write(value * gate);
            }
        },
    )
}

/// The gradients of the planes' numbers.
pub(super) fn gate_gradients(plane: usize, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let rows = input.par_chunks(plane.max(1)).zip(gradient.par_chunks(plane.max(1)));
    let rows = rows.with_min_len(TASK.div_ceil(plane.max(1)));
    rows.map(|(input, gradient)| {
        vectorised_loops(
            #[inline(always)]
            || product(input, gradient) as f32,
        )
    })
    .collect()
}

/// So many planes, each written by `write`.
fn planes(
    plane: usize,
    count: usize,
    write: impl Fn(usize, &mut [std::mem::MaybeUninit<f32>]) + Sync,
) -> Vec<f32> {
    // SAFETY: each plane is one task's, which writes all of it.
    unsafe {
        fresh(plane * count, |target| {
            let tasks = (0..count).into_par_iter().with_min_len(TASK.div_ceil(plane.max(1)));
            tasks.for_each(|index| {
                vectorised_loops(
                    #[inline(always)]
                    || write(index, target.space(index * plane, plane)),
                );
            });
        })
    }
}
