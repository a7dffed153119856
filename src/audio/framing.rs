//! Frames of a clip, four at a time, and where their features go.

use super::Features;
use super::fft::Scratch;
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

impl Scratch {
    /// Takes four frames; what they leave is zeros.
    #[inline(always)]
    pub(super) fn fill(&mut self, block: &[[f32; LANES]]) {
        let (pairs, rest) = block.as_chunks::<2>();
        let last = rest.first().map(|last| [*last, [0.0; LANES]]);
        let mut filled = 0;
        let places = self.even.iter_mut().zip(self.odd.iter_mut());
        for ((even, odd), [first, second]) in places.zip(pairs.iter().chain(last.as_ref())) {
            *even = Lanes(first.map(f64::from));
            *odd = Lanes(second.map(f64::from));
            filled += 1;
        }
        for half in [&mut self.even, &mut self.odd] {
            half.iter_mut().skip(filled).for_each(|place| *place = Lanes::default());
        }
    }
}

impl Scratch {
    /// Takes four frames of the FFT's own length, each sample times its weight.
    #[inline(always)]
    pub(super) fn fill_weighted(&mut self, block: &[[f32; LANES]], weights: &[f64]) {
        let weighted =
            |values: &[f32; LANES], weight: f64| Lanes(values.map(f64::from)).scaled(weight);
        let halves = self.even.iter_mut().zip(self.odd.iter_mut());
        for ((even, odd), (values, weights)) in halves.zip(block.chunks(2).zip(weights.chunks(2))) {
            if let ([first, rest @ ..], [weight, others @ ..]) = (values, weights) {
                *even = weighted(first, *weight);
                let second = rest.first().zip(others.first());
                *odd = second.map(|(v, w)| weighted(v, *w)).unwrap_or_default();
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

    /// The value of a bin in the four frames.
    #[inline(always)]
    pub(super) fn set(&mut self, bin: usize, value: Lanes) {
        let bins = self.features.bins;
        for (lane, value) in value.0.into_iter().enumerate() {
            if let Some(place) = self.rows.get_mut(lane * bins + bin) {
                *place = value as f32;
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
