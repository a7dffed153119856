//! `model::cnn`: pairs of 3×3 convolutions with batch normalisation and ReLU, average pooling after
//! each pair, then the mean over frequency, the mean over time, and one linear layer: the pooling of
//! CMKD's CNNs. Parameters are named as a `torch.nn.Sequential` called `body` would name them.

use super::InputShape;
use crate::error::{Error, Kind, Result};
use crate::nn::{
    AsPicture, BatchNorm, BatchNormOptions, Conv, ConvOptions, Linear, Mode, Network, Visitor,
    pass, scoped,
};
use crate::tensor::random::Stream;
use crate::tensor::{After, Conv2dOptions, ConvPadding, Device, Tensor};
use serde::{Deserialize, Serialize};

/// The options of `model::cnn`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CnnOptions {
    /// Classes to tell apart.
    pub classes: usize,
    /// Channels of each pair of convolutions.
    pub channels: Vec<usize>,
}

impl Default for CnnOptions {
    fn default() -> Self {
        CnnOptions { classes: 0, channels: vec![16, 32, 64, 128] }
    }
}

/// Convolution and normalisation, twice; the numbers are their places in the sequence.
struct Pair {
    layers: [(usize, Conv, BatchNorm); 2],
}

impl Pair {
    /// What its output is called: the pooling's place in the sequence.
    fn tap(&self) -> String {
        format!("body.{}", self.layers[1].0 + 3)
    }
}

/// What the mean over frequency and time is called, `[batch, channel]`.
const POOLED: &str = "pooled";

/// What `act` gives, as an output that can be tapped.
fn tapped(name: &str, act: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
    pass::inside(name, act, |output| Some(output.clone()))
}

pub(super) struct Cnn {
    pairs: Vec<Pair>,
    head: Linear,
}

impl Cnn {
    pub(super) fn new(
        options: &CnnOptions,
        input: InputShape,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        let halvings = options.channels.len() as u32;
        let least = 1usize.checked_shl(halvings).unwrap_or(usize::MAX);
        if input.frames < least || input.mels < least {
            return Err(Error::new(
                Kind::Shape,
                "model::cnn",
                format!("the clips are too small to be halved {halvings} times"),
            )
            .expected(format!("at least {least} frames and {least} mels"))
            .received(format!("{} frames, {} mels", input.frames, input.mels)));
        }
        let mut pairs = Vec::new();
        let mut inputs = 1;
        for (index, outputs) in options.channels.iter().copied().enumerate() {
            // Seven layers a pair: (convolution, norm, ReLU) twice and the pooling.
            let place = index * 7;
            let first = conv_norm(inputs, outputs, random, on)?;
            let second = conv_norm(outputs, outputs, random, on)?;
            let layers = [(place, first.0, first.1), (place + 3, second.0, second.1)];
            pairs.push(Pair { layers });
            inputs = outputs;
        }
        let head = Linear::plain(inputs, options.classes, random, on)?;
        Ok(Cnn { pairs, head })
    }
}

fn conv_norm(
    inputs: usize,
    outputs: usize,
    random: &mut Stream,
    on: &Device,
) -> Result<(Conv, BatchNorm)> {
    let moves = Conv2dOptions { padding: ConvPadding::Zeros([1, 1]), ..Conv2dOptions::default() };
    let options = ConvOptions { inputs, outputs, kernel: [3, 3], moves, bias: false };
    let norm = BatchNormOptions { channels: outputs, ..BatchNormOptions::default() };
    Ok((Conv::picture(&options, random, on)?, BatchNorm::picture(&norm, on)?))
}

impl Network for Cnn {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut picture = AsPicture.forward(input, mode)?;
        for pair in &self.pairs {
            for (_, conv, norm) in &pair.layers {
                picture = norm.forward_then(&conv.forward(&picture, mode)?, mode, After::Relu)?;
            }
            picture = tapped(&pair.tap(), || picture.avg_pool2d(2))?;
        }
        // Over frequency first, then over time, as the paper has it.
        let mean = || picture.mean_dims(&[2], false)?.mean_dims(&[2], false);
        self.head.forward(&tapped(POOLED, mean)?, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        for (place, conv, norm) in self.pairs.iter().flat_map(|pair| &pair.layers) {
            conv.visit(&scoped(scope, &format!("body.{place}")), visit);
            norm.visit(&scoped(scope, &format!("body.{}", place + 1)), visit);
        }
        self.head.visit(&scoped(scope, "head"), visit);
    }

    fn own_taps(&self) -> Vec<String> {
        self.pairs.iter().map(Pair::tap).chain([POOLED.to_string()]).collect()
    }
}
