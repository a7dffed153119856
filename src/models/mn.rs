//! `model::mn`: MobileNetV3-Large (Howard et al. 2019) for spectrograms, as EfficientAT has it (Schmid et al. 2023,
//! `fschmid56/EfficientAT`, `models/mn`): its names, its start, and its head `mlp`.

use super::efficientnet::widened;
use super::layers::{Layers, Norm, Start, sequential};
use super::{InputShape, at_least};
use crate::error::{Error, Result};
use crate::nn::{Activation, AsPicture, Composite, Net, Network, Parts, Pool, PoolLayerOptions};
use crate::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The options of `model::mn`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MnOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// What the channels are multiplied with: 1 is `mn10`, 4 is `mn40`.
    pub width: f64,
    /// eps and momentum of the batch norms.
    pub norm: Norm,
    /// The share that is left out before the last layer in training.
    pub dropout: f64,
}

impl Default for MnOptions {
    fn default() -> Self {
        let norm = Norm { eps: 1e-3, momentum: 0.01 };
        MnOptions { classes: 0, width: 1.0, norm, dropout: 0.2 }
    }
}

/// Widths beyond these are slips.
const WIDTHS: [f64; 2] = [0.1, 10.0];
/// A map of this size in frequency and time is what is left of so much input.
const REDUCTION: usize = 32;
/// How much narrower a gate's inner layer is.
const GATE: usize = 4;
/// EfficientAT's start of linear layers.
const LINEAR: Start = Start::Normal(0.01);
/// Channels of the first map, and of the layer before the last one, at width 1.
const FIRST: usize = 16;
const LAST: usize = 1280;

/// Kernel, expanded channels, output channels, whether there is a gate, whether the activation is hardswish, stride.
const BLOCKS: [(usize, usize, usize, bool, bool, usize); 15] = [
    (3, 16, 16, false, false, 1),
    (3, 64, 24, false, false, 2),
    (3, 72, 24, false, false, 1),
    (5, 72, 40, true, false, 2),
    (5, 120, 40, true, false, 1),
    (5, 120, 40, true, false, 1),
    (3, 240, 80, false, true, 2),
    (3, 200, 80, false, true, 1),
    (3, 184, 80, false, true, 1),
    (3, 184, 80, false, true, 1),
    (3, 480, 112, true, true, 1),
    (3, 672, 112, true, true, 1),
    (5, 672, 160, true, true, 2),
    (5, 960, 160, true, true, 1),
    (5, 960, 160, true, true, 1),
];

impl MnOptions {
    /// Refuses a width that makes no sense.
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        let [least, most] = WIDTHS;
        if (least..=most).contains(&self.width) {
            return Ok(());
        }
        Err(Error::out_of_range(
            operation,
            "width",
            format!("{least} to {most}; 1 is mn10"),
            self.width,
        ))
    }
}

struct Builder<'a, 'b> {
    layers: &'a mut Layers<'b>,
    norm: Norm,
}

impl Builder<'_, '_> {
    /// A convolution, batch normalisation, and an activation if there is one.
    fn conv(
        &mut self,
        channels: [usize; 2],
        sizes: [usize; 3],
        activation: Option<Activation>,
    ) -> Result<Net> {
        let conv = self.layers.square(channels, sizes, Start::AllOutputs)?;
        let norm = match activation {
            Some(activation) => self.layers.norm_act(channels[1], self.norm, activation)?,
            None => self.layers.batch_norm(channels[1], self.norm)?,
        };
        Ok(sequential(vec![("0", conv), ("1", norm)]))
    }

    /// Squeeze-and-excite over channels; theirs may gate other dimensions beside it, hence the name.
    fn gate(&mut self, channels: usize) -> Result<Net> {
        let narrow = widened(channels / GATE, 1.0);
        let parts = vec![
            ("fc1", self.layers.linear(channels, narrow, LINEAR)?),
            ("fc2", self.layers.linear(narrow, channels, LINEAR)?),
        ];
        let forward = |parts: &Parts, input: &Tensor| {
            let means = input.plane_means()?.flatten(1, -1)?;
            let gate = parts.go("fc2", &parts.go("fc1", &means)?.relu()?)?.sigmoid()?;
            input.gated(&gate.unsqueeze(2)?.unsqueeze(3)?)
        };
        let gate = Composite::new(parts, forward).net("squeeze_excite");
        Ok(sequential(vec![("conc_se_layers", sequential(vec![("0", gate)]))]))
    }
}

pub(super) fn build(
    options: &MnOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = "model::mn";
    at_least(operation, input, REDUCTION)?;
    let wide = |channels: usize| widened(channels, options.width);
    let mut builder = Builder { layers, norm: options.norm };
    let hardswish = Some(Activation::Hardswish);
    let mut inputs = wide(FIRST);
    let mut features = vec![builder.conv([1, inputs], [3, 2, 1], hardswish)?];
    for (kernel, expanded, outputs, gated, hard, stride) in BLOCKS {
        let (expanded, outputs) = (wide(expanded), wide(outputs));
        let activation = Some(if hard { Activation::Hardswish } else { Activation::Relu });
        let mut parts = Vec::new();
        if expanded != inputs {
            parts.push(builder.conv([inputs, expanded], [1, 1, 1], activation)?);
        }
        parts.push(builder.conv([expanded; 2], [kernel, stride, expanded], activation)?);
        if gated {
            parts.push(builder.gate(expanded)?);
        }
        parts.push(builder.conv([expanded, outputs], [1, 1, 1], None)?);
        let skips = stride == 1 && inputs == outputs;
        let forward = move |parts: &Parts, input: &Tensor| {
            let made = parts.go("block", input)?;
            if skips { made.add(input) } else { Ok(made) }
        };
        let block = Composite::new(vec![("block", numbered(parts))], forward);
        features.push(block.net("inverted_residual"));
        inputs = outputs;
    }
    let (channels, last) = (6 * inputs, wide(LAST));
    features.push(builder.conv([inputs, channels], [1, 1, 1], hardswish)?);
    let mut classifier = vec![
        ("0", layers.plain("global_pool", Pool::picture(operation, &PoolLayerOptions::default())?)),
        ("2", layers.linear(channels, last, LINEAR)?),
        ("3", layers.plain("hardswish", Activation::Hardswish)),
    ];
    classifier.extend(layers.dropout("4", options.dropout)?);
    classifier.push(("5", layers.linear(last, options.classes, LINEAR)?));
    let parts = vec![("features", numbered(features)), ("classifier", sequential(classifier))];
    let forward = |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        parts.through(&["features", "classifier"], &picture)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}

/// Parts one after another, called by their places.
fn numbered(parts: Vec<Net>) -> Net {
    let named = parts.into_iter().enumerate().map(|(index, part)| (index.to_string(), part));
    sequential(named.collect())
}
