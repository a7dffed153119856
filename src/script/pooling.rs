//! Bindings of pooling and interpolation.

use super::convolution::{pair_of, steps};
use super::options::Options;
use super::value::{count_of, list_of};
use crate::error::Result;
use crate::tensor::{Interpolation, PoolOptions, Tensor};
use rhai::{Dynamic, Map};

/// The options of pooling.
pub(super) fn options(operation: &str, map: Map, line: bool) -> Result<PoolOptions> {
    let options = Options::new(operation, map)?;
    let mut made = PoolOptions::default();
    if options.get("stride").is_some() {
        let mut stride = [1, 1];
        steps(operation, &options, "stride", line, &mut stride)?;
        made.stride = Some(stride);
    }
    steps(operation, &options, "padding", line, &mut made.padding)?;
    steps(operation, &options, "dilation", line, &mut made.dilation)?;
    options.flag("count_include_pad", &mut made.count_include_pad)?;
    options.flag("ceil_mode", &mut made.ceil_mode)?;
    Ok(made)
}

fn max_pool1d(input: &Tensor, size: &Dynamic, map: Map) -> Result<Tensor> {
    let options = options("max_pool1d", map, true)?;
    input.max_pool1d(count_of("max_pool1d", "the size", size)?, options)
}

fn max_pool2d(input: &Tensor, size: &Dynamic, map: Map) -> Result<Tensor> {
    let options = options("max_pool2d", map, false)?;
    input.max_pool2d(pair_of("max_pool2d", "the size", size)?, options)
}

fn avg_pool1d(input: &Tensor, size: &Dynamic, map: Map) -> Result<Tensor> {
    let options = options("avg_pool1d", map, true)?;
    input.avg_pool1d(count_of("avg_pool1d", "the size", size)?, options)
}

fn avg_pool2d(input: &Tensor, size: &Dynamic, map: Map) -> Result<Tensor> {
    let options = options("avg_pool2d", map, false)?;
    input.mean_pool2d(pair_of("avg_pool2d", "the size", size)?, options)
}

