//! Pooling layers, and the gate that pools.

use super::{activation, drawn, plain};
use crate::error::{Error, Kind, Result};
use crate::nn::{
    Net, Pool, PoolLayerOptions, PoolWindows, Pooled, SqueezeExcite, SqueezeExciteOptions,
};
use crate::script::convolution::pair_of;
use crate::script::options::Options;
use crate::script::pooling::options;
use crate::script::register::namespaced;
use crate::script::value::count_of;
use rhai::{Dynamic, Map, Module};

fn pool(kind: &str, pooled: Pooled, windows: PoolWindows, line: bool) -> Result<Net> {
    let (operation, own) = (format!("nn::{kind}"), PoolLayerOptions { pooled, windows });
    plain(
        kind,
        match line {
            true => Pool::line(&operation, &own)?,
            false => Pool::picture(&operation, &own)?,
        },
    )
}

fn size_of(operation: &str, size: &Dynamic, line: bool) -> Result<[usize; 2]> {
    match line {
        true => Ok([count_of(operation, "the size", size)?; 2]),
        false => pair_of(operation, "the size", size),
    }
}

fn moving(kind: &str, pooled: Pooled, size: &Dynamic, map: Map, line: bool) -> Result<Net> {
    let operation = format!("nn::{kind}");
    let mut how = options(&operation, map, line)?;
    let size = size_of(&operation, size, line)?;
    // Said or not, it is the same layer.
    how.stride.get_or_insert(size);
    pool(kind, pooled, PoolWindows::Moving(size, how), line)
}

fn covering(kind: &str, pooled: Pooled, size: &Dynamic, line: bool) -> Result<Net> {
    let size = size_of(&format!("nn::{kind}"), size, line)?;
    pool(kind, pooled, PoolWindows::Covering(size), line)
}

/// More channels within a gate than outside of it, by so much, are a slip.
const WIDEST: f64 = 16.0;

