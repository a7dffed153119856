//! Convolution, pooling, interpolation, norms, lookups and spectra against PyTorch in float64.

use super::tensor::{Case, run};
use crate::support::Golden;
use std::collections::BTreeSet;
use stillroom::error::Result;
use stillroom::tensor::{
    Complex, Conv2dOptions, ConvPadding, ConvTransposeOptions, Interpolation, PoolOptions,
    StftOptions, Tensor,
};

fn line(t: &[Tensor], options: Conv2dOptions) -> Result<Tensor> {
    t[0].conv1d(&t[1], t.get(2), options)
}

fn picture(t: &[Tensor], options: Conv2dOptions) -> Result<Tensor> {
    t[0].conv2d(&t[1], t.get(2), options)
}

fn plain() -> Conv2dOptions {
    Conv2dOptions::default()
}

fn zeros(vertical: usize, horizontal: usize) -> ConvPadding {
    ConvPadding::Zeros([vertical, horizontal])
}

const CONVOLUTION: &[Case] = &[
    ("conv1d", |t| {
        let options =
            Conv2dOptions { stride: [9, 2], padding: zeros(9, 3), dilation: [9, 2], groups: 1 };
        line(t, options)
    }),
    ("conv1d_same", |t| {
        line(t, Conv2dOptions { padding: ConvPadding::Same, dilation: [1, 3], ..plain() })
    }),
    ("conv1d_groups", |t| line(t, Conv2dOptions { groups: 4, padding: zeros(0, 1), ..plain() })),
    ("conv1d_one", |t| line(t, plain())),
    ("conv2d_same", |t| {
        let options =
            Conv2dOptions { padding: ConvPadding::Same, dilation: [1, 2], groups: 2, ..plain() };
        picture(t, options)
    }),
    ("conv2d_one", |t| picture(t, Conv2dOptions { padding: zeros(1, 1), ..plain() })),
    ("conv2d_beyond", |t| {
        picture(t, Conv2dOptions { padding: zeros(4, 4), dilation: [10, 10], ..plain() })
    }),
    ("conv2d_wide", |t| picture(t, Conv2dOptions { padding: zeros(1, 2), ..plain() })),
    ("transpose1d", |t| {
        let options = ConvTransposeOptions {
            stride: [1, 3],
            padding: [0, 2],
            output_padding: [0, 1],
            ..ConvTransposeOptions::default()
        };
        t[0].conv_transpose1d(&t[1], t.get(2), options)
    }),
    ("transpose2d", |t| spread(t, ConvTransposeOptions::default())),
    ("transpose2d_stride", |t| {
        let options = ConvTransposeOptions {
            stride: [2, 3],
            padding: [1, 0],
            output_padding: [1, 2],
            ..ConvTransposeOptions::default()
        };
        spread(t, options)
    }),
    ("transpose2d_groups", |t| {
        let options = ConvTransposeOptions {
            stride: [2, 2],
            padding: [2, 2],
            dilation: [2, 2],
            groups: 2,
            ..ConvTransposeOptions::default()
        };
        spread(t, options)
    }),
    ("transpose2d_beyond", |t| {
        let options = ConvTransposeOptions {
            stride: [1, 2],
            dilation: [3, 3],
            output_padding: [2, 2],
            ..ConvTransposeOptions::default()
        };
        spread(t, options)
    }),
];

/// Sums of 1400 products.
const CONVOLUTION_LONG: &[Case] = &[("conv1d_long", |t| {
    line(t, Conv2dOptions { stride: [1, 5], padding: zeros(0, 20), ..plain() })
})];

fn spread(t: &[Tensor], options: ConvTransposeOptions) -> Result<Tensor> {
    t[0].conv_transpose2d(&t[1], t.get(2), options)
}

fn windows(stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2]) -> PoolOptions {
    PoolOptions { stride: Some(stride), padding, dilation, ..PoolOptions::default() }
}

