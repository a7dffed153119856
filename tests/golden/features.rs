//! Features of every kind against torchaudio and librosa, clips of every format against libsndfile, and other sample
//! rates against a filter that is a hundred times too long.

use crate::support::{Golden, close, esc10, golden, golden_json};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;
use stillroom::audio::decode::{self, Channel, ReadOptions};
use stillroom::audio::{Extractor, FeatureOptions, Samples, resample};

/// Relative to each value, and to the median of a case's magnitudes for those near 0.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
    formats: Vec<Form>,
    rates: Vec<u32>,
}

/// The golden holds the frames `rows` of `frames`.
#[derive(Deserialize)]
struct Case {
    name: String,
    wav: String,
    kind: String,
    preset: Option<String>,
    options: Map<String, Value>,
    frames: usize,
    rows: Vec<usize>,
}

/// The golden holds every seventh sample.
#[derive(Deserialize)]
struct Form {
    name: String,
    rate_hz: u32,
    samples: usize,
}

fn read(path: &Path) -> Samples {
    decode::read(path, &ReadOptions::default()).expect("a clip")
}

fn compare(case: &Case, clip: &Path, numbers: &Golden) {
    let mut samples = read(clip);
    if case.preset.as_deref() == Some("efficientat") {
        // The numbers are those of the same samples at this rate.
        samples.rate_hz = 32_000;
    }
    let options = FeatureOptions::preset("a test", &case.kind, case.preset.as_deref())
        .and_then(|options| options.with("a test", &case.options))
        .expect(&case.name);
    let extractor = Extractor::new(&options, samples.rate_hz).expect(&case.name);
    let features = extractor.compute(&samples, None).expect(&case.name);
    assert_eq!(features.frames, case.frames, "{}: frames", case.name);
    assert_eq!(extractor.frames_of(samples.values.len()), case.frames, "{}", case.name);
    let rows: Vec<f32> = case
        .rows
        .iter()
        .flat_map(|row| &features.values[row * features.bins..(row + 1) * features.bins])
        .copied()
        .collect();
    let expected = numbers.values(&case.name);
    let mut sizes: Vec<f32> = expected.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let median = sizes[sizes.len() / 2];
    close(&case.name, &rows, &expected, TOLERANCE * median, TOLERANCE);
}

#[test]
fn features_of_every_kind_equal_torchaudio_and_librosa() {
    let (cases, numbers): (Cases, _) =
        (golden_json("features.json"), Golden::load("features.safetensors"));
    let own = cases.cases.iter().filter(|case| !case.name.starts_with("real"));
    assert!(own.clone().count() > 60);
    own.for_each(|case| compare(case, &golden(&case.wav), &numbers));
}

#[test]
fn filter_banks_of_real_clips_equal_torchaudio_with_42_settings() {
    let Some(folder) = esc10() else { return };
    let (cases, numbers): (Cases, _) =
        (golden_json("features.json"), Golden::load("features.safetensors"));
    let real: Vec<_> = cases.cases.iter().filter(|case| case.name.starts_with("real")).collect();
    assert_eq!(real.len(), 42);
    real.iter().for_each(|case| compare(case, &folder.join("audio").join(&case.wav), &numbers));
}

#[test]
fn every_format_has_the_samples_that_libsndfile_finds_in_it() {
    let (cases, numbers): (Cases, _) =
        (golden_json("features.json"), Golden::load("features.safetensors"));
    let thinned = |samples: Samples| samples.values.into_iter().step_by(7).collect::<Vec<_>>();
    for Form { name, rate_hz, samples } in &cases.formats {
        let path = golden(&format!("formats/{name}"));
        let info = decode::probe(&path).expect(name);
        assert_eq!((info.rate_hz, info.samples, info.channels), (*rate_hz, *samples, 2), "{name}");
        let whole = read(&path);
        assert_eq!((whole.rate_hz, whole.values.len()), (*rate_hz, *samples), "{name}");
        close(name, &thinned(whole), &numbers.values(name), 5e-7, 0.0);
        let second = ReadOptions { channel: Channel::Index(1), ..ReadOptions::default() };
        let second = thinned(decode::read(&path, &second).expect(name));
        close(name, &second, &numbers.values(&format!("{name} 1")), 5e-7, 0.0);
    }
}

/// What passes a filter, in the range that the golden has.
fn filtered(values: &[f32], taps: &[f32]) -> Vec<f32> {
    let half = taps.len() / 2;
    let at = |index: usize| {
        let own = values[index - half..].iter().zip(taps.iter().rev());
        own.map(|(value, tap)| f64::from(*value) * f64::from(*tap)).sum::<f64>() as f32
    };
    (2000..4000).map(at).collect()
}

#[test]
fn other_rates_have_the_same_signal_within_the_band() {
    let (cases, numbers): (Cases, _) =
        (golden_json("features.json"), Golden::load("features.safetensors"));
    let own = read(&golden("speech_44k.wav"));
    for rate in cases.rates {
        let made = resample(&own, rate).expect("a clip");
        let expected = (own.values.len() as u64 * u64::from(rate)).div_ceil(44_100) as usize;
        assert_eq!(made.values.len(), expected);
        let found = filtered(&made.values, &numbers.values(&format!("low {rate}")));
        // −90 dB of full scale, with the single precision of both sides.
        close(&format!("{rate} Hz"), &found, &numbers.values(&format!("rate {rate}")), 3e-5, 0.0);
    }
}
