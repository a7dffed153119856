//! Minimal filtering against the sums that it stands for, in all sizes around those of vectors and tiles.

use super::super::product::Weights;
use super::super::{Geometry, directly, forward};
use super::*;
use burn::backend::ops::ConvOptions;

/// Numbers between −1 and 1 that repeat nowhere near.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn geometry(batch: usize, groups: usize, channels: [usize; 2], size: [usize; 2]) -> Geometry {
    let input = [batch, groups * channels[0], size[0], size[1]];
    let kernel = [groups * channels[1], channels[0], 3, 3];
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], groups);
    Geometry::new(&input, &kernel, &options)
}

const SIZES: [[usize; 2]; 9] =
    [[1, 1], [2, 2], [3, 5], [4, 16], [7, 31], [8, 33], [5, 64], [6, 130], [2, 515]];

/// With other zeros around the picture, where anything is left.
fn shaped(shape: Geometry, size: [usize; 2], padding: usize) -> Option<Geometry> {
    let output = size.map(|length| (length + 2 * padding).saturating_sub(2));
    (output[0] * output[1] > 0).then_some(Geometry { padding: [padding; 2], output, ..shape })
}

/// The largest difference, as a share of the largest number.
fn apart(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0f32, f32::max);
    let scale = largest(&mut wanted.iter().map(|value| value.abs()));
    largest(&mut found.iter().zip(wanted).map(|(a, b)| (a - b).abs())) / scale
}

#[test]
fn minimal_filtering_gives_the_same_sums() {
    for (index, size) in SIZES.into_iter().enumerate() {
        for (groups, channels) in [(1, [32, 40]), (2, [33, 35])] {
            for padding in [0, 1, 2, 3] {
                let Some(shape) = shaped(geometry(3, groups, channels, size), size, padding) else {
                    continue;
                };
                assert!(fits(&shape));
                let input = numbers(3 * shape.input_image(), index as u64);
                let kernel = numbers(shape.weights(), 77);
                let weights = |turned| {
                    let (outputs, taps) = (shape.outputs, shape.taps());
                    let kernels = (0..groups).map(|group| &kernel[shape.group_weights(group)]);
                    kernels.map(|values| Weights { values, outputs, taps, turned }).collect()
                };
                for turned in [None, Some(9)] {
                    let kernels: Vec<Weights> = weights(turned);
                    let found = products(&shape, &input, &kernels);
                    let difference = apart(&found, &directly(&shape, &input, &kernels));
                    assert!(difference < 2e-6, "{size:?} by {channels:?}: {difference}");
                }
            }
        }
    }
}

#[test]
fn an_image_alone_gives_the_same_bytes() {
    let shape = geometry(5, 1, [32, 32], [6, 18]);
    let input = numbers(5 * shape.input_image(), 1);
    let kernel = numbers(shape.weights(), 2);
    let together = forward(&shape, &input, &kernel);
    let one = Geometry { batch: 1, ..shape };
    for (image, together) in together.chunks(shape.output_image()).enumerate() {
        let own = &input[image * shape.input_image()..][..shape.input_image()];
        assert_eq!(forward(&one, own, &kernel), together);
    }
}
