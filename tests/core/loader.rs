//! The loader: the same batches for any number of workers.

use super::train::features;
use std::collections::BTreeMap;
use std::sync::Arc;
use stillroom::augment::{
    Chance, FreqMask, FreqMixStyle, Gain, Mixup, Pick, Range, Shuffled, TimeMask, TimeRoll,
    WaveMixup,
};
use stillroom::data::{Augmentation, Loader, LoaderOptions, Sampler, Teaching};
use stillroom::tensor::Device;

fn loader(workers: usize, seed: u64, shuffle: bool) -> Loader {
    let chain: Vec<Arc<dyn Augmentation>> = vec![
        Arc::new(TimeRoll { frames: None }),
        Arc::new(FreqMask::new(4)),
        Arc::new(TimeMask::new(8)),
        Arc::new(Mixup { rate: 0.5, alpha: 10.0 }),
    ];
    let chain = if shuffle { chain } else { Vec::new() };
    let sampler = if shuffle { Sampler::Shuffled } else { Sampler::Sequential };
    let options =
        LoaderOptions { seed, workers, sampler, ..LoaderOptions::in_order(6, &Device::default()) };
    Loader::new(features().train, chain, options).expect("a loader")
}

fn all(loader: &Loader, epoch: usize) -> Vec<(Vec<f32>, Vec<f32>, usize)> {
    let values = |batch: stillroom::error::Result<stillroom::data::Batch>| {
        let batch = batch.expect("a batch");
        (batch.input.to_values().unwrap(), batch.target.to_values().unwrap(), batch.clips)
    };
    loader.epoch(epoch).map(values).collect()
}

#[test]
fn any_number_of_workers_gives_the_same_batches() {
    let expected = all(&loader(0, 1, true), 2);
    assert_eq!(expected.iter().map(|batch| batch.2).collect::<Vec<_>>(), [6, 6, 6, 2]);
    for workers in [1, 2, 3, 7] {
        assert!(all(&loader(workers, 1, true), 2) == expected, "{workers} workers");
    }
}

#[test]
fn epochs_and_seeds_differ() {
    let loader = loader(1, 1, true);
    assert!(all(&loader, 0) != all(&loader, 1));
    assert!(all(&loader, 0) != all(&self::loader(1, 2, true), 0));
}

#[test]
fn labels_stay_distributions_when_clips_are_mixed() {
    for (_, target, _) in all(&loader(1, 1, true), 0) {
        for row in target.chunks(10) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!(row.iter().filter(|label| **label > 0.0).count() <= 2);
        }
    }
}

