//! Pooling.

use super::super::pair::{Length, is_fixed};
use super::super::writer::{Attribute, Writer};
use super::{One, pads, pair_of, reduced};
use crate::error::Result;
use crate::tensor::record::Moves;

impl One<'_> {
    pub(super) fn max_pool(
        &self,
        writer: &mut Writer,
        moves: &Moves,
        ceil: bool,
    ) -> Result<String> {
        let (from, to) = (self.input_shape(0), self.output_shape());
        let mut padding = moves.padding;
        let free = from.iter().skip(2).any(|length| !is_fixed(*length));
        if ceil && !free {
            // The padding at the end that makes so many windows.
            for side in 0..2 {
                let reach = moves.dilation[side] * (moves.size[side] - 1) + 1;
                let whole = (to[2 + side][0] - 1) * moves.stride[side] + reach;
                let there = from[2 + side][0] + padding[side][0];
                padding[side][1] = whole.saturating_sub(there);
            }
        }
        let x = self.input(writer, 0)?;
        let attributes = [
            Attribute::Ints("kernel_shape", pair_of(moves.size)),
            Attribute::Ints("strides", pair_of(moves.stride)),
            Attribute::Ints("pads", pads(padding)),
            Attribute::Ints("dilations", pair_of(moves.dilation)),
            Attribute::Int("ceil_mode", i64::from(ceil && free)),
        ];
        Ok(writer.node("MaxPool", &[&x], &attributes))
    }

    pub(super) fn mean_pool(
        &self,
        writer: &mut Writer,
        moves: &Moves,
        ceil: bool,
        count_padding: bool,
    ) -> Result<String> {
        let x = self.input(writer, 0)?;
        let attributes = [
            Attribute::Ints("kernel_shape", pair_of(moves.size)),
            Attribute::Ints("strides", pair_of(moves.stride)),
            Attribute::Ints("pads", pads(moves.padding)),
            Attribute::Int("ceil_mode", i64::from(ceil)),
            Attribute::Int("count_include_pad", i64::from(count_padding)),
        ];
        Ok(writer.node("AveragePool", &[&x], &attributes))
    }

    /// Windows that cover the picture: one of all, or such as divide it.
    pub(super) fn mean_cover(&self, writer: &mut Writer, counts: [usize; 2]) -> Result<String> {
        let shape = self.input_shape(0);
        let mut made = self.input(writer, 0)?;
        if counts == [1, 1] {
            return Ok(writer.node("GlobalAveragePool", &[&made], &[]));
        }
        for (side, count) in counts.into_iter().enumerate() {
            if count == 1 {
                made = reduced(writer, "ReduceMean", &made, &[2 + side as i64]);
                continue;
            }
            let size = self.fixed(shape[2 + side])? / count;
            if size > 1 {
                let kernel = along(side, size);
                let attributes = [
                    Attribute::Ints("kernel_shape", pair_of(kernel)),
                    Attribute::Ints("strides", pair_of(kernel)),
                ];
                made = writer.node("AveragePool", &[&made], &attributes);
            }
        }
        self.kept(writer, made)
    }

    pub(super) fn max_cover(&self, writer: &mut Writer, counts: [usize; 2]) -> Result<String> {
        let shape = self.input_shape(0);
        let mut made = self.input(writer, 0)?;
        for (side, count) in counts.into_iter().enumerate() {
            if count == 1 {
                made = reduced(writer, "ReduceMax", &made, &[2 + side as i64]);
                continue;
            }
            made = self.covered(writer, made, side, count, shape[2 + side])?;
        }
        self.kept(writer, made)
    }

    fn covered(
        &self,
        writer: &mut Writer,
        x: String,
        side: usize,
        count: usize,
        length: Length,
    ) -> Result<String> {
        let length = self.fixed(length)?;
        if length == count {
            return Ok(x);
        }
        if length.is_multiple_of(count) {
            let kernel = along(side, length / count);
            let attributes = [
                Attribute::Ints("kernel_shape", pair_of(kernel)),
                Attribute::Ints("strides", pair_of(kernel)),
            ];
            return Ok(writer.node("MaxPool", &[&x], &attributes));
        }
        let axis = 2 + side as i64;
        let mut parts = Vec::new();
        for window in 0..count {
            let range = [window * length / count, ((window + 1) * length).div_ceil(count)];
            let [start, end] = range.map(|at| writer.integers(&[at as i64]));
            let axes = writer.integers(&[axis]);
            let part = writer.node("Slice", &[&x, &start, &end, &axes], &[]);
            parts.push(reduced(writer, "ReduceMax", &part, &[axis]));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(writer.node("Concat", &parts, &[Attribute::Int("axis", axis)]))
    }

    /// Something of its own, where nothing was to be done.
    fn kept(&self, writer: &mut Writer, made: String) -> Result<String> {
        let own = self.input(writer, 0)?;
        Ok(if made == own { writer.node("Identity", &[&made], &[]) } else { made })
    }
}

fn along(side: usize, size: usize) -> [usize; 2] {
    if side == 0 { [size, 1] } else { [1, size] }
}
