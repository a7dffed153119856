//! `model::efficientnet_b0` to `b7` (Tan and Le 2019): mobile inverted bottlenecks with squeeze-and-excite. The
//! parameters have timm's names; the padding is PyTorch's, TensorFlow's, or that of `efficientnet_pytorch`, which
//! PSLA uses.

use super::heads::Head;
use super::layers::{Layers, Norm, Start, sequential};
use super::{InputShape, at_least};
use crate::error::{Error, Kind, Result};
use crate::nn::{
    Activation, AsPicture, Composite, ConvOptions, Net, Network, Parts, SqueezeExcite,
    SqueezeExciteOptions,
};
use crate::tensor::{Conv2dOptions, ConvPadding, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is put around the input of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EfficientNetPadding {
    /// As many zeros before as after: timm's `efficientnet_b0`.
    #[default]
    Symmetric,
    /// TensorFlow's SAME, for the input that comes: timm's `tf_efficientnet_b0`.
    Same,
    /// TensorFlow's SAME, worked out once for pictures of the size that the model was made for: what
    /// `efficientnet_pytorch` (hence PSLA) does.
    StaticSame,
}

/// The options of `model::efficientnet_b0` to `b7`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EfficientNetOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// 0 to 7.
    pub size: usize,
    /// What is put around the input of a convolution.
    pub padding: EfficientNetPadding,
    /// eps and momentum of the batch norms.
    pub norm: Norm,
    /// The share of samples that skip the last block in training; it rises from 0 with the blocks.
    pub drop_path: f64,
    /// The share that is left out before the last layer in training.
    pub dropout: f64,
    /// What makes logits of the last map.
    pub head: Head,
}

/// Factors of width and depth, and the side of the pictures that each was made for.
const SIZES: [(f64, f64, usize); 8] = [
    (1.0, 1.0, 224),
    (1.0, 1.1, 240),
    (1.1, 1.2, 260),
    (1.2, 1.4, 300),
    (1.4, 1.8, 380),
    (1.6, 2.2, 456),
    (1.8, 2.6, 528),
    (2.0, 3.1, 600),
];

/// Repeats, kernel, stride, expansion and width of each stage of B0.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];

/// A map of this size in frequency and time is what is left of so much input.
pub(super) const REDUCTION: usize = 32;

impl EfficientNetOptions {
    /// Those of one of the sizes with a kind of padding: PyTorch's batch norm, or that of the others.
    pub fn new(size: usize, padding: EfficientNetPadding) -> Self {
        let norm = match padding {
            EfficientNetPadding::Symmetric => Norm::TORCH,
            EfficientNetPadding::Same => Norm { eps: 1e-3, momentum: 0.1 },
            EfficientNetPadding::StaticSame => Norm { eps: 1e-3, momentum: 0.01 },
        };
        let (drop_path, dropout, head) = (0.2, 0.0, Head::Mean);
        EfficientNetOptions { classes: 0, size, padding, norm, drop_path, dropout, head }
    }

    /// `efficientnet_b2`.
    pub(super) fn name(&self) -> &'static str {
        const NAMES: [&str; 8] = [
            "efficientnet_b0",
            "efficientnet_b1",
            "efficientnet_b2",
            "efficientnet_b3",
            "efficientnet_b4",
            "efficientnet_b5",
            "efficientnet_b6",
            "efficientnet_b7",
        ];
        NAMES.get(self.size).copied().unwrap_or("efficientnet")
    }
}

/// The nearest multiple of 8, at most a tenth less than `width · factor`.
pub(super) fn widened(width: usize, factor: f64) -> usize {
    let wanted = width as f64 * factor;
    let near = (((wanted + 4.0) / 8.0) as usize * 8).max(8);
    if (near as f64) < 0.9 * wanted { near + 8 } else { near }
}

/// Where a block stands, and what it makes.
struct Place {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    expand: usize,
    drop_path: f64,
}

struct Builder<'a, 'b> {
    layers: &'a mut Layers<'b>,
    options: &'a EfficientNetOptions,
    /// The side of a nominal picture at this depth.
    side: usize,
}

impl Builder<'_, '_> {
    fn conv(
        &mut self,
        [inputs, outputs]: [usize; 2],
        kernel: usize,
        stride: usize,
        groups: usize,
    ) -> Result<Net> {
        let padding = match self.options.padding {
            EfficientNetPadding::Symmetric => ConvPadding::Zeros([(kernel - 1) / 2; 2]),
            EfficientNetPadding::Same => ConvPadding::TensorFlow,
            EfficientNetPadding::StaticSame => {
                let last = self.side.div_ceil(stride).saturating_sub(1) * stride;
                let all = (last + kernel).saturating_sub(self.side);
                ConvPadding::Sides([[all / 2, all - all / 2]; 2])
            }
        };
        self.side = self.side.div_ceil(stride);
        let moves =
            Conv2dOptions { stride: [stride; 2], padding, groups, ..Conv2dOptions::default() };
        let kernel = [kernel; 2];
        self.layers.conv(ConvOptions { inputs, outputs, kernel, moves, bias: false }, Start::FanOut)
    }

