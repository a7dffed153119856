//! Convolution in one and two dimensions, and its transpose.

use super::record::{Dispatch, Moves, Op, whole};
use super::{Tensor, check_size, words, work};
use crate::error::{Error, Kind, Result};
use burn::backend::ops::ConvOptions;
use serde::Serialize;

/// What is put around the input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConvPadding {
    /// So many zeros on each side: `[vertical, horizontal]`.
    Zeros([usize; 2]),
    /// As many zeros as keep the size; an odd one comes at the end, as in PyTorch. Needs a stride of 1.
    Same,
    /// What TensorFlow calls SAME, for any stride: as many zeros as make ⌈size / stride⌉ outputs of it; an odd one
    /// comes at the end.
    TensorFlow,
    /// So many zeros before and after: `[[top, bottom], [left, right]]`.
    Sides([[usize; 2]; 2]),
}

/// How a kernel moves over its input: `[vertical, horizontal]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Conv2dOptions {
    /// Steps between two places of the kernel.
    pub stride: [usize; 2],
    /// Zeros put around the input.
    pub padding: ConvPadding,
    /// Distance between two taps of the kernel.
    pub dilation: [usize; 2],
    /// Channels are split into so many independent groups.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        let padding = ConvPadding::Zeros([0, 0]);
        Conv2dOptions { stride: [1, 1], padding, dilation: [1, 1], groups: 1 }
    }
}

/// How a transposed convolution spreads its input: `[vertical, horizontal]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConvTransposeOptions {
    /// Steps between the places of two elements of the input.
    pub stride: [usize; 2],
    /// So much is cut off on each side of the output.
    pub padding: [usize; 2],
    /// So much is added at the end of the output.
    pub output_padding: [usize; 2],
    /// Distance between two taps of the kernel.
    pub dilation: [usize; 2],
    /// Channels are split into so many independent groups.
    pub groups: usize,
}

impl Default for ConvTransposeOptions {
    fn default() -> Self {
        let (none, one) = ([0, 0], [1, 1]);
        let (padding, output_padding) = (none, none);
        ConvTransposeOptions { stride: one, padding, output_padding, dilation: one, groups: 1 }
    }
}

/// More is a slip, and would overflow.
const FARTHEST: usize = 1 << 24;