#[test]
fn without_shuffling_each_clip_comes_once_in_order() {
    let source = features().train;
    let batches = all(&loader(2, 1, false), 0);
    let found: Vec<f32> = batches.iter().flat_map(|batch| batch.0.clone()).collect();
    let expected: Vec<f32> =
        (0..source.len()).flat_map(|clip| source.features(clip).unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_epoch_that_nobody_finishes_ends_its_workers() {
    let source = features().train;
    let options = LoaderOptions { workers: 3, ..LoaderOptions::in_order(1, &Device::default()) };
    let loader = Loader::new(source.clone(), Vec::new(), options).expect("a loader");
    let mut batches = loader.epoch(0);
    batches.next().expect("a batch").expect("whole");
    drop((batches, loader));
    // Each worker holds the source for as long as it lives.
    let begun = std::time::Instant::now();
    while Arc::strong_count(&source) > 1 {
        assert!(begun.elapsed().as_secs() < 10, "workers are still there");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A chain on samples and on features, with groups; nothing of it depends on the batch.
fn clipwise() -> Vec<Arc<dyn Augmentation>> {
    let gain: Arc<dyn Augmentation> = Arc::new(Gain { gain_db: Range::new(-12.0, 12.0) });
    let mask: Arc<dyn Augmentation> = Arc::new(TimeMask::new(8));
    let roll: Arc<dyn Augmentation> = Arc::new(TimeRoll { frames: Some([-3, 3]) });
    let shuffled = Shuffled::new("test", vec![mask.clone(), roll.clone()]).expect("a group");
    vec![
        Arc::new(Chance::new(0.5, gain)),
        Arc::new(WaveMixup { rate: 0.5, alpha: 10.0 }),
        Arc::new(shuffled),
        Arc::new(Pick::new("test", 1, vec![mask, roll]).expect("a group")),
    ]
}

/// Each row of an epoch by its clip: features, labels, what it is made of.
fn by_clip(
    chain: Vec<Arc<dyn Augmentation>>,
    batch: usize,
    workers: usize,
    teaching: Teaching,
) -> BTreeMap<usize, [Vec<f32>; 3]> {
    let sampler = Sampler::Sequential;
    let options = LoaderOptions {
        seed: 3,
        workers,
        sampler,
        teaching,
        ..LoaderOptions::in_order(batch, &Device::default())
    };
    let loader = Loader::new(features().train, chain, options).expect("a loader");
    let mut rows = BTreeMap::new();
    for one in loader.epoch(1) {
        let one = one.expect("a batch");
        let seen = one.teacher_input.as_ref().unwrap_or(&one.input).to_values().expect("values");
        let own = one.input.to_values().expect("values");
        let target = one.target.to_values().expect("values");
        let (wide, classes) = (own.len() / one.clips, target.len() / one.clips);
        for row in 0..one.clips {
            let at = |values: &[f32], width: usize| values[row * width..(row + 1) * width].to_vec();
            let place = rows.len();
            rows.insert(place, [at(&own, wide), at(&target, classes), at(&seen, wide)]);
        }
    }
    rows
}

#[test]
fn a_clip_is_augmented_in_the_same_way_whatever_the_batch_and_the_workers() {
    let expected = by_clip(clipwise(), 20, 0, Teaching::Consistent);
    assert_eq!(expected.len(), 20);
    for (batch, workers) in [(1, 0), (3, 2), (7, 1), (20, 3)] {
        let found = by_clip(clipwise(), batch, workers, Teaching::Consistent);
        assert!(found == expected, "batches of {batch}, {workers} workers");
    }
    // Teacher and student see the same, unless that is not wanted.
    assert!(expected.values().all(|[own, _, seen]| own == seen));
    let apart = by_clip(clipwise(), 7, 1, Teaching::Independent);
    assert!(apart.values().zip(expected.values()).all(|(a, b)| a[0] == b[0] && a[1] == b[1]));
    assert!(apart.values().filter(|[own, _, seen]| own != seen).count() > 10);
}

#[test]
fn a_clean_teacher_hears_clips_that_are_mixed_and_nothing_else() {
    let mixing =
        || -> Vec<Arc<dyn Augmentation>> { vec![Arc::new(WaveMixup { rate: 0.5, alpha: 10.0 })] };
    let mixed = by_clip(mixing(), 4, 0, Teaching::Consistent);
    let clean = by_clip(clipwise(), 4, 0, Teaching::Clean);
    for (place, [_, target, seen]) in &clean {
        assert!(mixed[place][0] == *seen, "clip {place}");
        assert_eq!(mixed[place][1], *target);
    }
    // Within a group, too: the choice is the same, and what does not mix is left out.
    let group = |other: Arc<dyn Augmentation>| -> Vec<Arc<dyn Augmentation>> {
        let mix: Arc<dyn Augmentation> = Arc::new(WaveMixup { rate: 1.0, alpha: 10.0 });
        vec![Arc::new(Pick::new("test", 1, vec![mix, other]).expect("a group"))]
    };
    let loud = || Arc::new(Gain { gain_db: Range::new(20.0, 20.0) });
    let rows = by_clip(group(loud()), 4, 0, Teaching::Clean);
    let plain = by_clip(Vec::new(), 4, 0, Teaching::Consistent);
    let mut kinds = [0, 0];
    for (place, [own, target, seen]) in &rows {
        let is_mixed = target.iter().all(|label| *label < 1.0) || own == seen;
        kinds[usize::from(is_mixed)] += 1;
        match is_mixed {
            true => assert!(own == seen, "clip {place} is mixed for both"),
            false => {
                assert!(*seen == plain[place][0] && own != seen, "clip {place} is loud for one")
            }
        }
    }
    assert!(kinds.iter().all(|count| *count > 3), "{kinds:?}");
}

#[test]
fn batch_steps_do_not_move_what_clips_drew() {
    let mut chain = clipwise();
    chain.push(Arc::new(Chance::new(0.0, Arc::new(FreqMixStyle { rate: 1.0, alpha: 0.3 }))));
    let with = by_clip(chain, 5, 1, Teaching::Consistent);
    assert!(with == by_clip(clipwise(), 5, 1, Teaching::Consistent));
}
