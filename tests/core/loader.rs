//! The loader: the same batches for any number of workers.

use super::train::features;
use std::sync::Arc;
use stillroom::augment::{FreqMask, Mixup, TimeMask, TimeRoll};
use stillroom::data::{Augmentation, Loader, LoaderOptions, Sampler};
use stillroom::tensor::Device;

fn loader(workers: usize, seed: u64, shuffle: bool) -> Loader {
    let chain: Vec<Arc<dyn Augmentation>> = vec![
        Arc::new(TimeRoll),
        Arc::new(FreqMask { width: 4 }),
        Arc::new(TimeMask { width: 8 }),
        Arc::new(Mixup { rate: 0.5, alpha: 10.0 }),
    ];
    let chain = if shuffle { chain } else { Vec::new() };
    let sampler = if shuffle { Sampler::Shuffled } else { Sampler::Sequential };
    let options =
        LoaderOptions { seed, workers, sampler, ..LoaderOptions::in_order(6, &Device::cpu()) };
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
    let options = LoaderOptions { workers: 3, ..LoaderOptions::in_order(1, &Device::cpu()) };
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
