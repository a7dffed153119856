//! Two-dimensional convolution and pooling.

use super::kernels::StillOps;
use super::{Tensor, words};
use crate::error::{Error, Kind, Result};
use burn::backend::Dispatch;
use burn::backend::ops::{ConvOptions, ModuleOps};

/// How a kernel moves over its input: `[vertical, horizontal]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// Steps between two places of the kernel.
    pub stride: [usize; 2],
    /// Zeros put around the input on each side.
    pub padding: [usize; 2],
    /// Distance between two taps of the kernel.
    pub dilation: [usize; 2],
    /// Channels are split into so many independent groups.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        Conv2dOptions { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Tensor {
    /// Convolves `[batch, in, height, width]` with a kernel `[out, in / groups, kh, kw]`.
    pub fn conv2d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv2dOptions,
    ) -> Result<Tensor> {
        self.need_float("conv2d")?;
        self.need_rank("conv2d", "the input", 4)?;
        kernel.need_rank("conv2d", "the kernel", 4)?;
        let (own, taps) = (self.shape(), kernel.shape());
        let groups = options.groups;
        let divides = groups > 0 && own[1] == taps[1] * groups && taps[0].is_multiple_of(groups);
        if !divides {
            return Err(Error::new(Kind::Shape, "conv2d", "the channels do not fit the kernel")
                .expected(format!("{} channels in {groups} groups", taps[1] * groups))
                .received(words(&own)));
        }
        if options.stride.contains(&0) || options.dilation.contains(&0) || taps.contains(&0) {
            return Err(Error::new(Kind::Range, "conv2d", "a length of 0 makes no sense")
                .received(format!("kernel {}, {options:?}", words(&taps))));
        }
        for side in 0..2 {
            let reach = options.dilation[side] * (taps[2 + side] - 1) + 1;
            if own[2 + side] + 2 * options.padding[side] < reach {
                return Err(Error::new(
                    Kind::Shape,
                    "conv2d",
                    "the input is smaller than the kernel",
                )
                .expected(format!("at least {reach} with its padding"))
                .received(words(&own)));
            }
        }
        if let Some(bias) = bias
            && bias.shape() != [taps[0]]
        {
            return Err(Error::new(Kind::Shape, "conv2d", "the bias does not fit the kernel")
                .expected(words(&[taps[0]]))
                .received(words(&bias.shape())));
        }
        let Conv2dOptions { stride, padding, dilation, groups } = options;
        let options = ConvOptions::new(stride, padding, dilation, groups);
        let output = Tensor(Dispatch::still_conv2d(self.0.clone(), kernel.0.clone(), options));
        match bias {
            None => Ok(output),
            Some(bias) => output.add(&bias.reshape(&[1, taps[0] as i64, 1, 1])?),
        }
    }

    /// The mean of each `size × size` square of `[batch, channel, height, width]`; what is left
    /// over at the end is dropped, as PyTorch does.
    pub fn avg_pool2d(&self, size: usize) -> Result<Tensor> {
        self.need_float("avg_pool2d")?;
        self.need_rank("avg_pool2d", "the input", 4)?;
        let own = self.shape();
        if size == 0 || own[2] < size || own[3] < size {
            return Err(Error::new(
                Kind::Shape,
                "avg_pool2d",
                "the input is smaller than the window",
            )
            .expected(format!("height and width of at least {}", size.max(1)))
            .received(words(&own)));
        }
        let square = [size, size];
        Ok(Tensor(Dispatch::avg_pool2d(self.0.clone(), square, square, [0, 0], true, false)))
    }
}
