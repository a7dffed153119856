//! `model::convnext_tiny` (Liu et al. 2022), as timm has it: names, and where weights start.

use super::heads::Head;
use super::layers::{Layers, Start, sequential};
use super::{InputShape, at_least};
use crate::error::Result;
use crate::nn::{
    AsPicture, Composite, ConvOptions, Mlp, MlpOptions, Net, Network, Parameter, Parts, Role,
};
use crate::tensor::{Conv2dOptions, ConvPadding, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The options of `model::convnext_tiny`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvNextOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// eps of the layer norms.
    pub eps: f64,
    /// The share of samples that skip the last block in training; it rises from 0 with the blocks.
    pub drop_path: f64,
    /// The share that is left out before the last layer in training.
    pub dropout: f64,
    /// What makes logits of the last map.
    pub head: Head,
}

impl Default for ConvNextOptions {
    fn default() -> Self {
        ConvNextOptions { classes: 0, eps: 1e-6, drop_path: 0.1, dropout: 0.0, head: Head::Mean }
    }
}

/// Blocks and channels of each stage.
const STAGES: [(usize, usize); 4] = [(3, 96), (3, 192), (9, 384), (3, 768)];
/// Side of a block's kernel.
const KERNEL: usize = 7;
/// The MLP's inner width as a multiple of the channels.
const MLP_RATIO: usize = 4;
/// Where the scale of each block starts.
const SCALE: f64 = 1e-6;
/// A map of this size in frequency and time is what is left of so much input.
const REDUCTION: usize = 32;
/// timm's start of convolutions and linear layers.
const START: Start = Start::Truncated(0.02);

/// A convolution whose windows do not overlap.
fn patches(layers: &mut Layers, [inputs, outputs]: [usize; 2], side: usize) -> Result<Net> {
    let moves = Conv2dOptions { stride: [side; 2], ..Conv2dOptions::default() };
    layers.conv(ConvOptions { inputs, outputs, kernel: [side; 2], moves, bias: true }, START)
}

fn block(layers: &mut Layers, channels: usize, eps: f64, drop_path: f64) -> Result<Net> {
    let padding = ConvPadding::Zeros([KERNEL / 2; 2]);
    let moves = Conv2dOptions { padding, groups: channels, ..Conv2dOptions::default() };
    let (inputs, outputs, kernel) = (channels, channels, [KERNEL; 2]);
    let conv = ConvOptions { inputs, outputs, kernel, moves, bias: true };
    let mlp = MlpOptions { width: channels, hidden: channels * MLP_RATIO, ..MlpOptions::default() };
    let mut parts =
        vec![("conv_dw", layers.conv(conv, START)?), ("norm", layers.layer_norm(channels, eps)?)];
    let mlp = layers.drawn("mlp", mlp, Mlp::new)?;
    parts.push(("mlp", layers.started(mlp, START, 1)?));
    parts.extend(layers.drop_path(drop_path)?);
    let gamma = Parameter::new(Tensor::full(&[channels], SCALE, layers.on)?, Role::Weight)?;
    let forward = |parts: &Parts, input: &Tensor| {
        // Channels last within the block, as in timm: so the taps `norm` and `mlp` are.
        let inner = parts.go("conv_dw", input)?.permute(&[0, 2, 3, 1])?;
        let inner = parts.through(&["norm", "mlp"], &inner)?.mul(&parts.parameter("gamma")?)?;
        parts.go_if("drop_path", &inner.permute(&[0, 3, 1, 2])?)?.add(input)
    };
    Ok(Composite::new(parts, forward).with("gamma", gamma).net("convnext_block"))
}

/// The mean over frequency, and over time where the head asks for no frames; layer normalisation; the head.
fn head_of(layers: &mut Layers, options: &ConvNextOptions, channels: usize) -> Result<Net> {
    let (head, size) = (options.head, [channels, options.classes]);
    let mut parts = vec![("norm".to_string(), layers.layer_norm_2d(channels, options.eps)?)];
    parts.extend(head.parts(layers, size, ("fc", START), options.dropout)?);
    let forward = move |parts: &Parts, map: &Tensor| {
        let frames = map.mean_dims(&[2], true)?;
        let pooled = match head {
            Head::Mean => frames.mean_dims(&[3], true)?,
            Head::Attention(_) => frames,
        };
        head.logits(parts, "fc", &parts.go("norm", &pooled)?)
    };
    Ok(Composite::new(parts, forward).net("head"))
}

pub(super) fn build(
    options: &ConvNextOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = "model::convnext_tiny";
    at_least(operation, input, REDUCTION)?;
    let ConvNextOptions { eps, drop_path, .. } = *options;
    let mut inputs = STAGES[0].1;
    let stem =
        vec![("0", patches(layers, [1, inputs], 4)?), ("1", layers.layer_norm_2d(inputs, eps)?)];
    let last = STAGES.iter().map(|(count, _)| count).sum::<usize>() - 1;
    let mut done = 0;
    let mut stages = Vec::new();
    for (stage, (count, channels)) in STAGES.into_iter().enumerate() {
        let mut parts = Vec::new();
        if inputs != channels {
            let norm = layers.layer_norm_2d(inputs, eps)?;
            let conv = patches(layers, [inputs, channels], 2)?;
            parts.push(("downsample", sequential(vec![("0", norm), ("1", conv)])));
        }
        let mut blocks = Vec::new();
        for index in 0..count {
            let share = drop_path * done as f64 / last as f64;
            blocks.push((index.to_string(), block(layers, channels, eps, share)?));
            done += 1;
        }
        parts.push(("blocks", sequential(blocks)));
        stages.push((stage.to_string(), sequential(parts)));
        inputs = channels;
    }
    let parts = vec![
        ("stem", sequential(stem)),
        ("stages", sequential(stages)),
        ("head", head_of(layers, options, inputs)?),
    ];
    let forward = |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        parts.through(&["stem", "stages", "head"], &picture)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}
