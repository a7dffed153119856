//! Masks of SpecAugment (Park et al. 2019, arXiv 1904.08779), drawn as torchaudio's `FrequencyMasking` and
//! `TimeMasking` draw them, which AST and PSLA used.

use crate::data::{Augmentation, Draws, Level, Spectrogram};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;

/// What a mask puts in place of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// 0 after the normalisation: the mean of the training clips.
    #[default]
    Mean,
    /// 0 before the normalisation, as AST and PSLA have it: they mask first.
    Zero,
}

impl Fill {
    /// Their names in recipes.
    pub const NAMES: [(&'static str, Fill); 2] = [("mean", Fill::Mean), ("zero", Fill::Zero)];

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        Fill::NAMES.iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }

    fn of(self, clip: &Spectrogram) -> f32 {
        match self {
            Fill::Mean => 0.0,
            Fill::Zero => clip.normal.of(0.0),
        }
    }
}

/// Masks bands of less than `width` bins.
#[derive(Clone, Debug)]
pub struct FreqMask {
    /// torchaudio's `freq_mask_param`: a band is at most `width` − 1 bins wide.
    pub width: usize,
    /// How many bands.
    pub count: usize,
    /// What is put there.
    pub fill: Fill,
}

/// Masks spans of less than `width` frames.
#[derive(Clone, Debug)]
pub struct TimeMask {
    /// torchaudio's `time_mask_param`: a span is at most `width` − 1 frames long.
    pub width: usize,
    /// How many spans.
    pub count: usize,
    /// What is put there.
    pub fill: Fill,
}

impl FreqMask {
    /// One band of the mean.
    pub fn new(width: usize) -> Self {
        FreqMask { width, count: 1, fill: Fill::Mean }
    }
}

impl Augmentation for FreqMask {
    fn describe(&self) -> String {
        format!("freq_mask({}, {}, {})", self.width, self.count, self.fill.name())
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn check_size(&self, _: usize, bins: usize) -> Result<()> {
        fits("augment::freq_mask", self.width, bins, "bins")
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let fill = self.fill.of(clip);
        for _ in 0..self.count {
            let (start, end) = drawn(self.width, clip.bins, &mut draws.stream);
            for frame in clip.features.chunks_exact_mut(clip.bins.max(1)) {
                if let Some(band) = frame.get_mut(start..end) {
                    band.fill(fill);
                }
            }
        }
    }
}

impl TimeMask {
    /// One span of the mean.
    pub fn new(width: usize) -> Self {
        TimeMask { width, count: 1, fill: Fill::Mean }
    }
}

impl Augmentation for TimeMask {
    fn describe(&self) -> String {
        format!("time_mask({}, {}, {})", self.width, self.count, self.fill.name())
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn check_size(&self, frames: usize, _: usize) -> Result<()> {
        fits("augment::time_mask", self.width, frames, "frames")
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let fill = self.fill.of(clip);
        for _ in 0..self.count {
            let (start, end) = drawn(self.width, clip.frames, &mut draws.stream);
            if let Some(masked) = clip.features.get_mut(start * clip.bins..end * clip.bins) {
                masked.fill(fill);
            }
        }
    }
}

/// Refuses a mask that may cover more than there is: its width was meant for other features.
fn fits(operation: &str, width: usize, size: usize, what: &str) -> Result<()> {
    if width <= size {
        return Ok(());
    }
    Err(Error::new(Kind::Range, operation, "the mask is wider than the features")
        .expected(format!("up to the {size} {what} that they have"))
        .received(width.to_string()))
}

fn drawn(width: usize, size: usize, random: &mut Stream) -> (usize, usize) {
    let uniforms = [random.uniform(), random.uniform()];
    mask_span(uniforms, width, size)
}

/// The span from `start` to before `end` that torchaudio's `mask_along_axis` masks for two uniform numbers: a real width
/// u₁ · `width`, a real start u₂ · (`size` − width), both cut to whole numbers, what lies outside left out.
pub fn mask_span(uniforms: [f64; 2], width: usize, size: usize) -> (usize, usize) {
    let [first, second] = uniforms;
    let length = first * width as f64;
    // Less than 0 where the width is more than there is.
    let start = (second * (size as f64 - length)) as i64;
    let inside = |at: i64| at.clamp(0, size as i64) as usize;
    (inside(start), inside(start + length as i64))
}
