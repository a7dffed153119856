//! The two-dimensional convolution layer.

use super::linear::uniform;
use super::{Mode, Network, Parameter, Visitor, scoped};
use crate::error::Result;
use crate::tensor::random::Stream;
use crate::tensor::{Conv2dOptions, Device, Tensor};

/// A convolution of `[batch, in, height, width]`; names `weight` `[out, in / groups, kh, kw]`, `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Parameter,
    bias: Option<Parameter>,
    options: Conv2dOptions,
}

impl Conv2d {
    /// PyTorch's default start: weight and bias uniform within ±1/√(in / groups · kh · kw).
    pub fn new(
        channels: [usize; 2],
        kernel: [usize; 2],
        options: Conv2dOptions,
        with_bias: bool,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        let [inputs, outputs] = channels;
        let inputs = inputs / options.groups.max(1);
        let fan_in = inputs * kernel[0] * kernel[1];
        let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
        let weight = uniform(&[outputs, inputs, kernel[0], kernel[1]], bound, random, on)?;
        let bias = match with_bias {
            true => Some(uniform(&[outputs], bound, random, on)?),
            false => None,
        };
        Ok(Conv2d { weight, bias, options })
    }
}

impl Network for Conv2d {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(|bias| bias.get(mode));
        input.conv2d(&self.weight.get(mode), bias.as_ref(), self.options)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
        if let Some(bias) = &self.bias {
            visit(scoped(scope, "bias"), bias);
        }
    }
}
