//! Layer normalisation of rows, and its gradients.

use crate::tensor::kernels::lanes::{LANES, fresh, joined, sum, vectorised};
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
    ) {
        let [of_scale, of_shift] = sums;
        let width = scale.len();
        let share = 1.0 / width as f32;
        let whole = width - width % LANES;
        let rows = made.chunks_mut(width).zip(input.chunks(width));
        for ((made, input), gradient) in rows.zip(gradient.chunks(width)) {
            let (mean, inverse) = moments(input, eps);
            // One pass for four sums: what goes along with the row, its level, and those of the batch.
            let (mut along, mut level) = ([0.0; LANES], [0.0; LANES]);
            let (mut along_rest, mut level_rest) = (0.0, 0.0);
            let blocks = input.chunks_exact(LANES).zip(gradient.chunks_exact(LANES));
            let blocks = blocks.zip(scale.chunks_exact(LANES));
            let totals = of_scale.chunks_exact_mut(LANES).zip(of_shift.chunks_exact_mut(LANES));
            for (((input, gradient), scale), (of_scale, of_shift)) in blocks.zip(totals) {
                for lane in 0..LANES {
                    let normed = (input[lane] - mean) * inverse;
                    let scaled = gradient[lane] * scale[lane];
                    along[lane] += scaled * normed;
                    level[lane] += scaled;
                    of_scale[lane] += gradient[lane] * normed;
                    of_shift[lane] += gradient[lane];
                }
            }
            for at in whole..width {
                let normed = (input[at] - mean) * inverse;
                let scaled = gradient[at] * scale[at];
                along_rest += scaled * normed;
                level_rest += scaled;
                of_scale[at] += gradient[at] * normed;
                of_shift[at] += gradient[at];
            }
            let along = (joined(along, |a, b| a + b) + along_rest) * share;
            let level = (joined(level, |a, b| a + b) + level_rest) * share;
            let places = made.iter_mut().zip(input).zip(gradient).zip(scale);
            for (((to, value), g), scale) in places {
                let normed = (value - mean) * inverse;
                *to = inverse * (g * scale - level - normed * along);
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
            let eps = eps as f32;
            row_gradients(made, input, scale, gradient, eps, &mut sums);
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
