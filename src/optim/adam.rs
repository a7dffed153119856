//! Adam, with L2 in the gradient as `torch.optim.Adam`, or decoupled as `torch.optim.AdamW`.

use super::options::{Update, check_betas, check_eps};
use super::state::Slot;
use crate::error::Result;
use crate::tensor::Tensor;
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
        let (value, gradient) = match decoupled {
            true => (of.decayed_value()?, of.gradient.clone()),
            false => (of.value.clone(), of.gradient_with_decay()?),
        };
        let [beta1, beta2] = self.betas;
        let mean = of.average("exp_avg", beta1, &gradient)?;
        let variance = of.average("exp_avg_sq", beta2, &gradient.mul(&gradient)?)?;
        let largest = match self.amsgrad {
            false => None,
            true => Some(match of.kept("max_exp_avg_sq")? {
                Some(before) => before.maximum(&variance)?,
                None => variance.clone(),
            }),
        };
        let counted = largest.as_ref().unwrap_or(&variance);
        let root = counted.sqrt()?.div_number(of.correction(beta2).sqrt())?;
        let step = mean.div(&root.add_number(self.eps)?)?;
        let value = value.sub(&step.mul_number(of.lr / of.correction(beta1))?)?;
        let mut slot = Slot::new(of.number());
        slot.keep("exp_avg", mean);
        slot.keep("exp_avg_sq", variance);
        if let Some(largest) = largest {
            slot.keep("max_exp_avg_sq", largest);
        }
        Ok((value, slot))
    }
}
