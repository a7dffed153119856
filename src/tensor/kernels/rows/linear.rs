//! Linear layers: `input · weightᵀ + bias` for rows, and the gradients.

use super::Curve;
use crate::tensor::kernels::lanes::{fresh, vectorised};
use crate::tensor::kernels::product::{Matrix, Shared, Target};
use rayon::prelude::*;

/// Parts that the rows of a product are cut into, whatever the threads, where there are enough of them.
const PARTS: usize = 8;

/// The least rows of a part, and about the most: smaller products are slow, larger ones leave threads without work.
const ROWS: [usize; 2] = [64, 608];

/// Outputs and inputs of a part of a weight's gradient.
const BLOCK_OUTPUTS: usize = 48;
const BLOCK_INPUTS: usize = 384;

/// Rows whose sum is made together.
const BLOCK: usize = 256;

/// The lengths of one layer.
#[derive(Clone, Copy, Debug)]
pub(in crate::tensor::kernels) struct Lengths {
    /// Rows of the input.
    pub rows: usize,
    /// Their numbers.
    pub inputs: usize,
    /// Numbers of a row of the output.
    pub outputs: usize,
}

/// How many of `count` rows a part has: as even as can be, in units of what kernels work on at once.
fn part(count: usize) -> usize {
    let parts = PARTS.max(count / ROWS[1]);
    count.div_ceil(parts).next_multiple_of(12).max(ROWS[0])
}

vectorised! {
    fn add_rows(sums: &mut [f32], rows: &[f32]) {
        for row in rows.chunks(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

impl Lengths {
    fn weight<'a>(&self, weight: &'a [f32]) -> Matrix<'a> {
        Matrix::new(weight, self.outputs, self.inputs, self.inputs)
    }

    /// `[rows, outputs]`, and a function of each number of it, while a part is at hand.
    pub(in crate::tensor::kernels) fn forward(
        &self,
        input: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        curve: Option<Curve>,
    ) -> Vec<f32> {
        let Lengths { rows, inputs, outputs } = *self;
        let mut output = fresh(rows * outputs);
        let part = part(rows);
        let parts = output.par_chunks_mut(part * outputs).zip(input.par_chunks(part * inputs));
        parts.for_each(|(output, input)| {
            let rows = output.len() / outputs;
            if let Some(bias) = bias {
                output.chunks_mut(outputs).for_each(|row| row.copy_from_slice(bias));
            }
            let input = Matrix::new(input, rows, inputs, inputs);
            let weight = self.weight(weight).transposed();
            Target::new(output, outputs).set(bias.is_some(), 1.0, input, weight);
            if let Some(curve) = curve {
                curve.replace(output);
            }
        });
        output
    }

    /// `[rows, inputs]`.
    pub(in crate::tensor::kernels) fn input_gradient(
        &self,
        weight: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let Lengths { rows, inputs, outputs } = *self;
        let mut made = fresh(rows * inputs);
        let part = part(rows);
        let parts = made.par_chunks_mut(part * inputs).zip(gradient.par_chunks(part * outputs));
        parts.for_each(|(made, gradient)| {
            let gradient = Matrix::new(gradient, made.len() / inputs, outputs, outputs);
            Target::new(made, inputs).set(false, 1.0, gradient, self.weight(weight));
        });
        made
    }

    /// `[outputs, inputs]`. Each part goes over all rows, so no sum depends on the threads.
    pub(in crate::tensor::kernels) fn weight_gradient(
        &self,
        input: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let Lengths { rows, inputs, outputs } = *self;
        let mut made = fresh(outputs * inputs);
        let (down, across) = (outputs.div_ceil(BLOCK_OUTPUTS), inputs.div_ceil(BLOCK_INPUTS));
        let to = Shared::new(&mut made);
        (0..down * across).into_par_iter().for_each(|index| {
            let (top, left) = (index / across * BLOCK_OUTPUTS, index % across * BLOCK_INPUTS);
            let height = BLOCK_OUTPUTS.min(outputs - top);
            let width = BLOCK_INPUTS.min(inputs - left);
            let own = Matrix::new(&gradient[top..], rows, height, outputs).transposed();
            let input = Matrix::new(&input[left..], rows, width, inputs);
            // SAFETY: each part writes places of its own.
            let to = unsafe { to.rows(top * inputs + left, inputs) };
            to.set(false, 1.0, own, input);
        });
        made
    }
}

/// The sum of all rows of `width` numbers, i.e. the gradient of a bias.
pub(in crate::tensor::kernels) fn row_sum(width: usize, gradient: &[f32]) -> Vec<f32> {
    let sums: Vec<Vec<f32>> = gradient
        .par_chunks(BLOCK * width)
        .map(|block| {
            let mut sums = vec![0.0; width];
            add_rows(&mut sums, block);
            sums
        })
        .collect();
    let mut total = vec![0.0f64; width];
    for sum in sums {
        total.iter_mut().zip(sum).for_each(|(to, value)| *to += f64::from(value));
    }
    total.into_iter().map(|sum| sum as f32).collect()
}
