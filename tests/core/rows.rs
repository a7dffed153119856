//! Fused operations on rows against formulas in double precision, and against the operations that they stand for.

use crate::support::close;
use stillroom::nn::AttentionOptions;
use stillroom::nn::{Attention, Mode, Network};
use stillroom::tensor::random::Stream;
use stillroom::tensor::{AdamStep, Device, Tensor};

/// Around the widths of vectors, and beyond what one thread takes.
const COUNTS: [usize; 9] = [1, 2, 15, 16, 17, 31, 33, 1000, 40_001];

fn drawn(seed: u64, shape: &[usize]) -> Tensor {
    let mut random = Stream::new(seed, "rows", &[]);
    let values = (0..shape.iter().product()).map(|_| random.normal() as f32).collect();
    Tensor::from_values(values, shape, &Device::default()).expect("numbers")
}

/// Value, and the gradients of all inputs under weights that differ by place.
fn passed(inputs: &[&Tensor], of: impl Fn(&[Tensor]) -> Tensor) -> Vec<Vec<f32>> {
    let leaves: Vec<Tensor> = inputs.iter().map(|input| input.tracked().expect("a leaf")).collect();
    let output = of(&leaves);
    let loss = output.mul(&drawn(99, &output.shape())).expect("a product").sum().expect("a sum");
    let gradients = loss.backward().expect("gradients");
    let mut all = vec![output.to_values().expect("values")];
    for leaf in &leaves {
        all.push(gradients.of(leaf).expect("a gradient").to_values().expect("values"));
    }
    all
}

/// Both ways agree; `scale` is how large numbers are at most.
fn same(what: &str, ours: Vec<Vec<f32>>, theirs: Vec<Vec<f32>>) {
    assert_eq!(ours.len(), theirs.len());
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let scale = theirs.iter().fold(1.0f32, |top, value| top.max(value.abs()));
        close(&format!("{what}, part {index}"), ours, theirs, 3e-6 * scale, 0.0);
    }
}

/// The function and its slope in double precision.
type Curve = (&'static str, fn(&Tensor) -> Tensor, fn(f64) -> (f64, f64));

fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

fn curves() -> [Curve; 5] {
    [
        ("relu", |x| x.relu().unwrap(), |x| (x.max(0.0), f64::from(x > 0.0))),
        (
            "sigmoid",
            |x| x.sigmoid().unwrap(),
            |x| {
                let gate = 1.0 / (1.0 + (-x).exp());
                (gate, gate * (1.0 - gate))
            },
        ),
        (
            "silu",
            |x| x.silu().unwrap(),
            |x| {
                let gate = 1.0 / (1.0 + (-x).exp());
                (x * gate, gate * (1.0 + x * (1.0 - gate)))
            },
        ),
        (
            "gelu",
            |x| x.gelu().unwrap(),
            |x| {
                let bell = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
                (x * normal(x), normal(x) + x * bell)
            },
        ),
        (
            "hardswish",
            |x| x.hardswish().unwrap(),
            |x| {
                let slope = if x <= -3.0 {
                    0.0
                } else if x >= 3.0 {
                    1.0
                } else {
                    x / 3.0 + 0.5
                };
                (x * (x + 3.0).clamp(0.0, 6.0) / 6.0, slope)
            },
        ),
    ]
}

#[test]
fn activations_are_their_formulas() {
    for (name, of, exact) in curves() {
        for count in COUNTS {
            let input = drawn(1, &[count]).mul_number(4.0).unwrap();
            let leaf = input.tracked().unwrap();
            let output = of(&leaf);
            let slope = output.sum().unwrap().backward().unwrap().of(&leaf).unwrap();
            let exact: Vec<_> =
                input.to_values().unwrap().iter().map(|x| exact(f64::from(*x))).collect();
            let values: Vec<f32> = exact.iter().map(|pair| pair.0 as f32).collect();
            let slopes: Vec<f32> = exact.iter().map(|pair| pair.1 as f32).collect();
            // Burn's error function on graphics cards is within 3e-7 of itself.
            let absolute = if Device::default().is_cpu() { 1e-7 } else { 2e-6 };
            let what = format!("{name} of {count}");
            close(&what, &output.to_values().unwrap(), &values, absolute, 2e-6);
            let absolute = absolute.max(6e-7);
            let what = format!("slope of {name}");
            close(&what, &slope.to_values().unwrap(), &slopes, absolute, 2e-6);
        }
    }
}

#[test]
fn activations_at_the_ends_of_the_numbers() {
    let ends = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30, -1e30, 100.0, -100.0, 0.0, -0.0];
    let input = Tensor::from_values(ends.to_vec(), &[ends.len()], &Device::default()).unwrap();
    let nan = f32::NAN;
    let of = |found: Tensor, expected: [f32; 9]| {
        close("an end", &found.to_values().unwrap(), &expected, 1e-30, 1e-6);
    };
    // What PyTorch gives.
    of(input.relu().unwrap(), [f32::INFINITY, 0.0, nan, 1e30, 0.0, 100.0, 0.0, 0.0, 0.0]);
    of(input.sigmoid().unwrap(), [1.0, 0.0, nan, 1.0, 0.0, 1.0, 0.0, 0.5, 0.5]);
    of(input.silu().unwrap(), [f32::INFINITY, nan, nan, 1e30, 0.0, 100.0, 0.0, 0.0, 0.0]);
    of(input.gelu().unwrap(), [f32::INFINITY, nan, nan, 1e30, 0.0, 100.0, 0.0, 0.0, 0.0]);
}

