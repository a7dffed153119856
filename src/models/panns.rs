//! `model::cnn6`, `cnn10` and `cnn14`: the CNNs of PANNs (Kong et al. 2020), under their names (`qiuqiangkong/
//! audioset_tagging_cnn`). Their sigmoid is left out: the output is logits. So is what makes features of samples, and
//! their SpecAugment: both are the recipe's.

use super::layers::{Layers, Norm, Start};
use super::{InputShape, at_least};
use crate::error::{Error, Kind, Result};
use crate::nn::{Activation, BatchNorm, BatchNormOptions, Composite, Net, Network, Parts, Pooled};
use crate::tensor::{PoolOptions, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The options of `model::cnn6`, `cnn10` and `cnn14`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PannsOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// 6, 10 or 14.
    pub layers: usize,
    /// eps and momentum of the batch norms.
    pub norm: Norm,
    /// The share that is left out after each block in training.
    pub block_dropout: f64,
    /// The share that is left out before the last two layers in training.
    pub dropout: f64,
}

/// What one of them is made of.
struct Form {
    name: &'static str,
    /// Channels of the blocks.
    widths: &'static [usize],
    /// Side of the kernels.
    kernel: usize,
    /// Convolutions in a block.
    convs: usize,
    /// Blocks that end in a pooling by 2.
    halvings: usize,
}

const FORMS: [(usize, Form); 3] = [
    (6, Form { name: "cnn6", widths: &[64, 128, 256, 512], kernel: 5, convs: 1, halvings: 4 }),
    (10, Form { name: "cnn10", widths: &[64, 128, 256, 512], kernel: 3, convs: 2, halvings: 4 }),
    (
        14,
        Form {
            name: "cnn14",
            widths: &[64, 128, 256, 512, 1024, 2048],
            kernel: 3,
            convs: 2,
            halvings: 5,
        },
    ),
];

impl PannsOptions {
    /// One of so many layers.
    pub fn new(layers: usize) -> Self {
        let (block_dropout, dropout) = (0.2, 0.5);
        PannsOptions { classes: 0, layers, norm: Norm::TORCH, block_dropout, dropout }
    }

    fn form(&self) -> Option<&'static Form> {
        FORMS.iter().find(|(layers, _)| *layers == self.layers).map(|(_, form)| form)
    }

    /// `cnn14`.
    pub(super) fn name(&self) -> &'static str {
        self.form().map_or("panns", |form| form.name)
    }
}

struct Builder<'a, 'b> {
    layers: &'a mut Layers<'b>,
    options: &'a PannsOptions,
    form: &'static Form,
}

impl Builder<'_, '_> {
    fn block(&mut self, [inputs, outputs]: [usize; 2], halved: bool) -> Result<Net> {
        let Form { kernel, convs, .. } = *self.form;
        let mut conv =
            |inputs| self.layers.square([inputs, outputs], [kernel, 1, 1], Start::Xavier);
        // Their order: both convolutions, then both norms.
        let mut parts = vec![("conv1", conv(inputs)?)];
        if convs == 2 {
            parts.push(("conv2", conv(outputs)?));
        }
        for name in ["bn1", "bn2"].into_iter().take(convs) {
            let norm = self.layers.norm_act(outputs, self.options.norm, Activation::Relu)?;
            parts.push((name, norm));
        }
        if halved {
            let pool = self.layers.pool(Pooled::Mean, 2, PoolOptions::default())?;
            parts.push(("pool", pool));
        }
        parts.extend(self.layers.dropout("dropout", self.options.block_dropout)?);
        let forward = |parts: &Parts, input: &Tensor| {
            parts.through(&["conv1", "bn1", "conv2", "bn2", "pool", "dropout"], input)
        };
        Ok(Composite::new(parts, forward).net("conv_block"))
    }

    /// Batch normalisation of each mel bin.
    fn mel_norm(&mut self, mels: usize) -> Result<Net> {
        let Norm { eps, momentum } = self.options.norm;
        let norm =
            BatchNormOptions { channels: mels, eps, momentum, ..BatchNormOptions::default() };
        self.layers.drawn("batch_norm1d", norm, |norm, _, on| BatchNorm::line(norm, on))
    }
}

pub(super) fn build(
    options: &PannsOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = format!("model::{}", options.name());
    let Some(form) = options.form() else {
        return Err(Error::new(Kind::Range, operation, "there is no such size")
            .expected("6, 10 or 14 layers")
            .received(options.layers.to_string()));
    };
    at_least(&operation, input, 1 << form.halvings)?;
    let mut builder = Builder { layers, options, form };
    let mut parts = vec![("bn0".to_string(), builder.mel_norm(input.mels)?)];
    let mut inputs = 1;
    for (index, width) in form.widths.iter().copied().enumerate() {
        let block = builder.block([inputs, width], index < form.halvings)?;
        parts.push((format!("conv_block{}", index + 1), block));
        inputs = width;
    }
    let blocks: Vec<String> = parts.iter().skip(1).map(|(name, _)| name.clone()).collect();
    parts.extend(layers.dropout("dropout", options.dropout)?);
    parts.push(("fc1".to_string(), layers.linear(inputs, inputs, Start::Xavier)?));
    parts.push(("fc_audioset".to_string(), layers.linear(inputs, options.classes, Start::Xavier)?));
    let forward = move |parts: &Parts, input: &Tensor| {
        // Their pictures are [batch, 1, frame, mel]: time runs down.
        let normed = parts.go("bn0", &input.transpose(1, 2)?)?.transpose(1, 2)?;
        let map = blocks.iter().try_fold(normed.unsqueeze(1)?, |map, name| parts.go(name, &map))?;
        let frames = map.mean_dims(&[3], false)?;
        let pooled = frames.max_dim(2, false)?.add(&frames.mean_dims(&[2], false)?)?;
        let embedding = parts.through(&["dropout", "fc1"], &pooled)?.relu()?;
        parts.go("fc_audioset", &embedding)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}
