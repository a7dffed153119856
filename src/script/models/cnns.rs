//! Convolutional networks.

use super::{checked, classes_of, handles};
use crate::error::{Error, Kind, Result, unknown};
use crate::models::{
    CnnOptions, ConvNextOptions, DenseNetOptions, EfficientNetOptions, EfficientNetPadding, Head,
    MnOptions, Norm, PannsOptions, ResNetOptions, Spec,
};
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

fn resnet(host: &dyn Host, layers: usize, map: Map) -> Result<Spec> {
    let operation = format!("model::resnet{layers}");
    let options = Options::new(&operation, map)?;
    let mut own = ResNetOptions::new(layers);
    own.classes = classes_of(&options)?;
    norm_of(&options, &mut own.norm)?;
    options.number("dropout", &mut own.dropout)?;
    own.head = head_of(&options)?;
    checked(host, &options, Spec::ResNet(own))
}

fn densenet(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::densenet121", map)?;
    let mut own = DenseNetOptions { classes: classes_of(&options)?, ..DenseNetOptions::default() };
    norm_of(&options, &mut own.norm)?;
    options.number("dropout", &mut own.dropout)?;
    own.head = head_of(&options)?;
    checked(host, &options, Spec::DenseNet(own))
}

fn convnext(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::convnext_tiny", map)?;
    let mut own = ConvNextOptions { classes: classes_of(&options)?, ..ConvNextOptions::default() };
    options.number("eps", &mut own.eps)?;
    options.number("drop_path", &mut own.drop_path)?;
    options.number("dropout", &mut own.dropout)?;
    own.head = head_of(&options)?;
    checked(host, &options, Spec::ConvNext(own))
}

fn panns(host: &dyn Host, layers: usize, map: Map) -> Result<Spec> {
    let operation = format!("model::cnn{layers}");
    let options = Options::new(&operation, map)?;
    let mut own = PannsOptions::new(layers);
    own.classes = classes_of(&options)?;
    norm_of(&options, &mut own.norm)?;
    options.number("block_dropout", &mut own.block_dropout)?;
    options.number("dropout", &mut own.dropout)?;
    checked(host, &options, Spec::Panns(own))
}

fn mn(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::mn", map)?;
    let mut own = MnOptions { classes: classes_of(&options)?, ..MnOptions::default() };
    options.number("width", &mut own.width)?;
    norm_of(&options, &mut own.norm)?;
    options.number("dropout", &mut own.dropout)?;
    checked(host, &options, Spec::Mn(own))
}

