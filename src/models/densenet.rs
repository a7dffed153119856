//! `model::densenet121` (Huang et al. 2017), as torchvision has it: names, and where weights start. timm's has the same
//! names.

use super::heads::Head;
use super::layers::{Layers, Norm, Start, sequential};
use super::resnet::first_pool;
use super::{InputShape, at_least};
use crate::error::Result;
use crate::nn::{Activation, AsPicture, Composite, Net, Network, Parts, Pooled};
use crate::tensor::{PoolOptions, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The options of `model::densenet121`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenseNetOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// eps and momentum of the batch norms.
    pub norm: Norm,
    /// The share that is left out before the last layer in training.
    pub dropout: f64,
    /// What makes logits of the last map.
    pub head: Head,
}

impl Default for DenseNetOptions {
    fn default() -> Self {
        DenseNetOptions { classes: 0, norm: Norm::TORCH, dropout: 0.0, head: Head::Mean }
    }
}

/// Layers of each dense block.
const BLOCKS: [usize; 4] = [6, 12, 24, 16];
/// Channels after the first convolution.
const FIRST: usize = 64;
/// Channels that each layer adds.
const GROWTH: usize = 32;
/// Channels within a layer.
const NARROW: usize = 4 * GROWTH;
/// A map of this size in frequency and time is what is left of so much input.
const REDUCTION: usize = 32;
/// torchvision's start of convolutions.
const START: Start = Start::FanIn;

struct Builder<'a, 'b> {
    layers: &'a mut Layers<'b>,
    norm: Norm,
}

impl Builder<'_, '_> {
    /// Batch normalisation and a ReLU; DenseNet's stand before the convolutions.
    fn norm(&mut self, channels: usize) -> Result<Net> {
        self.layers.norm_act(channels, self.norm, Activation::Relu)
    }

    fn conv(&mut self, channels: [usize; 2], kernel: usize, stride: usize) -> Result<Net> {
        self.layers.square(channels, [kernel, stride, 1], START)
    }

    fn layer(&mut self, inputs: usize) -> Result<Net> {
        Ok(sequential(vec![
            ("norm1", self.norm(inputs)?),
            ("conv1", self.conv([inputs, NARROW], 1, 1)?),
            ("norm2", self.norm(NARROW)?),
            ("conv2", self.conv([NARROW, GROWTH], 3, 1)?),
        ]))
    }

    /// Each layer sees the input and what all layers before it made.
    fn block(&mut self, inputs: usize, count: usize) -> Result<Net> {
        let name = |index: usize| format!("denselayer{}", index + 1);
        let layers = (0..count).map(|i| Ok((name(i), self.layer(inputs + i * GROWTH)?)));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let forward = move |parts: &Parts, input: &Tensor| {
            (0..count).try_fold(input.clone(), |all, index| {
                let fresh = parts.go(&name(index), &all)?;
                Tensor::cat(&[all, fresh], 1)
            })
        };
        Ok(Composite::new(layers, forward).net("dense_block"))
    }

    fn transition(&mut self, inputs: usize) -> Result<Net> {
        Ok(sequential(vec![
            ("norm", self.norm(inputs)?),
            ("conv", self.conv([inputs, inputs / 2], 1, 1)?),
            ("pool", self.layers.pool(Pooled::Mean, 2, PoolOptions::default())?),
        ]))
    }
}

pub(super) fn build(
    options: &DenseNetOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = "model::densenet121";
    at_least(operation, input, REDUCTION)?;
    let mut builder = Builder { layers, norm: options.norm };
    let mut features = vec![
        ("conv0".to_string(), builder.conv([1, FIRST], 7, 2)?),
        ("norm0".to_string(), builder.norm(FIRST)?),
        ("pool0".to_string(), first_pool(builder.layers)?),
    ];
    let mut channels = FIRST;
    for (index, count) in BLOCKS.into_iter().enumerate() {
        let place = index + 1;
        features.push((format!("denseblock{place}"), builder.block(channels, count)?));
        channels += count * GROWTH;
        if place < BLOCKS.len() {
            features.push((format!("transition{place}"), builder.transition(channels)?));
            channels /= 2;
        }
    }
    features.push(("norm5".to_string(), builder.norm(channels)?));
    let mut parts = vec![("features".to_string(), sequential(features))];
    let (head, size) = (options.head, [channels, options.classes]);
    parts.extend(head.parts(layers, size, ("classifier", Start::Inputs), options.dropout)?);
    let forward = move |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        head.logits(parts, "classifier", &parts.go("features", &picture)?)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}