fn interpolate(input: &Tensor, size: &Dynamic, mode: &str, map: Map) -> Result<Tensor> {
    let operation = "interpolate";
    let options = Options::new(operation, map)?;
    let align = options.native("align_corners", "true or false")?.unwrap_or(false);
    let size = match size.is_array() {
        true => list_of(operation, "the size", size, count_of)?,
        false => vec![count_of(operation, "the size", size)?; input.rank().saturating_sub(2)],
    };
    input.interpolate(&size, Interpolation::named(operation, mode)?, align)
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::script::convolution::pair_of;
    use crate::script::raise::{Raw, raw};
    use crate::script::value::count_of;
    use crate::tensor::Tensor;
    use rhai::{Dynamic, Map};

    /// The largest element of each window of `size`.
    ///
    /// Shapes: `[batch, channel, length]`; the batch may be left out. Of equals, the first one gets the gradient;
    /// NaN is the largest.
    ///
    /// ```rhai
    /// max_pool1d(tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2).sum().item() == 5.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn max_pool1d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(super::max_pool1d(&x, &size, Map::new()))
    }

    /// As `max_pool1d(x, size)`, with the options `stride` (`size`), `padding` (0; half a window at most),
    /// `dilation` (1), `ceil_mode` (false; true: what is left over at the end gets a window).
    ///
    /// ```rhai
    /// max_pool1d(tensor::ones([1, 1, 9]), 3, #{ stride: 2, padding: 1 }).shape == [1, 1, 5]
    /// ```
    #[rhai_fn(name = "max_pool1d", return_raw)]
    pub fn max_pool1d_options(x: Tensor, size: Dynamic, options: Map) -> Raw<Tensor> {
        raw(super::max_pool1d(&x, &size, options))
    }

    /// The largest element of each window of `size`, one number or `[h, w]`.
    ///
    /// Shapes: `[batch, channel, height, width]`; the batch may be left out. Of equals, the first one gets the
    /// gradient; NaN is the largest.
    ///
    /// ```rhai
    /// max_pool2d(tensor([[[[1.0, 3.0], [2.0, 0.0]]]]), 2).item() == 3.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn max_pool2d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(super::max_pool2d(&x, &size, Map::new()))
    }

    /// As `max_pool2d(x, size)`, with the options `stride` (`size`), `padding` (0; half a window at most),
    /// `dilation` (1), each one number or `[vertical, horizontal]`, and `ceil_mode` (false).
    ///
    /// ```rhai
    /// max_pool2d(tensor::ones([1, 1, 9, 8]), 3, #{ stride: [2, 1], padding: 1 }).shape == [1, 1, 5, 8]
    /// ```
    #[rhai_fn(name = "max_pool2d", return_raw)]
    pub fn max_pool2d_options(x: Tensor, size: Dynamic, options: Map) -> Raw<Tensor> {
        raw(super::max_pool2d(&x, &size, options))
    }

    /// The mean of each window of `size`; what is left over at the end is dropped.
    ///
    /// Shapes: `[batch, channel, length]`; the batch may be left out.
    ///
    /// ```rhai
    /// avg_pool1d(tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2).sum().item() == 3.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn avg_pool1d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(super::avg_pool1d(&x, &size, Map::new()))
    }

    /// As `avg_pool1d(x, size)`, with the options `stride` (`size`), `padding` (0; half a window at most),
    /// `count_include_pad` (true: the padding counts as zeros), `ceil_mode` (false).
    ///
    /// ```rhai
    /// avg_pool1d(tensor::ones([1, 1, 4]), 2, #{ padding: 1, count_include_pad: false }).mean().item() == 1.0
    /// ```
    #[rhai_fn(name = "avg_pool1d", return_raw)]
    pub fn avg_pool1d_options(x: Tensor, size: Dynamic, options: Map) -> Raw<Tensor> {
        raw(super::avg_pool1d(&x, &size, options))
    }

    /// The mean of each window of `size`, one number or `[h, w]`; what is left over at the end is dropped.
    ///
    /// Shapes: `[batch, channel, height, width]`; the batch may be left out.
    ///
    /// ```rhai
    /// avg_pool2d(tensor([[[[1.0, 3.0], [2.0, 0.0]]]]), 2).item() == 1.5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn avg_pool2d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(super::avg_pool2d(&x, &size, Map::new()))
    }

    /// As `avg_pool2d(x, size)`, with the options `stride` (`size`), `padding` (0; half a window at most),
    /// `count_include_pad` (true: the padding counts as zeros), `ceil_mode` (false). Numbers stand for both directions, or are
    /// given as `[vertical, horizontal]`.
    ///
    /// ```rhai
    /// avg_pool2d(tensor::ones([1, 1, 9, 8]), [3, 2], #{ stride: [2, 1], padding: [1, 0] }).shape == [1, 1, 5, 7]
    /// ```
    #[rhai_fn(name = "avg_pool2d", return_raw)]
    pub fn avg_pool2d_options(x: Tensor, size: Dynamic, options: Map) -> Raw<Tensor> {
        raw(super::avg_pool2d(&x, &size, options))
    }

    /// The means of `n` windows that cover `[batch, channel, length]`: from ⌊i · length / n⌋ to
    /// ⌈(i + 1) · length / n⌉, as in PyTorch. With 1, the mean of everything.
    ///
    /// ```rhai
    /// adaptive_avg_pool1d(tensor([[[1.0, 2.0, 3.0]]]), 2).sum().item() == 4.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adaptive_avg_pool1d(x: Tensor, n: Dynamic) -> Raw<Tensor> {
        raw(count_of("adaptive_avg_pool1d", "the size", &n).and_then(|n| x.adaptive_avg_pool1d(n)))
    }

    /// The means of windows that cover `[batch, channel, height, width]`, `size` of them (one number or
    /// `[h, w]`), as in PyTorch. With 1, the mean of each channel.
    ///
    /// ```rhai
    /// adaptive_avg_pool2d(tensor::ones([2, 3, 7, 5]), [2, 1]).shape == [2, 3, 2, 1]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adaptive_avg_pool2d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(pair_of("adaptive_avg_pool2d", "the size", &size)
            .and_then(|size| x.adaptive_avg_pool2d(size)))
    }

    /// The largest elements of `n` windows that cover `[batch, channel, length]`, as in PyTorch.
    ///
    /// ```rhai
    /// adaptive_max_pool1d(tensor([[[1.0, 2.0, 3.0]]]), 2).sum().item() == 5.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adaptive_max_pool1d(x: Tensor, n: Dynamic) -> Raw<Tensor> {
        raw(count_of("adaptive_max_pool1d", "the size", &n).and_then(|n| x.adaptive_max_pool1d(n)))
    }

    /// The largest elements of windows that cover `[batch, channel, height, width]`, `size` of them (one
    /// number or `[h, w]`), as in PyTorch.
    ///
    /// ```rhai
    /// adaptive_max_pool2d(tensor::ones([2, 3, 7, 5]), 1).shape == [2, 3, 1, 1]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adaptive_max_pool2d(x: Tensor, size: Dynamic) -> Raw<Tensor> {
        raw(pair_of("adaptive_max_pool2d", "the size", &size)
            .and_then(|size| x.adaptive_max_pool2d(size)))
    }

    /// A picture `[batch, channel, height, width]` with other sides `[h, w]`, or rows
    /// `[batch, channel, length]` with another length. Modes: "nearest", "bilinear", "bicubic".
    ///
    /// ```rhai
    /// interpolate(tensor([[[[0.0, 1.0]]]]), [1, 4], "bilinear").sum().item() == 2.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn interpolate(x: Tensor, size: Dynamic, mode: &str) -> Raw<Tensor> {
        raw(super::interpolate(&x, &size, mode, Map::new()))
    }

    /// As `interpolate(x, size, mode)`, with the option `align_corners` (false: the outer edges stay where they
    /// are; true: the first and last elements do).
    ///
    /// ```rhai
    /// interpolate(tensor([[[[0.0, 2.0]]]]), [1, 3], "bilinear", #{ align_corners: true }).sum().item() == 3.0
    /// ```
    #[rhai_fn(name = "interpolate", return_raw)]
    pub fn interpolate_options(x: Tensor, size: Dynamic, mode: &str, options: Map) -> Raw<Tensor> {
        raw(super::interpolate(&x, &size, mode, options))
    }
}
