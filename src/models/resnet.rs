//! `model::resnet18`, `resnet34` and `resnet50` (He et al. 2015), as torchvision has them: names, and where weights
//! start. timm's have the same names.

use super::heads::Head;
use super::layers::{Layers, Norm, Start, sequential};
use super::{InputShape, at_least};
use crate::error::{Error, Kind, Result};
use crate::nn::{Activation, AsPicture, Composite, Net, Network, Parts, Pooled};
use crate::tensor::{PoolOptions, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The options of `model::resnet18`, `resnet34` and `resnet50`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNetOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// 18, 34 or 50.
    pub layers: usize,
    /// eps and momentum of the batch norms.
    pub norm: Norm,
    /// The share that is left out before the last layer in training.
    pub dropout: f64,
    /// What makes logits of the last map.
    pub head: Head,
}

/// Channels of the four stages; a bottleneck puts out four times as many.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];
/// A map of this size in frequency and time is what is left of so much input.
const REDUCTION: usize = 32;
/// torchvision's start of convolutions.
const START: Start = Start::AllOutputs;

impl ResNetOptions {
    /// One of so many layers.
    pub fn new(layers: usize) -> Self {
        let (norm, dropout, head) = (Norm::TORCH, 0.0, Head::Mean);
        ResNetOptions { classes: 0, layers, norm, dropout, head }
    }

    /// Its name in results, blocks of each stage, and whether they are bottlenecks.
    fn form(&self) -> Option<(&'static str, [usize; 4], bool)> {
        match self.layers {
            18 => Some(("resnet18", [2, 2, 2, 2], false)),
            34 => Some(("resnet34", [3, 4, 6, 3], false)),
            50 => Some(("resnet50", [3, 4, 6, 3], true)),
            _ => None,
        }
    }

    /// `resnet50`.
    pub(super) fn name(&self) -> &'static str {
        self.form().map_or("resnet", |(name, ..)| name)
    }
}

/// Where a block stands, and what it makes.
struct Place {
    inputs: usize,
    width: usize,
    stride: usize,
    bottleneck: bool,
}

impl Place {
    fn outputs(&self) -> usize {
        if self.bottleneck { self.width * 4 } else { self.width }
    }
}

fn block(layers: &mut Layers, norm: Norm, place: &Place) -> Result<Net> {
    let &Place { inputs, width, stride, bottleneck } = place;
    let outputs = place.outputs();
    let relu = Activation::Relu;
    // The stride is in the 3×3 convolution, as in torchvision and timm.
    let (convs, way): (_, &[&str]) = match bottleneck {
        true => (
            vec![([inputs, width], 1, 1), ([width, width], 3, stride), ([width, outputs], 1, 1)],
            &["conv1", "bn1", "conv2", "bn2", "conv3", "bn3"],
        ),
        false => (
            vec![([inputs, width], 3, stride), ([width, outputs], 3, 1)],
            &["conv1", "bn1", "conv2", "bn2"],
        ),
    };
    let mut parts = Vec::new();
    let last = convs.len() - 1;
    for (index, (channels, kernel, stride)) in convs.into_iter().enumerate() {
        let conv = layers.square(channels, [kernel, stride, 1], START)?;
        parts.push((way[2 * index], conv));
        let norm = match index == last {
            true => layers.batch_norm(channels[1], norm)?,
            false => layers.norm_act(channels[1], norm, relu)?,
        };
        parts.push((way[2 * index + 1], norm));
    }
    if stride != 1 || inputs != outputs {
        let conv = layers.square([inputs, outputs], [1, stride, 1], START)?;
        let norm = layers.batch_norm(outputs, norm)?;
        parts.push(("downsample", sequential(vec![("0", conv), ("1", norm)])));
    }
    let forward = move |parts: &Parts, input: &Tensor| {
        parts.through(way, input)?.add(&parts.go_if("downsample", input)?)?.relu()
    };
    Ok(Composite::new(parts, forward).net(if bottleneck { "bottleneck" } else { "basic_block" }))
}

/// The 3×3 maximum after the first convolution of a ResNet or DenseNet.
pub(super) fn first_pool(layers: &Layers) -> Result<Net> {
    let moves = PoolOptions { stride: Some([2, 2]), padding: [1, 1], ..PoolOptions::default() };
    layers.pool(Pooled::Max, 3, moves)
}

pub(super) fn build(
    options: &ResNetOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = format!("model::{}", options.name());
    at_least(&operation, input, REDUCTION)?;
    let Some((_, blocks, bottleneck)) = options.form() else {
        return Err(Error::new(Kind::Range, operation, "there is no such size")
            .expected("18, 34 or 50 layers")
            .received(options.layers.to_string()));
    };
    let mut parts = vec![
        ("conv1".to_string(), layers.square([1, WIDTHS[0]], [7, 2, 1], START)?),
        ("bn1".to_string(), layers.norm_act(WIDTHS[0], options.norm, Activation::Relu)?),
        ("maxpool".to_string(), first_pool(layers)?),
    ];
    let mut inputs = WIDTHS[0];
    for (stage, (width, count)) in WIDTHS.into_iter().zip(blocks).enumerate() {
        let mut blocks = Vec::new();
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            let place = Place { inputs, width, stride, bottleneck };
            blocks.push((index.to_string(), block(layers, options.norm, &place)?));
            inputs = place.outputs();
        }
        parts.push((format!("layer{}", stage + 1), sequential(blocks)));
    }
    let (head, size) = (options.head, [inputs, options.classes]);
    parts.extend(head.parts(layers, size, ("fc", Start::Torch), options.dropout)?);
    let forward = move |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        let way = ["conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4"];
        head.logits(parts, "fc", &parts.through(&way, &picture)?)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}
