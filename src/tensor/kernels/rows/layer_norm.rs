//! Layer normalisation of rows, and its gradients.

use crate::tensor::kernels::lanes::{fresh, sum, sum_of_two, vectorised};
use rayon::prelude::*;

/// Rows whose sums over the batch are made together, whatever the threads.
const BLOCK: usize = 256;

/// Gradients of input, scale and shift.
pub(in crate::tensor::kernels) type Gradients = (Vec<f32>, Vec<f32>, Vec<f32>);

/// Mean, and 1 / √(variance + eps).
#[inline(always)]
fn moments(row: &[f32], eps: f32) -> (f32, f32) {
    let share = 1.0 / row.len() as f32;
    let mean = sum(row, |value| value) * share;
    let variance = sum(row, |value| (value - mean) * (value - mean)) * share;
    (mean, 1.0 / (variance + eps).sqrt())
}

vectorised! {
    fn rows(output: &mut [f32], input: &[f32], scale: &[f32], shift: &[f32], eps: f32) {
        let width = scale.len();
        for (output, input) in output.chunks_mut(width).zip(input.chunks(width)) {
            let (mean, inverse) = moments(input, eps);
            let places = output.iter_mut().zip(input).zip(scale).zip(shift);
            for (((to, value), scale), shift) in places {
                *to = (value - mean) * inverse * scale + shift;
            }
        }
    }

    fn row_gradients(
        made: &mut [f32],
        input: &[f32],
        scale: &[f32],
        gradient: &[f32],
        eps: f32,
        sums: &mut [Vec<f32>; 2],
        scratch: &mut [f32],
    ) {
        let [of_scale, of_shift] = sums;
        let width = scale.len();
        let share = 1.0 / width as f32;
        let (normed, scaled) = scratch.split_at_mut(width);
        let rows = made.chunks_mut(width).zip(input.chunks(width));
        for ((made, input), gradient) in rows.zip(gradient.chunks(width)) {
            let (mean, inverse) = moments(input, eps);
            let both = normed.iter_mut().zip(scaled.iter_mut());
            for ((((normed, scaled), value), scale), g) in both.zip(input).zip(scale).zip(gradient) {
                *normed = (value - mean) * inverse;
                *scaled = g * scale;
            }
            let along = sum_of_two(scaled, normed, |a, b| a * b) * share;
            let level = sum(scaled, |value| value) * share;
            let both = normed.iter().zip(scaled.iter());
            for (to, (normed, scaled)) in made.iter_mut().zip(both) {
                *to = inverse * (scaled - level - normed * along);
            }
            let sums = of_scale.iter_mut().zip(of_shift.iter_mut());
            for (((of_scale, of_shift), normed), g) in sums.zip(normed.iter()).zip(gradient) {
                *of_scale += g * normed;
                *of_shift += g;
            }
        }
    }
}

/// Rows of `scale.len()` numbers.
pub(in crate::tensor::kernels) fn forward(
    input: &[f32],
    scale: &[f32],
    shift: &[f32],
    eps: f64,
) -> Vec<f32> {
    let mut output = fresh(input.len());
    let block = BLOCK * scale.len();
    let blocks = output.par_chunks_mut(block).zip(input.par_chunks(block));
    blocks.for_each(|(output, input)| rows(output, input, scale, shift, eps as f32));
    output
}

/// The statistics are taken once more: that is cheaper than to keep them.
pub(in crate::tensor::kernels) fn gradients(
    input: &[f32],
    scale: &[f32],
    gradient: &[f32],
    eps: f64,
) -> Gradients {
    let width = scale.len();
    let mut made = fresh(input.len());
    let block = BLOCK * width;
    let blocks = made.par_chunks_mut(block).zip(input.par_chunks(block));
    let sums: Vec<[Vec<f32>; 2]> = blocks
        .zip(gradient.par_chunks(block))
        .map(|((made, input), gradient)| {
            let mut sums = [vec![0.0; width], vec![0.0; width]];
            let mut scratch = vec![0.0; 2 * width];
            let eps = eps as f32;
            row_gradients(made, input, scale, gradient, eps, &mut sums, &mut scratch);
            sums
        })
        .collect();
    let mut totals = [vec![0.0f64; width], vec![0.0f64; width]];
    for sum in sums {
        for (total, sum) in totals.iter_mut().zip(sum) {
            total.iter_mut().zip(sum).for_each(|(to, value)| *to += f64::from(value));
        }
    }
    let [of_scale, of_shift] = totals.map(|sums| sums.into_iter().map(|sum| sum as f32).collect());
    (made, of_scale, of_shift)
}
