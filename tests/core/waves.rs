//! Augmentations of samples: what they change and what they keep.

use std::sync::Arc;
use stillroom::audio::{Samples, wav};
use stillroom::augment::{
    Clips, Gain, ImpulseResponse, Noise, NoiseSource, Pass, PassFilter, Polarity, Range, Shift,
    Speed, WaveMixup,
};
use stillroom::data::{Augmentation, Draws, Pool, Wave};
use stillroom::error::Result;

const RATE_HZ: u32 = 8000;

/// Three clips of other lengths; clip c has the label c.
struct Three;

impl Pool for Three {
    fn count(&self) -> usize {
        3
    }

    fn samples(&self, index: usize) -> Result<Arc<Samples>> {
        let values = (0..1000 + 300 * index).map(|at| (at * (index + 3) % 17) as f32 / 17.0);
        Ok(Arc::new(Samples { rate_hz: RATE_HZ, values: values.collect() }))
    }

    fn target(&self, index: usize) -> Vec<f32> {
        (0..3).map(|class| f32::from(u8::from(class == index))).collect()
    }
}

fn tone(hz: f64, samples: usize) -> Vec<f32> {
    let phase = |at: usize| std::f64::consts::TAU * hz * at as f64 / f64::from(RATE_HZ);
    (0..samples).map(|at| (0.5 * phase(at).sin()) as f32).collect()
}

fn wave(samples: Vec<f32>) -> Wave {
    Wave { samples, rate_hz: RATE_HZ, target: vec![1.0, 0.0, 0.0], mix: vec![(0, 1.0)] }
}

fn tried(step: &dyn Augmentation, samples: &[f32], draw: u64) -> Result<Wave> {
    let mut own = wave(samples.to_vec());
    step.wave(&mut own, &Three, &mut Draws::of(step, 0, &[draw])).map(|()| own)
}

fn heard(step: &dyn Augmentation, samples: &[f32], draw: u64) -> Vec<f32> {
    tried(step, samples, draw).expect("a wave").samples
}

fn power(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>() / values.len() as f64
}

fn db(power: f64) -> f64 {
    10.0 * power.log10()
}

#[test]
fn gains_are_uniform_in_decibels() {
    let own = tone(500.0, 800);
    let step = Gain { gain_db: Range::new(-12.0, 6.0) };
    let gains: Vec<f64> =
        (0..1000).map(|draw| db(power(&heard(&step, &own, draw)) / power(&own))).collect();
    assert!(gains.iter().all(|gain| (-12.01..6.01).contains(gain)));
    let mean = gains.iter().sum::<f64>() / 1000.0;
    assert!((mean + 3.0).abs() < 0.5, "{mean}");
    let below = gains.iter().filter(|gain| **gain < -7.5).count();
    assert!((200..300).contains(&below), "a quarter lies in the lowest quarter: {below}");
}

#[test]
fn polarity_turns_its_share_of_clips() {
    let own = tone(500.0, 100);
    let turned: Vec<f32> = own.iter().map(|v| -v).collect();
    let all: Vec<Vec<f32>> =
        (0..1000).map(|draw| heard(&Polarity { rate: 0.3 }, &own, draw)).collect();
    assert!(all.iter().all(|one| *one == own || *one == turned));
    let count = all.iter().filter(|one| **one == turned).count();
    assert!((250..350).contains(&count), "{count}");
}

#[test]
fn shifts_go_around_or_leave_silence() {
    let own: Vec<f32> = (1..=800).map(|at| at as f32).collect();
    for draw in 0..50 {
        let seconds = Range::new(-0.05, 0.05);
        let around = heard(&Shift { seconds, is_circular: true }, &own, draw);
        let by = around.iter().position(|v| *v == 1.0).expect("the first sample") as i64;
        let by = if by > 400 { by - 800 } else { by };
        assert!(by.abs() <= 400);
        let empty = heard(&Shift { seconds, is_circular: false }, &own, draw);
        let own_draw = empty.iter().position(|v| *v == own[0]);
        let zeros = empty.iter().filter(|v| **v == 0.0).count();
        match own_draw {
            Some(at) => assert!(zeros == at && empty[..at].iter().all(|v| *v == 0.0)),
            None => assert!(empty[800 - zeros..].iter().all(|v| *v == 0.0) && zeros > 0),
        }
    }
    let far = Shift { seconds: Range::new(9.0, 9.0), is_circular: false };
    assert!(heard(&far, &own, 0).iter().all(|v| *v == 0.0), "all of it is gone");
}

