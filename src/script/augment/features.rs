//! `augment::…` on one clip's features.

use super::Step;
use super::given::{choice, counts, outside, range, range_of};
use crate::augment::{
    BandFilter, BandShape, BinNoise, Fill, FreqMask, Range, ResizedCrop, TimeMask, TimeRoll,
};
use crate::error::{Error, Kind, Result};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value;
use rhai::{Dynamic, Map, Module};
use std::sync::Arc;

/// Most masks of one clip.
const MOST: usize = 1_000;

fn mask(operation: &str, width: &Dynamic, options: Map) -> Result<(usize, usize, Fill)> {
    let options = Options::new(operation, options)?;
    let width = value::count_of(operation, "the width", width)?;
    let (mut count, mut fill) = (1, Fill::default());
    options.count("count", &mut count)?;
    if count > MOST {
        return Err(outside(operation, "'count'", &format!("0 to {MOST}"), count.to_string()));
    }
    choice(&options, "fill", &Fill::NAMES, &mut fill)?;
    Ok((width, count, fill))
}

fn freq_mask(width: &Dynamic, options: Map) -> Result<Step> {
    let (width, count, fill) = mask("augment::freq_mask", width, options)?;
    Ok(Arc::new(FreqMask { width, count, fill }))
}

fn time_mask(width: &Dynamic, options: Map) -> Result<Step> {
    let (width, count, fill) = mask("augment::time_mask", width, options)?;
    Ok(Arc::new(TimeMask { width, count, fill }))
}

fn time_roll(frames: &Dynamic) -> Result<Step> {
    let operation = "augment::time_roll";
    let list = value::list_of(operation, "the frames", frames, value::integer_of)?;
    match list.as_slice() {
        [low, high] if low <= high => Ok(Arc::new(TimeRoll { frames: Some([*low, *high]) })),
        other => Err(Error::new(Kind::Range, operation, "the frames are out of range")
            .expected("the least and the greatest, both included: [-10, 9]")
            .received(format!("{other:?}"))),
    }
}

fn bin_noise(scale: &Dynamic) -> Result<Step> {
    let scale = range_of("augment::bin_noise", "the scale", scale, [0.0, 1e6])?;
    // One number is the greatest.
    let scale = if scale.low == scale.high { Range::new(0.0, scale.high) } else { scale };
    Ok(Arc::new(BinNoise { scale }))
}

fn resized_crop(options: Map) -> Result<Step> {
    let options = Options::new("augment::resized_crop", options)?;
    let (mut freq, mut time) = (Range::new(0.6, 1.5), Range::new(0.6, 1.5));
    range(&options, "freq", &mut freq, [0.01, 100.0])?;
    range(&options, "time", &mut time, [0.01, 100.0])?;
    let mut canvas = [1.0, 1.5];
    if let Some(list) = options.list("canvas", value::number_of)? {
        canvas = match list.as_slice() {
            [freq, time] if (1.0..=100.0).contains(freq) && (1.0..=100.0).contains(time) => {
                [*freq, *time]
            }
            other => {
                let problem = "'canvas' is out of range";
                return Err(Error::new(Kind::Range, options.operation(), problem)
                    .expected("two numbers of 1 or more, along bins and along frames: [1.0, 1.5]")
                    .received(format!("{other:?}")));
            }
        };
    }
    Ok(Arc::new(ResizedCrop { canvas, freq, time }))
}

