//! Pooling: the largest or the mean element of each window, as PyTorch lays its windows.

use super::kernels::linear::{Axis, Taps};
use super::record::{Dispatch, Moves, Op, is_on, whole};
use super::{Tensor, check_size};
use crate::error::{Error, Kind, Result};
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;

/// How a window of pooling moves: `[vertical, horizontal]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PoolOptions {
    /// Steps between two windows; `None` is the window's size.
    pub stride: Option<[usize; 2]>,
    /// So much is put around the input on each side; half a window at most.
    pub padding: [usize; 2],
    /// Distance between two elements of a window (of a maximum only).
    pub dilation: [usize; 2],
    /// Whether the padding counts as zeros of the mean (of a mean only).
    pub count_include_pad: bool,
    /// Whether what is left over at the end gets a window of its own.
    pub ceil_mode: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions {
            stride: None,
            padding: [0, 0],
            dilation: [1, 1],
            count_include_pad: true,
            ceil_mode: false,
        }
    }
}

impl PoolOptions {
    fn moves(&self, size: [usize; 2]) -> Moves {
        let padding = self.padding.map(|side| [side, side]);
        let stride = self.stride.unwrap_or(size);
        Moves { size, stride, padding, dilation: self.dilation }
    }

    fn largest(&self, size: [usize; 2]) -> Op {
        Op::MaxPool { moves: self.moves(size), ceil: self.ceil_mode }
    }

    fn mean(&self, size: [usize; 2]) -> Op {
        let (ceil, count_padding) = (self.ceil_mode, self.count_include_pad);
        Op::MeanPool { moves: self.moves(size), ceil, count_padding }
    }
}

/// The windows along one dimension: the elements `start`, `start + step`, … below `end`.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) step: usize,
    /// What the sum of each window is divided by.
    divisors: Vec<usize>,
}

/// More is a slip, and would overflow.
const FARTHEST: usize = 1 << 24;

impl Windows {
    /// Windows of `size` over `length` elements; what is left over at the end is dropped, or has a window.
    fn moving(
        operation: &str,
        length: usize,
        size: usize,
        options: &PoolOptions,
        side: usize,
    ) -> Result<Self> {
        let (step, pad) = (options.dilation[side], options.padding[side]);
        let stride = options.stride.map_or(size, |stride| stride[side]);
        let all = [("size", size), ("stride", stride), ("dilation", step)];
        for (what, number) in all {
            if number == 0 || number > FARTHEST {
                return Err(Error::out_of_range(
                    operation,
                    what,
                    format!("1 to {FARTHEST}"),
                    number,
                ));
            }
        }
        let reach = step * (size - 1) + 1;
        if pad > reach / 2 {
            return Err(Error::out_of_range(
                operation,
                "padding",
                format!("half of the window's {reach} at most"),
                pad,
            ));
        }
        let Some(rest) = (length + 2 * pad).checked_sub(reach) else {
            return Err(Error::new(Kind::Shape, operation, "the input is smaller than the window")
                .expected(format!("a length of at least {}", reach - 2 * pad))
                .received(length.to_string()));
        };
        let window = |index: usize| {
            let start = index * stride;
            let end = (start + reach).saturating_sub(pad).min(length);
            // The first element that is not in the padding.
            let skipped = pad.saturating_sub(start).div_ceil(step) * step;
            (start + skipped).saturating_sub(pad).min(end)..end
        };
        let mut count = rest / stride + 1;
        // PyTorch has no window that begins in the padding at the end.
        if options.ceil_mode && rest % stride > 0 && count * stride < length + pad {
            count += 1;
        }
        let ranges: Vec<Range<usize>> = (0..count).map(window).collect();
        let divisor = |(index, range): (usize, &Range<usize>)| match options.count_include_pad {
            // A window may reach beyond the padding, where nothing counts.
            true => reach.min(length + 2 * pad - index * stride),
            false => range.len().max(1),
        };
        Ok(Windows { divisors: ranges.iter().enumerate().map(divisor).collect(), ranges, step })
    }

