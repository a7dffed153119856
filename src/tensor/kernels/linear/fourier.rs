//! The Fourier transform of real rows, computed in double precision.

use super::{LARGEST_TOLD, Linear, Told};
use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// From `[row, points]` to `[row, 2, points / 2 + 1]`: all real parts of a row, then all imaginary ones.
pub(in crate::tensor) struct Fourier {
    rows: usize,
    points: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Fourier {
    /// The transform of `rows` rows with `points` > 0 values each.
    pub(in crate::tensor) fn new(rows: usize, points: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) =
            (planner.plan_fft_forward(points), planner.plan_fft_inverse(points));
        Fourier { rows, points, forward, inverse }
    }

    fn bins(&self) -> usize {
        self.points / 2 + 1
    }
}

impl std::fmt::Debug for Fourier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Fourier({} rows of {})", self.rows, self.points)
    }
}

impl Linear for Fourier {
    fn input_shape(&self) -> Vec<usize> {
        vec![self.rows, self.points]
    }

    fn output_shape(&self) -> Vec<usize> {
        vec![self.rows, 2, self.bins()]
    }

    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let bins = self.bins();
        let mut output = vec![0.0; self.rows * 2 * bins];
        let rows = output.par_chunks_mut(2 * bins).zip(input.par_chunks(self.points));
        rows.for_each_init(
            || (self.forward.make_input_vec(), self.forward.make_output_vec()),
            |(values, spectrum), (output, input)| {
                values.iter_mut().zip(input).for_each(|(to, value)| *to = f64::from(*value));
                // It fails for buffers of other lengths only, and these are its own.
                let _ = self.forward.process(values, spectrum);
                let (real, imaginary) = output.split_at_mut(bins);
                for (bin, value) in spectrum.iter().enumerate() {
                    (real[bin], imaginary[bin]) = (value.re as f32, value.im as f32);
                }
            },
        );
        output
    }

    /// Σ over bins of real · cos − imaginary · sin: an inverse transform, but for its counting the inner bins
    /// twice, once for each of the two halves of a full spectrum.
    fn adjoint(&self, gradient: &[f32]) -> Vec<f32> {
        let bins = self.bins();
        let mut input = vec![0.0; self.rows * self.points];
        let rows = input.par_chunks_mut(self.points).zip(gradient.par_chunks(2 * bins));
        rows.for_each_init(
            || (self.inverse.make_input_vec(), self.inverse.make_output_vec()),
            |(spectrum, values), (input, gradient)| {
                let (real, imaginary) = gradient.split_at(bins);
                for (bin, to) in spectrum.iter_mut().enumerate() {
                    let alone = bin == 0 || 2 * bin == self.points;
                    // The sine is 0 in the bins that stand alone.
                    *to = match alone {
                        true => Complex::new(f64::from(real[bin]), 0.0),
                        false => {
                            Complex::new(f64::from(real[bin]), f64::from(imaginary[bin])) * 0.5
                        }
                    };
                }
                let _ = self.inverse.process(spectrum, values);
                input.iter_mut().zip(values.iter()).for_each(|(to, value)| *to = *value as f32);
            },
        );
        input
    }

    fn told(&self) -> Told {
        let (points, bins) = (self.points, self.bins());
        if points.saturating_mul(2 * bins) > LARGEST_TOLD {
            return Told::Nothing;
        }
        let turn = |at: usize, bin: usize| {
            std::f64::consts::TAU * ((at * bin) % points) as f64 / points as f64
        };
        let cell = |index: usize| {
            let (at, column) = (index / (2 * bins), index % (2 * bins));
            match column < bins {
                true => libm::cos(turn(at, column)) as f32,
                false => -libm::sin(turn(at, column - bins)) as f32,
            }
        };
        Told::Fourier { points, values: (0..points * 2 * bins).map(cell).collect() }
    }
}
