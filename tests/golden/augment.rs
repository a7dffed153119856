//! Augmentations against torchaudio, PyTorch and SciPy, for given draws.

use crate::support::golden_json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use stillroom::augment::{
    BandFilter, BandShape, FreqMixStyle, Noise, Pass, PassFilter, Range, ResizedCrop, WaveMixup,
    convolve, mask_span,
};
use stillroom::data::{Augmentation, Draws, HostBatch, Normal, Spectrogram};

fn golden() -> BTreeMap<String, Value> {
    golden_json("augment.json")
}

fn of<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_value(golden()[name].clone()).expect(name)
}

#[track_caller]
fn near(found: &[f32], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (place, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*a) - b).abs() < within, "{a} for {b} at {place}");
    }
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

#[test]
fn masks_are_torchaudios() {
    let cases: Vec<([f64; 2], usize, usize, Vec<usize>)> = of("masks");
    assert!(cases.len() > 80);
    for (uniforms, width, size, zeros) in cases {
        let (start, end) = mask_span(uniforms, width, size);
        assert_eq!((start..end).collect::<Vec<_>>(), zeros, "{uniforms:?} {width} {size}");
    }
}

#[test]
fn filters_are_torchaudios() {
    type Case = (String, u32, f64, f64, Vec<f64>, Vec<f64>);
    let cases: Vec<Case> = of("filters");
    for (name, rate_hz, cutoff, q, signal, expected) in cases {
        let pass = if name == "low" { Pass::Low } else { Pass::High };
        let filter = PassFilter { pass, cutoff_hz: Range::new(cutoff, cutoff), q };
        let mut samples = single(&signal);
        filter.filter(&mut samples, rate_hz, cutoff);
        near(&samples, &expected, 1e-6);
    }
}

#[test]
fn mixing_of_waveforms_is_that_of_ast() {
    for (own, other, ratio, expected) in of::<Vec<(Vec<f64>, Vec<f64>, f64, Vec<f64>)>>("mixup") {
        let mut samples = single(&own);
        WaveMixup::mix(&mut samples, &single(&other), ratio);
        near(&samples, &expected, 1e-6);
    }
}

#[test]
fn noise_has_the_level_of_torchaudios() {
    for (snr_db, signal, noise, expected) in of::<Vec<(f64, Vec<f64>, Vec<f64>, Vec<f64>)>>("noise")
    {
        let mut samples = single(&signal);
        Noise::add(&mut samples, &single(&noise), snr_db);
        near(&samples, &expected, 1e-6);
    }
}

#[test]
fn convolutions_are_scipys() {
    for (first, second, expected) in of::<Vec<(Vec<f64>, Vec<f64>, Vec<f64>)>>("convolution") {
        near(&convolve(&single(&first), &single(&second)).expect("a convolution"), &expected, 1e-6);
    }
}

/// Frames, bins, the clip, and for each canvas and length of a part all that it can become.
type Crops = (usize, usize, Vec<f64>, Vec<(usize, usize, Vec<Vec<f64>>)>);

#[test]
fn crops_are_stretched_as_pytorch_does() {
    let (frames, bins, clip, cases): Crops = of("crops");
    for (canvas, length, parts) in cases {
        let time = length as f64 / frames as f64 + 1e-9;
        let step = ResizedCrop {
            canvas: [1.0, canvas as f64 / frames as f64],
            freq: Range::new(1.0, 1.0),
            time: Range::new(time, time),
        };
        let mut found = BTreeSet::new();
        for draw in 0..200 {
            let mut features = single(&clip);
            let normal = Normal { mean: 0.0, scale: 1.0 };
            let mut view =
                Spectrogram { features: &mut features, frames, bins, normal, gain: None };
            step.clip(&mut view, &mut Draws::of(&step, 0, &[draw]));
            let fits = |part: &&Vec<f64>| {
                features.iter().zip(*part).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
            };
            found.insert(parts.iter().position(|part| fits(&part)).expect("a part of the canvas"));
        }
        assert_eq!(found.len(), parts.len(), "every start is drawn");
    }
}

/// Clips, frames, bins, features, partners, shares, what comes out.
type Style = (usize, usize, usize, Vec<f64>, Vec<usize>, Vec<f64>, Vec<f64>);

#[test]
fn styles_are_mixed_as_the_authors_do() {
    let (clips, frames, bins, features, partners, shares, expected): Style = of("style");
    let mut batch = HostBatch {
        clips,
        frames,
        bins,
        classes: 1,
        features: single(&features),
        targets: vec![1.0; clips],
        mixes: (0..clips).map(|clip| vec![(clip, 1.0)]).collect(),
    };
    let partners: Vec<(usize, f64)> = partners.into_iter().zip(shares).collect();
    FreqMixStyle::mix(&mut batch, &partners);
    near(&batch.features, &expected, 1e-5);
}

#[test]
fn gains_of_bands_are_the_authors() {
    for (shape, bins, borders, gains, expected) in
        of::<Vec<(String, usize, Vec<usize>, Vec<f64>, Vec<f64>)>>("bands")
    {
        let shape = if shape == "step" { BandShape::Step } else { BandShape::Linear };
        let gain_db = Range::new(-6.0, 6.0);
        let filter = BandFilter { shape, gain_db, bands: [2, 3], least_bins: 6 };
        let curve = filter.curve(bins, &borders, &gains);
        near(&single(&curve), &expected, 1e-5);
    }
}
