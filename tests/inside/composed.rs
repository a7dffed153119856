//! What graphics cards compute, on the processor, against its kernels: values and gradients.

use burn::backend::ops::ConvOptions;
use burn::backend::{Flex, TensorMetadata};
use burn_flex::FlexTensor;
use stillroom::tensor::After;
use stillroom::tensor::inside::{
    Adam, Curve, DescentOps, NormOptions, PictureOps, RowOps, Softmax, StillOps, composed, made,
    plain,
};
use stillroom::tensor::random::Stream;

fn noise(number: u64, shape: &[usize]) -> FlexTensor {
    let mut random = Stream::new(number, "numbers of a test", &[]);
    let values = (0..shape.iter().product()).map(|_| random.normal() as f32 * 1.5).collect();
    made(values, shape.to_vec())
}

/// The largest difference, of the largest number.
#[track_caller]
fn same(ours: &FlexTensor, composed: &FlexTensor) {
    assert_eq!(ours.shape().to_vec(), composed.shape().to_vec());
    let (ours, composed) = (ours.to_contiguous(), composed.to_contiguous());
    let (ours, composed) = (plain(&ours), plain(&composed));
    let scale = ours.iter().fold(1e-3f32, |most, value| most.max(value.abs()));
    for (place, (a, b)) in ours.iter().zip(composed).enumerate() {
        assert!((a - b).abs() <= 2e-5 * scale, "at {place}: {a} and {b}, of up to {scale}");
    }
}

#[test]
fn curves_and_their_slopes() {
    let (x, g) = (noise(1, &[3, 5, 7]), noise(2, &[3, 5, 7]));
    for curve in [Curve::Relu, Curve::Sigmoid, Curve::Silu, Curve::Gelu, Curve::HardSwish] {
        same(&Flex::still_curve(x.clone(), curve), &composed::curve::<Flex>(x.clone(), curve));
        let ours = Flex::still_curve_gradient(x.clone(), g.clone(), curve);
        same(&ours, &composed::curve_gradient::<Flex>(x.clone(), g.clone(), curve));
    }
}

#[test]
fn softmax_and_layer_norm() {
    let (x, g) = (noise(3, &[2, 4, 9]), noise(4, &[2, 4, 9]));
    for kind in [Softmax::Plain, Softmax::Log] {
        let ours = Flex::still_softmax(x.clone(), kind);
        same(&ours, &composed::softmax::<Flex>(x.clone(), kind));
        let gradient = Flex::still_softmax_gradient(ours.clone(), g.clone(), kind);
        same(&gradient, &composed::softmax_gradient::<Flex>(ours, g.clone(), kind));
    }
    let (scale, shift) = (noise(5, &[9]), noise(6, &[9]));
    let ours = Flex::still_layer_norm(x.clone(), scale.clone(), shift.clone(), 1e-5);
    same(&ours, &composed::layer_norm::<Flex>(x.clone(), scale.clone(), shift, 1e-5));
    let ours = Flex::still_layer_norm_gradients(x.clone(), scale.clone(), g.clone(), 1e-5);
    let composed = composed::layer_norm_gradients::<Flex>(x, scale, g, 1e-5);
    same(&ours.0, &composed.0);
    same(&ours.1, &composed.1);
    same(&ours.2, &composed.2);
}

#[test]
fn linear_layers() {
    let (x, weight, bias) = (noise(7, &[2, 5, 6]), noise(8, &[4, 6]), noise(9, &[4]));
    let g = noise(10, &[2, 5, 4]);
    let ours = Flex::still_linear_biased(x.clone(), weight.clone(), bias.clone());
    same(&ours, &composed::linear::<Flex>(x.clone(), weight.clone(), Some(bias)));
    let ours = Flex::still_linear_plain(x.clone(), weight.clone());
    same(&ours, &composed::linear::<Flex>(x.clone(), weight.clone(), None));
    let ours = Flex::still_linear_input(weight.clone(), g.clone());
    same(&ours, &composed::linear_input::<Flex>(weight, g.clone()));
    let ours = Flex::still_linear_weight(x.clone(), g.clone());
    same(&ours, &composed::linear_weight::<Flex>(x, g.clone()));
    same(&Flex::still_row_sum(g.clone()), &composed::row_sum::<Flex>(g));
}

#[test]
fn attention() {
    let (qkv, g) = (noise(11, &[2, 19, 3 * 3 * 4]), noise(12, &[2, 19, 3 * 4]));
    let (ours, levels) = Flex::still_attention(qkv.clone(), 3);
    let (composed, composed_levels) = composed::attention::<Flex>(qkv.clone(), 3);
    same(&ours, &composed);
    same(&levels, &composed_levels);
    let ours = Flex::still_attention_gradient(qkv.clone(), levels.clone(), g.clone(), 3);
    same(&ours, &composed::attention_gradient::<Flex>(qkv, levels, g, 3));
}