    /// `count` windows that cover `length` elements, in PyTorch's way: from ⌊i · length / count⌋ to
    /// ⌈(i + 1) · length / count⌉.
    fn covering(operation: &str, length: usize, count: usize) -> Result<Self> {
        if count == 0 || length == 0 || count > FARTHEST {
            return Err(Error::new(
                Kind::Shape,
                operation,
                "a length of 0, or far too many windows",
            )
            .expected(format!("1 to {FARTHEST} windows over at least 1 element"))
            .received(format!("{count} windows over {length}")));
        }
        let window = |i: usize| (i * length / count)..((i + 1) * length).div_ceil(count);
        let ranges: Vec<Range<usize>> = (0..count).map(window).collect();
        Ok(Windows { divisors: ranges.iter().map(Range::len).collect(), ranges, step: 1 })
    }

    /// The length of all windows, where they lie side by side and leave out less than one of `all` elements.
    fn block(&self, all: usize) -> Option<usize> {
        let length = self.ranges.first()?.len().max(1);
        let fits = |(index, range): (usize, &Range<usize>)| {
            *range == (index * length..(index + 1) * length) && self.divisors[index] == length
        };
        let whole = self.ranges.len() == all / length;
        (whole && self.ranges.iter().enumerate().all(fits)).then_some(length)
    }

    fn means(&self, length: usize) -> Taps {
        Taps::new(length, self.ranges.len(), |index| {
            let weight = 1.0 / self.divisors[index] as f32;
            self.ranges[index].clone().map(move |place| (place, weight))
        })
    }
}

impl Tensor {
    /// The largest element of each window of `[batch, channel, height, width]`; the batch may be left out. Of
    /// equals, the first one gets the gradient; NaN is the largest.
    pub fn max_pool2d(&self, size: [usize; 2], options: PoolOptions) -> Result<Tensor> {
        let operation = "max_pool2d";
        self.in_batch(operation, 4, |input| {
            let sides = input.moving_windows(operation, size, &options)?;
            whole(|| options.largest(size), &[input], || input.largest(operation, sides))
        })
    }

    /// The largest element of each window of `[batch, channel, length]`, as `max_pool2d`; only the horizontal
    /// numbers of the options count.
    pub fn max_pool1d(&self, size: usize, options: PoolOptions) -> Result<Tensor> {
        let operation = "max_pool1d";
        self.in_batch(operation, 3, |input| {
            let (input, options) = (input.raised()?, flat(&options));
            let sides = input.moving_windows(operation, [1, size], &options)?;
            let made =
                whole(|| options.largest([1, size]), &[&input], || input.largest(operation, sides));
            made?.lowered()
        })
    }

    /// The mean of each window of `[batch, channel, height, width]`; what is left over at the end is dropped,
    /// and the batch may be left out.
    pub fn mean_pool2d(&self, size: [usize; 2], options: PoolOptions) -> Result<Tensor> {
        let operation = "avg_pool2d";
        let options = PoolOptions { dilation: [1, 1], ..options };
        self.in_batch(operation, 4, |input| {
            let sides = input.moving_windows(operation, size, &options)?;
            match input.leaves_over(size, &options) {
                true => input.averaged(operation, sides),
                false => {
                    whole(|| options.mean(size), &[input], || input.averaged(operation, sides))
                }
            }
        })
    }

    /// The mean of each `size × size` square of `[batch, channel, height, width]`.
    pub fn avg_pool2d(&self, size: usize) -> Result<Tensor> {
        self.mean_pool2d([size, size], PoolOptions::default())
    }

    /// The mean of each window of `[batch, channel, length]`, as `mean_pool2d`; only the horizontal numbers of
    /// the options count.
    pub fn avg_pool1d(&self, size: usize, options: PoolOptions) -> Result<Tensor> {
        let operation = "avg_pool1d";
        let options = flat(&PoolOptions { dilation: [1, 1], ..options });
        self.in_batch(operation, 3, |input| {
            let input = input.raised()?;
            let sides = input.moving_windows(operation, [1, size], &options)?;
            let act = || input.averaged(operation, sides);
            match input.leaves_over([1, size], &options) {
                true => act(),
                false => whole(|| options.mean([1, size]), &[&input], act),
            }?
            .lowered()
        })
    }

    /// The means of `[h, w]` windows that cover the picture, as PyTorch chooses them.
    pub fn adaptive_avg_pool2d(&self, size: [usize; 2]) -> Result<Tensor> {
        let operation = "adaptive_avg_pool2d";
        self.in_batch(operation, 4, |input| {
            let sides = input.covering_windows(operation, size)?;
            match input.is_covered_evenly(size) {
                true => {
                    whole(|| Op::MeanCover(size), &[input], || input.averaged(operation, sides))
                }
                false => input.averaged(operation, sides),
            }
        })
    }

