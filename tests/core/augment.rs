//! Augmentations of features: what they change and what they keep.

use serde_json::json;
use stillroom::audio::{Extractor, FeatureOptions, Gain, Samples};
use stillroom::augment::{
    BandFilter, BandShape, BinNoise, CutMix, Fill, FreqMask, FreqMixStyle, Mixup, Range,
    ResizedCrop, TimeMask, TimeRoll,
};
use stillroom::data::{Augmentation, Draws, HostBatch, Normal, Spectrogram};
use stillroom::tensor::random::Stream;

const FRAMES: usize = 20;
const MELS: usize = 6;
/// 0 before the normalisation becomes 2.
const NORMAL: Normal = Normal { mean: -4.0, scale: 0.5 };

/// Features without a zero, each value different.
fn features() -> Vec<f32> {
    (0..FRAMES * MELS).map(|index| index as f32 + 1.0).collect()
}

fn applied(step: &dyn Augmentation, draw: u64) -> Vec<f32> {
    let mut values = features();
    let gain = Some(Gain::LOG_POWER);
    let mut clip =
        Spectrogram { features: &mut values, frames: FRAMES, bins: MELS, normal: NORMAL, gain };
    step.clip(&mut clip, &mut Draws::of(step, 0, &[draw]));
    values
}

fn shift_of(rolled: &[f32]) -> usize {
    let shift = rolled.iter().position(|value| *value == 1.0).expect("the first value");
    assert_eq!(shift % MELS, 0);
    let mut expected = features();
    expected.rotate_right(shift);
    assert_eq!(rolled, expected);
    shift / MELS
}

#[test]
fn a_roll_moves_whole_frames_around() {
    let mut seen = [[0; FRAMES]; 2];
    for draw in 0..400 {
        seen[0][shift_of(&applied(&TimeRoll { frames: None }, draw))] += 1;
        seen[1][shift_of(&applied(&TimeRoll { frames: Some([-2, 1]) }, draw))] += 1;
    }
    assert!(seen[0].iter().all(|count| *count > 0), "{:?}", seen[0]);
    let places = seen[1].iter().enumerate().filter(|(_, count)| **count > 0);
    assert_eq!(places.map(|(place, _)| place).collect::<Vec<_>>(), [0, 1, FRAMES - 2, FRAMES - 1]);
    assert!(seen[1].iter().all(|count| *count == 0 || (60..140).contains(count)), "{:?}", seen[1]);
}

#[test]
fn masks_fill_one_band_or_span_of_less_than_their_width() {
    let mut widths = [[0usize; MELS], [0; MELS]];
    for draw in 0..2000 {
        let banded = applied(&FreqMask::new(4), draw);
        let zeros: Vec<usize> = (0..MELS).filter(|mel| banded[*mel] == 0.0).collect();
        assert!(zeros.windows(2).all(|pair| pair[1] == pair[0] + 1), "one band: {zeros:?}");
        for frame in banded.chunks(MELS) {
            assert!((0..MELS).all(|mel| (frame[mel] == 0.0) == zeros.contains(&mel)));
        }
        widths[0][zeros.len()] += 1;
        let spanned = applied(&TimeMask { fill: Fill::Zero, ..TimeMask::new(5) }, draw);
        let own = features();
        let masked: Vec<usize> = (0..FRAMES * MELS).filter(|at| spanned[*at] != own[*at]).collect();
        // The value 2 is that of the second bin of the first frame, too.
        assert!(masked.iter().all(|at| spanned[*at] == 2.0));
        let frames = masked.len().div_ceil(MELS);
        assert!(masked.len() == frames * MELS || masked.len() + 1 == frames * MELS);
        widths[1][frames] += 1;
    }
    // ⌊4u⌋ and ⌊5u⌋: all widths but the parameter itself, each as likely.
    for (found, parameter) in widths.iter().zip([4, 5]) {
        let expected = 2000 / parameter;
        for (width, count) in found.iter().enumerate() {
            let fits = count.abs_diff(expected) < expected / 4;
            assert_eq!(fits, width < parameter, "{found:?}");
            assert!(width < parameter || *count == 0, "{found:?}");
        }
    }
}

#[test]
fn several_masks_are_drawn_apart() {
    let zeros = |count: usize| {
        let mask = TimeMask { count, ..TimeMask::new(3) };
        let all = (0..500).map(|draw| applied(&mask, draw).iter().filter(|v| **v == 0.0).count());
        all.sum::<usize>()
    };
    assert_eq!(zeros(0), 0);
    assert!(zeros(3) as f64 > 2.4 * zeros(1) as f64);
}

#[test]
fn masks_wider_than_the_clip_do_not_overflow() {
    for draw in 0..50 {
        applied(&FreqMask::new(1000), draw);
        applied(&TimeMask::new(1000), draw);
        assert_eq!(applied(&FreqMask::new(0), draw), features());
    }
}

