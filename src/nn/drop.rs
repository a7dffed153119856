//! Layers that leave things out at random while they train.

use super::{Mode, Network, Visitor, check, pass};
use crate::error::Result;
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use serde::Serialize;

/// The options of `dropout` and `drop_path`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DropOptions {
    /// The share that is left out.
    pub p: f64,
}

impl Default for DropOptions {
    fn default() -> Self {
        DropOptions { p: 0.5 }
    }
}

impl DropOptions {
    /// Refuses what makes no sense; `operation` is `nn::dropout` or `nn::drop_path`.
    pub fn check(&self, operation: &str) -> Result<()> {
        check::share(operation, "p", self.p)
    }
}

/// Sets each element to 0 with a probability, and makes up for it with the others; only in training.
#[derive(Clone, Debug)]
pub struct Dropout(DropOptions);

impl Dropout {
    /// A layer without weights.
    pub fn new(options: &DropOptions) -> Result<Self> {
        options.check("nn::dropout")?;
        Ok(Dropout(options.clone()))
    }
}

impl Network for Dropout {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        dropped(input, self.0.p, mode)
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}

/// Sets whole samples to 0 with a probability, and makes up for it with the others; only in training. For the
/// branch of a residual connection: stochastic depth.
#[derive(Clone, Debug)]
pub struct DropPath(DropOptions);

impl DropPath {
    /// A layer without weights.
    pub fn new(options: &DropOptions) -> Result<Self> {
        options.check("nn::drop_path")?;
        Ok(DropPath(options.clone()))
    }
}

impl Network for DropPath {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        path_dropped(input, self.0.p, mode)
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}

/// `input` with each element left out with probability `p` in training.
pub(super) fn dropped(input: &Tensor, p: f64, mode: Mode) -> Result<Tensor> {
    if mode != Mode::Train || p == 0.0 || input.count() == 0 {
        return Ok(input.clone());
    }
    input.mul(&kept(&input.shape(), p, &mut pass::draw("dropout"))?)
}

/// `input` with each sample left out with probability `p` in training.
pub(super) fn path_dropped(input: &Tensor, p: f64, mode: Mode) -> Result<Tensor> {
    if mode != Mode::Train || p == 0.0 || input.count() == 0 {
        return Ok(input.clone());
    }
    let mut shape = input.shape();
    shape.iter_mut().skip(1).for_each(|length| *length = 1);
    input.mul(&kept(&shape, p, &mut pass::draw("drop_path"))?)
}

/// 0 with probability `p`, and 1 / (1 − p) else. Each 64 random bits decide about two elements.
fn kept(shape: &[usize], p: f64, random: &mut Stream) -> Result<Tensor> {
    let limit = (p * f64::from(u32::MAX)) as u32;
    let factor = if p < 1.0 { (1.0 / (1.0 - p)) as f32 } else { 0.0 };
    let count: usize = shape.iter().product();
    let decide = |bits: u32| if bits < limit { 0.0 } else { factor };
    let pairs = (0..count.div_ceil(2)).flat_map(|_| {
        let bits = random.bits();
        [decide(bits as u32), decide((bits >> 32) as u32)]
    });
    Tensor::from_values(pairs.take(count).collect(), shape, &Device::default())
}
