//! Normalisation layers.

use super::{drawn, lengths_of};
use crate::error::Result;
use crate::nn::{
    BatchNorm, BatchNormOptions, GroupNorm, GroupNormOptions, LayerNorm, LayerNormOptions, Net,
    RmsNorm, RmsNormOptions,
};
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value::count_of;
use rhai::{Dynamic, Map, Module};

fn batch_norm(kind: &str, channels: &Dynamic, map: Map, line: bool) -> Result<Net> {
    let operation = format!("nn::{kind}");
    let options = Options::new(&operation, map)?;
    let channels = count_of(&operation, "the number of channels", channels)?;
    let mut own = BatchNormOptions { channels, ..BatchNormOptions::default() };
    options.number("eps", &mut own.eps)?;
    options.number("momentum", &mut own.momentum)?;
    options.flag("affine", &mut own.affine)?;
    options.flag("track_running_stats", &mut own.track_running_stats)?;
    match line {
        true => drawn(kind, own, |own, _, on| BatchNorm::line(own, on)),
        false => drawn(kind, own, |own, _, on| BatchNorm::picture(own, on)),
    }
}

fn layer_norm(shape: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::layer_norm";
    let options = Options::new(operation, map)?;
    let shape = lengths_of(operation, "the width", shape)?;
    let mut own = LayerNormOptions { shape, ..LayerNormOptions::default() };
    options.number("eps", &mut own.eps)?;
    options.flag("affine", &mut own.affine)?;
    options.flag("bias", &mut own.bias)?;
    drawn("layer_norm", own, |own, _, on| LayerNorm::new(own, on))
}

fn group_norm(groups: &Dynamic, channels: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::group_norm";
    let options = Options::new(operation, map)?;
    let mut own = GroupNormOptions {
        groups: count_of(operation, "the number of groups", groups)?,
        channels: count_of(operation, "the number of channels", channels)?,
        ..GroupNormOptions::default()
    };
    options.number("eps", &mut own.eps)?;
    options.flag("affine", &mut own.affine)?;
    drawn("group_norm", own, |own, _, on| GroupNorm::new(own, on))
}

fn rms_norm(shape: &Dynamic, map: Map) -> Result<Net> {
    let operation = "nn::rms_norm";
    let options = Options::new(operation, map)?;
    let shape = lengths_of(operation, "the width", shape)?;
    let mut own = RmsNormOptions { shape, ..RmsNormOptions::default() };
    options.number("eps", &mut own.eps)?;
    options.flag("affine", &mut own.affine)?;
    drawn("rms_norm", own, |own, _, on| RmsNorm::new(own, on))
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// Batch normalisation of `[batch, channels]` or `[batch, channels, length]`, as
        /// `torch.nn.BatchNorm1d`.
        ///
        /// Parameters: `weight`, `bias`; buffers: `running_mean`, `running_var`, all `[channels]`.
        ///
        /// ```rhai
        /// let out = nn::batch_norm1d(2).forward(tensor([[1.0, 5.0], [3.0, 9.0]]));
        /// (out - tensor([[-1, -1], [1, 1]])).abs().max().item() < 1e-4
        /// ```
        fn "batch_norm1d"(channels: Dynamic) -> Net {
            batch_norm("batch_norm1d", &channels, Map::new(), true)
        }

        /// As `nn::batch_norm1d(channels)`, with the options `eps` (1e-5), `momentum` (0.1: the share of a batch
        /// in the running statistics), `affine` (true), `track_running_stats` (true).
        ///
        /// ```rhai
        /// nn::batch_norm1d(2, #{ affine: false }).names() == ["running_mean", "running_var"]
        /// ```
        fn "batch_norm1d"(channels: Dynamic, options: Map) -> Net {
            batch_norm("batch_norm1d", &channels, options, true)
        }

        /// Batch normalisation of `[batch, channels, height, width]`, as `torch.nn.BatchNorm2d`.
        ///
        /// Parameters: `weight`, `bias`; buffers: `running_mean`, `running_var`, all `[channels]`.
        ///
        /// ```rhai
        /// nn::batch_norm2d(3).eval().forward(tensor::ones([2, 3, 4, 4])).max().item() < 1.0
        /// ```
        fn "batch_norm2d"(channels: Dynamic) -> Net {
            batch_norm("batch_norm2d", &channels, Map::new(), false)
        }

        /// As `nn::batch_norm2d(channels)`, with the options of `nn::batch_norm1d`.
        ///
        /// ```rhai
        /// nn::batch_norm2d(3, #{ momentum: 0.01, eps: 1e-3 }).count == 6
        /// ```
        fn "batch_norm2d"(channels: Dynamic, options: Map) -> Net {
            batch_norm("batch_norm2d", &channels, options, false)
        }

        /// Normalisation of the last dimension, or of the last ones where an array of their lengths is given;
        /// as `torch.nn.LayerNorm`.
        ///
        /// Parameters: `weight`, `bias`, both of that shape.
        ///
        /// ```rhai
        /// nn::layer_norm([3, 4]).forward(tensor::normal([2, 3, 4], "x")).mean().abs().item() < 1e-6
        /// ```
        fn "layer_norm"(shape: Dynamic) -> Net { layer_norm(&shape, Map::new()) }

        /// As `nn::layer_norm(shape)`, with the options `eps` (1e-5), `affine` (true), `bias` (true).
        ///
        /// ```rhai
        /// nn::layer_norm(4, #{ eps: 1e-6, bias: false }).names() == ["weight"]
        /// ```
        fn "layer_norm"(shape: Dynamic, options: Map) -> Net { layer_norm(&shape, options) }

        /// Normalisation of groups of channels of `[batch, channels, …]`, as `torch.nn.GroupNorm`.
        ///
        /// Parameters: `weight`, `bias`, both `[channels]`.
        ///
        /// ```rhai
        /// nn::group_norm(2, 6).forward(tensor::normal([1, 6, 5], "x")).mean().abs().item() < 1e-6
        /// ```
        fn "group_norm"(groups: Dynamic, channels: Dynamic) -> Net {
            group_norm(&groups, &channels, Map::new())
        }

        /// As `nn::group_norm(groups, channels)`, with the options `eps` (1e-5), `affine` (true).
        ///
        /// ```rhai
        /// nn::group_norm(2, 6, #{ affine: false }).count == 0
        /// ```
        fn "group_norm"(groups: Dynamic, channels: Dynamic, options: Map) -> Net {
            group_norm(&groups, &channels, options)
        }

        /// Division by the root of the mean square of the last dimension, or of the last ones where an array of
        /// their lengths is given; as `torch.nn.RMSNorm`.
        ///
        /// Parameter: `weight` of that shape.
        ///
        /// ```rhai
        /// (nn::rms_norm(2).forward(tensor([[3.0, 3.0]])) - 1).abs().max().item() < 1e-6
        /// ```
        fn "rms_norm"(shape: Dynamic) -> Net { rms_norm(&shape, Map::new()) }

        /// As `nn::rms_norm(shape)`, with the options `eps` (the spacing of single precision at 1), `affine`
        /// (true).
        ///
        /// ```rhai
        /// nn::rms_norm(8, #{ eps: 1e-6 }).count == 8
        /// ```
        fn "rms_norm"(shape: Dynamic, options: Map) -> Net { rms_norm(&shape, options) }
    }
}
