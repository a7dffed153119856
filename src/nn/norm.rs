//! Normalisation layers.

use super::check;
use super::{Mode, Network, Parameter, Role, Visitor, init, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::{After, Device, Tensor, words};
use serde::Serialize;

/// The options of batch normalisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchNormOptions {
    /// Channels of the input.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f64,
    /// The share of a batch in the running statistics.
    pub momentum: f64,
    /// Whether the channels are scaled and shifted.
    pub affine: bool,
    /// Whether running statistics are kept for evaluation; else every batch's own are used.
    pub track_running_stats: bool,
}

impl Default for BatchNormOptions {
    fn default() -> Self {
        let (affine, track_running_stats) = (true, true);
        BatchNormOptions { channels: 0, eps: 1e-5, momentum: 0.1, affine, track_running_stats }
    }
}

impl BatchNormOptions {
    /// Refuses what makes no sense; `operation` is `nn::batch_norm1d` or `nn::batch_norm2d`.
    pub fn check(&self, operation: &str) -> Result<()> {
        check::count(operation, "channels", self.channels)?;
        check::share(operation, "momentum", self.momentum)?;
        check::eps(operation, self.eps)
    }
}

/// Batch normalisation; names `weight`, `bias`, `running_mean`, `running_var`, each `[channel]`, as far as
/// the options ask for them. PyTorch's `num_batches_tracked` is not kept: it counts for nothing while
/// there is a momentum.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    affine: Affine,
    running: Option<[Parameter; 2]>,
    options: BatchNormOptions,
    line: bool,
}

impl BatchNorm {
    /// For `[batch, channel]` and `[batch, channel, length]`; scale 1, shift 0, running mean 0, variance 1.
    pub fn line(options: &BatchNormOptions, on: &Device) -> Result<Self> {
        options.check("nn::batch_norm1d")?;
        BatchNorm::new(options, true, on)
    }

    /// For `[batch, channel, height, width]`.
    pub fn picture(options: &BatchNormOptions, on: &Device) -> Result<Self> {
        options.check("nn::batch_norm2d")?;
        BatchNorm::new(options, false, on)
    }

    fn new(options: &BatchNormOptions, line: bool, on: &Device) -> Result<Self> {
        let shape = [options.channels];
        let affine = Affine::new(&shape, options.affine, options.affine, on)?;
        let buffer = |value| Parameter::new(init::constant(&shape, value, on)?, Role::Buffer);
        let running = match options.track_running_stats {
            true => Some([buffer(0.0)?, buffer(1.0)?]),
            false => None,
        };
        Ok(BatchNorm { affine, running, options: options.clone(), line })
    }

    fn check_input(&self, input: &Tensor) -> Result<()> {
        let shape = input.shape();
        let (operation, expected, fits) = match self.line {
            true => ("nn::batch_norm1d", "[batch, channel] or [batch, channel, length]", 2..=3),
            false => ("nn::batch_norm2d", "[batch, channel, height, width]", 4..=4),
        };
        if fits.contains(&shape.len()) && shape[1] == self.options.channels {
            return Ok(());
        }
        let expected = format!("{expected} with {} channels", self.options.channels);
        Err(check::unfit(operation, expected, &shape, *fits.start()))
    }

    fn remember(&self, mean: &Tensor, variance: &Tensor, count: usize) -> Result<()> {
        let Some([running_mean, running_var]) = &self.running else { return Ok(()) };
        // The running variance is the unbiased one, the normalisation uses the biased one.
        let unbiased = count as f64 / (count.max(2) - 1) as f64;
        let pairs = [(running_mean, mean.clone()), (running_var, variance.mul_number(unbiased)?)];
        let momentum = super::pass::momentum().unwrap_or(self.options.momentum);
        for (running, fresh) in pairs {
            let kept = running.value().mul_number(1.0 - momentum)?;
            running.set(kept.add(&fresh.mul_number(momentum)?)?)?;
        }
        Ok(())
    }
}

impl Network for BatchNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.forward_then(input, mode, After::Nothing)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.affine.visit(scope, visit);
        if let Some([mean, variance]) = &self.running {
            visit(scoped(scope, "running_mean"), mean);
            visit(scoped(scope, "running_var"), variance);
        }
    }
}

