//! What a kernel sees of a picture, laid out in panels of a few vectors.

use super::super::vectors::{run, run_mut};
use super::Geometry;
use pulp::Simd;

/// One group of channels of one image, seen through a kernel.
pub(super) struct Patches<'a> {
    pub shape: &'a Geometry,
    /// `[inputs, height, width]`.
    pub input: &'a [f32],
}

impl Patches<'_> {
    /// Lays out the columns of the places from `first` to `end` in panels of `wide` vectors, each `[taps, width]`. The
    /// last panel has as many vectors as it needs; what is beyond `end` is 0.
    #[inline(always)]
    pub(super) fn lay_panels<S: Simd>(
        &self,
        [first, end]: [usize; 2],
        wide: usize,
        to: &mut [f32],
    ) {
        let floats = wide * S::F32_LANES;
        let taps = self.shape.taps();
        for (panel, start) in (first..end).step_by(floats).enumerate() {
            let width = floats.min(end - start);
            let room = width.next_multiple_of(S::F32_LANES);
            let to = &mut to[panel * taps * floats..][..taps * room];
            self.lay_rows::<S>([0, taps], [start, width], to, room);
        }
    }

    /// Lays out what some taps see of the places from `start` on: a row for each tap, `step` apart, with zeros up to a
    /// whole vector.
    #[inline(always)]
    pub(super) fn lay_rows<S: Simd>(
        &self,
        [first, count]: [usize; 2],
        [start, width]: [usize; 2],
        to: &mut [f32],
        step: usize,
    ) {
        let [height, across] = self.shape.size;
        let room = width.next_multiple_of(S::F32_LANES);
        let rows = (0..count).map(|row| row * step);
        if self.shape.is_plain() {
            for (tap, row) in (first..).zip(rows) {
                let from = &self.input[tap * height * across + start..][..width];
                copy_row::<S>(from, &mut to[row..row + room]);
            }
            return;
        }
        let kernel = self.shape.kernel;
        for (tap, row) in (first..).zip(rows) {
            let (channel, down) = (tap / (kernel[0] * kernel[1]), tap / kernel[1] % kernel[0]);
            let input = &self.input[channel * height * across..][..height * across];
            let row = &mut to[row..row + room];
            row[width..].fill(0.0);
            self.see::<S>(input, [down, tap % kernel[1]], start, &mut row[..width]);
        }
    }

    /// What one tap sees of one channel, from a place on.
    #[inline(always)]
    fn see<S: Simd>(&self, input: &[f32], tap: [usize; 2], mut place: usize, mut to: &mut [f32]) {
        let shape = self.shape;
        let [across, line_length] = [shape.output[1], shape.size[1]];
        let [down, shift] = [tap[0] * shape.dilation[0], tap[1] * shape.dilation[1]];
        // A part of each row of the output.
        while !to.is_empty() {
            let (line, left) = (place / across, place % across);
            let (part, rest) = to.split_at_mut((across - left).min(to.len()));
            place += part.len();
            to = rest;
            let line = (line * shape.stride[0] + down).checked_sub(shape.padding[0]);
            match line.filter(|line| *line < shape.size[0]) {
                None => part.fill(0.0),
                Some(line) => {
                    let line = &input[line * line_length..][..line_length];
                    self.see_line::<S>(line, left, shift, part);
                }
            }
        }
    }

    /// What the places from `left` on see of one line, `shift` to the right.
    #[inline(always)]
    fn see_line<S: Simd>(&self, line: &[f32], left: usize, shift: usize, to: &mut [f32]) {
        let (pad, stride) = (self.shape.padding[1], self.shape.stride[1]);
        // Of the places, those whose tap falls into the line.
        let first = pad.saturating_sub(shift).div_ceil(stride).clamp(left, left + to.len()) - left;
        let end = (line.len() + pad).saturating_sub(shift).div_ceil(stride);
        let end = end.clamp(left + first, left + to.len()) - left;
        to[..first].fill(0.0);
        to[end..].fill(0.0);
        if first == end {
            return;
        }
        let from = (left + first) * stride + shift - pad;
        let to = &mut to[first..end];
        if stride == 1 {
            copy_row::<S>(&line[from..from + to.len()], to);
        } else {
            let seen = line[from..].iter().step_by(stride);
            to.iter_mut().zip(seen).for_each(|(to, value)| *to = *value);
        }
    }
}

/// Copies a short row, and puts 0 behind it.
#[inline(always)]
pub(super) fn copy_row<S: Simd>(from: &[f32], to: &mut [f32]) {
    let whole = from.len() / S::F32_LANES;
    let vectors = run_mut::<S>(to, 0, whole);
    vectors.iter_mut().zip(run::<S>(from, 0, whole)).for_each(|(to, value)| *to = *value);
    let done = whole * S::F32_LANES;
    to[done..from.len()].iter_mut().zip(&from[done..]).for_each(|(to, value)| *to = *value);
    to[from.len()..].fill(0.0);
}
