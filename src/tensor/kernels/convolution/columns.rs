//! The gradient of a convolution's input where the kernel moves by more than one: strips of columns, one for each place of
//! the kernel, are made by a product and added where they were seen. A strip stays in the cache until it is added.

use super::Geometry;
use crate::tensor::kernels::product::{Matrix, Target};
use rayon::prelude::*;
use std::ops::Range;

/// Floats of one strip of columns: about the second-level cache of a core.
const STRIP: usize = 1 << 17;

/// A strip is at least so wide where the kernel leaves room: products of narrow matrices are slow.
const NARROWEST: usize = 64;

impl Geometry {
    /// Strips of the output: several whole rows, or a part of one row where that is long.
    fn strips(&self) -> impl Iterator<Item = Strip> {
        let [height, width] = self.output;
        let (taps, width) = (self.taps().max(1), width.max(1));
        let rows = (STRIP / taps.saturating_mul(width)).clamp(1, height.max(1));
        let least = if taps <= STRIP { NARROWEST } else { 1 };
        // A row of up to four strips stays whole.
        let columns = if taps.saturating_mul(width) <= 4 * STRIP { width } else { STRIP / taps };
        let columns = columns.clamp(least.min(width), width);
        (0..height).step_by(rows).flat_map(move |top| {
            let rows = top..(top + rows).min(height);
            let parts = (0..width).step_by(columns);
            parts.map(move |left| Strip {
                rows: rows.clone(),
                columns: left..(left + columns).min(width),
            })
        })
    }

    /// Calls `row(tap row of the columns, output row, input row)` for every pair that overlaps, and
    /// with no input row where the kernel hangs over the edge.
    fn each_row(&self, rows: &Range<usize>, mut row: impl FnMut(usize, usize, Option<usize>)) {
        for channel in 0..self.inputs {
            for down in 0..self.kernel[0] {
                for right in 0..self.kernel[1] {
                    let tap = (channel * self.kernel[0] + down) * self.kernel[1] + right;
                    for at in rows.clone() {
                        let line = (at * self.stride[0] + down * self.dilation[0])
                            .checked_sub(self.padding[0])
                            .filter(|line| *line < self.size[0])
                            .map(|line| channel * self.size[0] + line);
                        row(tap, at, line);
                    }
                }
            }
        }
    }

    /// The places among `columns` of an output row whose tap at `right` falls into the input, counted
    /// from the first of `columns`, and where the first of them does.
    fn inside(&self, right: usize, columns: &Range<usize>) -> (Range<usize>, usize) {
        let shift = right * self.dilation[1];
        let (pad, stride) = (self.padding[1], self.stride[1]);
        let first = pad.saturating_sub(shift).div_ceil(stride).max(columns.start);
        let end = (self.size[1] + pad).saturating_sub(shift).div_ceil(stride);
        let end = end.min(columns.end);
        if first >= end {
            return (0..0, 0);
        }
        (first - columns.start..end - columns.start, first * stride + shift - pad)
    }
}

/// A rectangle of output places; if it has several rows, they are whole.
#[derive(Clone, Debug)]
struct Strip {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Strip {
    fn places(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Where it begins in a picture of rows of `width`.
    fn start(&self, width: usize) -> usize {
        self.rows.start * width + self.columns.start
    }
}

/// Adds columns back to the places that they were taken from.
fn add_columns(shape: &Geometry, columns: &[f32], strip: &Strip, input: &mut [f32]) {
    let (width, places) = (strip.columns.len(), strip.places());
    shape.each_row(&strip.rows, |tap, at, line| {
        let Some(line) = line else { return };
        let start = tap * places + (at - strip.rows.start) * width;
        let target = &mut input[line * shape.size[1]..(line + 1) * shape.size[1]];
        let (inside, from) = shape.inside(tap % shape.kernel[1], &strip.columns);
        let source = &columns[start..start + width][inside];
        let places = target[from..].iter_mut().step_by(shape.stride[1]);
        places.zip(source).for_each(|(to, value)| *to += value);
    });
}

/// The gradient of the input.
pub(super) fn input_gradient(shape: &Geometry, kernel: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut input = vec![0.0; shape.batch * shape.input_image()];
    let images = input.par_chunks_mut(shape.input_image().max(1));
    let pairs = images.zip(gradient.par_chunks(shape.output_image().max(1)));
    pairs.for_each_init(Vec::new, |columns: &mut Vec<f32>, (input, gradient)| {
        for group in 0..shape.groups {
            let input = &mut input[shape.group_input(group)];
            let gradient = &gradient[shape.group_output(group)];
            for strip in shape.strips() {
                let places = strip.places();
                columns.resize(shape.taps() * places, 0.0);
                let weights = weights(shape, &kernel[shape.group_weights(group)]).transposed();
                let part = part(shape, gradient, &strip);
                Target::new(columns, places).set(false, 1.0, weights, part);
                add_columns(shape, columns, &strip, input);
            }
        }
    });
    input
}

/// The kernel of one group, `[outputs, taps]`.
fn weights<'a>(shape: &Geometry, kernel: &'a [f32]) -> Matrix<'a> {
    Matrix::new(kernel, shape.outputs, shape.taps(), shape.taps())
}

/// A strip of every output channel of one group, `[outputs, places]`.
fn part<'a>(shape: &Geometry, output: &'a [f32], strip: &Strip) -> Matrix<'a> {
    let [height, width] = shape.output;
    Matrix::new(&output[strip.start(width)..], shape.outputs, strip.places(), height * width)
}
