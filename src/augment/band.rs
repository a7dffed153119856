//! FilterAugment (Nam, Kim, Park 2022, "FilterAugment: An Acoustic Environmental Data Augmentation Method",
//! arXiv 2110.03282): bands of random borders get random gains, as rooms and microphones give them.

use super::range::Range;
use crate::audio::{FeatureOptions, Gain};
use crate::data::{Augmentation, Draws, Level, Normal, Spectrogram};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;

/// How the gain goes over the bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandShape {
    /// One gain a band.
    Step,
    /// A gain at each border, in dB on a straight line between.
    Linear,
}

impl BandShape {
    /// Their names in recipes.
    pub const NAMES: [(&'static str, BandShape); 2] =
        [("step", BandShape::Step), ("linear", BandShape::Linear)];

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        BandShape::NAMES.iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }
}

/// Filters a clip with a random curve over its bins: logarithms get a gain added, powers and magnitudes are multiplied.
#[derive(Clone, Debug)]
pub struct BandFilter {
    /// How the gain goes over the bands.
    pub shape: BandShape,
    /// The gains, in dB.
    pub gain_db: Range,
    /// The least and the greatest number of bands. One band changes nothing.
    pub bands: [usize; 2],
    /// Bins that a band has at least, where there are enough.
    pub least_bins: usize,
}

impl BandFilter {
    /// Borders of the bands, 0 and `bins` included; as the authors' code draws them.
    fn borders(&self, bins: usize, random: &mut Stream) -> Vec<usize> {
        let [low, high] = self.bands;
        let bands = low + random.below(high.saturating_sub(low) + 1);
        if bands < 2 {
            return Vec::new();
        }
        let least = self.least_bins.min(bins / bands);
        let room = bins - bands * least;
        let mut inner: Vec<usize> = (1..bands).map(|_| random.below(room + 1)).collect();
        inner.sort_unstable();
        let inner = inner.into_iter().zip(1..).map(|(at, band)| at + band * least);
        std::iter::once(0).chain(inner).chain([bins]).collect()
    }

    /// The gain of each of `bins` bins, in dB: between two borders that of the first, or on a straight line from the
    /// first to the second (`linspace`, both ends included).
    pub fn curve(&self, bins: usize, borders: &[usize], gains_db: &[f64]) -> Vec<f64> {
        let mut curve = vec![0.0; bins];
        for (border, gain) in borders.windows(2).zip(gains_db.windows(2)) {
            let ([from, to], [first, last]) = (border, gain) else { continue };
            let steps = to.saturating_sub(from + 1).max(1) as f64;
            for (place, cell) in curve.iter_mut().take(*to).skip(*from).enumerate() {
                *cell = match self.shape {
                    BandShape::Step => *first,
                    BandShape::Linear => first + (last - first) * place as f64 / steps,
                };
            }
        }
        curve
    }
}

impl Augmentation for BandFilter {
    fn describe(&self) -> String {
        let BandFilter { shape, gain_db, bands: [low, high], least_bins } = self;
        let shape = shape.name();
        format!("filter_augment({shape}, {gain_db} dB, {low} to {high} bands, {least_bins} bins)")
    }

    fn level(&self) -> Level {
        Level::Clip
    }

    fn check_features(&self, features: &FeatureOptions) -> Result<()> {
        match features.gain() {
            Some(_) => Ok(()),
            None => Err(Error::new(
                Kind::Script,
                "augment::filter_augment",
                "these features are no bins of frequency",
            )
            .expected("audio::fbank, audio::mel_spectrogram or audio::spectrogram")
            .received(format!("audio::{}", features.kind()))),
        }
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        let Some(gain) = clip.gain else { return };
        let Normal { mean, scale } = clip.normal;
        // What 0 is to models, before it is added or multiplied.
        let zero = -mean * scale;
        let borders = self.borders(clip.bins, &mut draws.stream);
        // A gain for each border; steps leave the last one out.
        let gains: Vec<f64> =
            borders.iter().map(|_| self.gain_db.draw(&mut draws.stream)).collect();
        let curve = self.curve(clip.bins, &borders, &gains);
        for frame in clip.features.chunks_exact_mut(clip.bins.max(1)) {
            for (value, decibels) in frame.iter_mut().zip(&curve) {
                *value = match gain {
                    Gain::Adds(unit) => *value + (decibels * unit * scale) as f32,
                    Gain::Multiplies(unit) => {
                        let power = f64::from(*value) - zero;
                        (power * libm::exp(decibels * unit) + zero) as f32
                    }
                };
            }
        }
    }
}