    fn norm(&mut self, channels: usize, activation: Option<Activation>) -> Result<Net> {
        match activation {
            Some(activation) => self.layers.norm_act(channels, self.options.norm, activation),
            None => self.layers.batch_norm(channels, self.options.norm),
        }
    }

    fn block(&mut self, place: &Place) -> Result<Net> {
        let Place { inputs, outputs, kernel, stride, expand, drop_path } = *place;
        let wide = inputs * expand;
        let silu = Some(Activation::Silu);
        let mut parts = Vec::new();
        let mut add = |name: &'static str, part: Net| parts.push((name, part));
        let reduced = SqueezeExciteOptions::reduced_by(inputs, 0.25);
        let gate = SqueezeExciteOptions {
            channels: wide,
            reduced,
            activation: Activation::Silu,
            ..SqueezeExciteOptions::default()
        };
        let way: &[&str] = if expand == 1 {
            add("conv_dw", self.conv([wide, wide], kernel, stride, wide)?);
            add("bn1", self.norm(wide, silu)?);
            &["conv_dw", "bn1", "se", "conv_pw", "bn2", "drop_path"]
        } else {
            add("conv_pw", self.conv([inputs, wide], 1, 1, 1)?);
            add("bn1", self.norm(wide, silu)?);
            add("conv_dw", self.conv([wide, wide], kernel, stride, wide)?);
            add("bn2", self.norm(wide, silu)?);
            &["conv_pw", "bn1", "conv_dw", "bn2", "se", "conv_pwl", "bn3", "drop_path"]
        };
        let gate = self.layers.drawn("squeeze_excite", gate, SqueezeExcite::new)?;
        add("se", self.layers.started(gate, Start::FanOut, 1)?);
        let (conv, norm) = if expand == 1 { ("conv_pw", "bn2") } else { ("conv_pwl", "bn3") };
        add(conv, self.conv([wide, outputs], 1, 1, 1)?);
        add(norm, self.norm(outputs, None)?);
        let skips = inputs == outputs && stride == 1;
        if skips {
            parts.extend(self.layers.drop_path(drop_path)?);
        }
        let forward = move |parts: &Parts, input: &Tensor| {
            let made = parts.through(way, input)?;
            if skips { made.add(input) } else { Ok(made) }
        };
        Ok(Composite::new(parts, forward).net("inverted_residual"))
    }
}

pub(super) fn build(
    options: &EfficientNetOptions,
    input: InputShape,
    layers: &mut Layers,
) -> Result<Arc<dyn Network>> {
    let operation = format!("model::{}", options.name());
    at_least(&operation, input, REDUCTION)?;
    let Some((width, depth, side)) = SIZES.get(options.size).copied() else {
        return Err(Error::new(Kind::Range, operation, "there is no such size").expected("0 to 7"));
    };
    let mut builder = Builder { layers, options, side };
    let stem = widened(32, width);
    let mut parts = vec![
        ("conv_stem".to_string(), builder.conv([1, stem], 3, 2, 1)?),
        ("bn1".to_string(), builder.norm(stem, Some(Activation::Silu))?),
    ];
    let repeats = STAGES.map(|(repeats, ..)| (repeats as f64 * depth).ceil() as usize);
    let (all, mut done, mut inputs) = (repeats.iter().sum::<usize>(), 0, stem);
    let mut stages = Vec::new();
    for (stage, (_, kernel, stride, expand, base)) in STAGES.into_iter().enumerate() {
        let outputs = widened(base, width);
        let mut blocks = Vec::new();
        for index in 0..repeats[stage] {
            let stride = if index == 0 { stride } else { 1 };
            let drop_path = options.drop_path * done as f64 / all as f64;
            let place = Place { inputs, outputs, kernel, stride, expand, drop_path };
            blocks.push((index.to_string(), builder.block(&place)?));
            (inputs, done) = (outputs, done + 1);
        }
        let blocks = sequential(blocks);
        stages.push((stage.to_string(), blocks));
    }
    let stages = sequential(stages);
    let channels = widened(1280, width);
    parts.push(("blocks".to_string(), stages));
    parts.push(("conv_head".to_string(), builder.conv([inputs, channels], 1, 1, 1)?));
    parts.push(("bn2".to_string(), builder.norm(channels, Some(Activation::Silu))?));
    let (head, size) = (options.head, [channels, options.classes]);
    parts.extend(head.parts(
        builder.layers,
        size,
        ("classifier", Start::Outputs),
        options.dropout,
    )?);
    let forward = move |parts: &Parts, input: &Tensor| {
        let picture = AsPicture.forward(input, parts.mode())?;
        let way = ["conv_stem", "bn1", "blocks", "conv_head", "bn2"];
        head.logits(parts, "classifier", &parts.through(&way, &picture)?)
    };
    Ok(Arc::new(Composite::new(parts, forward)))
}
