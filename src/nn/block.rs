//! The transformer block, and the squeeze-and-excite gate: layers made of a few others.

use super::attention::QKV;
use super::drop::{dropped, path_dropped};
use super::{
    Activation, Attention, AttentionOptions, Conv, ConvOptions, LayerNorm, Linear, LinearOptions,
    Mode, Network, Parameter, Role, Visitor, check, init, pass, scoped,
};
use crate::error::{Error, Result};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use serde::Serialize;

/// The options of a multi-layer perceptron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MlpOptions {
    /// Width in and out.
    pub width: usize,
    /// Width between.
    pub hidden: usize,
    /// What stands between.
    pub activation: Activation,
    /// Whether both layers have a bias.
    pub bias: bool,
    /// The share that is left out after each layer in training.
    pub drop: f64,
}

impl Default for MlpOptions {
    fn default() -> Self {
        let activation = Activation::Gelu;
        MlpOptions { width: 0, hidden: 0, activation, bias: true, drop: 0.0 }
    }
}

impl MlpOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check::count("nn::mlp", "width", self.width)?;
        check::count("nn::mlp", "hidden", self.hidden)?;
        check::share("nn::mlp", "drop", self.drop)
    }
}

/// Two linear layers with an activation between; names `fc1.*`, `fc2.*`.
#[derive(Clone, Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
    options: MlpOptions,
}

impl Mlp {
    /// PyTorch's default start for both.
    pub fn new(options: &MlpOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let MlpOptions { width, hidden, bias, .. } = *options;
        let linear = |inputs, outputs| LinearOptions { inputs, outputs, bias };
        Ok(Mlp {
            fc1: Linear::new(&linear(width, hidden), random, on)?,
            fc2: Linear::new(&linear(hidden, width), random, on)?,
            options: options.clone(),
        })
    }
}

impl Network for Mlp {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let MlpOptions { activation, drop, .. } = self.options;
        let inner = self.fc1.forward_then(input, mode, activation)?;
        let output = self.fc2.forward(&dropped(&inner, drop, mode)?, mode)?;
        dropped(&output, drop, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.fc1.visit(&scoped(scope, "fc1"), visit);
        self.fc2.visit(&scoped(scope, "fc2"), visit);
    }
}

/// The options of a transformer block; the defaults are those of timm's vision transformers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockOptions {
    /// Width of a token.
    pub width: usize,
    /// Heads of attention, which must divide the width.
    pub heads: usize,
    /// The MLP's inner width as a multiple of the width, rounded down.
    pub mlp_ratio: f64,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Whether each head's queries and keys are normalised.
    pub qk_norm: bool,
    /// What stands between the MLP's layers.
    pub activation: Activation,
    /// eps of the layer norms.
    pub eps: f64,
    /// The share of the attention's weights that is left out in training.
    pub attn_drop: f64,
    /// The share that is left out after each other linear layer in training.
    pub drop: f64,
    /// The share of samples that skip a branch in training.
    pub drop_path: f64,
    /// Where the scale of each branch starts (`ls1.gamma`, `ls2.gamma`); `None` does without.
    pub init_values: Option<f64>,
}

impl Default for BlockOptions {
    fn default() -> Self {
        BlockOptions {
            width: 0,
            heads: 8,
            mlp_ratio: 4.0,
            qkv_bias: true,
            qk_norm: false,
            activation: Activation::Gelu,
            eps: 1e-6,
            attn_drop: 0.0,
            drop: 0.0,
            drop_path: 0.0,
            init_values: None,
        }
    }
}

impl BlockOptions {
    fn attention(&self) -> AttentionOptions {
        AttentionOptions {
            width: self.width,
            heads: self.heads,
            qkv_bias: self.qkv_bias,
            qk_norm: self.qk_norm,
            eps: self.eps,
            attn_drop: self.attn_drop,
            proj_drop: self.drop,
            ..AttentionOptions::default()
        }
    }

    fn mlp(&self) -> MlpOptions {
        let hidden = (self.width as f64 * self.mlp_ratio) as usize;
        let (width, activation, drop) = (self.width, self.activation, self.drop);
        MlpOptions { width, hidden, activation, drop, ..MlpOptions::default() }
    }

    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        let told = |error: Error| error.during("nn::transformer_block");
        self.attention().check().map_err(told)?;
        self.mlp().check().map_err(told)?;
        check::share("nn::transformer_block", "drop_path", self.drop_path)
    }
}

/// A pre-norm block; names as timm's: `norm1.*`, `attn.*`, `ls1.gamma`, `norm2.*`, `mlp.*`, `ls2.gamma`.
#[derive(Clone, Debug)]
pub struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
    scales: Option<[Parameter; 2]>,
    drop_path: f64,
}

impl Block {
    /// PyTorch's default start for all linear layers.
    pub fn new(options: &BlockOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let BlockOptions { width, eps, drop_path, .. } = *options;
        let scale = |start| Parameter::new(init::constant(&[width], start, on)?, Role::Weight);
        let scales = match options.init_values {
            Some(start) => Some([scale(start)?, scale(start)?]),
            None => None,
        };
        Ok(Block {
            norm1: LayerNorm::last(width, eps, on)?,
            attn: Attention::new(&options.attention(), random, on)?,
            norm2: LayerNorm::last(width, eps, on)?,
            mlp: Mlp::new(&options.mlp(), random, on)?,
            scales,
            drop_path,
        })
    }