/// Mean power of white or pink noise in each octave, in dB.
fn octaves(source: NoiseSource) -> Vec<f64> {
    let length = 8192;
    let step = Noise { snr_db: Range::new(0.0, 0.0), source };
    let own = tone(0.0, length).iter().map(|_| 0.5).collect::<Vec<f32>>();
    let mut sums = [0.0; 5];
    for draw in 0..8 {
        let noise: Vec<f32> = heard(&step, &own, draw).iter().map(|v| v - 0.5).collect();
        for (octave, sum) in sums.iter_mut().enumerate() {
            // A few bins of each octave, by the sum of their own products.
            for part in 0..6 {
                let bin = ((128 << octave) as f64 * (1.0 + part as f64 / 6.0)).floor();
                let turn = std::f64::consts::TAU * bin / length as f64;
                let (mut re, mut im) = (0.0, 0.0);
                for (at, value) in noise.iter().enumerate() {
                    re += f64::from(*value) * (turn * at as f64).cos();
                    im += f64::from(*value) * (turn * at as f64).sin();
                }
                *sum += re * re + im * im;
            }
        }
    }
    sums.iter().map(|sum| db(*sum)).collect()
}

#[test]
fn noise_has_its_color_and_its_ratio() {
    let slope = |levels: Vec<f64>| (levels[4] - levels[0]) / 4.0;
    let (white, pink) = (slope(octaves(NoiseSource::White)), slope(octaves(NoiseSource::Pink)));
    assert!(white.abs() < 1.0, "{white} dB an octave");
    assert!((pink + 3.0).abs() < 1.0, "{pink} dB an octave");
    let own = tone(440.0, 4000);
    for source in [NoiseSource::White, NoiseSource::Pink] {
        let step = Noise { snr_db: Range::new(3.0, 20.0), source };
        let ratios: Vec<f64> = (0..100)
            .map(|draw| {
                let noise: Vec<f32> =
                    heard(&step, &own, draw).iter().zip(&own).map(|(a, b)| a - b).collect();
                db(power(&own) / power(&noise))
            })
            .collect();
        assert!(ratios.iter().all(|ratio| (2.99..20.01).contains(ratio)), "{ratios:?}");
        assert!(
            ratios.iter().any(|ratio| *ratio < 6.0) && ratios.iter().any(|ratio| *ratio > 17.0)
        );
    }
    let silent = vec![0.0; 100];
    let step = Noise { snr_db: Range::new(0.0, 0.0), source: NoiseSource::White };
    assert_eq!(heard(&step, &silent, 0), silent);
}

fn sounds(folder: &std::path::Path, all: &[(&str, u32, Vec<f32>)]) -> Arc<Clips> {
    let each = |(name, rate_hz, values): &(&str, u32, Vec<f32>)| {
        let file = folder.join(name);
        wav::write(&file, &Samples { rate_hz: *rate_hz, values: values.clone() }).expect("a file");
        (file, format!("hash of {name}"))
    };
    Arc::new(Clips::new("test", all.iter().map(each).collect()).expect("sounds"))
}

#[test]
fn noise_from_files_is_a_part_of_one_and_repeats_where_it_is_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let short: Vec<f32> = (0..10).map(|at| at as f32 / 16.0 - 0.25).collect();
    let clips =
        sounds(folder.path(), &[("a.wav", RATE_HZ, short), ("b.wav", RATE_HZ, tone(100.0, 5000))]);
    let step = Noise { snr_db: Range::new(0.0, 0.0), source: NoiseSource::Files(clips) };
    let own = tone(1000.0, 400);
    let mut periodic = 0;
    for draw in 0..100 {
        let noise: Vec<f32> =
            heard(&step, &own, draw).iter().zip(&own).map(|(a, b)| a - b).collect();
        assert!((db(power(&own) / power(&noise))).abs() < 0.01);
        let repeats = noise.windows(11).all(|part| (part[0] - part[10]).abs() < 1e-5);
        periodic += usize::from(repeats);
    }
    assert!((30..70).contains(&periodic), "{periodic} of the short one");
    // At another rate it is the same sound at the clip's rate: 20 samples of 4 kHz are 40 of 8 kHz.
    let slow = sounds(folder.path(), &[("c.wav", RATE_HZ / 2, tone(100.0, 20))]);
    let step = Noise { snr_db: Range::new(0.0, 0.0), source: NoiseSource::Files(slow) };
    let noise: Vec<f32> = heard(&step, &own, 0).iter().zip(&own).map(|(a, b)| a - b).collect();
    assert!(noise.windows(41).all(|part| (part[0] - part[40]).abs() < 1e-4));
    assert!(!noise.windows(21).all(|part| (part[0] - part[20]).abs() < 1e-2));
}

