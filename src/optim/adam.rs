//! Adam, with L2 in the gradient as `torch.optim.Adam`, or decoupled as `torch.optim.AdamW`.

use super::options::{Update, check_betas, check_eps};
use super::state::Slot;
use crate::error::Result;
use crate::tensor::{AdamStep, Device, Tensor};
use serde::Serialize;

/// The options that only `optim::adam` and `optim::adamw` have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdamOptions {
    /// Decay of the first and of the second moment.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Whether the largest second moment so far counts (Reddi et al. 2018), not the present one.
    pub amsgrad: bool,
}

impl Default for AdamOptions {
    fn default() -> Self {
        AdamOptions { betas: [0.9, 0.999], eps: 1e-8, amsgrad: false }
    }
}

impl AdamOptions {
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        check_betas(operation, &self.betas)?;
        check_eps(operation, self.eps)
    }

    pub(super) fn update(&self, of: &Update, decoupled: bool) -> Result<(Tensor, Slot)> {
        match self.amsgrad {
            false => self.plain_update(of, decoupled),
            true => self.largest_update(of, decoupled),
        }
    }

    fn plain_update(&self, of: &Update, decoupled: bool) -> Result<(Tensor, Slot)> {
        let step = AdamStep {
            betas: self.betas,
            eps: self.eps,
            lr: of.lr,
            decay: of.decay,
            decoupled,
            corrections: self.betas.map(|beta| of.correction(beta)),
        };
        let kept = |name| match of.kept(name)? {
            Some(kept) => Ok(kept.clone()),
            None => Tensor::full(&of.value.shape(), 0.0, &Device::default()),
        };
        let (mean, square) = (kept("exp_avg")?, kept("exp_avg_sq")?);
        let [value, mean, square] = step.of(of.value, of.gradient, [&mean, &square])?;
        let mut slot = Slot::new(of.number());
        slot.keep("exp_avg", mean);
        slot.keep("exp_avg_sq", square);
        Ok((value, slot))
    }

    /// With amsgrad, whose third moment has no operation of its own.
    fn largest_update(&self, of: &Update, decoupled: bool) -> Result<(Tensor, Slot)> {
        let (value, gradient) = match decoupled {
            true => (of.decayed_value()?, of.gradient.clone()),
            false => (of.value.clone(), of.gradient_with_decay()?),
        };
        let [beta1, beta2] = self.betas;
        let mean = of.average("exp_avg", beta1, &gradient)?;
        let variance = of.average("exp_avg_sq", beta2, &gradient.mul(&gradient)?)?;
        let largest = match of.kept("max_exp_avg_sq")? {
            Some(before) => before.maximum(&variance)?,
            None => variance.clone(),
        };
        let root = largest.sqrt()?.div_number(of.correction(beta2).sqrt())?;
        let step = mean.div(&root.add_number(self.eps)?)?;
        let value = value.sub(&step.mul_number(of.lr / of.correction(beta1))?)?;
        let mut slot = Slot::new(of.number());
        slot.keep("exp_avg", mean);
        slot.keep("exp_avg_sq", variance);
        slot.keep("max_exp_avg_sq", largest);
        Ok((value, slot))
    }
}
