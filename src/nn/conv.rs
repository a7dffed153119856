//! Convolution layers along a line or in a picture, and their transposes.

use super::check;
use super::linear::uniform;
use super::{Mode, Network, Parameter, Visitor, scoped};
use crate::error::Result;
use crate::tensor::random::Stream;
use crate::tensor::{Conv2dOptions, ConvTransposeOptions, Device, Tensor};
use serde::Serialize;

/// The options of a convolution layer. Along a line, only the horizontal numbers count: `[_, horizontal]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConvOptions {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Sides of the kernel.
    pub kernel: [usize; 2],
    /// How the kernel moves.
    pub moves: Conv2dOptions,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Default for ConvOptions {
    fn default() -> Self {
        let moves = Conv2dOptions::default();
        ConvOptions { inputs: 0, outputs: 0, kernel: [1, 1], moves, bias: true }
    }
}

impl ConvOptions {
    /// Refuses what makes no sense; `operation` is `nn::conv1d` or `nn::conv2d`.
    pub fn check(&self, operation: &str) -> Result<()> {
        let ConvOptions { inputs, outputs, kernel, moves, .. } = self;
        check_channels(operation, [*inputs, *outputs], moves.groups)?;
        check_sides(operation, [*kernel, moves.stride, moves.dilation])
    }
}

fn check_channels(operation: &str, [inputs, outputs]: [usize; 2], groups: usize) -> Result<()> {
    check::divides(operation, ("groups", groups), ("inputs", inputs))?;
    check::divides(operation, ("groups", groups), ("outputs", outputs))
}

fn check_sides(operation: &str, [kernel, stride, dilation]: [[usize; 2]; 3]) -> Result<()> {
    for (name, sides) in [("kernel", kernel), ("stride", stride), ("dilation", dilation)] {
        sides.iter().try_for_each(|side| check::count(operation, name, *side))?;
    }
    Ok(())
}

/// The weight `[first, second, taps…]` and the bias, uniform within ±1/√(second · taps).
fn start(
    channels: [usize; 2],
    taps: &[usize],
    biases: Option<usize>,
    random: &mut Stream,
    on: &Device,
) -> Result<(Parameter, Option<Parameter>)> {
    let shape = [channels.as_slice(), taps].concat();
    let bound = 1.0 / shape[1..].iter().map(|n| *n as f64).product::<f64>().sqrt();
    let weight = uniform(&shape, bound, random, on)?;
    let bias = biases.map(|count| uniform(&[count], bound, random, on)).transpose()?;
    Ok((weight, bias))
}

fn visit_both(scope: &str, (weight, bias): (&Parameter, &Option<Parameter>), visit: &mut Visitor) {
    visit(scoped(scope, "weight"), weight);
    if let Some(bias) = bias {
        visit(scoped(scope, "bias"), bias);
    }
}

/// A convolution of `[batch, in, length]` or `[batch, in, height, width]`; names `weight`
/// `[out, in / groups, …kernel]` and `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Conv {
    weight: Parameter,
    bias: Option<Parameter>,
    moves: Conv2dOptions,
    line: bool,
}

impl Conv {
    /// A convolution along a line, with PyTorch's default start.
    pub fn line(options: &ConvOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check("nn::conv1d")?;
        Conv::new(options, &options.kernel[1..], random, on)
    }

    /// A convolution in a picture, with PyTorch's default start.
    pub fn picture(options: &ConvOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check("nn::conv2d")?;
        Conv::new(options, &options.kernel, random, on)
    }

    fn new(
        options: &ConvOptions,
        taps: &[usize],
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        let ConvOptions { inputs, outputs, moves, bias, .. } = *options;
        let channels = [outputs, inputs / moves.groups];
        let (weight, bias) = start(channels, taps, bias.then_some(outputs), random, on)?;
        Ok(Conv { weight, bias, moves, line: taps.len() == 1 })
    }
}

impl Network for Conv {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let (weight, bias) = (self.weight.get(mode), self.bias.as_ref().map(|b| b.get(mode)));
        match self.line {
            true => input.conv1d(&weight, bias.as_ref(), self.moves),
            false => input.conv2d(&weight, bias.as_ref(), self.moves),
        }
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit_both(scope, (&self.weight, &self.bias), visit);
    }
}

/// The options of a transposed convolution layer. Along a line, only the horizontal numbers count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConvTransposeLayerOptions {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Sides of the kernel.
    pub kernel: [usize; 2],
    /// How the kernel moves.
    pub moves: ConvTransposeOptions,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Default for ConvTransposeLayerOptions {
    fn default() -> Self {
        let moves = ConvTransposeOptions::default();
        ConvTransposeLayerOptions { inputs: 0, outputs: 0, kernel: [1, 1], moves, bias: true }
    }
}

impl ConvTransposeLayerOptions {
    /// Refuses what makes no sense; `operation` is `nn::conv_transpose1d` or `nn::conv_transpose2d`.
    pub fn check(&self, operation: &str) -> Result<()> {
        let ConvTransposeLayerOptions { inputs, outputs, kernel, moves, .. } = self;
        check_channels(operation, [*inputs, *outputs], moves.groups)?;
        check_sides(operation, [*kernel, moves.stride, moves.dilation])
    }
}

/// The transpose of a convolution; names `weight` `[in, out / groups, …kernel]` and `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct ConvTranspose {
    weight: Parameter,
    bias: Option<Parameter>,
    moves: ConvTransposeOptions,
    line: bool,
}

impl ConvTranspose {
    /// Along a line, with PyTorch's default start.
    pub fn line(
        options: &ConvTransposeLayerOptions,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        options.check("nn::conv_transpose1d")?;
        ConvTranspose::new(options, &options.kernel[1..], random, on)
    }

    /// In a picture, with PyTorch's default start.
    pub fn picture(
        options: &ConvTransposeLayerOptions,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        options.check("nn::conv_transpose2d")?;
        ConvTranspose::new(options, &options.kernel, random, on)
    }

    fn new(
        options: &ConvTransposeLayerOptions,
        taps: &[usize],
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        let ConvTransposeLayerOptions { inputs, outputs, moves, bias, .. } = *options;
        let channels = [inputs, outputs / moves.groups];
        let (weight, bias) = start(channels, taps, bias.then_some(outputs), random, on)?;
        Ok(ConvTranspose { weight, bias, moves, line: taps.len() == 1 })
    }
}

impl Network for ConvTranspose {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let (weight, bias) = (self.weight.get(mode), self.bias.as_ref().map(|b| b.get(mode)));
        match self.line {
            true => input.conv_transpose1d(&weight, bias.as_ref(), self.moves),
            false => input.conv_transpose2d(&weight, bias.as_ref(), self.moves),
        }
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit_both(scope, (&self.weight, &self.bias), visit);
    }
}
