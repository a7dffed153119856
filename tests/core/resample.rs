//! What another sample rate does to tones.

use stillroom::audio::{Samples, resample};

fn tone(hz: f64, rate_hz: u32, count: usize) -> Samples {
    let at = |index: usize| {
        (std::f64::consts::TAU * hz * index as f64 / f64::from(rate_hz)).sin() as f32
    };
    Samples { rate_hz, values: (0..count).map(at).collect() }
}

/// Decibels of a signal's middle against a tone of full scale.
fn level(values: &[f32]) -> f64 {
    let middle = &values[values.len() / 4..values.len() * 3 / 4];
    let power: f64 = middle.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
    10.0 * (2.0 * power / middle.len() as f64 + 1e-30).log10()
}

#[test]
fn what_would_fold_back_is_gone() {
    for hz in [8_100.0, 8_500.0, 10_000.0, 15_999.0, 21_000.0] {
        let heard = level(&resample(&tone(hz, 44_100, 44_100), 16_000).expect("a clip").values);
        assert!(heard < -100.0, "{hz} Hz: {heard} dB");
    }
    // Images of what is brought up: nothing but the tone itself.
    let up = resample(&tone(3_000.0, 8_000, 8_000), 44_100).expect("a clip");
    let clean = tone(3_000.0, 44_100, 44_100);
    let rest: Vec<f32> = up.values.iter().zip(&clean.values).map(|(a, b)| a - b).collect();
    assert!(level(&rest) < -100.0, "{} dB", level(&rest));
}

#[test]
fn tones_within_the_band_stay_what_they_are() {
    for (from, to) in [(44_100, 16_000), (48_000, 16_000), (16_000, 32_000), (22_050, 16_000)] {
        let highest = 0.9 * f64::from(from.min(to)) / 2.0;
        for hz in [10.0, 440.0, highest] {
            let made = resample(&tone(hz, from, from as usize), to).expect("a clip").values;
            assert_eq!(made.len(), to as usize);
            let clean = tone(hz, to, to as usize).values;
            let rest: Vec<f32> = made.iter().zip(&clean).map(|(a, b)| a - b).collect();
            assert!(level(&rest) < -100.0, "{from} to {to}, {hz} Hz: {} dB", level(&rest));
        }
    }
}

#[test]
fn lengths_are_exact_and_constants_stay() {
    for (count, from, to) in [(1, 44_100, 16_000), (2, 3, 1), (999, 44_100, 48_000), (5, 7, 11)] {
        let made =
            resample(&Samples { rate_hz: from, values: vec![0.5; count] }, to).expect("a clip");
        let expected = (count as u64 * u64::from(to)).div_ceil(u64::from(from));
        assert_eq!((made.values.len() as u64, made.rate_hz), (expected, to));
    }
    let flat = resample(&Samples { rate_hz: 44_100, values: vec![0.25; 44_100] }, 16_001);
    let flat = flat.expect("a rate that shares nothing").values;
    assert!(flat[4000..12_000].iter().all(|value| (value - 0.25).abs() < 1e-6));
    assert!(resample(&tone(1.0, 0, 10), 16_000).is_err());
    assert!(resample(&tone(1.0, 16_000, 10), 0).is_err());
}