#[test]
fn softmax_and_its_logarithm_are_compositions() {
    for width in [1, 3, 15, 16, 17, 50, 602] {
        let input = drawn(2, &[5, width]).mul_number(3.0).unwrap();
        let powers = |x: &Tensor| {
            let top = x.detached().unwrap().max_dim(-1, true).unwrap();
            x.sub(&top).unwrap().exp().unwrap()
        };
        let total = |p: &Tensor| p.sum_dims(&[-1], true).unwrap();
        let plain = passed(&[&input], |x| x[0].softmax(-1).unwrap());
        let composed = |x: &[Tensor]| {
            let powers = powers(&x[0]);
            powers.div(&total(&powers)).unwrap()
        };
        same("softmax", plain, passed(&[&input], composed));
        let log = passed(&[&input], |x| x[0].log_softmax(-1).unwrap());
        let composed = |x: &[Tensor]| {
            let powers = powers(&x[0]);
            powers.div(&total(&powers)).unwrap().log().unwrap()
        };
        same("log_softmax", log, passed(&[&input], composed));
        // Along another dimension, of what does not lie in order.
        let turned = passed(&[&input], |x| x[0].transpose(0, 1).unwrap().softmax(0).unwrap());
        let straight = passed(&[&input], |x| x[0].softmax(-1).unwrap().transpose(0, 1).unwrap());
        same("turned", turned, straight);
    }
}

#[test]
fn layer_norm_is_its_composition() {
    for (rows, width) in [(1, 1), (3, 2), (7, 15), (7, 16), (300, 17), (2, 192), (600, 48)] {
        let input = drawn(3, &[rows, width]).mul_number(2.0).unwrap().add_number(1.0).unwrap();
        let (scale, shift) = (drawn(4, &[width]), drawn(5, &[width]));
        let parts = [&input, &scale, &shift];
        let ours = passed(&parts, |x| x[0].layer_norm(&x[1], &x[2], 1e-3).unwrap());
        let theirs = passed(&parts, |x| {
            let apart = x[0].sub(&x[0].mean_dims(&[-1], true).unwrap()).unwrap();
            let square = apart.mul(&apart).unwrap().mean_dims(&[-1], true).unwrap();
            let root = square.add_number(1e-3).unwrap().sqrt().unwrap();
            apart.div(&root).unwrap().mul(&x[1]).unwrap().add(&x[2]).unwrap()
        });
        same("layer_norm", ours, theirs);
    }
}

#[test]
fn linear_is_its_composition() {
    for (rows, inputs, outputs) in [(1, 1, 1), (5, 3, 7), (70, 17, 33), (601, 48, 96), (1000, 5, 1)]
    {
        let input = drawn(6, &[rows, inputs]);
        let (weight, bias) = (drawn(7, &[outputs, inputs]), drawn(8, &[outputs]));
        let parts = [&input, &weight, &bias];
        let product = |x: &[Tensor]| x[0].matmul(&x[1].transpose(0, 1).unwrap()).unwrap();
        let ours = passed(&parts, |x| x[0].linear(&x[1], Some(&x[2])).unwrap());
        same("linear", ours, passed(&parts, |x| product(x).add(&x[2]).unwrap()));
        let ours = passed(&parts[..2], |x| x[0].linear(&x[1], None).unwrap());
        same("without bias", ours, passed(&parts[..2], product));
    }
    // Of what does not lie in order, with more than two dimensions.
    let (input, weight) = (drawn(6, &[4, 7, 5]), drawn(7, &[3, 4]));
    let ours = passed(&[&input, &weight], |x| {
        x[0].permute(&[2, 1, 0]).unwrap().linear(&x[1], None).unwrap()
    });
    let theirs = passed(&[&input, &weight], |x| {
        let turned = x[0].permute(&[2, 1, 0]).unwrap().reshape(&[35, 4]).unwrap();
        let product = turned.matmul(&x[1].transpose(0, 1).unwrap()).unwrap();
        product.reshape(&[5, 7, 3]).unwrap()
    });
    same("turned", ours, theirs);
}