    /// The means of `size` windows that cover `[batch, channel, length]`.
    pub fn adaptive_avg_pool1d(&self, size: usize) -> Result<Tensor> {
        let operation = "adaptive_avg_pool1d";
        self.in_batch(operation, 3, |input| {
            let input = input.raised()?;
            let sides = input.covering_windows(operation, [1, size])?;
            let act = || input.averaged(operation, sides);
            match input.is_covered_evenly([1, size]) {
                true => whole(|| Op::MeanCover([1, size]), &[&input], act),
                false => act(),
            }?
            .lowered()
        })
    }

    /// The largest elements of `[h, w]` windows that cover the picture, as PyTorch chooses them.
    pub fn adaptive_max_pool2d(&self, size: [usize; 2]) -> Result<Tensor> {
        let operation = "adaptive_max_pool2d";
        self.in_batch(operation, 4, |input| {
            let sides = input.covering_windows(operation, size)?;
            whole(|| Op::MaxCover(size), &[input], || input.largest(operation, sides))
        })
    }

    /// The largest elements of `size` windows that cover `[batch, channel, length]`.
    pub fn adaptive_max_pool1d(&self, size: usize) -> Result<Tensor> {
        let operation = "adaptive_max_pool1d";
        self.in_batch(operation, 3, |input| {
            let input = input.raised()?;
            let sides = input.covering_windows(operation, [1, size])?;
            let told = || Op::MaxCover([1, size]);
            whole(told, &[&input], || input.largest(operation, sides))?.lowered()
        })
    }

    fn moving_windows(
        &self,
        operation: &str,
        size: [usize; 2],
        options: &PoolOptions,
    ) -> Result<[Windows; 2]> {
        let own = self.shape();
        let along = |side| Windows::moving(operation, own[2 + side], size[side], options, side);
        Ok([along(0)?, along(1)?])
    }

    fn covering_windows(&self, operation: &str, size: [usize; 2]) -> Result<[Windows; 2]> {
        let own = self.shape();
        let along = |side| Windows::covering(operation, own[2 + side], size[side]);
        Ok([along(0)?, along(1)?])
    }

    /// Whether windows of a mean reach beyond the picture: what they are divided by is told in several ways, so
    /// such means are told as matrices.
    fn leaves_over(&self, size: [usize; 2], options: &PoolOptions) -> bool {
        let (own, stride) = (self.shape(), options.stride.unwrap_or(size));
        let rest =
            |side: usize| (own[2 + side] + 2 * options.padding[side]).checked_sub(size[side]);
        let over = |side: usize| rest(side).is_some_and(|rest| rest % stride[side].max(1) > 0);
        options.ceil_mode && (over(0) || over(1))
    }

    /// Whether windows that cover the picture are all of one size.
    fn is_covered_evenly(&self, counts: [usize; 2]) -> bool {
        let own = self.shape();
        (0..2).all(|side| own[2 + side].is_multiple_of(counts[side].max(1)))
    }

    fn averaged(&self, operation: &str, sides: [Windows; 2]) -> Result<Tensor> {
        let block = |side: usize| sides[side].block(self.shape()[2 + side]);
        let blocks = [block(0), block(1)];
        if let ([Some(height), Some(width)], false) = (blocks, self.count() == 0 || is_on()) {
            return Ok(Tensor(Dispatch::still_block_means(self.0.clone(), [height, width])));
        }
        let mut output = self.clone();
        for (side, windows) in sides.iter().enumerate() {
            let length = output.shape()[2 + side];
            output = output.along(operation, 2 + side, windows.means(length))?;
        }
        Ok(output)
    }

    /// Weighted sums along one dimension.
    pub(super) fn along(&self, operation: &str, dim: usize, taps: Taps) -> Result<Tensor> {
        let map: Arc<dyn super::kernels::linear::Linear> =
            Arc::new(Axis::new(self.shape(), dim, taps));
        check_size(operation, &map.output_shape())?;
        Ok(Tensor(Dispatch::still_linear(self.0.clone(), map, false)))
    }
}

/// The options of a row, with nothing said of the vertical.
fn flat(options: &PoolOptions) -> PoolOptions {
    PoolOptions {
        stride: options.stride.map(|[_, stride]| [1, stride]),
        padding: [0, options.padding[1]],
        dilation: [1, options.dilation[1]],
        ..*options
    }
}