impl BatchNorm {
    /// The normalised input, and what follows it.
    pub(crate) fn forward_then(&self, input: &Tensor, mode: Mode, after: After) -> Result<Tensor> {
        self.check_input(input)?;
        let [weight, bias] = self.affine.get_both(mode)?;
        let eps = self.options.eps;
        if let (Some([mean, variance]), true) = (&self.running, mode != Mode::Train) {
            let statistics = [&mean.value(), &variance.value()];
            return input.batch_norm_eval_then([&weight, &bias], statistics, eps, after);
        }
        let count = input.count() / self.options.channels;
        if count == 1 && mode == Mode::Train {
            return Err(Error::new(Kind::Shape, "batch_norm", "one value has no variance")
                .expected("more than one value of each channel in training")
                .received(words(&input.shape())));
        }
        let normed = input.batch_norm_train_then(&weight, &bias, eps, after)?;
        // An empty batch says nothing of the statistics.
        if mode == Mode::Train && count > 0 {
            self.remember(&normed.mean, &normed.variance, count)?;
        }
        Ok(normed.output)
    }
}

/// A scale of ones and a shift of zeros, where they are wanted; names `weight`, `bias`.
#[derive(Clone, Debug)]
struct Affine {
    shape: Vec<usize>,
    weight: Option<Parameter>,
    bias: Option<Parameter>,
    device: Device,
}

impl Affine {
    fn new(shape: &[usize], scaled: bool, shifted: bool, on: &Device) -> Result<Self> {
        let made = |wanted: bool, value: f64| match wanted {
            true => {
                Parameter::new(init::constant(shape, value, on)?, Role::Weight).map(Option::Some)
            }
            false => Ok(None),
        };
        let (weight, bias) = (made(scaled, 1.0)?, made(shifted, 0.0)?);
        Ok(Affine { shape: shape.to_vec(), weight, bias, device: on.clone() })
    }

    fn get(&self, mode: Mode) -> [Option<Tensor>; 2] {
        [&self.weight, &self.bias].map(|part| part.as_ref().map(|part| part.get(mode)))
    }

    /// Ones and zeros where there is no parameter.
    fn get_both(&self, mode: Mode) -> Result<[Tensor; 2]> {
        let [weight, bias] = self.get(mode);
        let or = |part: Option<Tensor>, value| match part {
            Some(part) => Ok(part),
            None => init::constant(&self.shape, value, &self.device),
        };
        Ok([or(weight, 1.0)?, or(bias, 0.0)?])
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        for (name, part) in [("weight", &self.weight), ("bias", &self.bias)] {
            if let Some(part) = part {
                visit(scoped(scope, name), part);
            }
        }
    }
}

/// The options of layer normalisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerNormOptions {
    /// The last dimensions, which are normalised together.
    pub shape: Vec<usize>,
    /// Added to the variance.
    pub eps: f64,
    /// Whether the elements are scaled and shifted.
    pub affine: bool,
    /// Whether the elements are shifted, if they are scaled.
    pub bias: bool,
}

impl Default for LayerNormOptions {
    fn default() -> Self {
        LayerNormOptions { shape: Vec::new(), eps: 1e-5, affine: true, bias: true }
    }
}

impl LayerNormOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check_last("nn::layer_norm", &self.shape)?;
        check::eps("nn::layer_norm", self.eps)
    }
}

fn check_last(operation: &str, shape: &[usize]) -> Result<()> {
    if shape.is_empty() {
        return Err(Error::new(Kind::Range, operation, "'shape' is empty")
            .expected("a width, or the lengths of the last dimensions"));
    }
    shape.iter().try_for_each(|length| check::count(operation, "shape", *length))?;
    crate::tensor::check_size(operation, shape)
}

/// Does `act` with the last dimensions `shape` put together into one.
fn with_last(
    operation: &str,
    input: &Tensor,
    shape: &[usize],
    act: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let own = input.shape();
    let Some(before) = own.strip_suffix(shape) else {
        return Err(Error::new(Kind::Shape, operation, "the last dimensions differ")
            .expected(format!("[…] with {} at the end", words(shape)))
            .received(words(&own)));
    };
    if shape.len() == 1 {
        return act(input);
    }
    let signed = |lengths: &[usize]| lengths.iter().map(|n| *n as i64).collect::<Vec<_>>();
    let width = shape.iter().product::<usize>();
    act(&input.reshape(&signed(&[before, &[width]].concat()))?)?.reshape(&signed(&own))
}