fn squeeze_excite(channels: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::squeeze_excite";
    let options = Options::new(operation, map)?;
    let channels = count_of(operation, "the number of channels", channels)?;
    let mut own = SqueezeExciteOptions { channels, ..SqueezeExciteOptions::default() };
    if options.get("ratio").is_some() && options.get("reduced").is_some() {
        return Err(Error::new(Kind::Name, operation, "'ratio' and 'reduced' say the same")
            .hint("give one of them"));
    }
    let mut ratio = 1.0 / 16.0;
    options.number("ratio", &mut ratio)?;
    if !(ratio > 0.0 && ratio <= WIDEST) {
        let wanted = format!("more than 0, {WIDEST} at most");
        return Err(Error::out_of_range(operation, "ratio", wanted, ratio));
    }
    own.reduced = SqueezeExciteOptions::reduced_by(channels, ratio).max(1);
    options.count("reduced", &mut own.reduced)?;
    activation(operation, &options, "activation", &mut own.activation)?;
    activation(operation, &options, "gate", &mut own.gate)?;
    drawn("squeeze_excite", own, SqueezeExcite::new)
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// The largest element of each window of `[batch, channel, length]`; see `max_pool1d`.
        ///
        /// ```rhai
        /// nn::max_pool1d(2).forward(tensor([[[1.0, 3.0, 2.0, 0.0]]])).sum().item() == 5.0
        /// ```
        fn "max_pool1d"(size: Dynamic) -> Net { moving("max_pool1d", Pooled::Max, &size, Map::new(), true) }

        /// As `nn::max_pool1d(size)`, with the options `stride` (`size`), `padding` (0), `dilation` (1),
        /// `ceil_mode` (false; true: what is left over at the end gets a window).
        ///
        /// ```rhai
        /// nn::max_pool1d(3, #{ stride: 2, padding: 1 }).forward(tensor::ones([1, 1, 9])).shape == [1, 1, 5]
        /// ```
        fn "max_pool1d"(size: Dynamic, options: Map) -> Net {
            moving("max_pool1d", Pooled::Max, &size, options, true)
        }

        /// The largest element of each window of `[batch, channel, height, width]`; the size is a number or
        /// `[vertical, horizontal]`.
        ///
        /// ```rhai
        /// nn::max_pool2d([1, 2]).forward(tensor::ones([1, 1, 4, 4])).shape == [1, 1, 4, 2]
        /// ```
        fn "max_pool2d"(size: Dynamic) -> Net { moving("max_pool2d", Pooled::Max, &size, Map::new(), false) }

        /// As `nn::max_pool2d(size)`, with the options `stride` (`size`), `padding` (0), `dilation` (1), each a
        /// number or `[vertical, horizontal]`, and `ceil_mode` (false).
        ///
        /// ```rhai
        /// nn::max_pool2d(3, #{ stride: 2, padding: 1 }).forward(tensor::ones([1, 1, 9, 8])).shape == [1, 1, 5, 4]
        /// ```
        fn "max_pool2d"(size: Dynamic, options: Map) -> Net {
            moving("max_pool2d", Pooled::Max, &size, options, false)
        }

        /// The mean of each window of `[batch, channel, length]`.
        ///
        /// ```rhai
        /// nn::avg_pool1d(2).forward(tensor([[[1.0, 3.0, 2.0, 0.0]]])).sum().item() == 3.0
        /// ```
        fn "avg_pool1d"(size: Dynamic) -> Net { moving("avg_pool1d", Pooled::Mean, &size, Map::new(), true) }

        /// As `nn::avg_pool1d(size)`, with the options `stride` (`size`), `padding` (0), `count_include_pad`
        /// (true: the padding counts as zeros), `ceil_mode` (false).
        ///
        /// ```rhai
        /// nn::avg_pool1d(3, #{ stride: 1, padding: 1 }).forward(tensor::ones([1, 1, 5])).shape == [1, 1, 5]
        /// ```
        fn "avg_pool1d"(size: Dynamic, options: Map) -> Net {
            moving("avg_pool1d", Pooled::Mean, &size, options, true)
        }

        /// The mean of each window of `[batch, channel, height, width]`; the size is a number or
        /// `[vertical, horizontal]`.
        ///
        /// ```rhai
        /// nn::avg_pool2d(2).forward(tensor::ones([1, 1, 4, 4])).sum().item() == 4.0
        /// ```
        fn "avg_pool2d"(size: Dynamic) -> Net { moving("avg_pool2d", Pooled::Mean, &size, Map::new(), false) }

        /// As `nn::avg_pool2d(size)`, with the options `stride` (`size`), `padding` (0), each a number or
        /// `[vertical, horizontal]`, `count_include_pad` (true: the padding counts as zeros), and
        /// `ceil_mode` (false).
        ///
        /// ```rhai
        /// nn::avg_pool2d(2, #{ stride: [2, 1] }).forward(tensor::ones([1, 1, 4, 4])).shape == [1, 1, 2, 3]
        /// ```
        fn "avg_pool2d"(size: Dynamic, options: Map) -> Net {
            moving("avg_pool2d", Pooled::Mean, &size, options, false)
        }

        /// The means of `size` windows that cover `[batch, channel, length]`, as
        /// `torch.nn.AdaptiveAvgPool1d`.
        ///
        /// ```rhai
        /// nn::adaptive_avg_pool1d(3).forward(tensor::ones([1, 2, 10])).shape == [1, 2, 3]
        /// ```
        fn "adaptive_avg_pool1d"(size: Dynamic) -> Net {
            covering("adaptive_avg_pool1d", Pooled::Mean, &size, true)
        }

        /// The means of windows that cover `[batch, channel, height, width]`, `size` of them: a number or
        /// `[vertical, horizontal]`; as `torch.nn.AdaptiveAvgPool2d`.
        ///
        /// ```rhai
        /// nn::adaptive_avg_pool2d([1, 4]).forward(tensor::ones([1, 2, 9, 10])).shape == [1, 2, 1, 4]
        /// ```
        fn "adaptive_avg_pool2d"(size: Dynamic) -> Net {
            covering("adaptive_avg_pool2d", Pooled::Mean, &size, false)
        }

        /// The largest elements of `size` windows that cover `[batch, channel, length]`.
        ///
        /// ```rhai
        /// nn::adaptive_max_pool1d(1).forward(tensor([[[1.0, 3.0, 2.0]]])).item() == 3.0
        /// ```
        fn "adaptive_max_pool1d"(size: Dynamic) -> Net {
            covering("adaptive_max_pool1d", Pooled::Max, &size, true)
        }

        /// The largest elements of windows that cover `[batch, channel, height, width]`, `size` of them: a
        /// number or `[vertical, horizontal]`.
        ///
        /// ```rhai
        /// nn::adaptive_max_pool2d(2).forward(tensor::ones([1, 2, 9, 10])).shape == [1, 2, 2, 2]
        /// ```
        fn "adaptive_max_pool2d"(size: Dynamic) -> Net {
            covering("adaptive_max_pool2d", Pooled::Max, &size, false)
        }

        /// The mean of each channel: `[batch, channel, …]` to `[batch, channel]`.
        ///
        /// ```rhai
        /// nn::global_avg_pool().forward(tensor::ones([2, 3, 4, 5])).shape == [2, 3]
        /// ```
        fn "global_avg_pool"() -> Net {
            pool("global_avg_pool", Pooled::Mean, PoolWindows::Global, false)
        }

        /// The largest element of each channel: `[batch, channel, …]` to `[batch, channel]`.
        ///
        /// ```rhai
        /// nn::global_max_pool().forward(tensor([[[1.0, 3.0, 2.0]]])).item() == 3.0
        /// ```
        fn "global_max_pool"() -> Net {
            pool("global_max_pool", Pooled::Max, PoolWindows::Global, false)
        }

        /// Gates each channel of `[batch, channels, height, width]` by what the means of all channels say.
        ///
        /// Parameters, as timm's: `conv_reduce.*`, `conv_expand.*`.
        ///
        /// ```rhai
        /// nn::squeeze_excite(32).forward(tensor::ones([1, 32, 4, 4])).shape == [1, 32, 4, 4]
        /// ```
        fn "squeeze_excite"(channels: Dynamic) -> Net { squeeze_excite(&channels, Map::new()) }

        /// As `nn::squeeze_excite(channels)`, with the options `ratio` (1/16: the share of the channels in the
        /// narrow layer) or `reduced` (their number), `activation` ("relu"), `gate` ("sigmoid").
        ///
        /// ```rhai
        /// let gate = nn::squeeze_excite(32, #{ ratio: 0.25, activation: "silu" });
        /// gate.weight("conv_reduce.weight").shape == [8, 32, 1, 1]
        /// ```
        fn "squeeze_excite"(channels: Dynamic, options: Map) -> Net { squeeze_excite(&channels, options) }
    }
}