#[test]
fn impulse_responses_keep_the_length_and_the_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut late = vec![0.0; 30];
    late[20] = 0.5;
    let responses = sounds(folder.path(), &[("late.wav", RATE_HZ, late)]);
    let own = tone(700.0, 400);
    for (is_normalised, factor) in [(true, 1.0f32), (false, 0.5)] {
        let step = ImpulseResponse { responses: responses.clone(), is_normalised };
        let found = heard(&step, &own, 0);
        assert_eq!(found.len(), own.len());
        for (at, value) in found.iter().enumerate() {
            let expected = if at < 20 { 0.0 } else { own[at - 20] * factor };
            assert!((value - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn a_faster_tone_is_a_higher_one() {
    for factor in [0.5, 0.83, 1.0, 1.21, 2.0] {
        let own = tone(600.0, 4000);
        let step = Speed { factor: Range::new(factor, factor), keeps_length: false };
        let found = heard(&step, &own, 0);
        assert_eq!(found.len(), (4000.0 / factor).round() as usize);
        let expected = tone(600.0 * factor, found.len());
        // Ends, where the clip is taken to be silent outside, are left out.
        for at in 200..found.len() - 200 {
            assert!(
                (found[at] - expected[at]).abs() < 1e-4,
                "{factor}: {} at {at}",
                found[at] - expected[at]
            );
        }
        let kept =
            heard(&Speed { factor: Range::new(factor, factor), keeps_length: true }, &own, 0);
        assert_eq!(kept.len(), 4000);
        assert!(kept.iter().skip(found.len()).all(|v| *v == 0.0));
    }
    // What would be above the highest frequency is gone, by 80 dB.
    let high = tone(3500.0, 4000);
    let found = Speed::resample(&high, 1.6);
    assert!(db(power(&found[200..found.len() - 200]) / power(&high)) < -80.0);
}

#[test]
fn filters_draw_their_cutoff_by_octaves_and_refuse_what_the_rate_cannot() {
    let own = tone(1000.0, 2000);
    let step = PassFilter { pass: Pass::Low, cutoff_hz: Range::new(250.0, 3900.0), q: 0.707 };
    let levels: Vec<f64> =
        (0..300).map(|draw| db(power(&heard(&step, &own, draw)[500..]) / power(&own))).collect();
    // A tone at the middle octave loses more than 3 dB in half of all clips.
    let damped = levels.iter().filter(|level| **level < -3.0).count();
    assert!((120..180).contains(&damped), "{damped} of 300");
    let step = PassFilter { pass: Pass::High, cutoff_hz: Range::new(100.0, 4000.0), q: 0.707 };
    let told = tried(&step, &own, 0).expect_err("beyond half the rate").to_string();
    assert!(told.contains("4000 Hz"), "{told}");
}

#[test]
fn mixing_takes_any_clip_of_the_pool_and_adds_up_labels() {
    let own = tone(440.0, 1100);
    let step = WaveMixup { rate: 0.5, alpha: 10.0 };
    let mut partners = [0; 3];
    let (mut mixed, mut kept) = (0, 0.0);
    for draw in 0..1000 {
        let found = tried(&step, &own, draw).expect("a wave");
        assert_eq!(found.samples.len(), own.len());
        let sum: f32 = found.target.iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
        for (clip, share) in &found.mix {
            assert!((found.target[*clip] - share).abs() < 1e-6);
        }
        if found.samples == own {
            assert_eq!(found.mix, [(0, 1.0)]);
            continue;
        }
        mixed += 1;
        let partner = found.mix.iter().map(|(clip, _)| *clip).max().expect("a clip");
        partners[partner] += 1;
        if partner > 0 {
            kept += f64::from(found.target[0]);
        }
        let mean = found.samples.iter().sum::<f32>() / own.len() as f32;
        assert!(mean.abs() < 1e-5);
    }
    assert!((430..570).contains(&mixed), "{mixed}");
    assert!(partners.iter().all(|count| *count > mixed / 4), "{partners:?}");
    // Beta(10, 10) has the mean 1/2.
    let mean = kept / f64::from(partners[1] + partners[2]);
    assert!((mean - 0.5).abs() < 0.03, "{mean}");
}