fn inside(stride: [usize; 2], padding: [usize; 2]) -> PoolOptions {
    PoolOptions { count_include_pad: false, ..windows(stride, padding, [1, 1]) }
}

const POOLING: &[Case] = &[
    ("max_pool1d", |t| t[0].max_pool1d(3, windows([1, 2], [0, 1], [1, 1]))),
    ("max_pool1d_dilated", |t| t[0].max_pool1d(3, windows([1, 1], [0, 1], [1, 3]))),
    ("max_pool2d", |t| t[0].max_pool2d([2, 2], PoolOptions::default())),
    ("max_pool2d_all", |t| t[0].max_pool2d([3, 2], windows([2, 1], [1, 1], [2, 3]))),
    ("max_pool2d_one", |t| t[0].max_pool2d([3, 3], windows([2, 2], [1, 1], [1, 1]))),
    ("max_pool2d_low", |t| t[0].max_pool2d([2, 2], windows([2, 2], [1, 1], [1, 1]))),
    ("max_pool2d_holes", |t| t[0].max_pool2d([2, 2], windows([1, 1], [0, 0], [1, 1]))),
    ("avg_pool1d", |t| t[0].avg_pool1d(3, windows([1, 2], [0, 1], [1, 1]))),
    ("avg_pool1d_inside", |t| t[0].avg_pool1d(3, inside([1, 2], [0, 1]))),
    ("avg_pool2d", |t| t[0].mean_pool2d([3, 2], windows([2, 1], [1, 1], [1, 1]))),
    ("avg_pool2d_inside", |t| t[0].mean_pool2d([4, 3], inside([3, 2], [2, 1]))),
    ("adaptive_avg_pool1d", |t| t[0].adaptive_avg_pool1d(4)),
    ("adaptive_avg_pool1d_more", |t| t[0].adaptive_avg_pool1d(14)),
    ("adaptive_avg_pool2d", |t| t[0].adaptive_avg_pool2d([4, 3])),
    ("adaptive_avg_pool2d_one", |t| t[0].adaptive_avg_pool2d([1, 1])),
    ("adaptive_max_pool1d", |t| t[0].adaptive_max_pool1d(4)),
    ("adaptive_max_pool2d", |t| t[0].adaptive_max_pool2d([3, 10])),
];

const INTERPOLATION: &[Case] = &[
    ("nearest_9x4", |t| t[0].interpolate(&[9, 4], Interpolation::Nearest, false)),
    ("nearest_3x7", |t| t[0].interpolate(&[3, 7], Interpolation::Nearest, false)),
    ("nearest_1x1", |t| t[0].interpolate(&[1, 1], Interpolation::Nearest, false)),
    ("nearest_row", |t| t[0].interpolate(&[82], Interpolation::Nearest, false)),
    ("bilinear_9x4", |t| t[0].interpolate(&[9, 4], Interpolation::Linear, false)),
    ("bilinear_3x7", |t| t[0].interpolate(&[3, 7], Interpolation::Linear, false)),
    ("bilinear_1x1", |t| t[0].interpolate(&[1, 1], Interpolation::Linear, false)),
    ("bicubic_9x4", |t| t[0].interpolate(&[9, 4], Interpolation::Cubic, false)),
    ("bicubic_3x7", |t| t[0].interpolate(&[3, 7], Interpolation::Cubic, false)),
    ("bicubic_1x1", |t| t[0].interpolate(&[1, 1], Interpolation::Cubic, false)),
    ("bilinear_corners_9x4", |t| t[0].interpolate(&[9, 4], Interpolation::Linear, true)),
    ("bilinear_corners_1x11", |t| t[0].interpolate(&[1, 11], Interpolation::Linear, true)),
    ("bicubic_corners_9x4", |t| t[0].interpolate(&[9, 4], Interpolation::Cubic, true)),
    ("bicubic_corners_1x11", |t| t[0].interpolate(&[1, 11], Interpolation::Cubic, true)),
    ("linear_row", |t| t[0].interpolate(&[5], Interpolation::Linear, false)),
    ("linear_row_corners", |t| t[0].interpolate(&[15], Interpolation::Linear, true)),
];

