//! Convolutional networks.

use super::{checked, classes_of, handles};
use crate::error::{Error, Kind, Result, unknown};
use crate::models::{CnnOptions, EfficientNetOptions, EfficientNetPadding, Head, Norm, Spec};
use crate::script::Host;
use crate::script::options::Options;
use crate::script::register::namespaced;
use crate::script::value;
use rhai::{Map, Module};
use std::sync::Arc;

fn cnn(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::cnn", map)?;
    let mut own = CnnOptions { classes: classes_of(&options)?, ..CnnOptions::default() };
    if let Some(channels) = options.list("channels", value::count_of)? {
        own.channels = channels;
    }
    checked(host, &options, Spec::Cnn(own))
}

/// `head` and `attention_heads`.
fn head_of(options: &Options) -> Result<Head> {
    let mut heads = 4;
    options.count("attention_heads", &mut heads)?;
    match options.text("head")?.as_deref() {
        Some("attention") => Ok(Head::Attention(heads)),
        None | Some("mean") if options.get("attention_heads").is_some() => Err(Error::new(
            Kind::Type,
            options.operation(),
            "'attention_heads' has no meaning here",
        )
        .hint("attention pooling is the head \"attention\"")),
        None | Some("mean") => Ok(Head::Mean),
        Some(other) => Err(unknown(options.operation(), "head", other, &["mean", "attention"])),
    }
}

/// Replaces `eps` and `momentum`.
fn norm_of(options: &Options, norm: &mut Norm) -> Result<()> {
    options.number("eps", &mut norm.eps)?;
    options.number("momentum", &mut norm.momentum)
}

fn efficientnet(host: &dyn Host, size: usize, map: Map) -> Result<Spec> {
    use EfficientNetPadding::{Same, StaticSame, Symmetric};
    let operation = format!("model::efficientnet_b{size}");
    let options = Options::new(&operation, map)?;
    let padding = match options.text("padding")?.as_deref() {
        None | Some("symmetric") => Symmetric,
        Some("same") => Same,
        Some("static_same") => StaticSame,
        Some(other) => {
            let known = ["symmetric", "same", "static_same"];
            return Err(unknown(&operation, "padding", other, &known));
        }
    };
    let mut own = EfficientNetOptions::new(size, padding);
    own.classes = classes_of(&options)?;
    norm_of(&options, &mut own.norm)?;
    options.number("drop_path", &mut own.drop_path)?;
    options.number("dropout", &mut own.dropout)?;
    own.head = head_of(&options)?;
    checked(host, &options, Spec::EfficientNet(own))
}

pub(super) fn models(module: &mut Module, host: &Arc<dyn Host>) {
    let [h0, h1, h2, h3, h4, h5, h6, h7, h8] = handles(host);
    namespaced! { module;
        /// A plain CNN: for each number in `channels` two 3×3 convolutions with batch normalisation and ReLU
        /// and an average pooling by 2; then the mean over frequency, the mean over time, a linear layer.
        ///
        /// Options: `classes` (required, e.g. `data.classes`), `channels` ([16, 32, 64, 128]); `pretrained`: a file of
        /// weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// model::cnn(#{ classes: 10 }).name == "cnn"
        /// ```
        fn "cnn"(options: Map) -> Spec { cnn(h0.as_ref(), options) }

        /// EfficientNet-B0 (Tan and Le 2019) for one channel: mobile inverted bottlenecks with squeeze-and-excite; then
        /// the mean over frequency, the mean over time, a linear layer, as CMKD has it. 4.0 M parameters without
        /// the last layer. Parameters have timm's names.
        ///
        /// Options: `classes` (required), `padding`: "symmetric" (timm's `efficientnet_b0`, the default), "same"
        /// (TensorFlow's, timm's `tf_efficientnet_b0`) or "static_same" (`efficientnet_pytorch`'s, as PSLA has it);
        /// `eps` of the batch norms (1e-5, for both others 1e-3) and `momentum` (0.1, for "static_same" 0.01);
        /// `drop_path` (0.2): the share of samples that skip the last block in training, less for those before;
        /// `dropout` (0) before the last layer; `head`: "mean" (default) or "attention", PSLA's pooling with
        /// `attention_heads` (4), whose output is the logit of PSLA's probability; `pretrained`: a file of weights to
        /// begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// model::efficientnet_b0(#{ classes: 10 }).name == "efficientnet_b0"
        /// ```
        fn "efficientnet_b0"(options: Map) -> Spec { efficientnet(h1.as_ref(), 0, options) }

        /// EfficientNet-B1, 6.5 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b1(#{ classes: 10 }).name == "efficientnet_b1"
        /// ```
        fn "efficientnet_b1"(options: Map) -> Spec { efficientnet(h2.as_ref(), 1, options) }

        /// EfficientNet-B2, 7.7 M parameters without the last layer. The CNN of CMKD and PSLA. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b2(#{ classes: 10 }).name == "efficientnet_b2"
        /// ```
        fn "efficientnet_b2"(options: Map) -> Spec { efficientnet(h3.as_ref(), 2, options) }

        /// EfficientNet-B3, 10.7 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b3(#{ classes: 10 }).name == "efficientnet_b3"
        /// ```
        fn "efficientnet_b3"(options: Map) -> Spec { efficientnet(h4.as_ref(), 3, options) }

        /// EfficientNet-B4, 17.5 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b4(#{ classes: 10 }).name == "efficientnet_b4"
        /// ```
        fn "efficientnet_b4"(options: Map) -> Spec { efficientnet(h5.as_ref(), 4, options) }

        /// EfficientNet-B5, 28.3 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b5(#{ classes: 10 }).name == "efficientnet_b5"
        /// ```
        fn "efficientnet_b5"(options: Map) -> Spec { efficientnet(h6.as_ref(), 5, options) }

        /// EfficientNet-B6, 40.7 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b6(#{ classes: 10 }).name == "efficientnet_b6"
        /// ```
        fn "efficientnet_b6"(options: Map) -> Spec { efficientnet(h7.as_ref(), 6, options) }

        /// EfficientNet-B7, 63.8 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// model::efficientnet_b7(#{ classes: 10 }).name == "efficientnet_b7"
        /// ```
        fn "efficientnet_b7"(options: Map) -> Spec { efficientnet(h8.as_ref(), 7, options) }
    }
}
