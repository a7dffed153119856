//! Layers as the named models use them: parts that can be copied, tapped and taken out.

use crate::error::Result;
use crate::nn::{
    Activation, BatchNorm, BatchNormOptions, Conv, ConvOptions, DropOptions, DropPath, Dropout,
    LayerNorm, LayerNormOptions, Linear, LinearOptions, Mode, Net, Network, Pool, PoolLayerOptions,
    PoolWindows, Pooled, Sequential, Visitor, init,
};
use crate::tensor::random::Stream;
use crate::tensor::{Conv2dOptions, ConvPadding, Device, PoolOptions, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::sync::Arc;

/// Makes layers one after another, their weights drawn from one stream.
pub(super) struct Layers<'a> {
    pub random: &'a mut Stream,
    pub on: &'a Device,
}

/// Where the weight of a layer starts. Biases start at 0, but for PyTorch's own start.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// As PyTorch's layer has it.
    Torch,
    /// Normal, the deviation √(2 / fan_out): He's for convolutions. Of a grouped one, the outputs of one group
    /// count.
    FanOut,
    /// As [`Start::FanOut`], but all outputs of a grouped convolution count: PyTorch's `kaiming_normal_` with
    /// `fan_out`.
    AllOutputs,
    /// Normal, the deviation √(2 / fan_in): PyTorch's `kaiming_normal_`.
    FanIn,
    /// Normal with this deviation, cut off at ±2.
    Truncated(f64),
    /// Normal with this deviation.
    Normal(f64),
    /// Uniform within ±1/√outputs: timm's classifier of EfficientNets.
    Outputs,
    /// Uniform within ±1/√inputs: PyTorch's weight of a linear layer, without its bias.
    Inputs,
    /// Xavier's, uniform.
    Xavier,
}

