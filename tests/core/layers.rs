//! Layers: what they leave out at random, where their weights start, and that mistakes are told.

use stillroom::error::{Kind, Result};
use stillroom::nn::init::{self, Fan, GainOptions, KaimingOptions, NormalOptions};
use stillroom::nn::init::{TruncNormalOptions, UniformOptions};
use stillroom::nn::*;
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Device, Tensor};

fn ones(shape: &[usize]) -> Tensor {
    init::constant(shape, 1.0, &Device::default()).expect("ones")
}

fn values(tensor: Result<Tensor>) -> Vec<f32> {
    tensor.and_then(|tensor| tensor.to_values()).expect("values")
}

fn stream(name: &str) -> Stream {
    Stream::new(7, name, &[])
}

/// Mean and standard deviation.
fn moments(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    (mean, (squares / count).sqrt())
}

#[test]
fn dropout_leaves_out_its_share_and_makes_up_for_it() {
    let layer = Dropout::new(&DropOptions { p: 0.25 }).expect("a layer");
    let input = ones(&[100, 1001]);
    let run = |step| values(pass::during(3, &[step], || layer.forward(&input, Mode::Train)));
    let dropped = run(0);
    let share = dropped.iter().filter(|v| **v == 0.0).count() as f64 / dropped.len() as f64;
    assert!((share - 0.25).abs() < 0.005, "{share}");
    assert!(dropped.iter().all(|v| *v == 0.0 || *v == 1.0 / 0.75));
    assert!(run(0) == dropped, "the same step leaves out the same");
    assert!(run(1) != dropped, "another step leaves out something else");
    for mode in [Mode::Fixed, Mode::Eval] {
        assert!(values(layer.forward(&input, mode)).iter().all(|v| *v == 1.0));
    }
    let all = Dropout::new(&DropOptions { p: 1.0 }).expect("a layer");
    assert!(values(all.forward(&input, Mode::Train)).iter().all(|v| *v == 0.0));
}

#[test]
fn two_layers_of_one_pass_leave_out_different_elements() {
    let layer = Dropout::new(&DropOptions::default()).expect("a layer");
    let input = ones(&[1000]);
    let (first, second) = pass::during(3, &[0], || {
        (layer.forward(&input, Mode::Train), layer.forward(&input, Mode::Train))
    });
    assert!(values(first) != values(second));
}

#[test]
fn drop_path_leaves_out_whole_samples_with_their_gradient() {
    let layer = DropPath::new(&DropOptions { p: 0.5 }).expect("a layer");
    let input = ones(&[64, 3, 2]).tracked().expect("a leaf");
    let output = pass::during(1, &[], || layer.forward(&input, Mode::Train)).expect("forward");
    let gradients = output.sum().and_then(|sum| sum.backward()).expect("gradients");
    let output = values(output.detached());
    assert!(output.chunks(6).all(|sample| sample.iter().all(|v| *v == sample[0])));
    let kept = output.chunks(6).filter(|sample| sample[0] == 2.0).count();
    assert!((16..=48).contains(&kept), "{kept} of 64");
    assert_eq!(values(Ok(gradients.of(&input).expect("a gradient"))), output);
}

#[test]
fn weights_start_where_pytorch_starts_them() {
    let on = Device::default();
    let linear = LinearOptions { inputs: 400, outputs: 300, bias: true };
    let network = Linear::new(&linear, &mut stream("linear"), &on).expect("a layer");
    for (name, value) in network.state() {
        let values = values(Ok(value));
        let largest = values.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        assert!(largest <= 0.05 && largest > 0.049, "{name}: {largest}");
        // A uniform distribution's deviation is its bound over √3.
        let (mean, std) = moments(&values);
        assert!(mean.abs() < 0.005 && (std - 0.05 / 3f64.sqrt()).abs() < 0.002, "{name}");
    }
}

