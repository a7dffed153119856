//! Layers against PyTorch and timm in float64: outputs, every gradient, buffers, evaluation.

use crate::support::{Golden, close, weights};
use std::collections::BTreeSet;
use stillroom::error::Result;
use stillroom::nn::*;
use stillroom::tensor::random::Stream;
use stillroom::tensor::{
    Conv2dOptions, ConvPadding, ConvTransposeOptions, DType, Device, PoolOptions, Tensor,
};

const FILE: &str = "layers.safetensors";

#[track_caller]
fn compare(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}: shape");
    let found = found.detached().and_then(|t| t.to_values()).expect(what);
    // As far as single precision can tell, where sums cancel.
    close(what, &found, &expected.to_values().expect(what), 2e-6, 1e-5);
}

/// What a layer makes of its inputs.
type Call<'a> = &'a dyn Fn(&[Tensor], Mode) -> Result<Vec<Tensor>>;

/// All that the golden file has of the layer `name`.
fn check(golden: &Golden, name: &str, network: &dyn Network, call: Call) -> Result<()> {
    let parts = |kind: &str| golden.under(&format!("{name}.{kind}."));
    let numbered = |kind: &str, index: usize| golden.get(&format!("{name}.{kind}{index}"));
    network.restore(&parts("state"))?;
    let mut inputs = Vec::new();
    while let Some(input) = numbered("in", inputs.len()) {
        let has_gradient = numbered("gradient", inputs.len()).is_some();
        inputs.push(if has_gradient { input.tracked()? } else { input.clone() });
    }
    let values = call(&inputs, Mode::Train)?;
    let mut loss: Option<Tensor> = None;
    for (index, value) in values.iter().enumerate() {
        let expected = golden.tensor(&format!("{name}.value{index}"));
        compare(&format!("{name}: value {index}"), value, expected);
        let part = value.mul(&weights(value))?.sum()?;
        loss = Some(match loss {
            Some(loss) => loss.add(&part)?,
            None => part,
        });
    }
    let gradients = loss.expect("a value").backward()?;
    for (index, input) in inputs.iter().enumerate() {
        if let Some(expected) = numbered("gradient", index) {
            let found = gradients.of(input).expect(name);
            compare(&format!("{name}: gradient {index}"), &found, expected);
        }
    }
    let (mut known, mut buffers) = (BTreeSet::new(), BTreeSet::new());
    for (parameter_name, parameter) in network.parameters() {
        if parameter.role() == Role::Buffer {
            buffers.insert(parameter_name);
            continue;
        }
        let found = parameter.gradient(&gradients).expect(&parameter_name);
        let expected = golden.tensor(&format!("{name}.grad.{parameter_name}"));
        compare(&format!("{name}: gradient of {parameter_name}"), &found, expected);
        known.insert(parameter_name);
    }
    let names = |kind: &str| parts(kind).into_iter().map(|(name, _)| name).collect();
    assert_eq!((known, buffers.clone()), (names("grad"), names("running")), "{name}: names");
    if !buffers.is_empty() {
        for step in [1.0, 2.0] {
            let other = inputs[0].detached()?.mul_number(1.0 + 0.5 * step)?.add_number(step)?;
            call(&[other], Mode::Train)?;
        }
        for (buffer, value) in network.state() {
            if buffers.contains(&buffer) {
                let expected = golden.tensor(&format!("{name}.running.{buffer}"));
                compare(&format!("{name}: {buffer}"), &value, expected);
            }
        }
    }
    let plain = inputs.iter().map(Tensor::detached).collect::<Result<Vec<_>>>()?;
    for (index, value) in call(&plain, Mode::Eval)?.iter().enumerate() {
        assert!(!value.is_tracked(), "{name}: an evaluating forward makes no graph");
        let expected = golden.tensor(&format!("{name}.eval{index}"));
        compare(&format!("{name}: evaluated {index}"), value, expected);
    }
    // A table's rows are asked for by number, which examples are not.
    if let ([input], false) = (plain.as_slice(), name == "embedding") {
        leaves_as_a_graph(name, network, &input.shape()[1..], values.len(), call);
    }
    Ok(())
}

