//! Single elements or rows, named by their places: what a maximum came from, the rows of a table.

use super::Linear;
use rayon::prelude::*;

/// The place of an element that came from nowhere: a window that held nothing.
pub(in crate::tensor) const NOTHING: u32 = u32::MAX;

/// Elements of each plane, from `[plane, from]` to `[plane, count]`.
#[derive(Debug)]
pub(in crate::tensor) struct Pick {
    pub(in crate::tensor) input: Vec<usize>,
    pub(in crate::tensor) output: Vec<usize>,
    /// Elements of a plane of the input, and of the output.
    pub(in crate::tensor) planes: (usize, usize),
    /// For each element of the output its place within the plane, or `NOTHING`.
    pub(in crate::tensor) places: Vec<u32>,
}

impl Linear for Pick {
    fn input_shape(&self) -> Vec<usize> {
        self.input.clone()
    }

    fn output_shape(&self) -> Vec<usize> {
        self.output.clone()
    }

    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let (from, count) = self.planes;
        // The maximum of nothing.
        let mut output = vec![f32::NEG_INFINITY; self.places.len()];
        let planes = output.par_chunks_mut(count.max(1)).zip(self.places.par_chunks(count.max(1)));
        planes.zip(input.par_chunks(from.max(1))).for_each(|((output, places), input)| {
            for (to, place) in output.iter_mut().zip(places).filter(|(_, p)| **p != NOTHING) {
                *to = input[*place as usize];
            }
        });
        output
    }

    fn adjoint(&self, gradient: &[f32]) -> Vec<f32> {
        let (from, count) = self.planes;
        let mut input = vec![0.0; self.input.iter().product()];
        let planes = gradient.par_chunks(count.max(1)).zip(self.places.par_chunks(count.max(1)));
        input.par_chunks_mut(from.max(1)).zip(planes).for_each(|(input, (gradient, places))| {
            for (value, place) in gradient.iter().zip(places).filter(|(_, p)| **p != NOTHING) {
                input[*place as usize] += value;
            }
        });
        input
    }
}

/// Rows of a table `[rows, width]`, in any order and number; out come `[count, width]`.
#[derive(Debug)]
pub(in crate::tensor) struct Rows {
    pub(in crate::tensor) table: [usize; 2],
    pub(in crate::tensor) places: Vec<usize>,
}

impl Linear for Rows {
    fn input_shape(&self) -> Vec<usize> {
        self.table.to_vec()
    }

    fn output_shape(&self) -> Vec<usize> {
        vec![self.places.len(), self.table[1]]
    }

    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let width = self.table[1];
        let mut output = Vec::with_capacity(self.places.len() * width);
        for place in &self.places {
            output.extend_from_slice(&input[place * width..(place + 1) * width]);
        }
        output
    }

    fn adjoint(&self, gradient: &[f32]) -> Vec<f32> {
        let [rows, width] = self.table;
        let mut table = vec![0.0; rows * width];
        for (place, row) in self.places.iter().zip(gradient.chunks(width.max(1))) {
            let target = &mut table[place * width..(place + 1) * width];
            target.iter_mut().zip(row).for_each(|(to, value)| *to += value);
        }
        table
    }
}