#[test]
fn initialisers_have_their_spread() {
    let (on, shape) = (Device::default(), [60, 20, 5, 4]);
    // fan_in 400, fan_out 1200.
    assert_eq!(init::fans("fans", &shape).expect("fans"), [400, 1200]);
    let out = KaimingOptions { fan: Fan::Out, gain: 2.0 };
    let mut random = stream("spread");
    let random = &mut random;
    let uniform = UniformOptions { low: -1.0, high: 2.0 };
    let normal = NormalOptions { mean: 1.0, std: 0.3 };
    let gain = GainOptions { gain: 3.0 };
    let plain = KaimingOptions::default();
    let root = |x: f64| x.sqrt();
    let cases = [
        ("uniform", init::uniform(&shape, uniform, random, &on), 0.5, 3.0 / root(12.0)),
        ("normal", init::normal(&shape, normal, random, &on), 1.0, 0.3),
        ("xavier", init::xavier_uniform(&shape, gain, random, &on), 0.0, 3.0 * root(2.0 / 1600.0)),
        ("xavier n", init::xavier_normal(&shape, gain, random, &on), 0.0, 3.0 * root(2.0 / 1600.0)),
        ("kaiming", init::kaiming_uniform(&shape, plain, random, &on), 0.0, root(2.0 / 400.0)),
        ("kaiming n", init::kaiming_normal(&shape, out, random, &on), 0.0, 2.0 / root(1200.0)),
    ];
    for (name, made, mean, std) in cases {
        let found = moments(&values(made));
        assert!((found.0 - mean).abs() < 0.03 * std, "{name}: mean {}", found.0);
        assert!((found.1 / std - 1.0).abs() < 0.02, "{name}: deviation {} of {std}", found.1);
    }
    let gains = [("relu", 2f64.sqrt()), ("tanh", 5.0 / 3.0), ("linear", 1.0), ("selu", 0.75)];
    for (name, expected) in gains {
        assert_eq!(init::gain("gain", name, 0.0).expect(name), expected);
    }
    assert!((init::gain("gain", "leaky_relu", 0.2).expect("gain") - 1.386_750_5).abs() < 1e-6);
    assert_eq!(init::gain("gain", "rleu", 0.0).expect_err("unknown").kind(), Kind::Name);
}

#[test]
fn a_truncated_normal_stays_within_its_bounds() {
    let on = Device::default();
    let plain = TruncNormalOptions::default();
    let found = values(init::trunc_normal(&[200, 200], plain, &mut stream("trunc"), &on));
    assert!(found.iter().all(|v| v.abs() <= 2.0));
    // The deviation of a normal distribution that is cut at twice its own.
    let (mean, std) = moments(&found);
    assert!(mean.abs() < 0.02 && (std - 0.879_63).abs() < 0.01, "{mean} {std}");
    // Far in a tail, where throwing away would take forever: the mean is that of the tail.
    let tail = TruncNormalOptions { mean: 0.0, std: 1.0, low: 5.0, high: 6.0 };
    let found = values(init::trunc_normal(&[100, 100], tail, &mut stream("tail"), &on));
    assert!(found.iter().all(|v| (5.0..=6.0).contains(v)));
    let (mean, _) = moments(&found);
    assert!((mean - 5.183_15).abs() < 0.005, "{mean}");
}

