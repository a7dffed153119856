//! Normalisation that ONNX has no operation for, out of smaller ones.

use super::super::pair::Length;
use super::super::writer::{Attribute, Writer};
use super::{One, reduced};
use crate::error::Result;

impl One<'_> {
    /// Mean and biased variance along dimensions, which stay, and the input less the mean.
    fn moments(&self, writer: &mut Writer, x: &str, axes: &[i64]) -> [String; 3] {
        let mean = reduced(writer, "ReduceMean", x, axes);
        let off = writer.node("Sub", &[x, &mean], &[]);
        let squares = writer.node("Mul", &[&off, &off], &[]);
        let variance = reduced(writer, "ReduceMean", &squares, axes);
        [mean, variance, off]
    }

    /// `off` over the root of the variance.
    fn scaled(&self, writer: &mut Writer, off: &str, variance: &str, eps: f64) -> String {
        let eps = writer.float(eps);
        let more = writer.node("Add", &[variance, &eps], &[]);
        let root = writer.node("Sqrt", &[&more], &[]);
        writer.node("Div", &[off, &root], &[])
    }

    pub(super) fn channel_statistics(&self, writer: &mut Writer) -> Result<String> {
        let x = self.input(writer, 0)?;
        let rank = self.input_shape(0).len() as i64;
        let axes: Vec<i64> = (0..rank).filter(|axis| *axis != 1).collect();
        let [mean, variance, _] = self.moments(writer, &x, &axes);
        let row = writer.integers(&[1, -1]);
        let [mean, variance] =
            [mean, variance].map(|part| writer.node("Reshape", &[&part, &row], &[]));
        Ok(writer.node("Concat", &[&mean, &variance], &[Attribute::Int("axis", 0)]))
    }

    pub(super) fn channel_norm(&self, writer: &mut Writer, eps: f64) -> Result<String> {
        let inputs = self.inputs(writer)?;
        let rank = self.input_shape(0).len();
        let channels = channels(rank);
        let mut part = |index: usize| {
            let [from, to, axis] = [index, index + 1, 0].map(|at| writer.integers(&[at as i64]));
            let row = writer.node("Slice", &[&inputs[3], &from, &to, &axis], &[]);
            let target = writer.integers(&channels);
            writer.node("Reshape", &[&row, &target], &[])
        };
        let (mean, variance) = (part(0), part(1));
        let off = writer.node("Sub", &[&inputs[0], &mean], &[]);
        let normed = self.scaled(writer, &off, &variance, eps);
        let target = writer.integers(&channels);
        let [scale, shift] =
            [1, 2].map(|at: usize| writer.node("Reshape", &[&inputs[at], &target], &[]));
        let scaled = writer.node("Mul", &[&normed, &scale], &[]);
        Ok(writer.node("Add", &[&scaled, &shift], &[]))
    }

    pub(super) fn group_norm(
        &self,
        writer: &mut Writer,
        groups: usize,
        eps: f64,
        [scaled, shifted]: [bool; 2],
    ) -> Result<String> {
        let inputs = self.inputs(writer)?;
        let shape = self.input_shape(0);
        let flat = writer.integers(&[0, groups as i64, -1]);
        let flat = writer.node("Reshape", &[&inputs[0], &flat], &[]);
        let [_, variance, off] = self.moments(writer, &flat, &[-1]);
        let normed = self.scaled(writer, &off, &variance, eps);
        // The batch alone stands where it stood.
        let flat_shape: Vec<Length> = shape.iter().take(1).copied().collect();
        let mut made = writer.reshaped(&normed, &flat_shape, &shape)?;
        let target = writer.integers(&channels(shape.len()));
        let parts = [(scaled, "Mul"), (shifted, "Add")].into_iter().filter(|(there, _)| *there);
        for (input, (_, kind)) in inputs.iter().skip(1).zip(parts) {
            let part = writer.node("Reshape", &[input, &target], &[]);
            made = writer.node(kind, &[&made, &part], &[]);
        }
        Ok(made)
    }
}

/// The shape of a number for each channel beside something of so many dimensions.
fn channels(rank: usize) -> Vec<i64> {
    (0..rank).map(|axis| if axis == 1 { -1 } else { 1 }).collect()
}
