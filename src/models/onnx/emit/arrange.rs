//! Slices and repeated dimensions.

use super::super::pair::is_fixed;
use super::super::writer::{Entry, Writer};
use super::One;
use crate::error::{Error, Kind, Result};
use crate::tensor::record::Op;

/// An end beyond everything.
const FAR: i64 = i64::MAX;

impl One<'_> {
    /// Lengths that stay are told as 1, which stretches nothing.
    pub(super) fn expand(&self, writer: &mut Writer) -> Result<String> {
        let (from, to) = (self.input_shape(0), self.output_shape());
        let missing = to.len() - from.len();
        let entry = |(axis, length): (usize, &[usize; 2])| match is_fixed(*length) {
            true => Entry::Is(length[0] as i64),
            false if axis >= missing && from[axis - missing] == *length => Entry::Is(1),
            false => Entry::Of(*length),
        };
        let entries: Vec<Entry> = to.iter().enumerate().map(entry).collect();
        let (x, target) = (self.input(writer, 0)?, writer.entries(&entries)?);
        Ok(writer.node("Expand", &[&x, &target], &[]))
    }

    pub(super) fn slice(&self, writer: &mut Writer, ranges: &[[usize; 2]]) -> Result<String> {
        let Op::Slice(others) = &self.pair.other(self.index).op else {
            return Err(Error::new(Kind::Internal, "export", "a slice has no counterpart"));
        };
        let (mut axes, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (axis, length) in self.input_shape(0).into_iter().enumerate() {
            let (one, other) = (ranges[axis], others[axis]);
            if one == [0, length[0]] && other == [0, length[1]] {
                continue;
            }
            axes.push(axis as i64);
            starts.push(place([one[0], other[0]], length)?);
            ends.push(match [one[1], other[1]] == length {
                true => FAR,
                false => place([one[1], other[1]], length)?,
            });
        }
        let x = self.input(writer, 0)?;
        let [starts, ends, axes] = [&starts, &ends, &axes].map(|list| writer.integers(list));
        Ok(writer.node("Slice", &[&x, &starts, &ends, &axes], &[]))
    }
}

/// A place along a dimension, counted from its beginning or, where its length is free, from its end.
fn place(at: [usize; 2], length: [usize; 2]) -> Result<i64> {
    if at[0] == at[1] {
        return Ok(at[0] as i64);
    }
    let from_end = [0, 1].map(|side| at[side] as i64 - length[side] as i64);
    if from_end[0] == from_end[1] && from_end[0] < 0 {
        return Ok(from_end[0]);
    }
    Err(Error::new(Kind::Shape, "export", "where a slice begins or ends depends on a free length")
        .received(format!("{} of {}, {} of {}", at[0], length[0], at[1], length[1])))
}
