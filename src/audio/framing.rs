//! Frames of a clip, four at a time, and where their features go.

use super::Features;
use super::lanes::{LANES, Lanes};
use crate::tensor::random::Stream;

/// Frames that lie wholly within `values`.
pub(super) struct Frames<'a> {
    pub values: &'a [f32],
    pub length: usize,
    pub hop: usize,
    pub count: usize,
}

impl Frames<'_> {
    /// The four frames from `start` on, side by side; after the last one, the last one again.
    #[inline(always)]
    pub(super) fn take(&self, start: usize, block: &mut [[f32; LANES]]) {
        let frame = |lane: usize| {
            let from = (start + lane).min(self.count.saturating_sub(1)) * self.hop;
            self.values.get(from..from + self.length).unwrap_or_default()
        };
        let [a, b, c, d] = [frame(0), frame(1), frame(2), frame(3)];
        let together = a.iter().zip(b).zip(c).zip(d);
        for (place, (((a, b), c), d)) in block.iter_mut().zip(together) {
            *place = [*a, *b, *c, *d];
        }
    }

    /// Normal noise on each sample, drawn frame by frame.
    pub(super) fn dither(
        &self,
        start: usize,
        block: &mut [[f32; LANES]],
        deviation: f32,
        random: &mut Stream,
    ) {
        for lane in 0..LANES.min(self.count.saturating_sub(start)) {
            for value in block.iter_mut().filter_map(|values| values.get_mut(lane)) {
                *value += random.normal() as f32 * deviation;
            }
        }
    }
}

/// Features in the making.
pub(super) struct Kept {
    features: Features,
    /// Those of the four frames that are worked on.
    rows: Vec<f32>,
}

impl Kept {
    pub(super) fn new(frames: usize, bins: usize) -> Self {
        let values = vec![0.0; frames * bins];
        Kept { features: Features { frames, bins, values }, rows: vec![0.0; LANES * bins] }
    }

    /// Values of the four frames, for the bins from `first` on.
    #[inline(always)]
    pub(super) fn set(&mut self, first: usize, values: &[Lanes]) {
        for (lane, row) in self.rows.chunks_exact_mut(self.features.bins.max(1)).enumerate() {
            let places = row.get_mut(first..).unwrap_or_default();
            for (place, value) in places.iter_mut().zip(values) {
                *place = value[lane] as f32;
            }
        }
    }

    /// Keeps the four frames from `start` on, as far as there are so many.
    #[inline(always)]
    pub(super) fn store(&mut self, start: usize) {
        let from = start * self.features.bins;
        let places = self.features.values.get_mut(from..).unwrap_or_default();
        for (place, value) in places.iter_mut().zip(&self.rows) {
            *place = *value;
        }
    }

    pub(super) fn done(self) -> Features {
        self.features
    }
}