impl Tensor {
    /// Convolves `[batch, in, height, width]` with a kernel `[out, in / groups, kh, kw]`. The batch may be
    /// left out.
    pub fn conv2d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv2dOptions,
    ) -> Result<Tensor> {
        kernel.need_rank("conv2d", "the kernel", 4)?;
        self.in_batch("conv2d", 4, |input| input.convolved("conv2d", kernel, bias, options))
    }

    /// Convolves `[batch, in, length]` with a kernel `[out, in / groups, k]`; only the horizontal numbers of
    /// the options count. The batch may be left out.
    pub fn conv1d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv2dOptions,
    ) -> Result<Tensor> {
        kernel.need_rank("conv1d", "the kernel", 3)?;
        let padding = match options.padding {
            ConvPadding::Zeros([_, right]) => ConvPadding::Zeros([0, right]),
            ConvPadding::Sides([_, sides]) => ConvPadding::Sides([[0, 0], sides]),
            own @ (ConvPadding::Same | ConvPadding::TensorFlow) => own,
        };
        let ([_, stride], [_, dilation]) = (options.stride, options.dilation);
        let (stride, dilation) = ([1, stride], [1, dilation]);
        let options = Conv2dOptions { stride, padding, dilation, ..options };
        let kernel = kernel.raised()?;
        self.in_batch("conv1d", 3, |input| {
            input.raised()?.convolved("conv1d", &kernel, bias, options)?.lowered()
        })
    }

    /// The transpose of `conv2d`: spreads `[batch, in, height, width]` with a kernel
    /// `[in, out / groups, kh, kw]`. The batch may be left out.
    pub fn conv_transpose2d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: ConvTransposeOptions,
    ) -> Result<Tensor> {
        let operation = "conv_transpose2d";
        kernel.need_rank(operation, "the kernel", 4)?;
        self.in_batch(operation, 4, |input| input.spread(operation, kernel, bias, options))
    }

    /// The transpose of `conv1d`: spreads `[batch, in, length]` with a kernel `[in, out / groups, k]`; only
    /// the horizontal numbers of the options count. The batch may be left out.
    pub fn conv_transpose1d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: ConvTransposeOptions,
    ) -> Result<Tensor> {
        let operation = "conv_transpose1d";
        kernel.need_rank(operation, "the kernel", 3)?;
        let options = ConvTransposeOptions {
            stride: [1, options.stride[1]],
            padding: [0, options.padding[1]],
            output_padding: [0, options.output_padding[1]],
            dilation: [1, options.dilation[1]],
            groups: options.groups,
        };
        let kernel = kernel.raised()?;
        self.in_batch(operation, 3, |input| {
            input.raised()?.spread(operation, &kernel, bias, options)?.lowered()
        })
    }

    fn convolved(
        &self,
        operation: &str,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv2dOptions,
    ) -> Result<Tensor> {
        let Conv2dOptions { stride, padding, dilation, groups } = options;
        let (own, taps) = (self.shape(), kernel.shape());
        let kernel = kernel.float()?;
        let inputs = taps[1].checked_mul(groups);
        if groups == 0 || inputs != Some(own[1]) || !taps[0].is_multiple_of(groups) {
            let error = Error::new(Kind::Shape, operation, "the channels do not fit the kernel")
                .expected(format!("{} channels in {groups} groups", inputs.unwrap_or(0)))
                .received(format!("{} and a kernel {}", words(&own), words(&taps)));
            // Features without a dimension of channels: one picture of as many channels as there are clips.
            return Err(match (inputs, own[0], own[1]) {
                (Some(1), 1, 2..) => error.hint(
                    "nn::as_picture() makes pictures [batch, 1, mels, frames] of features [batch, frames, mels]",
                ),
                _ => error,
            });
        }
        let zeros = match padding {
            ConvPadding::Zeros(both) => both,
            ConvPadding::Sides(sides) => sides.map(|[before, after]| before.max(after)),
            ConvPadding::TensorFlow => [0, 0],
            ConvPadding::Same if stride == [1, 1] => [0, 0],
            ConvPadding::Same => {
                return Err(Error::new(Kind::Range, operation, "\"same\" needs a stride of 1")
                    .received(format!("stride {}", words(&stride))));
            }
        };
        check_steps(operation, &taps, &[stride, dilation], &[zeros])?;
        let padded = |side: usize| match padding {
            ConvPadding::Zeros(both) => (both[side], both[side]),
            ConvPadding::Same => {
                let all = dilation[side] * (taps[2 + side] - 1);
                (all / 2, all - all / 2)
            }
            ConvPadding::Sides(sides) => (sides[side][0], sides[side][1]),
            ConvPadding::TensorFlow => {
                let (length, reach) = (own[2 + side], dilation[side] * (taps[2 + side] - 1) + 1);
                let last = length.div_ceil(stride[side]).saturating_sub(1) * stride[side];
                let all = (last + reach).saturating_sub(length);
                (all / 2, all - all / 2)
            }
        };
        let padding = [padded(0), padded(1)];
        let mut output = vec![own[0], taps[0]];
        for side in 0..2 {
            let reach = dilation[side] * (taps[2 + side] - 1) + 1;
            let length = own[2 + side] + padding[side].0 + padding[side].1;
            let Some(rest) = length.checked_sub(reach) else {
                return Err(Error::new(
                    Kind::Shape,
                    operation,
                    "the input is smaller than the kernel",
                )
                .expected(format!("at least {reach} with its padding"))
                .received(words(&own)));
            };
            output.push(rest / stride[side] + 1);
        }
        check_size(operation, &output)?;
        check_bias(operation, bias, taps[0])?;
        work::add(work::product(&output).saturating_mul(work::product(&taps[1..])));
        let mut options = ConvOptions::new(stride, [0, 0], dilation, groups);
        options.padding = padding;
        let ends = padding.map(|(before, after)| [before, after]);
        let size = [taps[2], taps[3]];
        let told = || Op::Conv { moves: Moves { size, stride, padding: ends, dilation }, groups };
        let inputs: Vec<&Tensor> = [self, &kernel].into_iter().chain(bias).collect();
        whole(told, &inputs, || {
            let input = self.0.clone();
            let output = Tensor(Dispatch::still_conv2d(input, kernel.0.clone(), options));
            output.shifted(bias)
        })
    }

    fn spread(
        &self,
        operation: &str,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: ConvTransposeOptions,
    ) -> Result<Tensor> {
        let ConvTransposeOptions { stride, padding, output_padding, dilation, groups } = options;
        let (own, taps) = (self.shape(), kernel.shape());
        let kernel = kernel.float()?;
        if groups == 0 || taps[0] != own[1] || !taps[0].is_multiple_of(groups) {
            return Err(Error::new(Kind::Shape, operation, "the channels do not fit the kernel")
                .expected(format!("{} channels in {groups} groups", taps[0]))
                .received(words(&own)));
        }
        check_steps(operation, &taps, &[stride, dilation], &[padding, output_padding])?;
        let mut size = [0, 0];
        for side in 0..2 {
            if output_padding[side] >= stride[side].max(dilation[side]) {
                return Err(Error::new(Kind::Range, operation, "'output_padding' is too large")
                    .expected("less than the stride or the dilation")
                    .received(words(&output_padding)));
            }
            let reach = dilation[side] * (taps[2 + side] - 1) + 1;
            let spread = own[2 + side].saturating_sub(1) * stride[side] + reach;
            let whole = (spread + output_padding[side]).checked_sub(2 * padding[side]);
            size[side] = match whole {
                Some(length) if length > 0 && own[2 + side] > 0 => length,
                _ => {
                    return Err(Error::new(Kind::Shape, operation, "nothing would be left")
                        .expected("a larger input, or less 'padding'")
                        .received(format!("{}, padding {}", words(&own), words(&padding))));
                }
            };
        }
        let outputs = taps[1].saturating_mul(groups);
        check_size(operation, &[own[0], outputs, size[0], size[1]])?;
        check_bias(operation, bias, outputs)?;
        work::add(work::product(&own).saturating_mul(work::product(&taps[1..])));
        // Of an output padding beyond the stride, the kernel would make places of the input that are not
        // there: that part stays empty and is put behind.
        let inner: [usize; 2] = std::array::from_fn(|side| {
            size[side] - output_padding[side].saturating_sub(stride[side] - 1)
        });
        let told = || {
            let (size, padding) = ([taps[2], taps[3]], padding.map(|cut| [cut, cut]));
            let moves = Moves { size, stride, padding, dilation };
            Op::ConvTranspose { moves, groups, extra: output_padding }
        };
        let inputs: Vec<&Tensor> = [self, &kernel].into_iter().chain(bias).collect();
        whole(told, &inputs, || {
            let options = ConvOptions::new(stride, padding, dilation, groups);
            let (input, kernel) = (self.0.clone(), kernel.0.clone());
            let output = Dispatch::still_conv2d_transposed(input, kernel, options, inner);
            let mut output = Tensor(output);
            for side in 0..2 {
                let mut shape = output.shape();
                shape[2 + side] = size[side] - inner[side];
                if shape[2 + side] > 0 {
                    let zeros = vec![0.0; shape.iter().product()];
                    let zeros = Tensor::from_values(zeros, &shape, &super::Device::default())?;
                    output = Tensor::cat(&[output, zeros], 2 + side as i64)?;
                }
            }
            output.shifted(bias)
        })
    }

    /// Adds a bias to each channel.
    fn shifted(self, bias: Option<&Tensor>) -> Result<Tensor> {
        match bias {
            None => Ok(self),
            Some(bias) => self.add(&bias.reshape(&[1, bias.count() as i64, 1, 1])?),
        }
    }

    /// Does `act` with floats and a batch: adds one of 1 where the tensor has one dimension less than `rank`,
    /// and takes it away again.
    pub(super) fn in_batch(
        &self,
        operation: &str,
        rank: usize,
        act: impl Fn(&Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let own = self.float()?;
        if own.rank() + 1 != rank {
            own.need_rank(operation, "the input", rank)?;
            return act(&own);
        }
        let whole: Vec<i64> = std::iter::once(1).chain(lengths(&own.shape())).collect();
        let made = act(&own.reshape(&whole)?)?;
        let rest: Vec<i64> = lengths(&made.shape()).skip(1).collect();
        made.reshape(&rest)
    }

    /// `[…, length]` as a picture with a height of 1.
    pub(super) fn raised(&self) -> Result<Tensor> {
        let shape = self.shape();
        let (last, rest) = shape.split_last().map_or((0, [].as_slice()), |(n, rest)| (*n, rest));
        let whole: Vec<i64> = lengths(rest).chain([1, last as i64]).collect();
        self.reshape(&whole)
    }

    /// `raised`, taken back.
    pub(super) fn lowered(&self) -> Result<Tensor> {
        let mut whole: Vec<i64> = lengths(&self.shape()).collect();
        whole.remove(whole.len().saturating_sub(2));
        self.reshape(&whole)
    }
}