/// Each output of the layer as a graph of ONNX, run by another library.
fn leaves_as_a_graph(
    name: &str,
    network: &dyn Network,
    lengths: &[usize],
    outputs: usize,
    call: Call,
) {
    use crate::core::onnx::{all_work, exported};
    // Graphs are noted on the processor.
    if !Device::default().is_cpu() {
        return;
    }
    let state = || network.state();
    let of = |output: usize| {
        let name = format!("layer_{name}_{output}");
        let act = |x: &Tensor| Ok(call(std::slice::from_ref(x), Mode::Eval)?.remove(output));
        exported(&name, lengths, false, state(), &act)
    };
    all_work((0..outputs).map(|output| (name, of(output))).collect());
}

fn check_layer<N: Network>(name: &str, make: impl FnOnce(&mut Stream, &Device) -> Result<N>) {
    let golden = Golden::load(FILE);
    let network = make(&mut Stream::new(1, name, &[]), &Device::default()).expect(name);
    let call = |inputs: &[Tensor], mode| Ok(vec![network.forward(&inputs[0], mode)?]);
    check(&golden, name, &network, &call).expect(name);
}

fn moves(stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2]) -> Conv2dOptions {
    Conv2dOptions { stride, padding: ConvPadding::Zeros(padding), dilation, groups: 1 }
}

#[test]
fn linear_layers_and_tables() {
    let linear = |bias| LinearOptions { inputs: 5, outputs: 3, bias };
    check_layer("linear", |random, on| Linear::new(&linear(true), random, on));
    check_layer("linear_plain", |random, on| Linear::new(&linear(false), random, on));
    let golden = Golden::load(FILE);
    let mut random = Stream::new(1, "embedding", &[]);
    let options = EmbeddingOptions { count: 7, width: 3, padding: None };
    let network = Embedding::new(&options, &mut random, &Device::default()).expect("a table");
    let call =
        |inputs: &[Tensor], mode| Ok(vec![network.forward(&inputs[0].to(DType::I64)?, mode)?]);
    check(&golden, "embedding", &network, &call).expect("embedding");
}

#[test]
fn convolutions() {
    let plain = ConvOptions { inputs: 4, outputs: 6, ..ConvOptions::default() };
    let grouped = Conv2dOptions { groups: 2, ..moves([1, 2], [0, 1], [1, 2]) };
    let same = Conv2dOptions { padding: ConvPadding::Same, ..Conv2dOptions::default() };
    let with = |kernel, moves| ConvOptions { kernel, moves, ..plain.clone() };
    check_layer("conv1d", |random, on| Conv::line(&with([1, 3], grouped), random, on));
    let narrow = ConvOptions { outputs: 2, bias: false, ..with([1, 4], same) };
    check_layer("conv1d_same", |random, on| Conv::line(&narrow, random, on));
    let picture = with([3, 2], moves([2, 1], [1, 0], [1, 2]));
    check_layer("conv2d", |random, on| Conv::picture(&picture, random, on));
    let depthwise = ConvOptions { outputs: 4, ..with([3, 3], Conv2dOptions { groups: 4, ..same }) };
    check_layer("conv2d_depthwise", |random, on| Conv::picture(&depthwise, random, on));
}

#[test]
fn transposed_convolutions() {
    let spread = ConvTransposeOptions { stride: [2, 2], ..ConvTransposeOptions::default() };
    let line = ConvTransposeLayerOptions {
        inputs: 4,
        outputs: 2,
        kernel: [1, 3],
        moves: ConvTransposeOptions { padding: [1, 1], output_padding: [1, 1], ..spread },
        bias: true,
    };
    check_layer("conv_transpose1d", |random, on| ConvTranspose::line(&line, random, on));
    let picture = ConvTransposeLayerOptions {
        outputs: 6,
        kernel: [3, 2],
        moves: ConvTransposeOptions { groups: 2, ..spread },
        bias: false,
        ..line
    };
    check_layer("conv_transpose2d", |random, on| ConvTranspose::picture(&picture, random, on));
}