#[test]
fn an_orthogonal_start_is_orthogonal() {
    let on = Device::default();
    for shape in [[6, 20], [20, 6], [9, 9]] {
        let gain = GainOptions { gain: 2.0 };
        let made = init::orthogonal(&shape, gain, &mut stream("qr"), &on).expect("a matrix");
        let turned = made.transpose(0, 1).expect("a matrix");
        let product =
            if shape[0] <= shape[1] { made.matmul(&turned) } else { turned.matmul(&made) };
        let count = shape[0].min(shape[1]);
        for (index, value) in values(product).into_iter().enumerate() {
            let expected = if index / count == index % count { 4.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-5, "{shape:?} {index}: {value}");
        }
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let (on, mut random) = (Device::default(), stream("refused"));
    let random = &mut random;
    let conv = |groups| ConvOptions {
        inputs: 4,
        outputs: 6,
        moves: stillroom::tensor::Conv2dOptions { groups, ..Default::default() },
        ..ConvOptions::default()
    };
    let heads = |heads| AttentionOptions { width: 12, heads, ..AttentionOptions::default() };
    let norm = |eps| BatchNormOptions { channels: 3, eps, ..BatchNormOptions::default() };
    let wide = LinearOptions { inputs: 1 << 20, outputs: 1 << 20, bias: false };
    let outcomes = [
        ("no width", Linear::new(&LinearOptions::default(), random, &on).err()),
        ("too large", Linear::new(&wide, random, &on).err()),
        ("no groups", Conv::line(&conv(0), random, &on).err()),
        ("groups", Conv::picture(&conv(4), random, &on).err()),
        ("heads", Attention::new(&heads(5), random, &on).err()),
        ("no heads", Attention::new(&heads(0), random, &on).err()),
        ("eps", BatchNorm::line(&norm(f64::NAN), &on).err()),
        ("p", Dropout::new(&DropOptions { p: 1.5 }).err()),
        ("nothing", LayerNorm::new(&LayerNormOptions::default(), &on).err()),
        ("no state", Gru::new(&RecurrentOptions::default(), random, &on).err()),
    ];
    for (name, error) in outcomes {
        assert_eq!(error.map(|error| error.kind()), Some(Kind::Range), "{name}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let (on, mut random) = (Device::default(), stream("inputs"));
    let random = &mut random;
    let norm = BatchNormOptions { channels: 3, ..BatchNormOptions::default() };
    let heads = AttentionOptions { width: 12, heads: 3, ..AttentionOptions::default() };
    let steps = RecurrentOptions { inputs: 4, hidden: 2, ..RecurrentOptions::default() };
    let gate = SqueezeExciteOptions { channels: 4, reduced: 1, ..Default::default() };
    let root = RmsNormOptions { shape: vec![3, 4], ..RmsNormOptions::default() };
    let line = BatchNorm::line(&norm, &on).expect("a layer");
    let networks: [(&str, &dyn Network, &[usize]); 9] = [
        ("rank", &line, &[2, 3, 4, 5]),
        ("channels", &line, &[2, 4]),
        ("one value", &line, &[1, 3]),
        ("picture", &BatchNorm::picture(&norm, &on).expect("a layer"), &[2, 3, 4]),
        ("tokens", &Attention::new(&heads, random, &on).expect("a layer"), &[2, 0, 12]),
        ("width", &Attention::new(&heads, random, &on).expect("a layer"), &[2, 5, 11]),
        ("steps", &Lstm::new(&steps, random, &on).expect("a layer"), &[2, 0, 4]),
        ("gate", &SqueezeExcite::new(&gate, random, &on).expect("a layer"), &[2, 5, 3, 3]),
        ("last", &RmsNorm::new(&root, &on).expect("a layer"), &[4, 3]),
    ];
    for (name, network, shape) in networks {
        let error = network.forward(&ones(shape), Mode::Train).expect_err(name);
        assert_eq!(error.kind(), Kind::Shape, "{name}");
    }
}

#[test]
fn an_activation_right_after_a_linear_layer_gives_the_same_bits() {
    let on = Device::default();
    for activation in ["gelu", "relu", "silu", "tanh"] {
        let activation = Activation::named("a test", activation).expect("an activation");
        // Odd lengths, and rows for one part and for several.
        for (rows, width, hidden) in [(1, 3, 5), (67, 20, 49), (700, 33, 100)] {
            let options = MlpOptions { width, hidden, activation, ..MlpOptions::default() };
            let mlp = Mlp::new(&options, &mut stream("weights"), &on).expect("a network");
            let mut parts = Vec::new();
            mlp.visit("", &mut |_, parameter| parts.push(parameter.get(Mode::Eval)));
            let random = &mut stream("input");
            let input = (0..rows * width).map(|_| 3.0 * random.normal() as f32).collect();
            let input = Tensor::from_values(input, &[rows, width], &on).expect("an input");
            let [own, bias, second, shift] = parts.as_slice() else { panic!("four parameters") };
            let inner = input.linear(own, Some(bias)).and_then(|inner| activation.of(&inner));
            let apart = inner.and_then(|inner| inner.linear(second, Some(shift)));
            let apart = values(apart);
            for mode in [Mode::Eval, Mode::Train] {
                let found = values(mlp.forward(&input, mode));
                let what = format!("{activation:?} {rows} {mode:?}");
                // A card may multiply by another kernel the next time.
                match on.is_cpu() {
                    true => assert_eq!(found, apart, "{what}"),
                    false => crate::support::close(&what, &found, &apart, 1e-4, 1e-4),
                }
            }
        }
    }
}
