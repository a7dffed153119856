//! The linear layer, and the table of vectors.

use super::check;
use super::init::{self, NormalOptions, UniformOptions};
use super::{Activation, Mode, Network, Parameter, Role, Visitor, scoped};
use crate::error::{Error, Result};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use serde::Serialize;

/// The options of a linear layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinearOptions {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Default for LinearOptions {
    fn default() -> Self {
        LinearOptions { inputs: 0, outputs: 0, bias: true }
    }
}

impl LinearOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check::count("nn::linear", "inputs", self.inputs)?;
        check::count("nn::linear", "outputs", self.outputs)
    }
}

/// `input · weightᵀ + bias`; names `weight` `[out, in]` and `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Parameter,
    bias: Option<Parameter>,
}

impl Linear {
    /// PyTorch's default start: both uniform within ±1/√in.
    pub fn new(options: &LinearOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let LinearOptions { inputs, outputs, bias } = *options;
        let bound = 1.0 / (inputs as f64).sqrt();
        let weight = uniform(&[outputs, inputs], bound, random, on)?;
        let bias = bias.then(|| uniform(&[outputs], bound, random, on)).transpose()?;
        Ok(Linear { weight, bias })
    }

    /// A layer with a bias.
    pub fn plain(inputs: usize, outputs: usize, random: &mut Stream, on: &Device) -> Result<Self> {
        Linear::new(&LinearOptions { inputs, outputs, bias: true }, random, on)
    }

    /// The outputs, and an activation of them.
    pub(super) fn forward_then(
        &self,
        input: &Tensor,
        mode: Mode,
        activation: Activation,
    ) -> Result<Tensor> {
        match (&self.bias, activation.curve()) {
            (Some(bias), Some(curve)) => {
                input.linear_curve(&self.weight.get(mode), &bias.get(mode), curve)
            }
            _ => activation.of(&self.forward(input, mode)?),
        }
    }

    /// The outputs `start..start + length` only.
    pub(super) fn forward_part(
        &self,
        input: &Tensor,
        mode: Mode,
        start: usize,
        length: usize,
    ) -> Result<Tensor> {
        let part = |whole: &Parameter| whole.get(mode).narrow(0, start, length);
        let bias = self.bias.as_ref().map(part).transpose()?;
        input.linear(&part(&self.weight)?, bias.as_ref())
    }
}

/// A weight drawn uniformly within ±`bound`.
pub(super) fn uniform(
    shape: &[usize],
    bound: f64,
    random: &mut Stream,
    on: &Device,
) -> Result<Parameter> {
    let options = UniformOptions { low: -bound, high: bound };
    Parameter::new(init::uniform(shape, options, random, on)?, Role::Weight)
}

impl Network for Linear {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(|bias| bias.get(mode));
        input.linear(&self.weight.get(mode), bias.as_ref())
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
        if let Some(bias) = &self.bias {
            visit(scoped(scope, "bias"), bias);
        }
    }
}

/// The options of a table of vectors.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EmbeddingOptions {
    /// Rows of the table.
    pub count: usize,
    /// Width of a row.
    pub width: usize,
    /// A row that begins at 0 and never learns: that of padding.
    pub padding: Option<usize>,
}

impl EmbeddingOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check::count("nn::embedding", "count", self.count)?;
        check::count("nn::embedding", "width", self.width)?;
        match self.padding {
            Some(row) if row >= self.count => Err(Error::out_of_range(
                "nn::embedding",
                "padding_idx",
                format!("a row of {}", self.count),
                row,
            )),
            _ => Ok(()),
        }
    }
}

/// A vector for each number: integers of any shape in, `[…, width]` out; name `weight` `[count, width]`.
#[derive(Clone, Debug)]
pub struct Embedding {
    weight: Parameter,
    padding: Option<usize>,
}

impl Embedding {
    /// PyTorch's default start: normal with deviation 1.
    pub fn new(options: &EmbeddingOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let shape = [options.count, options.width];
        let mut weight = init::normal(&shape, NormalOptions::default(), random, on)?;
        if let Some(row) = options.padding {
            let mut values = weight.to_values()?;
            values[row * options.width..(row + 1) * options.width].fill(0.0);
            weight = Tensor::from_values(values, &shape, on)?;
        }
        let weight = Parameter::new(weight, Role::Weight)?;
        Ok(Embedding { weight, padding: options.padding })
    }
}

impl Network for Embedding {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let rows = self.weight.get(mode).embedding(input)?;
        let Some(padding) = self.padding else { return Ok(rows) };
        let number = Tensor::from_integers(vec![padding as i64], &[1], &Device::default())?;
        let padded = input.equal(&number)?.unsqueeze(-1)?.expand(&rows.shape())?;
        // The numbers of that row, but no way back to it.
        Tensor::select(&padded, &rows.detached()?, &rows)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
    }
}