#[test]
fn batch_norms() {
    let plain = BatchNormOptions { channels: 4, ..BatchNormOptions::default() };
    check_layer("batch_norm1d", |_, on| BatchNorm::line(&plain, on));
    let slow = BatchNormOptions { momentum: 0.25, ..plain.clone() };
    check_layer("batch_norm1d_line", |_, on| BatchNorm::line(&slow, on));
    let other = BatchNormOptions { eps: 1e-3, momentum: 0.3, ..plain.clone() };
    check_layer("batch_norm2d", |_, on| BatchNorm::picture(&other, on));
    let bare = BatchNormOptions { affine: false, ..plain.clone() };
    check_layer("batch_norm2d_plain", |_, on| BatchNorm::picture(&bare, on));
    let untracked = BatchNormOptions { track_running_stats: false, ..plain };
    check_layer("batch_norm2d_untracked", |_, on| BatchNorm::picture(&untracked, on));
}

#[test]
fn other_norms() {
    let last = LayerNormOptions { shape: vec![6], ..LayerNormOptions::default() };
    check_layer("layer_norm", |_, on| LayerNorm::new(&last, on));
    let two = LayerNormOptions { shape: vec![5, 6], eps: 1e-3, ..last.clone() };
    check_layer("layer_norm_two", |_, on| LayerNorm::new(&two, on));
    let scale = LayerNormOptions { bias: false, ..last.clone() };
    check_layer("layer_norm_scale", |_, on| LayerNorm::new(&scale, on));
    let bare = LayerNormOptions { affine: false, ..last };
    check_layer("layer_norm_plain", |_, on| LayerNorm::new(&bare, on));
    let groups = GroupNormOptions { groups: 2, channels: 4, eps: 1e-4, affine: true };
    check_layer("group_norm", |_, on| GroupNorm::new(&groups, on));
    let each = GroupNormOptions { groups: 4, affine: false, eps: 1e-5, ..groups };
    check_layer("group_norm_plain", |_, on| GroupNorm::new(&each, on));
    let root = RmsNormOptions { shape: vec![6], eps: 1e-5, affine: true };
    check_layer("rms_norm", |_, on| RmsNorm::new(&root, on));
    let two = RmsNormOptions { shape: vec![5, 6], ..root };
    check_layer("rms_norm_two", |_, on| RmsNorm::new(&two, on));
}

#[test]
fn pooling_and_gates() {
    let of = |pooled, windows| PoolLayerOptions { pooled, windows };
    let line = |name: &str, options| check_layer(name, |_, _| Pool::line(name, &options));
    let picture = |name: &str, options| check_layer(name, |_, _| Pool::picture(name, &options));
    let plain = PoolOptions::default();
    let padded = PoolOptions { stride: Some([2, 2]), padding: [1, 1], ..plain };
    line("max_pool1d", of(Pooled::Max, PoolWindows::Moving([3, 3], padded)));
    let low = PoolOptions { padding: [1, 0], ..plain };
    picture("max_pool2d", of(Pooled::Max, PoolWindows::Moving([2, 3], low)));
    line("avg_pool1d", of(Pooled::Mean, PoolWindows::Moving([2, 2], plain)));
    let inside = PoolOptions { count_include_pad: false, ..padded };
    picture("avg_pool2d", of(Pooled::Mean, PoolWindows::Moving([3, 3], inside)));
    picture("adaptive_avg_pool2d", of(Pooled::Mean, PoolWindows::Covering([2, 4])));
    line("adaptive_max_pool1d", of(Pooled::Max, PoolWindows::Covering([4, 4])));
    picture("global_avg_pool", of(Pooled::Mean, PoolWindows::Global));
    picture("global_max_pool", of(Pooled::Max, PoolWindows::Global));
    check_layer("flatten", |_, _| Ok(Flatten::new(&FlattenOptions::default())));
    let gate = SqueezeExciteOptions {
        channels: 6,
        reduced: SqueezeExciteOptions::reduced_by(6, 0.25),
        activation: Activation::Silu,
        gate: Activation::Sigmoid,
    };
    check_layer("squeeze_excite", |random, on| SqueezeExcite::new(&gate, random, on));
}

