//! Random resized crop of a spectrogram, as BYOL-A has it (Niizumi et al. 2021, "BYOL for Audio", arXiv 2103.06695):
//! the clip lies in the middle of an empty canvas, a random part of which is stretched to the clip's size.

use super::range::Range;
use crate::data::{Augmentation, Draws, Level, Spectrogram};
use crate::tensor::random::Stream;

/// Cuts a random part out of a clip and stretches it to the clip's size, bicubically.
#[derive(Clone, Debug)]
pub struct ResizedCrop {
    /// Size of the canvas over that of the clip: along bins, along frames; both 1 or more. What is empty is the mean.
    pub canvas: [f64; 2],
    /// Bins of the part over those of the clip.
    pub freq: Range,
    /// Frames of the part over those of the clip.
    pub time: Range,
}

/// One side of the part that is cut out.
#[derive(Clone, Copy, Debug)]
struct Side {
    /// Where the clip begins on the canvas.
    margin: usize,
    /// Where the part begins on the canvas.
    start: usize,
    /// How long the part is.
    length: usize,
    /// How long the clip is.
    size: usize,
}

impl Side {
    fn drawn(size: usize, canvas: f64, scale: Range, random: &mut Stream) -> Self {
        let room = ((size as f64 * canvas) as usize).max(size);
        let wanted = (scale.draw(random) * size as f64) as usize;
        let length = wanted.clamp(1, room.max(1));
        let start = random.below(room.saturating_sub(length) + 1);
        Side { margin: (room - size) / 2, start, length, size }
    }

    /// For each place of the result, four places of the clip (none where the canvas is empty) with their weights.
    /// The ends of the part are the ends of the result, as `align_corners=True` has it.
    fn taps(&self) -> Vec<[(Option<usize>, f64); 4]> {
        let step = match self.size > 1 {
            true => (self.length - 1) as f64 / (self.size - 1) as f64,
            false => 0.0,
        };
        let last = self.length.saturating_sub(1) as i64;
        let place = |index: i64| {
            // The part's border goes on beyond it.
            let canvas = self.start as i64 + index.clamp(0, last);
            let own = usize::try_from(canvas - self.margin as i64).ok();
            own.filter(|own| *own < self.size)
        };
        let each = |at: usize| {
            let position = at as f64 * step;
            let (whole, part) = (libm::floor(position) as i64, position - libm::floor(position));
            let weights = cubic(part);
            [0, 1, 2, 3].map(|tap| (place(whole - 1 + tap as i64), weights[tap]))
        };
        (0..self.size).map(each).collect()
    }
}

/// PyTorch's bicubic weights (Keys 1981, a = −0.75) of the places −1, 0, 1, 2 for a position `t` in 0 to 1.
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

impl Augmentation for ResizedCrop {
    fn describe(&self) -> String {
        let [along_freq, along_time] = self.canvas;
        let (freq, time) = (self.freq, self.time);
        format!("resized_crop({along_freq} by {along_time}, freq {freq}, time {time})")
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let (bins, random) = (clip.bins, &mut draws.stream);
        let freq = Side::drawn(bins, self.canvas[0], self.freq, random).taps();
        let time = Side::drawn(clip.frames, self.canvas[1], self.time, random).taps();
        // Along bins first, then along frames.
        let narrowed: Vec<f64> = clip
            .features
            .chunks_exact(bins.max(1))
            .flat_map(|frame| {
                freq.iter().map(|taps| {
                    let tap = |(place, weight): &(Option<usize>, f64)| {
                        let value = place.and_then(|place| frame.get(place));
                        value.map_or(0.0, |value| f64::from(*value) * weight)
                    };
                    taps.iter().map(tap).sum()
                })
            })
            .collect();
        for (frame, taps) in clip.features.chunks_exact_mut(bins.max(1)).zip(&time) {
            for (bin, value) in frame.iter_mut().enumerate() {
                let tap = |(place, weight): &(Option<usize>, f64)| {
                    let value = place.and_then(|place| narrowed.get(place * bins + bin));
                    value.map_or(0.0, |value| value * weight)
                };
                *value = taps.iter().map(tap).sum::<f64>() as f32;
            }
        }
    }
}