fn filter_augment(options: Map) -> Result<Step> {
    let options = Options::new("augment::filter_augment", options)?;
    let mut shape = BandShape::Linear;
    choice(&options, "shape", &BandShape::NAMES, &mut shape)?;
    let (mut bands, mut least_bins) = match shape {
        BandShape::Linear => ([3, 5], 6),
        BandShape::Step => ([2, 4], 4),
    };
    let mut gain_db = Range::new(-6.0, 6.0);
    range(&options, "gain_db", &mut gain_db, [-200.0, 200.0])?;
    counts(&options, "bands", &mut bands)?;
    options.count("least_bins", &mut least_bins)?;
    Ok(Arc::new(BandFilter { shape, gain_db, bands, least_bins }))
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// Masks one band of each clip's bins: less than `width` bins wide, as torchaudio's `FrequencyMasking` draws it.
        ///
        /// ```rhai
        /// type_of(augment::freq_mask(24)) == "Augmentation"
        /// ```
        fn "freq_mask"(width: Dynamic) -> Step { freq_mask(&width, Map::new()) }

        /// As `freq_mask(width)`, with options: `count` (1): how many bands; `fill` ("mean": 0 after the normalisation,
        /// the mean of the training clips; "zero": 0 before it, as AST and PSLA have it).
        ///
        /// ```rhai
        /// type_of(augment::freq_mask(48, #{ count: 2, fill: "zero" })) == "Augmentation"
        /// ```
        fn "freq_mask"(width: Dynamic, options: Map) -> Step { freq_mask(&width, options) }

        /// Masks one span of each clip's frames: less than `width` frames long, as torchaudio's `TimeMasking` draws it.
        ///
        /// ```rhai
        /// type_of(augment::time_mask(96)) == "Augmentation"
        /// ```
        fn "time_mask"(width: Dynamic) -> Step { time_mask(&width, Map::new()) }

        /// As `time_mask(width)`, with options: `count` (1): how many spans; `fill` ("mean": 0 after the normalisation,
        /// the mean of the training clips; "zero": 0 before it, as AST and PSLA have it).
        ///
        /// ```rhai
        /// type_of(augment::time_mask(192, #{ count: 2, fill: "zero" })) == "Augmentation"
        /// ```
        fn "time_mask"(width: Dynamic, options: Map) -> Step { time_mask(&width, options) }

        /// Rolls each clip along time by any number of frames; what leaves at one end comes in at the other.
        ///
        /// ```rhai
        /// type_of(augment::time_roll()) == "Augmentation"
        /// ```
        fn "time_roll"() -> Step { Ok(Arc::new(TimeRoll { frames: None }) as Step) }

        /// As `time_roll()`, by `[least, greatest]` frames, both included; later where they are positive.
        ///
        /// ```rhai
        /// type_of(augment::time_roll([-10, 9])) == "Augmentation"
        /// ```
        fn "time_roll"(frames: Dynamic) -> Step { time_roll(&frames) }

        /// Adds noise to each bin: uniform in 0 to 1, times a number that is drawn for the clip, 0 to `scale` (or of a range
        /// `[low, high]`), in units of the normalised features. AST's recipe for Speech Commands is `bin_noise(0.1)`, then
        /// `time_roll([-10, 9])`.
        ///
        /// ```rhai
        /// type_of(augment::bin_noise(0.1)) == "Augmentation"
        /// ```
        fn "bin_noise"(scale: Dynamic) -> Step { bin_noise(&scale) }

        /// Lays each clip on an empty canvas, cuts out a random part, and stretches it to the clip's size, as
        /// BYOL-A does (Niizumi et al. 2021).
        ///
        /// Options: `canvas` ([1.0, 1.5]): the canvas over the clip, along bins and along frames; `freq` ([0.6, 1.5]):
        /// the part's bins over the clip's; `time` ([0.6, 1.5]): its frames over the clip's.
        ///
        /// ```rhai
        /// type_of(augment::resized_crop(#{ freq: [0.8, 1.0] })) == "Augmentation"
        /// ```
        fn "resized_crop"(options: Map) -> Step { resized_crop(options) }

        /// As `resized_crop(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// type_of(augment::resized_crop()) == "Augmentation"
        /// ```
        fn "resized_crop"() -> Step { resized_crop(Map::new()) }

        /// FilterAugment (Nam et al. 2022): bands of random borders get random gains, as rooms and microphones give them.
        ///
        /// Options: `shape` ("linear": a gain at each border and straight lines between; "step": one gain a band);
        /// `gain_db` ([-6, 6]); `bands` ([3, 5]; [2, 4] for steps): how many, both ends included; `least_bins`
        /// (6; 4 for steps): how wide a band is at least. Logarithms (natural ones or decibels, of power or of magnitude)
        /// get the gain added, powers and magnitudes are multiplied, as the features' options say.
        ///
        /// Errors, when a stage begins: cepstra, whose bins are no frequencies.
        ///
        /// ```rhai
        /// type_of(augment::filter_augment(#{ shape: "step", gain_db: [-3, 3] })) == "Augmentation"
        /// ```
        fn "filter_augment"(options: Map) -> Step { filter_augment(options) }

        /// As `filter_augment(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// type_of(augment::filter_augment()) == "Augmentation"
        /// ```
        fn "filter_augment"() -> Step { filter_augment(Map::new()) }
    }
}