#[test]
fn activations() {
    let golden = Golden::load(FILE);
    let names: BTreeSet<&str> = golden
        .names()
        .filter_map(|name| name.strip_prefix("activation_")?.split_once('.'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names.len(), 15);
    for name in names {
        check_layer(&format!("activation_{name}"), |_, _| Activation::named("nn", name));
    }
}

fn attention() -> AttentionOptions {
    AttentionOptions { width: 12, heads: 3, ..AttentionOptions::default() }
}

#[test]
fn attention_layers() {
    check_layer("attention", |random, on| Attention::new(&attention(), random, on));
    let normed =
        AttentionOptions { qkv_bias: false, proj_bias: false, qk_norm: true, ..attention() };
    check_layer("attention_normed", |random, on| Attention::new(&normed, random, on));
    let block = BlockOptions {
        width: 12,
        heads: 3,
        mlp_ratio: 2.5,
        init_values: Some(0.1),
        ..BlockOptions::default()
    };
    check_layer("block", |random, on| Block::new(&block, random, on));
    let other = BlockOptions {
        width: 12,
        heads: 4,
        qkv_bias: false,
        qk_norm: true,
        activation: Activation::Silu,
        ..BlockOptions::default()
    };
    check_layer("block_normed", |random, on| Block::new(&other, random, on));
}

#[test]
fn attention_with_masks_and_weights() {
    let golden = Golden::load(FILE);
    let layer =
        Attention::new(&attention(), &mut Stream::new(1, "attention", &[]), &Device::default());
    let layer = layer.expect("attention");
    let masked = |inputs: &[Tensor], dtype, mode| {
        let mask = inputs.get(1).map(|mask| mask.to(dtype)).transpose()?;
        let (output, weights) = layer.attend_self(&inputs[0], mask.as_ref(), mode)?;
        Ok(vec![output, weights])
    };
    let floats = |inputs: &[Tensor], mode| masked(inputs, DType::F32, mode);
    let bools = |inputs: &[Tensor], mode| masked(inputs, DType::Bool, mode);
    check(&golden, "attention_weights", &layer, &floats).expect("weights");
    check(&golden, "attention_floats", &layer, &floats).expect("floats");
    check(&golden, "attention_bools", &layer, &bools).expect("bools");
    check(&golden, "attention_nowhere", &layer, &bools).expect("nowhere");
    let cross = |t: &[Tensor], mode| {
        let mask = t[3].to(DType::Bool)?;
        let (output, weights) = layer.attend(&t[0], &t[1], &t[2], Some(&mask), mode)?;
        Ok(vec![output, weights])
    };
    check(&golden, "attention_cross", &layer, &cross).expect("cross");
}

fn recurrent(layers: usize, bidirectional: bool) -> RecurrentOptions {
    let bias = true;
    RecurrentOptions { inputs: 4, hidden: 5, layers, bidirectional, bias, dropout: 0.0 }
}

#[test]
fn gated_recurrent_units() {
    let golden = Golden::load(FILE);
    let plain = RecurrentOptions { bias: false, ..recurrent(2, false) };
    let all =
        [("gru", recurrent(1, false)), ("gru_deep", recurrent(2, true)), ("gru_plain", plain)];
    for (name, options) in all {
        let layer = Gru::new(&options, &mut Stream::new(1, name, &[]), &Device::default());
        let layer = layer.expect(name);
        let call = |inputs: &[Tensor], mode| {
            let (output, state) = layer.run(&inputs[0], inputs.get(1), mode)?;
            Ok(vec![output, state])
        };
        check(&golden, name, &layer, &call).expect(name);
    }
}

#[test]
fn long_short_term_memory() {
    let golden = Golden::load(FILE);
    for (name, options) in [("lstm", recurrent(1, false)), ("lstm_deep", recurrent(2, true))] {
        let layer = Lstm::new(&options, &mut Stream::new(1, name, &[]), &Device::default());
        let layer = layer.expect(name);
        let call = |inputs: &[Tensor], mode| {
            let state = (inputs.len() > 1).then(|| [&inputs[1], &inputs[2]]);
            let (output, [state, memory]) = layer.run(&inputs[0], state, mode)?;
            Ok(vec![output, state, memory])
        };
        check(&golden, name, &layer, &call).expect(name);
    }
}
