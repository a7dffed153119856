//! Weighted sums of neighbours along one dimension: averages, interpolation, frames, reflected edges.

use super::{LARGEST_TOLD, Linear, Told};
use rayon::prelude::*;

/// For each place of the output, the places of the input that it is made of, and their weights.
#[derive(Clone, Debug)]
pub(in crate::tensor) struct Taps {
    /// Places of the input.
    from: usize,
    /// Where the taps of each output place begin, and where the last ones end.
    starts: Vec<usize>,
    taps: Vec<(usize, f32)>,
}

impl Taps {
    /// `of` gives the taps of each of the `count` output places, all within `0..from`.
    pub(in crate::tensor) fn new<I: IntoIterator<Item = (usize, f32)>>(
        from: usize,
        count: usize,
        of: impl Fn(usize) -> I,
    ) -> Self {
        let (mut starts, mut taps) = (Vec::with_capacity(count + 1), Vec::new());
        starts.push(0);
        for place in 0..count {
            taps.extend(of(place));
            starts.push(taps.len());
        }
        Taps { from, starts, taps }
    }

    /// Output places.
    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn of(&self, place: usize) -> &[(usize, f32)] {
        &self.taps[self.starts[place]..self.starts[place + 1]]
    }

    /// The same weights seen from the input; the taps of a place are in the order of the output.
    fn transposed(&self) -> Taps {
        let mut starts = vec![0; self.from + 1];
        for (place, _) in &self.taps {
            starts[place + 1] += 1;
        }
        for place in 0..self.from {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut taps = vec![(0, 0.0); self.taps.len()];
        for place in 0..self.count() {
            for (from, weight) in self.of(place) {
                taps[next[*from]] = (place, *weight);
                next[*from] += 1;
            }
        }
        Taps { from: self.count(), starts, taps }
    }

    /// From `[outer, from, inner]` to `[outer, count, inner]`. Sums are made in double precision.
    fn apply(&self, outer: usize, inner: usize, input: &[f32]) -> Vec<f32> {
        let (taken, made) = (self.from * inner, self.count() * inner);
        let mut output = vec![0.0; outer * made];
        if output.is_empty() || taken == 0 {
            return output;
        }
        let blocks = output.par_chunks_mut(made).zip(input.par_chunks(taken));
        // One thread does so many blocks at least, else handing them out costs more than the work.
        let least = (4096 / (made + taken)).max(1);
        blocks.with_min_len(least).for_each_init(
            || vec![0.0f64; inner],
            |sums, (output, input)| {
                for (place, row) in output.chunks_mut(inner).enumerate() {
                    self.row(place, inner, input, sums, row);
                }
            },
        );
        output
    }

    fn row(&self, place: usize, inner: usize, input: &[f32], sums: &mut [f64], row: &mut [f32]) {
        match self.of(place) {
            [] => {}
            // The value itself: NaN and infinities too.
            [(from, 1.0)] => row.copy_from_slice(&input[from * inner..(from + 1) * inner]),
            taps if inner == 1 => {
                let terms = taps.iter().map(|(from, w)| f64::from(*w) * f64::from(input[*from]));
                row[0] = terms.sum::<f64>() as f32;
            }
            taps => {
                sums.fill(0.0);
                for (from, weight) in taps {
                    let weight = f64::from(*weight);
                    let values = &input[from * inner..(from + 1) * inner];
                    let pairs = sums.iter_mut().zip(values);
                    pairs.for_each(|(sum, value)| *sum += weight * f64::from(*value));
                }
                row.iter_mut().zip(sums.iter()).for_each(|(to, sum)| *to = *sum as f32);
            }
        }
    }
}

/// Taps along one dimension of a tensor.
#[derive(Debug)]
pub(in crate::tensor) struct Axis {
    shape: Vec<usize>,
    dim: usize,
    taps: Taps,
}

impl Axis {
    /// `taps` along `dim` of `shape`, whose length there is what the taps were made for.
    pub(in crate::tensor) fn new(shape: Vec<usize>, dim: usize, taps: Taps) -> Self {
        Axis { shape, dim, taps }
    }

    fn around(&self) -> (usize, usize) {
        let (outer, rest) = self.shape.split_at(self.dim);
        (outer.iter().product(), rest.iter().skip(1).product())
    }
}

impl Linear for Axis {
    fn input_shape(&self) -> Vec<usize> {
        self.shape.clone()
    }

    fn output_shape(&self) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[self.dim] = self.taps.count();
        shape
    }

    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let (outer, inner) = self.around();
        self.taps.apply(outer, inner, input)
    }

    fn adjoint(&self, gradient: &[f32]) -> Vec<f32> {
        let (outer, inner) = self.around();
        self.taps.transposed().apply(outer, inner, gradient)
    }

    fn told(&self) -> Told {
        let (taps, axis) = (&self.taps, self.dim);
        let single = |place| match taps.of(place) {
            [(from, 1.0)] => Some(*from),
            _ => None,
        };
        if let Some(places) = (0..taps.count()).map(single).collect() {
            return Told::Picked { axis, places };
        }
        let (from, to) = (taps.from, taps.count());
        if from.saturating_mul(to) > LARGEST_TOLD {
            return Told::Nothing;
        }
        let mut values = vec![0.0; from * to];
        for place in 0..to {
            taps.of(place).iter().for_each(|(at, weight)| values[at * to + place] += weight);
        }
        Told::Matrix { axis, from, to, values }
    }
}