/// The row numbers of the case `embedding`, as the places of the largest elements.
fn embedding(t: &[Tensor]) -> Result<Tensor> {
    let mut marks = vec![0.0; 6 * 5];
    for (place, row) in [0, 2, 1, 4, 0, 0].into_iter().enumerate() {
        marks[place * 5 + row] = 1.0;
    }
    let marks = Tensor::from_values(marks, &[2, 3, 5], &Default::default())?;
    t[0].embedding(&marks.argmax(-1)?)
}

const NORM: &[Case] = &[
    ("group_norm", |t| t[0].group_norm(3, Some(&t[1]), Some(&t[2]), 1e-5)),
    ("group_norm_plain", |t| t[0].group_norm(2, None, None, 1e-3)),
    ("rms_norm", |t| t[0].rms_norm(Some(&t[1]), 1e-5)),
    ("rms_norm_plain", |t| t[0].rms_norm(None, 1e-6)),
    ("embedding", embedding),
];

/// Both parts, one after the other.
fn stacked(found: Complex) -> Result<Tensor> {
    let whole: Vec<i64> =
        [1].into_iter().chain(found.real.shape().into_iter().map(|n| n as i64)).collect();
    Tensor::cat(&[found.real.reshape(&whole)?, found.imag.reshape(&whole)?], 0)
}

fn stft(t: &[Tensor], n_fft: usize, hop: usize, center: bool) -> Result<Tensor> {
    let window = Some(t[1].clone());
    stacked(t[0].stft(&StftOptions { n_fft, hop, window, center })?)
}

const SPECTRUM: &[Case] = &[
    ("rfft_1", |t| stacked(t[0].rfft()?)),
    ("rfft_2", |t| stacked(t[0].rfft()?)),
    ("rfft_7", |t| stacked(t[0].rfft()?)),
    ("rfft_12", |t| stacked(t[0].rfft()?)),
    ("rfft_97", |t| stacked(t[0].rfft()?)),
    ("stft", |t| stft(t, 16, 5, true)),
    ("stft_cube", |t| stft(t, 8, 8, true)),
    ("stft_odd", |t| stft(t, 9, 4, true)),
    ("stft_inside", |t| stft(t, 10, 3, false)),
    ("stft_short_window", |t| stft(t, 16, 4, true)),
    ("stft_one", |t| stft(t, 12, 3, true)),
];

fn run_all(cases: &[Case], absolute: f32, relative: f32) {
    let golden = Golden::load("convolution.safetensors");
    for case in cases {
        run(&golden, case, absolute, relative).expect(case.0);
    }
}

#[test]
fn convolutions_equal_torch() {
    // As for the convolutions of `tensor`: single precision cannot say more of sums that cancel.
    run_all(CONVOLUTION, 4e-6, 1e-5);
    run_all(CONVOLUTION_LONG, 4e-6, 1e-5);
}

#[test]
fn pooling_equals_torch() {
    run_all(POOLING, 1e-6, 1e-5);
}

#[test]
fn interpolations_equal_torch() {
    run_all(INTERPOLATION, 1e-6, 1e-5);
}

#[test]
fn norms_and_lookups_equal_torch() {
    run_all(NORM, 1e-6, 1e-5);
}

#[test]
fn spectra_equal_torch() {
    run_all(SPECTRUM, 1e-6, 1e-5);
}

#[test]
fn every_case_of_the_golden_file_is_compared() {
    let tables = [CONVOLUTION, CONVOLUTION_LONG, POOLING, INTERPOLATION, NORM, SPECTRUM];
    let known: BTreeSet<&str> = tables.concat().iter().map(|(name, _)| *name).collect();
    let golden = Golden::load("convolution.safetensors");
    let present: BTreeSet<&str> =
        golden.names().filter_map(|name| name.split_once('.')).map(|(case, _)| case).collect();
    assert_eq!(known, present);
}
