//! Whatever shapes and options convolution and its company are given: a result or an error, no panic.

use stillroom::tensor::{
    Conv2dOptions, ConvPadding, ConvTransposeOptions, Device, Interpolation, PoolOptions,
    StftOptions, Tensor,
};

const SHAPES: [&[usize]; 16] = [
    &[1],
    &[0],
    &[5],
    &[2, 3],
    &[0, 3],
    &[4, 0],
    &[1, 2, 5],
    &[0, 2, 5],
    &[2, 2, 0],
    &[2, 0, 5],
    &[1, 2, 5, 4],
    &[0, 2, 5, 4],
    &[2, 2, 0, 3],
    &[2, 2, 3, 0],
    &[2, 4, 1, 1],
    &[1, 1, 2, 3, 2],
];
const LARGE: usize = i64::MAX as usize;
const NUMBERS: [[usize; 2]; 6] = [[0, 1], [1, 1], [2, 1], [3, 7], [1, LARGE], [1 << 40, 1]];

fn tensor(shape: &[usize]) -> Tensor {
    let values = (0..shape.iter().product()).map(|index| index as f32 - 2.0).collect();
    Tensor::from_values(values, shape, &Device::default())
        .and_then(|t| t.tracked())
        .expect("a tensor")
}

/// The backward pass, too.
fn back(outcome: stillroom::error::Result<Tensor>) -> usize {
    let Ok(output) = outcome else { return 0 };
    let gradients = output.sum().and_then(|sum| sum.backward());
    usize::from(output.count() == 0 || gradients.is_ok())
}

#[test]
fn convolutions_do_not_panic() {
    let mut done = 0;
    for (input, kernel) in SHAPES.iter().flat_map(|a| SHAPES.iter().map(move |b| (a, b))) {
        let (x, w) = (tensor(input), tensor(kernel));
        for stride in NUMBERS {
            for other in NUMBERS {
                for padding in [ConvPadding::Zeros(other), ConvPadding::Same] {
                    for (dilation, groups) in [([1, 1], 1), (other, 2), ([1, 1], other[1])] {
                        let options = Conv2dOptions { stride, padding, dilation, groups };
                        done += back(x.conv1d(&w, None, options));
                        done += back(x.conv2d(&w, Some(&w), options));
                        done += back(x.conv2d(&w, None, options));
                    }
                }
                let options = ConvTransposeOptions {
                    stride,
                    padding: other,
                    dilation: [1, 2],
                    output_padding: [0, 1],
                    groups: other[0],
                };
                done += back(x.conv_transpose1d(&w, None, options));
                let plain = ConvTransposeOptions { groups: 1, padding: [0, 0], ..options };
                done += back(x.conv_transpose2d(&w, None, plain));
            }
        }
    }
    assert!(done > 100, "only {done} had a result");
}

#[test]
fn pooling_and_interpolation_do_not_panic() {
    let mut done = 0;
    for shape in SHAPES {
        let x = tensor(shape);
        for size in NUMBERS {
            for other in NUMBERS {
                for padding in [[0, 0], [1, 0], other] {
                    let options = PoolOptions {
                        stride: Some(other),
                        padding,
                        dilation: [1, 2],
                        count_include_pad: false,
                        ceil_mode: size[0] == 2,
                    };
                    done += back(x.max_pool1d(size[1], options));
                    done += back(x.max_pool2d(size, options));
                    done += back(x.avg_pool1d(size[1], options));
                    done += back(x.mean_pool2d(size, options));
                }
            }
            done += back(x.adaptive_avg_pool1d(size[1]));
            done += back(x.adaptive_max_pool1d(size[0]));
            done += back(x.adaptive_avg_pool2d(size));
            done += back(x.adaptive_max_pool2d(size));
            for mode in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
                for align in [false, true] {
                    done += back(x.interpolate(&size, mode, align));
                    done += back(x.interpolate(&size[..1], mode, align));
                    done += back(x.interpolate(&[], mode, align));
                }
            }
        }
    }
    assert!(done > 100, "only {done} had a result");
}

#[test]
fn norms_lookups_and_spectra_do_not_panic() {
    let mut done = 0;
    for shape in SHAPES {
        let x = tensor(shape);
        done += x.rfft().map_or(0, |found| back(Ok(found.imag)));
        for other in SHAPES {
            let y = tensor(other);
            done += back(x.layer_norm(&y, &y, 0.0));
            done += back(x.rms_norm(Some(&y), 0.0));
            for groups in [0, 1, 2, LARGE] {
                done += back(x.group_norm(groups, Some(&y), None, 0.0));
            }
            let index = y.detached().and_then(|y| y.to(stillroom::tensor::DType::I64));
            done += back(x.embedding(&index.expect("integers")));
            for [n_fft, hop] in NUMBERS {
                for (center, window) in [(true, None), (false, Some(y.clone()))] {
                    let found = x.stft(&StftOptions { n_fft, hop, window, center });
                    done += found.map_or(0, |found| back(Ok(found.real)));
                }
            }
        }
    }
    assert!(done > 50, "only {done} had a result");
}