#[test]
fn channel_norms() {
    let (x, g) = (noise(13, &[3, 4, 5, 6]), noise(14, &[3, 4, 5, 6]));
    let (scale, shift) = (noise(15, &[4]), noise(16, &[4]));
    let statistics = Flex::still_channel_statistics(x.clone());
    same(&statistics, &composed::channel_statistics::<Flex>(x.clone()));
    for (own, after) in [
        (true, After::Nothing),
        (true, After::Silu),
        (false, After::Relu),
        (true, After::Hardswish),
        (false, After::Silu),
    ] {
        let options = NormOptions { eps: 1e-3, own, after };
        let (x, scale, shift) = (x.clone(), scale.clone(), shift.clone());
        let (statistics, g) = (statistics.clone(), g.clone());
        let ours = Flex::still_channel_norm(
            x.clone(),
            scale.clone(),
            shift.clone(),
            statistics.clone(),
            options,
        );
        let composed = composed::channel_norm::<Flex>(
            x.clone(),
            scale.clone(),
            shift.clone(),
            statistics.clone(),
            options,
        );
        same(&ours, &composed);
        let ours = Flex::still_channel_norm_gradients(
            x.clone(),
            scale.clone(),
            shift.clone(),
            statistics.clone(),
            g.clone(),
            options,
        );
        let composed =
            composed::channel_norm_gradients::<Flex>(x, scale, shift, statistics, g, options);
        same(&ours.0, &composed.0);
        same(&ours.1, &composed.1);
        same(&ours.2, &composed.2);
    }
}

#[test]
fn means_and_gates() {
    let (x, gates) = (noise(17, &[2, 3, 7, 9]), noise(18, &[2, 3, 1, 1]));
    same(&Flex::still_plane_means(x.clone()), &composed::plane_means::<Flex>(x.clone()));
    let ours = Flex::still_plane_spread(gates.clone(), [7, 9]);
    same(&ours, &composed::plane_spread::<Flex>(gates.clone(), [7, 9]));
    let ours = Flex::still_block_means(x.clone(), [2, 4]);
    same(&ours, &composed::block_means::<Flex>(x.clone(), [2, 4]));
    let spread = Flex::still_block_spread(ours.clone(), [2, 4], [7, 9]);
    same(&spread, &composed::block_spread::<Flex>(ours, [2, 4], [7, 9]));
    let ours = Flex::still_gated(x.clone(), gates.clone());
    same(&ours, &composed::gated::<Flex>(x.clone(), gates));
    let g = noise(19, &[2, 3, 7, 9]);
    let ours = Flex::still_gate_gradients(x.clone(), g.clone());
    same(&ours, &composed::gate_gradients::<Flex>(x, g));
}

#[test]
fn convolutions() {
    let mut uneven = ConvOptions::new([2, 1], [0, 0], [1, 2], 2);
    uneven.padding = [(1, 2), (0, 3)];
    for options in [
        ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
        ConvOptions::new([2, 3], [0, 1], [1, 1], 2),
        uneven,
    ] {
        let (x, kernel) = (noise(20, &[2, 4, 9, 8]), noise(21, &[6, 4 / options.groups, 3, 2]));
        let ours = Flex::still_conv2d(x.clone(), kernel.clone(), options.clone());
        same(&ours, &composed::conv2d::<Flex>(x.clone(), kernel.clone(), options.clone()));
        let g = noise(22, &ours.shape().to_vec());
        let (kernels, size) = (kernel.clone(), [9, 8]);
        let ours = Flex::still_conv2d_transposed(g.clone(), kernels.clone(), options.clone(), size);
        let composed =
            composed::conv2d_transposed::<Flex>(g.clone(), kernels, options.clone(), size);
        same(&ours, &composed);
        let ours = Flex::still_conv2d_kernel(x.clone(), kernel.clone(), g.clone(), options.clone());
        same(&ours, &composed::conv2d_kernel::<Flex>(x, kernel, g, options));
    }
}

#[test]
fn steps_of_adam() {
    let [value, gradient, mean] = [23, 24, 25].map(|number| noise(number, &[5, 3]));
    let squares = noise(26, &[5, 3]);
    let squares = plain(&squares).iter().map(|value| value * value).collect();
    let squares = made(squares, vec![5, 3]);
    for coupled in [0.0, 0.01] {
        let rule = Adam {
            betas: [0.9, 0.999],
            rests: [0.1, 0.001],
            coupled,
            kept: 0.999,
            root: 0.03,
            eps: 1e-8,
            rate: 0.01,
        };
        let parts = || [&value, &gradient, &mean, &squares].map(Clone::clone);
        let ([v, g, m, s], [w, h, n, t]) = (parts(), parts());
        let ours = Flex::still_adam(v, g, m, s, rule);
        let composed = composed::adam::<Flex>(w, h, n, t, rule);
        same(&ours.0, &composed.0);
        same(&ours.1, &composed.1);
        same(&ours.2, &composed.2);
    }
}