fn lengths(shape: &[usize]) -> impl Iterator<Item = i64> {
    shape.iter().map(|n| *n as i64)
}

/// Refuses a kernel without taps, steps of 0, and whatever is absurdly large.
fn check_steps(
    operation: &str,
    taps: &[usize],
    steps: &[[usize; 2]],
    zeros: &[[usize; 2]],
) -> Result<()> {
    if taps.contains(&0) || steps.concat().contains(&0) {
        return Err(Error::new(Kind::Range, operation, "a length of 0 makes no sense")
            .received(format!("kernel {}, stride and dilation {steps:?}", words(taps))));
    }
    let reach = |side: usize| taps[2 + side].saturating_mul(steps[1][side]);
    let all = steps.concat().into_iter().chain(zeros.concat()).chain([reach(0), reach(1)]);
    match all.max().filter(|largest| *largest > FARTHEST) {
        None => Ok(()),
        Some(largest) => Err(Error::new(Kind::Range, operation, "a number is too large")
            .expected(format!("{FARTHEST} at most for stride, padding and the reach of the kernel"))
            .received(largest.to_string())),
    }
}

fn check_bias(operation: &str, bias: Option<&Tensor>, outputs: usize) -> Result<()> {
    match bias {
        Some(bias) if bias.shape() != [outputs] => {
            Err(Error::new(Kind::Shape, operation, "the bias does not fit the kernel")
                .expected(words(&[outputs]))
                .received(words(&bias.shape())))
        }
        _ => Ok(()),
    }
}
