//! The filter bank against `torchaudio.compliance.kaldi.fbank`, in the log domain.

use crate::support::{Golden, close, esc10, golden, golden_json};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;
use stillroom::audio::decode::{self, ReadOptions};
use stillroom::audio::{Extractor, FeatureOptions, Features};

const TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct Cases {
    synthetic: Vec<Case>,
    real: Vec<Case>,
}

/// The golden holds every `every`-th of `frames` frames.
#[derive(Deserialize)]
struct Case {
    name: String,
    wav: String,
    frames: usize,
    every: usize,
    options: Map<String, Value>,
}

fn features(case: &Case, clip: &Path) -> Features {
    let samples = decode::read(clip, &ReadOptions::default()).expect(&case.name);
    FeatureOptions::default()
        .with("fbank", &case.options)
        .and_then(|options| Extractor::new(&options, samples.rate_hz))
        .and_then(|extractor| extractor.compute(&samples, None))
        .expect(&case.name)
}

fn compare(case: &Case, clip: &Path, numbers: &Golden) {
    let features = features(case, clip);
    assert_eq!(features.frames, case.frames, "{}: frames", case.name);
    let rows = features.values.chunks_exact(features.bins).step_by(case.every);
    let kept: Vec<f32> = rows.flatten().copied().collect();
    close(&case.name, &kept, &numbers.values(&case.name), TOLERANCE, 0.0);
}

#[test]
fn synthetic_clips_equal_torchaudio_with_all_options() {
    let cases: Cases = golden_json("fbank.json");
    let numbers = Golden::load("fbank.safetensors");
    for case in &cases.synthetic {
        compare(case, &golden(&case.wav), &numbers);
    }
}

#[test]
fn real_clips_equal_torchaudio() {
    let Some(folder) = esc10() else { return };
    let cases: Cases = golden_json("fbank.json");
    let numbers = Golden::load("fbank.safetensors");
    for case in &cases.real {
        compare(case, &folder.join("audio").join(&case.wav), &numbers);
    }
}

#[test]
fn digital_silence_lies_at_the_floor() {
    let cases: Cases = golden_json("fbank.json");
    let numbers = Golden::load("fbank.safetensors");
    let standard = cases.synthetic.iter().find(|case| case.name == "standard").expect("standard");
    let (values, mels) = (numbers.values("standard"), 128);
    let silent = |row: &[f32]| row.iter().all(|value| *value == f32::EPSILON.ln());
    let first = values.chunks_exact(mels).position(silent).expect("a silent frame");
    let features = features(standard, &golden(&standard.wav));
    let row = features.values.chunks_exact(mels).nth(first * standard.every).expect("the frame");
    assert!(silent(row), "a silent frame is {row:?}");
}