    /// The output, and the attention's weights `[batch, head, query, key]`; the mask is that of
    /// [`Attention::attend`].
    pub fn attend(
        &self,
        input: &Tensor,
        mask: Option<&Tensor>,
        mode: Mode,
    ) -> Result<(Tensor, Tensor)> {
        let normed = self.norm1.forward(input, mode)?;
        let attend = || self.attn.attend_self(&normed, mask, mode);
        let (attended, weights) = pass::inside(ATTN, attend, |(output, _)| Some(output.clone()))?;
        Ok((self.rest(input, &attended, mode)?, weights))
    }

    /// What follows the attention.
    fn rest(&self, input: &Tensor, attended: &Tensor, mode: Mode) -> Result<Tensor> {
        let input = self.joined(input, attended, 0, mode)?;
        let thought = self.mlp.forward(&self.norm2.forward(&input, mode)?, mode)?;
        self.joined(&input, &thought, 1, mode)
    }

    /// The input, and a branch scaled and left out as the options have it.
    fn joined(&self, input: &Tensor, branch: &Tensor, index: usize, mode: Mode) -> Result<Tensor> {
        let branch = match &self.scales {
            Some(scales) => branch.mul(&scales[index].get(mode))?,
            None => branch.clone(),
        };
        input.add(&path_dropped(&branch, self.drop_path, mode)?)
    }
}

impl Network for Block {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let normed = self.norm1.forward(input, mode)?;
        let attend = || self.attn.forward(&normed, mode);
        let attended = pass::inside(ATTN, attend, |output| Some(output.clone()))?;
        self.rest(input, &attended, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        let scale = |index: usize, name: &str, visit: &mut Visitor| {
            if let Some(scales) = &self.scales {
                visit(scoped(scope, name), &scales[index]);
            }
        };
        self.norm1.visit(&scoped(scope, "norm1"), visit);
        self.attn.visit(&scoped(scope, "attn"), visit);
        scale(0, "ls1.gamma", visit);
        self.norm2.visit(&scoped(scope, "norm2"), visit);
        self.mlp.visit(&scoped(scope, "mlp"), visit);
        scale(1, "ls2.gamma", visit);
    }

    fn own_taps(&self) -> Vec<String> {
        vec![format!("{ATTN}.{QKV}"), ATTN.to_string()]
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

/// What the output of the attention is called.
const ATTN: &str = "attn";

/// The options of squeeze-and-excite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SqueezeExciteOptions {
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the narrow layer.
    pub reduced: usize,
    /// What follows the narrow layer.
    pub activation: Activation,
    /// What makes a gate of the last layer.
    pub gate: Activation,
}

impl Default for SqueezeExciteOptions {
    fn default() -> Self {
        let (activation, gate) = (Activation::Relu, Activation::Sigmoid);
        SqueezeExciteOptions { channels: 0, reduced: 0, activation, gate }
    }
}

impl SqueezeExciteOptions {
    /// So many channels in the narrow layer as a quarter, or another share, gives: rounded as timm does, to the
    /// even number where it is halfway.
    pub fn reduced_by(channels: usize, ratio: f64) -> usize {
        (channels as f64 * ratio).round_ties_even() as usize
    }

    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check::count("nn::squeeze_excite", "channels", self.channels)?;
        check::count("nn::squeeze_excite", "reduced", self.reduced)
    }
}

/// Gates each channel of `[batch, channel, height, width]` by what all means say; names as timm's:
/// `conv_reduce.*`, `conv_expand.*`.
#[derive(Clone, Debug)]
pub struct SqueezeExcite {
    conv_reduce: Conv,
    conv_expand: Conv,
    options: SqueezeExciteOptions,
}

impl SqueezeExcite {
    /// PyTorch's default start for both convolutions.
    pub fn new(options: &SqueezeExciteOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let SqueezeExciteOptions { channels, reduced, .. } = *options;
        let conv = |inputs, outputs| ConvOptions { inputs, outputs, ..ConvOptions::default() };
        Ok(SqueezeExcite {
            conv_reduce: Conv::picture(&conv(channels, reduced), random, on)?,
            conv_expand: Conv::picture(&conv(reduced, channels), random, on)?,
            options: options.clone(),
        })
    }
}

impl Network for SqueezeExcite {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let shape = input.shape();
        if shape.len() != 4 || shape[1] != self.options.channels {
            let expected = format!("[batch, {}, height, width]", self.options.channels);
            return Err(check::unfit("nn::squeeze_excite", expected, &shape, 4));
        }
        let SqueezeExciteOptions { activation, gate, .. } = self.options;
        let squeezed = input.plane_means()?;
        let inner = activation.of(&self.conv_reduce.forward(&squeezed, mode)?)?;
        input.gated(&gate.of(&self.conv_expand.forward(&inner, mode)?)?)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.conv_reduce.visit(&scoped(scope, "conv_reduce"), visit);
        self.conv_expand.visit(&scoped(scope, "conv_expand"), visit);
    }
}
