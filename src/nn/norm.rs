//! Normalisation layers.

use super::{Mode, Network, Parameter, Role, Visitor, scoped};
use crate::error::Result;
use crate::tensor::{Device, Tensor};

/// The share of a batch in the running statistics (PyTorch's default).
const MOMENTUM: f64 = 0.1;

/// Batch normalisation of `[batch, channel, height, width]`; names `weight`, `bias`,
/// `running_mean`, `running_var`, each `[channel]`.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    weight: Parameter,
    bias: Parameter,
    running_mean: Parameter,
    running_var: Parameter,
    eps: f64,
}

impl BatchNorm2d {
    /// Scale 1, shift 0, running mean 0 and variance 1; `eps` as in PyTorch (1e-5 by default there).
    pub fn new(channels: usize, eps: f64, on: &Device) -> Result<Self> {
        Ok(BatchNorm2d {
            weight: constant(1.0, channels, Role::Weight, on)?,
            bias: constant(0.0, channels, Role::Weight, on)?,
            running_mean: constant(0.0, channels, Role::Buffer, on)?,
            running_var: constant(1.0, channels, Role::Buffer, on)?,
            eps,
        })
    }

    fn remember(&self, mean: &Tensor, variance: &Tensor, count: usize) -> Result<()> {
        // The running variance is the unbiased one, the normalisation uses the biased one.
        let unbiased = count as f64 / (count.max(2) - 1) as f64;
        let pairs = [
            (&self.running_mean, mean.clone()),
            (&self.running_var, variance.mul_number(unbiased)?),
        ];
        for (running, fresh) in pairs {
            let kept = running.value().mul_number(1.0 - MOMENTUM)?;
            running.set(kept.add(&fresh.mul_number(MOMENTUM)?)?)?;
        }
        Ok(())
    }
}

impl Network for BatchNorm2d {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let (weight, bias) = (self.weight.get(mode), self.bias.get(mode));
        if mode != Mode::Train {
            let (mean, variance) = (self.running_mean.value(), self.running_var.value());
            return input.batch_norm_eval(&weight, &bias, &mean, &variance, self.eps);
        }
        let normed = input.batch_norm_train(&weight, &bias, self.eps)?;
        let channels = weight.count().max(1);
        self.remember(&normed.mean, &normed.variance, input.count() / channels)?;
        Ok(normed.output)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
        visit(scoped(scope, "bias"), &self.bias);
        visit(scoped(scope, "running_mean"), &self.running_mean);
        visit(scoped(scope, "running_var"), &self.running_var);
    }
}

/// Layer normalisation of the last dimension; names `weight`, `bias`, each `[width]`.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Parameter,
    bias: Parameter,
    eps: f64,
}

impl LayerNorm {
    /// Scale 1 and shift 0.
    pub fn new(width: usize, eps: f64, on: &Device) -> Result<Self> {
        Ok(LayerNorm {
            weight: constant(1.0, width, Role::Weight, on)?,
            bias: constant(0.0, width, Role::Weight, on)?,
            eps,
        })
    }
}

impl Network for LayerNorm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        input.layer_norm(&self.weight.get(mode), &self.bias.get(mode), self.eps)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
        visit(scoped(scope, "bias"), &self.bias);
    }
}

fn constant(value: f32, width: usize, role: Role, on: &Device) -> Result<Parameter> {
    Parameter::new(Tensor::from_values(vec![value; width], &[width], on)?, role)
}