/// Layer normalisation of the last dimensions; names `weight`, `bias` of their shape.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    affine: Affine,
    options: LayerNormOptions,
}

impl LayerNorm {
    /// Scale 1 and shift 0.
    pub fn new(options: &LayerNormOptions, on: &Device) -> Result<Self> {
        options.check()?;
        let LayerNormOptions { shape, affine, bias, .. } = options;
        let affine = Affine::new(shape, *affine, *affine && *bias, on)?;
        Ok(LayerNorm { affine, options: options.clone() })
    }

    /// Of the last dimension.
    pub fn last(width: usize, eps: f64, on: &Device) -> Result<Self> {
        let options = LayerNormOptions { shape: vec![width], eps, ..LayerNormOptions::default() };
        LayerNorm::new(&options, on)
    }
}

impl Network for LayerNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let [weight, bias] = self.affine.get_both(mode)?;
        let shape = &self.options.shape;
        with_last("nn::layer_norm", input, shape, |flat| {
            flat.layer_norm(&weight.reshape(&[-1])?, &bias.reshape(&[-1])?, self.options.eps)
        })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.affine.visit(scope, visit);
    }
}

/// The options of normalisation by the root mean square.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RmsNormOptions {
    /// The last dimensions, which are normalised together.
    pub shape: Vec<usize>,
    /// Added to the mean square.
    pub eps: f64,
    /// Whether the elements are scaled.
    pub affine: bool,
}

impl Default for RmsNormOptions {
    fn default() -> Self {
        // PyTorch's default: the spacing of single precision at 1.
        RmsNormOptions { shape: Vec::new(), eps: f64::from(f32::EPSILON), affine: true }
    }
}

impl RmsNormOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        check_last("nn::rms_norm", &self.shape)?;
        check::eps("nn::rms_norm", self.eps)
    }
}

/// Division of the last dimensions by the root of their mean square; name `weight` of their shape.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    affine: Affine,
    options: RmsNormOptions,
}

impl RmsNorm {
    /// Scale 1.
    pub fn new(options: &RmsNormOptions, on: &Device) -> Result<Self> {
        options.check()?;
        let affine = Affine::new(&options.shape, options.affine, false, on)?;
        Ok(RmsNorm { affine, options: options.clone() })
    }
}

impl Network for RmsNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let [weight, _] = self.affine.get(mode);
        let weight = weight.map(|weight| weight.reshape(&[-1])).transpose()?;
        with_last("nn::rms_norm", input, &self.options.shape, |flat| {
            flat.rms_norm(weight.as_ref(), self.options.eps)
        })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.affine.visit(scope, visit);
    }
}

/// The options of normalisation by groups of channels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupNormOptions {
    /// Groups that the channels are split into.
    pub groups: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f64,
    /// Whether the channels are scaled and shifted.
    pub affine: bool,
}

impl Default for GroupNormOptions {
    fn default() -> Self {
        GroupNormOptions { groups: 1, channels: 0, eps: 1e-5, affine: true }
    }
}

impl GroupNormOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        let operation = "nn::group_norm";
        check::divides(operation, ("groups", self.groups), ("channels", self.channels))?;
        check::eps(operation, self.eps)
    }
}

/// Normalisation of groups of channels of `[batch, channel, …]`; names `weight`, `bias`, each `[channel]`.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    affine: Affine,
    options: GroupNormOptions,
}

impl GroupNorm {
    /// Scale 1 and shift 0.
    pub fn new(options: &GroupNormOptions, on: &Device) -> Result<Self> {
        options.check()?;
        let affine = Affine::new(&[options.channels], options.affine, options.affine, on)?;
        Ok(GroupNorm { affine, options: options.clone() })
    }
}

impl Network for GroupNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let [weight, bias] = self.affine.get(mode);
        let GroupNormOptions { groups, channels, eps, .. } = self.options;
        if input.shape().get(1) != Some(&channels) {
            return Err(Error::new(Kind::Shape, "nn::group_norm", "the input does not fit")
                .expected(format!("[batch, {channels}, …]"))
                .received(words(&input.shape())));
        }
        input.group_norm(groups, weight.as_ref(), bias.as_ref(), eps)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.affine.visit(scope, visit);
    }
}
