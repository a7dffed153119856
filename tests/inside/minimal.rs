//! Convolutions by minimal filtering against the sums that they stand for, in all sizes around those of vectors and tiles.

use burn::backend::ops::ConvOptions;
use stillroom::tensor::inside::{is_minimal, width};
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Conv2dOptions, ConvPadding, Device, Tensor};

const SIZES: [[usize; 2]; 9] =
    [[1, 1], [2, 2], [3, 5], [4, 16], [7, 31], [8, 33], [5, 64], [6, 130], [2, 515]];

fn numbers(seed: u64, shape: &[usize]) -> Vec<f32> {
    let mut random = Stream::new(seed, "minimal", &[]);
    (0..shape.iter().product()).map(|_| random.range(-1.0, 1.0) as f32).collect()
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_values(values.to_vec(), shape, &Device::default()).expect("numbers")
}

fn options(padding: usize, groups: usize) -> Conv2dOptions {
    let padding = ConvPadding::Zeros([padding; 2]);
    Conv2dOptions { stride: [1, 1], padding, dilation: [1, 1], groups }
}

fn minimal(
    input: &[usize],
    kernel: &[usize],
    stride: usize,
    padding: usize,
    groups: usize,
) -> bool {
    let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], groups);
    is_minimal(input, kernel, &options)
}

/// The output and the gradient of the input for that of the output, tap by tap in double precision.
fn expected(
    (x, input): (&[f32], [usize; 4]),
    (w, kernel): (&[f32], [usize; 4]),
    (g, output): (&[f32], [usize; 4]),
    padding: usize,
) -> [Vec<f64>; 2] {
    let [mut values, mut gradient] = [vec![0.0; g.len()], vec![0.0; x.len()]];
    let per_group = kernel[0] * kernel[1] / input[1];
    let [height, width] = [input[2], input[3]];
    for image in 0..input[0] {
        for channel in 0..kernel[0] {
            let first = channel / per_group * kernel[1];
            for tap in 0..kernel[1] * 9 {
                let weight = f64::from(w[channel * kernel[1] * 9 + tap]);
                let from = (image * input[1] + first + tap / 9) * height * width;
                let [down, right] = [tap % 9 / 3, tap % 3];
                for row in 0..output[2] {
                    let line = (row + down).checked_sub(padding).filter(|line| *line < height);
                    let Some(line) = line else { continue };
                    let to = ((image * output[1] + channel) * output[2] + row) * output[3];
                    for place in padding.saturating_sub(right)
                        ..output[3].min((width + padding).saturating_sub(right))
                    {
                        let seen = from + line * width + place + right - padding;
                        values[to + place] += weight * f64::from(x[seen]);
                        gradient[seen] += weight * f64::from(g[to + place]);
                    }
                }
            }
        }
    }
    [values, gradient]
}

#[track_caller]
fn same(found: &Tensor, wanted: &[f64]) {
    let found = found.to_values().expect("values");
    assert_eq!(found.len(), wanted.len());
    let scale = wanted.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let pairs = found.iter().zip(wanted);
    let difference = pairs.fold(0.0f64, |most, (a, b)| most.max((f64::from(*a) - b).abs()));
    assert!(difference < 2e-6 * scale, "{difference} of {scale}");
}

#[test]
fn minimal_filtering_gives_the_same_sums() {
    for (index, size) in SIZES.into_iter().enumerate() {
        for (groups, channels) in [(1, [32, 40]), (2, [33, 35])] {
            for padding in [0, 1, 2, 3] {
                let output = size.map(|length| (length + 2 * padding).saturating_sub(2));
                if output[0] * output[1] == 0 {
                    continue;
                }
                let input = [3, groups * channels[0], size[0], size[1]];
                let kernel = [groups * channels[1], channels[0], 3, 3];
                let output = [3, groups * channels[1], output[0], output[1]];
                if width() > 1 {
                    assert!(minimal(&input, &kernel, 1, padding, groups));
                }
                let seed = index as u64;
                let (x, w, g) =
                    (numbers(seed, &input), numbers(77, &kernel), numbers(seed + 9, &output));
                let leaf = tensor(&x, &input).tracked().expect("a leaf");
                let found = leaf
                    .conv2d(&tensor(&w, &kernel), None, options(padding, groups))
                    .expect("a convolution");
                let loss = found.mul(&tensor(&g, &output)).expect("products").sum().expect("a sum");
                let gradients = loss.backward().expect("gradients");
                let [values, gradient] = expected((&x, input), (&w, kernel), (&g, output), padding);
                same(&found, &values);
                same(&gradients.of(&leaf).expect("a gradient"), &gradient);
            }
        }
    }
}

#[test]
fn an_image_alone_gives_the_same_bytes() {
    let (input, kernel) = ([5, 32, 6, 18], [32, 32, 3, 3]);
    let (x, w) = (numbers(1, &input), numbers(2, &kernel));
    let of = |x: &[f32], images: usize| {
        let x = tensor(x, &[images, input[1], input[2], input[3]]);
        let y = x.conv2d(&tensor(&w, &kernel), None, options(1, 1)).expect("a convolution");
        y.to_values().expect("values")
    };
    let together = of(&x, 5);
    for (image, x) in x.chunks(x.len() / 5).enumerate() {
        let length = together.len() / 5;
        assert_eq!(of(x, 1), together[image * length..][..length]);
    }
}

#[test]
fn it_is_chosen_where_it_pays() {
    if width() == 1 {
        return;
    }
    let input = [8, 32, 32, 125];
    assert!(minimal(&input, &[64, 32, 3, 3], 1, 1, 1));
    // Few channels, steps, other kernels.
    assert!(!minimal(&[8, 16, 32, 125], &[64, 16, 3, 3], 1, 1, 1));
    assert!(!minimal(&input, &[64, 32, 3, 3], 2, 1, 1));
    assert!(!minimal(&input, &[64, 32, 5, 5], 1, 2, 1));
}