#[test]
fn noise_of_bins_is_uniform_and_scaled_for_each_clip() {
    let mut most = 0.0f32;
    let mut sum = 0.0;
    for draw in 0..500 {
        let noisy = applied(&BinNoise { scale: Range::new(0.0, 0.1) }, draw);
        let added: Vec<f32> = noisy.iter().zip(features()).map(|(a, b)| a - b).collect();
        assert!(added.iter().all(|v| (-1e-5..0.1001).contains(v)));
        most = added.iter().fold(most, |most, v| most.max(*v));
        sum += added.iter().sum::<f32>() / added.len() as f32;
    }
    assert!(most > 0.09, "{most}");
    // The mean of U(0, 1) · U(0, 0.1).
    assert!((sum / 500.0 - 0.025).abs() < 0.002, "{}", sum / 500.0);
}

/// A gain of all bins is what the same gain of the samples does, whatever the features are.
#[test]
fn gains_of_bands_are_those_of_sound() {
    let made = |kind: &str, options: serde_json::Value| {
        let changes = options.as_object().expect("options");
        let plain = FeatureOptions::preset("a test", kind, None).expect("a kind");
        plain.with("a test", changes).expect("options that fit")
    };
    let mut stream = Stream::new(3, "a test", &[]);
    let values: Vec<f32> = (0..8000).map(|_| 0.2 * stream.normal() as f32).collect();
    let decibels = 4.0f64;
    let louder = values.iter().map(|own| own * libm::pow(10.0, decibels / 20.0) as f32).collect();
    let [plain, louder] = [values, louder].map(|values| Samples { rate_hz: 16_000, values });
    for options in [
        made("fbank", json!({ "mels": 32 })),
        made("fbank", json!({ "mels": 32, "power": false })),
        made("fbank", json!({ "mels": 32, "log": false })),
        made("fbank", json!({ "mels": 32, "log": false, "power": false })),
        made("mel_spectrogram", json!({ "mels": 32 })),
        made("mel_spectrogram", json!({ "mels": 32, "power": 1.0 })),
        made("mel_spectrogram", json!({ "mels": 32, "scaling": "db", "top_db": 0.0 })),
        made("spectrogram", json!({ "power": 1.0, "scaling": "db", "top_db": 0.0 })),
        made("spectrogram", json!({ "power": 1.0, "scaling": "none" })),
    ] {
        let extractor = Extractor::new(&options, 16_000).expect("an extractor");
        let [plain, louder] =
            [&plain, &louder].map(|clip| extractor.compute(clip, None).expect("features"));
        let (frames, bins) = (plain.frames, plain.bins);
        let normal = Normal { mean: 0.7, scale: 0.3 };
        let mut features: Vec<f32> = plain.values.iter().map(|own| normal.of(*own)).collect();
        let gain = options.gain();
        let mut clip = Spectrogram { features: &mut features, frames, bins, normal, gain };
        let gain_db = Range::new(decibels, decibels);
        let step = BandFilter { shape: BandShape::Step, gain_db, bands: [2, 2], least_bins: 4 };
        step.clip(&mut clip, &mut Draws::of(&step, 0, &[1]));
        for (found, expected) in features.iter().zip(&louder.values) {
            let (found, expected) = (f64::from(*found), f64::from(normal.of(*expected)));
            // What stands before the logarithm against silence is not louder.
            assert!((found - expected).abs() < 2e-3 * expected.abs().max(1.0), "{options:?}");
        }
    }
    let step = BandFilter {
        shape: BandShape::Step,
        gain_db: Range::new(-6.0, 6.0),
        bands: [2, 4],
        least_bins: 4,
    };
    let error = step.check_features(&made("mfcc", json!({}))).expect_err("no bins").to_string();
    assert!(error.contains("no bins of frequency") && error.contains("audio::mfcc"), "{error}");
}

#[test]
fn bands_are_filtered_alike_in_all_frames() {
    for (shape, least) in [(BandShape::Step, 2), (BandShape::Linear, 1)] {
        let gain_db = Range::new(-6.0, 6.0);
        let step = BandFilter { shape, gain_db, bands: [2, 3], least_bins: least };
        for draw in 0..200 {
            let gained = applied(&step, draw);
            let own = features();
            // A dB is ln(10) / 10 of the logarithm of power, half of which is left by the normalisation.
            let unit = std::f32::consts::LN_10 / 10.0 * 0.5;
            let curve: Vec<f32> = (0..MELS).map(|bin| (gained[bin] - own[bin]) / unit).collect();
            assert!(curve.iter().all(|db| db.abs() < 6.001), "{curve:?}");
            for frame in 0..FRAMES {
                for bin in 0..MELS {
                    let db = (gained[frame * MELS + bin] - own[frame * MELS + bin]) / unit;
                    assert!((db - curve[bin]).abs() < 1e-2);
                }
            }
            if shape == BandShape::Step {
                let mut bands = vec![1];
                for pair in curve.windows(2) {
                    match (pair[0] - pair[1]).abs() < 1e-3 {
                        true => *bands.last_mut().expect("a band") += 1,
                        false => bands.push(1),
                    }
                }
                assert!(
                    (2..=3).contains(&bands.len()) && bands.iter().all(|wide| *wide >= 2),
                    "{bands:?}"
                );
            }
        }
    }
}