pub(super) fn models(module: &mut Module, host: &Arc<dyn Host>) {
    let [h0, h1, h2, h3, h4, h5, h6, h7, h8] = handles(host);
    let [h9, h10, h11, h12, h13, h14, h15, h16, h17] = handles(host);
    namespaced! { module;
        /// A plain CNN: for each number in `channels` two 3×3 convolutions with batch normalisation and ReLU
        /// and an average pooling by 2; then the mean over frequency, the mean over time, a linear layer.
        ///
        /// Options: `classes` (required, e.g. `data.classes`), `channels` ([16, 32, 64, 128]); `pretrained`: a file of
        /// weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::cnn(#{ classes: 10 }).build(64, 64);
        /// net.count == 295_002 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
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
        /// let net = model::efficientnet_b0(#{ classes: 10 }).build(64, 64);
        /// net.count == 4_019_782 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b0"(options: Map) -> Spec { efficientnet(h1.as_ref(), 0, options) }

        /// EfficientNet-B1, 6.5 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b1(#{ classes: 10 }).build(64, 64);
        /// net.count == 6_525_418 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b1"(options: Map) -> Spec { efficientnet(h2.as_ref(), 1, options) }

        /// EfficientNet-B2, 7.7 M parameters without the last layer. The CNN of CMKD and PSLA. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b2(#{ classes: 10 }).build(64, 64);
        /// net.count == 7_714_508 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b2"(options: Map) -> Spec { efficientnet(h3.as_ref(), 2, options) }

        /// EfficientNet-B3, 10.7 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b3(#{ classes: 10 }).build(64, 64);
        /// net.count == 10_710_882 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b3"(options: Map) -> Spec { efficientnet(h4.as_ref(), 3, options) }

        /// EfficientNet-B4, 17.5 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b4(#{ classes: 10 }).build(64, 64);
        /// net.count == 17_565_682 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b4"(options: Map) -> Spec { efficientnet(h5.as_ref(), 4, options) }

        /// EfficientNet-B5, 28.3 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b5(#{ classes: 10 }).build(64, 64);
        /// net.count == 28_360_410 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b5"(options: Map) -> Spec { efficientnet(h6.as_ref(), 5, options) }

        /// EfficientNet-B6, 40.7 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b6(#{ classes: 10 }).build(64, 64);
        /// net.count == 40_757_746 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b6"(options: Map) -> Spec { efficientnet(h7.as_ref(), 6, options) }

        /// EfficientNet-B7, 63.8 M parameters without the last layer. Options: those of `model::efficientnet_b0`.
        ///
        /// ```rhai
        /// let net = model::efficientnet_b7(#{ classes: 10 }).build(64, 64);
        /// net.count == 63_811_418 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "efficientnet_b7"(options: Map) -> Spec { efficientnet(h8.as_ref(), 7, options) }

        /// ResNet-18 (He et al. 2015) for one channel: a 7×7 convolution, a 3×3 maximum, eight blocks of two 3×3
        /// convolutions beside a short cut; then the mean over frequency, the mean over time, a linear layer. 11.2 M
        /// parameters without the last layer. Parameters have torchvision's names, which are timm's, too; weights
        /// start as torchvision's.
        ///
        /// Options: `classes` (required), `eps` (1e-5) and `momentum` (0.1) of the batch norms, `dropout` (0) before
        /// the last layer, `head`: "mean" (default) or "attention", PSLA's pooling with `attention_heads` (4); `pretrained`: a
        /// file of weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::resnet18(#{ classes: 10 }).build(64, 64);
        /// net.count == 11_175_370 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "resnet18"(options: Map) -> Spec { resnet(h9.as_ref(), 18, options) }

        /// As `model::resnet18`, of 16 blocks: ResNet-34, 21.3 M parameters without the last layer.
        ///
        /// ```rhai
        /// let net = model::resnet34(#{ classes: 10, dropout: 0.1 }).build(64, 64);
        /// net.count == 21_283_530 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "resnet34"(options: Map) -> Spec { resnet(h10.as_ref(), 34, options) }

        /// As `model::resnet18`, of 16 bottlenecks with the stride in the 3×3 convolution: ResNet-50, 23.5 M parameters
        /// without the last layer.
        ///
        /// ```rhai
        /// let net = model::resnet50(#{ classes: 10, head: "attention" }).build(64, 64);
        /// net.count == 23_665_684 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "resnet50"(options: Map) -> Spec { resnet(h11.as_ref(), 50, options) }

        /// DenseNet-121 (Huang et al. 2017) for one channel: four blocks of layers, each of which sees the outputs of all
        /// before it; then the mean over frequency, the mean over time, a linear layer. 6.9 M parameters without the
        /// last layer. Parameters have torchvision's names, which are timm's, too; weights start as torchvision's.
        /// Options: those of `model::resnet18`.
        ///
        /// ```rhai
        /// let net = model::densenet121(#{ classes: 10 }).build(64, 64);
        /// net.count == 6_957_834 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "densenet121"(options: Map) -> Spec { densenet(h12.as_ref(), options) }

        /// ConvNeXt-Tiny (Liu et al. 2022) for one channel: a stem of 4×4 patches, 18 blocks of a 7×7 depthwise convolution
        /// and an MLP; then the mean over frequency, the mean over time, layer normalisation, a linear layer. 27.8 M
        /// parameters without the last layer. Parameters have timm's names; weights start as timm's.
        ///
        /// Options: `classes` (required), `eps` of the layer norms (1e-6), `drop_path` (0.1): the share of samples that
        /// skip the last block in training, less for those before; `dropout` (0) before the last layer; `head`: "mean"
        /// (default) or "attention", PSLA's pooling with `attention_heads` (4), of which each frame is normalised; `pretrained`: a
        /// file of weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::convnext_tiny(#{ classes: 10, drop_path: 0 }).build(64, 64);
        /// net.count == 27_824_746 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "convnext_tiny"(options: Map) -> Spec { convnext(h13.as_ref(), options) }

        /// CNN6 of PANNs (Kong et al. 2020): batch normalisation of each mel bin, four blocks of a 5×5 convolution and an
        /// average pooling by 2; then the mean over frequency, the maximum over time plus the mean over time, two
        /// linear layers. Their sigmoid is left out: the output is logits. 4.6 M parameters without the last layer.
        /// Parameters have their names, and pictures their direction: time runs down. As many mel bins as the
        /// features have.
        ///
        /// Options: `classes` (required), `block_dropout` (0.2) after each block and `dropout` (0.5) before the last two
        /// layers, `eps` (1e-5) and `momentum` (0.1) of the batch norms; `pretrained`: a file of weights to begin
        /// with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::cnn6(#{ classes: 10 }).build(64, 64);
        /// net.count == 4_572_234 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "cnn6"(options: Map) -> Spec { panns(h14.as_ref(), 6, options) }

        /// As `model::cnn6`, with two 3×3 convolutions in each block: CNN10 of PANNs, 4.9 M parameters without the last
        /// layer.
        ///
        /// ```rhai
        /// let net = model::cnn10(#{ classes: 10, block_dropout: 0 }).build(64, 64);
        /// net.count == 4_954_058 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "cnn10"(options: Map) -> Spec { panns(h15.as_ref(), 10, options) }

        /// As `model::cnn10`, with six blocks, the last one without pooling: CNN14 of PANNs, 79.7 M parameters without
        /// the last layer.
        ///
        /// ```rhai
        /// let net = model::cnn14(#{ classes: 527 }).build(64, 64);
        /// net.count == 80_753_615 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 527]
        /// ```
        fn "cnn14"(options: Map) -> Spec { panns(h16.as_ref(), 14, options) }

        /// MobileNetV3-Large (Howard et al. 2019) for one channel, as EfficientAT has it (Schmid et al. 2023): mobile
        /// inverted bottlenecks, some with a gate; then the mean over all, two linear layers with hardswish between. At
        /// `width` 1 (`mn10`) 4.2 M parameters without the last layer, at 4 (`mn40`) 65.7 M. Parameters have
        /// EfficientAT's names; weights start as there.
        ///
        /// Options: `classes` (required), `width` (1), which the channels are multiplied with (0.4 is `mn04`, 0.5
        /// `mn05`), `dropout` (0.2) before the last layer, `eps` (1e-3) and `momentum` (0.01) of the batch norms; `pretrained`:
        /// a file of weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// let net = model::mn(#{ classes: 10, width: 0.5 }).build(64, 64);
        /// net.count == 1_099_842 && net.eval().forward(tensor::zeros([1, 64, 64])).shape == [1, 10]
        /// ```
        fn "mn"(options: Map) -> Spec { mn(h17.as_ref(), options) }
    }
}