#[test]
fn a_bias_of_another_length_is_told() {
    let (input, weight) = (drawn(1, &[4, 3]), drawn(1, &[2, 3]));
    let error = input.linear(&weight, Some(&drawn(1, &[1]))).expect_err("one number for two");
    insta::assert_snapshot!(error, @r"
    error[shape]: linear: the bias does not fit
      expected: [2]
      received: [1]
    ");
}

#[test]
fn attention_without_its_weights_is_attention() {
    for (batch, tokens, heads, width) in
        [(1, 1, 1, 1), (2, 3, 2, 5), (1, 17, 3, 16), (2, 300, 2, 8), (1, 700, 1, 24)]
    {
        let options =
            AttentionOptions { width: heads * width, heads, ..AttentionOptions::default() };
        let mut random = Stream::new(3, "rows", &[]);
        let layer = Attention::new(&options, &mut random, &Device::default()).expect("a layer");
        let input = drawn(9, &[batch, tokens, heads * width]).mul_number(3.0).unwrap();
        let ours = passed(&[&input], |x| layer.forward(&x[0], Mode::Train).unwrap());
        let theirs = passed(&[&input], |x| layer.attend_self(&x[0], None, Mode::Train).unwrap().0);
        same(&format!("{tokens} tokens"), ours, theirs);
    }
}

#[test]
fn attention_where_one_key_has_it_all() {
    // A score of some hundreds: the other weights are nothing.
    let qkv = drawn(10, &[1, 20, 3 * 4]).mul_number(40.0).unwrap();
    let ours = passed(&[&qkv], |x| x[0].self_attention(1).unwrap());
    let theirs = passed(&[&qkv], |x| {
        let part = |index: usize| x[0].narrow(2, index * 4, 4).unwrap();
        let scores = part(0).matmul(&part(1).transpose(1, 2).unwrap()).unwrap();
        scores.mul_number(0.5).unwrap().softmax(-1).unwrap().matmul(&part(2)).unwrap()
    });
    same("sharp", ours, theirs);
}

#[test]
fn adam_is_its_formula() {
    let count = 20_003;
    let (value, gradient) = (drawn(11, &[count]), drawn(12, &[count]));
    let (mean, square) = (drawn(13, &[count]), drawn(14, &[count]).abs().unwrap());
    for decoupled in [false, true] {
        let step = AdamStep {
            betas: [0.95, 0.999],
            eps: 1e-8,
            lr: 1e-2,
            decay: 0.1,
            decoupled,
            corrections: [1.0 - 0.95f64.powi(3), 1.0 - 0.999f64.powi(3)],
        };
        let made = step.of(&value, &gradient, [&mean, &square]).expect("a step");
        let wide = |tensor: &Tensor| -> Vec<f64> {
            tensor.to_values().unwrap().into_iter().map(f64::from).collect()
        };
        let (v, g, m, s) = (wide(&value), wide(&gradient), wide(&mean), wide(&square));
        let mut expected = [const { Vec::new() }; 3];
        for index in 0..count {
            let g = g[index] + if decoupled { 0.0 } else { 0.1 * v[index] };
            let m = 0.95 * m[index] + 0.05 * g;
            let s = 0.999 * s[index] + 0.001 * g * g;
            let kept = if decoupled { v[index] * (1.0 - 1e-2 * 0.1) } else { v[index] };
            let root = (s / step.corrections[1]).sqrt() + 1e-8;
            expected[0].push((kept - 1e-2 * (m / step.corrections[0]) / root) as f32);
            expected[1].push(m as f32);
            expected[2].push(s as f32);
        }
        for (found, expected) in made.iter().zip(&expected) {
            close("adam", &found.to_values().unwrap(), expected, 1e-6, 1e-6);
        }
    }
}
