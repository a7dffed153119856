//! The largest elements of windows, and where they came from.

use super::kernels::linear::{NOTHING, Pick};
use super::pooling::Windows;
use super::record::Dispatch;
use super::{Tensor, check_size, words};
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use std::sync::Arc;

impl Tensor {
    /// The largest elements out of a table of places, on the device: nothing is read.
    fn largest_gathered(&self, sides: &[Windows; 2], output: Vec<usize>) -> Result<Tensor> {
        let own = self.shape();
        let Some((places, taps)) = window_places(sides, own[3]) else {
            return Err(Error::new(Kind::Shape, "max_pool2d", "a window holds nothing")
                .expected("windows that reach into the picture")
                .received(words(&own))
                .hint("such windows are possible on the processor only"));
        };
        let planes = self.reshape(&[(own[0] * own[1]) as i64, (own[2] * own[3]) as i64])?;
        let count = places.len();
        let places = Tensor::from_integers(places, &[count], &self.device())?;
        let windows = planes.index_select(1, &places)?;
        let windows = windows.reshape(&[-1, (count / taps.max(1)) as i64, taps as i64])?;
        let lengths: Vec<i64> = output.iter().map(|n| *n as i64).collect();
        windows.max_dim(2, false)?.reshape(&lengths)
    }

    pub(super) fn largest(&self, operation: &str, sides: [Windows; 2]) -> Result<Tensor> {
        let input = self.shape();
        let lengths = [sides[0].ranges.len(), sides[1].ranges.len()];
        let output = vec![input[0], input[1], lengths[0], lengths[1]];
        check_size(operation, &output)?;
        if input[2] == 0 || input[3] == 0 {
            return Err(
                Error::new(Kind::Shape, operation, "the picture is empty").received(words(&input))
            );
        }
        if !self.device().is_cpu() {
            return self.largest_gathered(&sides, output);
        }
        let values = self.detached()?.host_values()?;
        let planes = (input[2] * input[3], lengths[0] * lengths[1]);
        let mut places = vec![NOTHING; output.iter().product()];
        let pairs = places.par_chunks_mut(planes.1.max(1)).zip(values.par_chunks(planes.0.max(1)));
        pairs.for_each(|(places, plane)| find_largest(&sides, plane, input[3], places));
        let map = Arc::new(Pick { input, output, planes, places });
        Ok(Tensor(Dispatch::still_linear(self.0.clone(), map, false)))
    }
}

/// For each window the places of its elements within a plane, `[window, taps]`, all rows as long as the longest: what is
/// missing is the window's first element once more. Nothing where a window has none.
fn window_places(sides: &[Windows; 2], width: usize) -> Option<(Vec<i64>, usize)> {
    let along = |side: &Windows| -> Vec<Vec<usize>> {
        side.ranges.iter().map(|range| range.clone().step_by(side.step).collect()).collect()
    };
    let (rows, columns) = (along(&sides[0]), along(&sides[1]));
    let most = |all: &[Vec<usize>]| all.iter().map(Vec::len).max().unwrap_or(0);
    let taps = most(&rows) * most(&columns);
    let mut places = Vec::with_capacity(rows.len() * columns.len() * taps);
    for down in &rows {
        for right in &columns {
            let own =
                down.iter().flat_map(|row| right.iter().map(move |at| (row * width + at) as i64));
            let begun = places.len();
            places.extend(own);
            let first = *places.get(begun)?;
            places.resize(begun + taps, first);
        }
    }
    Some((places, taps))
}

/// Puts the place of the largest element of each window of a plane into `places`, and leaves it `NOTHING`
/// where a window has none.
fn find_largest(sides: &[Windows; 2], plane: &[f32], width: usize, places: &mut [u32]) {
    let across = sides[1].ranges.len();
    for (down, rows) in sides[0].ranges.iter().enumerate() {
        for (right, columns) in sides[1].ranges.iter().enumerate() {
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            let (mut best, mut found) = (f32::NEG_INFINITY, rows.start * width + columns.start);
            for row in rows.clone().step_by(sides[0].step) {
                let start = row * width + columns.start;
                let values = plane[start..row * width + columns.end].iter();
                for (index, value) in values.step_by(sides[1].step).enumerate() {
                    if *value > best || value.is_nan() {
                        (best, found) = (*value, start + index * sides[1].step);
                    }
                }
            }
            places[down * across + right] = found as u32;
        }
    }
}