#[test]
fn a_crop_of_the_whole_is_the_clip() {
    let whole = Range::new(1.0, 1.0);
    let step = ResizedCrop { canvas: [1.0, 1.0], freq: whole, time: whole };
    assert_eq!(applied(&step, 0), features());
    let part =
        ResizedCrop { canvas: [1.0, 1.5], freq: Range::new(0.6, 1.5), time: Range::new(0.6, 1.5) };
    assert!((0..20).all(|draw| applied(&part, draw).iter().all(|value| value.is_finite())));
    assert!(applied(&part, 1) != applied(&part, 2));
}

/// Clip c has the value c everywhere, and the label c.
fn batch(clips: usize, frames: usize, bins: usize) -> HostBatch {
    HostBatch {
        clips,
        frames,
        bins,
        classes: clips,
        features: (0..clips).flat_map(|clip| vec![clip as f32; frames * bins]).collect(),
        mixes: (0..clips).map(|clip| vec![(clip, 1.0)]).collect(),
        targets: (0..clips * clips).map(|i| f32::from(u8::from(i / clips == i % clips))).collect(),
    }
}

fn done(step: &dyn Augmentation, batch: &HostBatch, draw: u64) -> HostBatch {
    let mut changed = batch.clone();
    step.batch(&mut changed, &mut Draws::of(step, 0, &[draw]));
    changed
}

/// The label of a row says which share of it has which value, and its mix says the same.
fn labels_tell_the_features(batch: &HostBatch, clip: usize) {
    let label = &batch.targets[clip * batch.classes..(clip + 1) * batch.classes];
    let expected: f32 = label.iter().enumerate().map(|(class, share)| class as f32 * share).sum();
    let area = batch.frames * batch.bins;
    let mean = batch.features[clip * area..(clip + 1) * area].iter().sum::<f32>() / area as f32;
    assert!((mean - expected).abs() < 1e-5, "clip {clip}: {mean} with {label:?}");
    assert!((label.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    for (class, share) in label.iter().enumerate() {
        let own = batch.mixes[clip].iter().find(|(known, _)| *known == class);
        assert!((own.map_or(0.0, |(_, own)| *own) - share).abs() < 1e-6);
    }
}

#[test]
fn mixup_and_cutmix_change_labels_as_they_change_features() {
    let plain = batch(4, 10, 8);
    let steps: [&dyn Augmentation; 2] =
        [&Mixup { rate: 1.0, alpha: 10.0 }, &CutMix { rate: 1.0, alpha: 1.0 }];
    for step in steps {
        assert!(step.mixes());
        for draw in 0..50 {
            let mixed = done(step, &plain, draw);
            (0..plain.clips).for_each(|clip| labels_tell_the_features(&mixed, clip));
            assert!(mixed != plain);
        }
    }
    assert_eq!(done(&Mixup { rate: 0.0, alpha: 10.0 }, &plain, 0), plain);
    assert_eq!(done(&CutMix { rate: 0.0, alpha: 1.0 }, &plain, 0), plain);
}

#[test]
fn cutmix_puts_one_rectangle_of_another_clip_in_the_same_place() {
    let mut plain = batch(2, 10, 8);
    // Each cell tells its clip and its place.
    plain.features = (0..160).map(|at| at as f32).collect();
    let mut areas = Vec::new();
    for draw in 0..300 {
        let cut = done(&CutMix { rate: 1.0, alpha: 1.0 }, &plain, draw);
        let foreign: Vec<usize> = (0..80).filter(|at| cut.features[*at] >= 80.0).collect();
        assert!(foreign.iter().all(|at| cut.features[*at] == (at + 80) as f32));
        let (frames, bins): (Vec<usize>, Vec<usize>) =
            foreign.iter().map(|at| (at / 8, at % 8)).unzip();
        let span = |places: &[usize]| match (places.iter().min(), places.iter().max()) {
            (Some(first), Some(last)) => last - first + 1,
            _ => 0,
        };
        assert_eq!(span(&frames) * span(&bins), foreign.len(), "one rectangle");
        areas.push(foreign.len());
    }
    assert!(areas.contains(&0) && areas.iter().any(|area| *area > 40));
}

#[test]
fn styles_are_mixed_in_some_batches_and_keep_labels() {
    let mut plain = batch(4, 10, 8);
    plain.features = (0..320).map(|at| ((at * 37) % 101) as f32).collect();
    let step = FreqMixStyle { rate: 0.4, alpha: 0.3 };
    let all: Vec<HostBatch> = (0..500).map(|draw| done(&step, &plain, draw)).collect();
    assert!(all.iter().all(|one| one.targets == plain.targets && one.mixes == plain.mixes));
    let changed = all.iter().filter(|one| one.features != plain.features).count();
    assert!((160..240).contains(&changed), "{changed} of 500");
}