impl Layers<'_> {
    /// A layer whose weights are drawn, and how to make another one.
    pub fn drawn<O, L>(
        &mut self,
        kind: &str,
        options: O,
        make: fn(&O, &mut Stream, &Device) -> Result<L>,
    ) -> Result<Net>
    where
        O: Debug + Send + Sync + 'static,
        L: Network + 'static,
    {
        let network: Arc<dyn Network> = Arc::new(make(&options, self.random, self.on)?);
        let (text, on) = (format!("{options:?}"), self.on.clone());
        let again = move |random: &mut Stream| -> Result<Arc<dyn Network>> {
            Ok(Arc::new(make(&options, random, &on)?))
        };
        Ok(Net::of(kind, text, network, Some(Arc::new(again))))
    }

    /// A layer without weights.
    pub fn plain(&self, kind: &str, layer: impl Network + Debug + Clone + 'static) -> Net {
        let text = format!("{layer:?}");
        let network: Arc<dyn Network> = Arc::new(layer.clone());
        Net::of(kind, text, network, Some(Arc::new(move |_| Ok(Arc::new(layer.clone())))))
    }

    /// A convolution in a picture.
    pub fn conv(&mut self, options: ConvOptions, start: Start) -> Result<Net> {
        let groups = options.moves.groups;
        let net = self.drawn("conv2d", options, Conv::picture)?;
        self.started(net, start, groups)
    }

    /// A convolution without a bias that keeps the size but for its stride: kernel, stride and groups.
    pub fn square(
        &mut self,
        [inputs, outputs]: [usize; 2],
        [kernel, stride, groups]: [usize; 3],
        start: Start,
    ) -> Result<Net> {
        let padding = ConvPadding::Zeros([(kernel - 1) / 2; 2]);
        let moves =
            Conv2dOptions { stride: [stride; 2], padding, groups, ..Conv2dOptions::default() };
        let kernel = [kernel; 2];
        self.conv(ConvOptions { inputs, outputs, kernel, moves, bias: false }, start)
    }

    /// A linear layer with a bias.
    pub fn linear(&mut self, inputs: usize, outputs: usize, start: Start) -> Result<Net> {
        let options = LinearOptions { inputs, outputs, bias: true };
        let net = self.drawn("linear", options, Linear::new)?;
        self.started(net, start, 1)
    }

    /// Batch normalisation of a picture's channels, and an activation after it, as one layer: timm's `BatchNormAct2d`.
    pub fn norm_act(&mut self, channels: usize, norm: Norm, activation: Activation) -> Result<Net> {
        let Norm { eps, momentum } = norm;
        let options = BatchNormOptions { channels, eps, momentum, ..BatchNormOptions::default() };
        self.drawn("batch_norm_act2d", (options, activation), |(options, activation), _, on| {
            Ok(NormAct(BatchNorm::picture(options, on)?, *activation))
        })
    }

    /// Batch normalisation of a picture's channels.
    pub fn batch_norm(&mut self, channels: usize, norm: Norm) -> Result<Net> {
        let Norm { eps, momentum } = norm;
        let options = BatchNormOptions { channels, eps, momentum, ..BatchNormOptions::default() };
        self.drawn("batch_norm2d", options, |options, _, on| BatchNorm::picture(options, on))
    }

    /// Layer normalisation over the last dimension.
    pub fn layer_norm(&mut self, width: usize, eps: f64) -> Result<Net> {
        let options = LayerNormOptions { shape: vec![width], eps, ..LayerNormOptions::default() };
        self.drawn("layer_norm", options, |options, _, on| LayerNorm::new(options, on))
    }

    /// Layer normalisation of each place of a picture over its channels: timm's `LayerNorm2d`.
    pub fn layer_norm_2d(&mut self, channels: usize, eps: f64) -> Result<Net> {
        let options =
            LayerNormOptions { shape: vec![channels], eps, ..LayerNormOptions::default() };
        self.drawn("layer_norm2d", options, |options, _, on| {
            Ok(ChannelNorm(LayerNorm::new(options, on)?))
        })
    }

    /// Pooling of a picture by windows of a size.
    pub fn pool(&self, pooled: Pooled, size: usize, moves: PoolOptions) -> Result<Net> {
        let kind = match pooled {
            Pooled::Max => "max_pool2d",
            Pooled::Mean => "avg_pool2d",
        };
        let windows = PoolWindows::Moving([size; 2], moves);
        let pool = Pool::picture(kind, &PoolLayerOptions { pooled, windows })?;
        Ok(self.plain(kind, pool))
    }

    /// The part `name` that leaves elements out in training; nothing where none are left out.
    pub fn dropout<N: From<&'static str>>(
        &self,
        name: &'static str,
        p: f64,
    ) -> Result<Vec<(N, Net)>> {
        if p == 0.0 {
            return Ok(Vec::new());
        }
        let dropout = Dropout::new(&DropOptions { p })?;
        Ok(vec![(name.into(), self.plain("dropout", dropout))])
    }

    /// The part `drop_path` that leaves whole samples out in training; nothing where none are left out.
    pub fn drop_path<N: From<&'static str>>(&self, p: f64) -> Result<Vec<(N, Net)>> {
        if p == 0.0 {
            return Ok(Vec::new());
        }
        let dropped = DropPath::new(&DropOptions { p })?;
        Ok(vec![("drop_path".into(), self.plain("drop_path", dropped))])
    }

    /// Puts the numbers of a start into every weight of `net` that has more than one dimension, and 0 into every
    /// bias.
    pub fn started(&mut self, net: Net, start: Start, groups: usize) -> Result<Net> {
        if matches!(start, Start::Torch) {
            return Ok(net);
        }
        for (name, parameter) in net.parameters() {
            let shape = parameter.value().shape();
            if shape.len() > 1 {
                parameter.set(self.draw(&shape, start, groups)?)?;
            } else if name.ends_with("bias") {
                parameter.set(Tensor::full(&shape, 0.0, self.on)?)?;
            }
        }
        Ok(net)
    }

    fn draw(&mut self, shape: &[usize], start: Start, groups: usize) -> Result<Tensor> {
        let normal = |std| init::NormalOptions { mean: 0.0, std };
        let taps: usize = shape[2..].iter().product();
        let outputs = (shape[0] * taps / groups.max(1)).max(1) as f64;
        let inputs = (shape[1] * taps).max(1) as f64;
        let mut within = |bound: f64| {
            let options = init::UniformOptions { low: -bound, high: bound };
            init::uniform(shape, options, self.random, self.on)
        };
        match start {
            Start::Outputs => within(1.0 / outputs.sqrt()),
            Start::Inputs => within(1.0 / inputs.sqrt()),
            Start::Torch | Start::FanOut => {
                init::normal(shape, normal((2.0 / outputs).sqrt()), self.random, self.on)
            }
            Start::AllOutputs => {
                let outputs = (shape[0] * taps) as f64;
                init::normal(shape, normal((2.0 / outputs).sqrt()), self.random, self.on)
            }
            Start::FanIn => {
                init::normal(shape, normal((2.0 / inputs).sqrt()), self.random, self.on)
            }
            Start::Truncated(std) => {
                let cut = init::TruncNormalOptions { std, ..init::TruncNormalOptions::default() };
                init::trunc_normal(shape, cut, self.random, self.on)
            }
            Start::Normal(std) => init::normal(shape, normal(std), self.random, self.on),
            Start::Xavier => {
                init::xavier_uniform(shape, init::GainOptions::default(), self.random, self.on)
            }
        }
    }
}

/// Batch normalisation, and an activation.
struct NormAct(BatchNorm, Activation);

impl Network for NormAct {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        match self.1.after() {
            Some(after) => self.0.forward_then(input, mode, after),
            None => self.1.of(&self.0.forward(input, mode)?),
        }
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.0.visit(scope, visit);
    }
}

/// Layer normalisation over the channels of a picture.
struct ChannelNorm(LayerNorm);

impl Network for ChannelNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.0.forward(&input.permute(&[0, 2, 3, 1])?, mode)?.permute(&[0, 3, 1, 2])
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.0.visit(scope, visit);
    }
}

/// Parts one after another.
pub(super) fn sequential<N: Into<String>>(parts: Vec<(N, Net)>) -> Net {
    let parts = parts.into_iter().map(|(name, part)| (name.into(), part)).collect();
    Net::whole("sequential", Arc::new(Sequential::new(parts)))
}

/// How a model's batch norms behave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    /// Added to the variance.
    pub eps: f64,
    /// The share of a batch in the running statistics.
    pub momentum: f64,
}

impl Norm {
    /// PyTorch's.
    pub const TORCH: Norm = Norm { eps: 1e-5, momentum: 0.1 };
}
