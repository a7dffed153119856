//! Augmentations: what they change and what they keep.

use stillroom::augment::{FreqMask, Mixup, TimeMask, TimeRoll};
use stillroom::data::{Augmentation, HostBatch};
use stillroom::tensor::random::Stream;

const FRAMES: usize = 20;
const MELS: usize = 6;

/// Features without a zero, each value different.
fn features() -> Vec<f32> {
    (0..FRAMES * MELS).map(|index| index as f32 + 1.0).collect()
}

fn applied(stage: &dyn Augmentation, draw: u64) -> Vec<f32> {
    let mut values = features();
    stage.clip(&mut values, FRAMES, MELS, &mut Stream::new(0, "test", &[draw]));
    values
}

#[test]
fn a_roll_moves_whole_frames_around() {
    let mut shifts = Vec::new();
    for draw in 0..50 {
        let rolled = applied(&TimeRoll, draw);
        let shift = rolled.iter().position(|value| *value == 1.0).expect("the first value");
        assert_eq!(shift % MELS, 0);
        let mut expected = features();
        expected.rotate_right(shift);
        assert_eq!(rolled, expected);
        shifts.push(shift / MELS);
    }
    shifts.sort_unstable();
    shifts.dedup();
    assert!(shifts.len() > 10, "shifts vary: {shifts:?}");
}

#[test]
fn masks_zero_one_band_or_span_within_their_width() {
    let mut widths = (Vec::new(), Vec::new());
    for draw in 0..200 {
        let banded = applied(&FreqMask { width: 3 }, draw);
        let zeros: Vec<usize> = (0..MELS).filter(|mel| banded[*mel] == 0.0).collect();
        assert!(zeros.windows(2).all(|pair| pair[1] == pair[0] + 1), "one band: {zeros:?}");
        for frame in banded.chunks(MELS) {
            assert!((0..MELS).all(|mel| (frame[mel] == 0.0) == zeros.contains(&mel)));
        }
        widths.0.push(zeros.len());
        let spanned = applied(&TimeMask { width: 5 }, draw);
        let frames: Vec<bool> =
            spanned.chunks(MELS).map(|frame| frame.iter().all(|v| *v == 0.0)).collect();
        assert_eq!(
            spanned.iter().filter(|v| **v == 0.0).count(),
            frames.iter().filter(|f| **f).count() * MELS
        );
        widths.1.push(frames.iter().filter(|masked| **masked).count());
    }
    // Every width occurs, the widest included, and nothing wider.
    for (found, widest) in [(widths.0, 3), (widths.1, 5)] {
        assert_eq!((found.iter().min(), found.iter().max()), (Some(&0), Some(&widest)));
    }
}

#[test]
fn masks_wider_than_the_clip_do_not_overflow() {
    for draw in 0..50 {
        applied(&FreqMask { width: 1000 }, draw);
        applied(&TimeMask { width: 1000 }, draw);
    }
}

#[test]
fn mixup_mixes_labels_as_it_mixes_features() {
    let clips = 4;
    // Clip c has the value c everywhere, and the label c.
    let mut batch = HostBatch {
        clips,
        frames: 2,
        bins: 2,
        classes: clips,
        features: (0..clips).flat_map(|clip| vec![clip as f32; 4]).collect(),
        mixes: (0..clips).map(|clip| vec![(clip, 1.0)]).collect(),
        targets: (0..clips * clips).map(|i| f32::from(u8::from(i / clips == i % clips))).collect(),
    };
    Mixup { rate: 1.0, alpha: 10.0 }.batch(&mut batch, &mut Stream::new(0, "test", &[]));
    for clip in 0..clips {
        let label = &batch.targets[clip * clips..(clip + 1) * clips];
        let expected: f32 =
            label.iter().enumerate().map(|(class, share)| class as f32 * share).sum();
        let value = batch.features[clip * 4];
        assert!((value - expected).abs() < 1e-6, "clip {clip}: {value} with {label:?}");
        assert!((label.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        // What a row is made of says the same as its label.
        for (class, share) in label.iter().enumerate() {
            let own = batch.mixes[clip].iter().find(|(known, _)| *known == class);
            assert!((own.map_or(0.0, |(_, own)| *own) - share).abs() < 1e-6);
        }
    }
    let before = batch.clone();
    Mixup { rate: 0.0, alpha: 10.0 }.batch(&mut batch, &mut Stream::new(0, "test", &[]));
    assert_eq!(batch, before);
}
