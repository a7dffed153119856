//! Softmax and its logarithm along rows.

use crate::tensor::kernels::lanes::{
    GRAIN, Rounding, by_rounding, exp, fresh, largest, sum, sum_of_two, vectorised,
};
use rayon::prelude::*;

/// Whether a row is divided by its sum, or its logarithm is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Softmax {
    /// e^x / Σ e^x.
    Plain,
    /// x − ln Σ e^x.
    Log,
}

/// Rows that one thread takes at once.
fn rows_at_once(width: usize) -> usize {
    (GRAIN / width.max(1)).max(1)
}

vectorised! {
    fn rows<R: Rounding>(kind: Softmax, width: usize, output: &mut [f32], input: &[f32]) {
        for (output, input) in output.chunks_mut(width).zip(input.chunks(width)) {
            let top = largest(input);
            // A row of nothing but −∞ becomes no numbers, as in PyTorch.
            for (to, value) in output.iter_mut().zip(input) {
                *to = exp::<R>(*value - top);
            }
            let total = sum(output, |value| value);
            match kind {
                Softmax::Plain => {
                    let share = 1.0 / total;
                    for value in output.iter_mut() {
                        *value *= share;
                    }
                }
                Softmax::Log => {
                    let shift = total.ln();
                    for (to, value) in output.iter_mut().zip(input) {
                        *to = (*value - top) - shift;
                    }
                }
            }
        }
    }

    fn row_gradients<R: Rounding>(
        kind: Softmax,
        width: usize,
        made: &mut [f32],
        output: &[f32],
        gradient: &[f32],
    ) {
        let rows = made.chunks_mut(width).zip(output.chunks(width));
        for ((made, output), gradient) in rows.zip(gradient.chunks(width)) {
            let places = made.iter_mut().zip(output).zip(gradient);
            match kind {
                Softmax::Plain => {
                    let along = sum_of_two(output, gradient, |p, g| p * g);
                    for ((to, p), g) in places {
                        *to = p * (g - along);
                    }
                }
                Softmax::Log => {
                    let total = sum(gradient, |g| g);
                    for ((to, log), g) in places {
                        *to = g - exp::<R>(*log) * total;
                    }
                }
            }
        }
    }
}

impl Softmax {
    /// Rows of `width` numbers.
    pub(in crate::tensor::kernels) fn of(self, width: usize, input: &[f32]) -> Vec<f32> {
        let mut output = fresh(input.len());
        let block = rows_at_once(width) * width;
        let blocks = output.par_chunks_mut(block).zip(input.par_chunks(block));
        blocks.for_each(|(output, input)| by_rounding!(rows(self, width, output, input)));
        output
    }

    /// The gradient of the input, from the output and its gradient.
    pub(in crate::tensor::kernels) fn gradient(
        self,
        width: usize,
        output: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let mut made = fresh(output.len());
        let block = rows_at_once(width) * width;
        let blocks = made.par_chunks_mut(block).zip(output.par_chunks(block));
        blocks.zip(gradient.par_chunks(block)).for_each(|((made, output), gradient)| {
            by_rounding!(row_gradients(self, width, made, output, gradient));
        });
        made
    }
}
