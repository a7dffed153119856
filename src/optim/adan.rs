//! Adan: moments of the gradient and of its change. After the paper's published code (sail-sg/Adan,
//! `adan.py`).

use super::options::{Update, check_betas, check_eps};
use super::state::Slot;
use crate::error::Result;
use crate::tensor::Tensor;
use serde::Serialize;

/// The options that only `optim::adan` has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdanOptions {
    /// Decay of the averages of the gradient, of its change, and of the square of both together.
    pub betas: [f64; 3],
    /// Added to the root of the square.
    pub eps: f64,
    /// Weights decay before the update as in AdamW, not after it.
    pub no_prox: bool,
}

impl Default for AdanOptions {
    fn default() -> Self {
        AdanOptions { betas: [0.98, 0.92, 0.99], eps: 1e-8, no_prox: false }
    }
}

impl AdanOptions {
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        check_betas(operation, &self.betas)?;
        check_eps(operation, self.eps)
    }

    pub(super) fn update(&self, of: &Update) -> Result<(Tensor, Slot)> {
        let [beta1, beta2, beta3] = self.betas;
        let gradient = of.gradient;
        // The first gradient counts as unchanged.
        let change = match of.kept("pre_grad")? {
            Some(before) => gradient.sub(before)?,
            None => gradient.mul_number(0.0)?,
        };
        let ahead = change.mul_number(beta2)?.add(gradient)?;
        let mean = of.average("exp_avg", beta1, gradient)?;
        let drift = of.average("exp_avg_diff", beta2, &change)?;
        let square = of.average("exp_avg_sq", beta3, &ahead.mul(&ahead)?)?;
        let root = square.sqrt()?.div_number(of.correction(beta3).sqrt())?;
        let along = mean
            .mul_number(of.lr / of.correction(beta1))?
            .add(&drift.mul_number(of.lr * beta2 / of.correction(beta2))?)?;
        let step = along.div(&root.add_number(self.eps)?)?;
        let value = match self.no_prox {
            true => of.decayed_value()?.sub(&step)?,
            false => of.value.sub(&step)?.div_number(1.0 + of.lr * of.decay)?,
        };
        let mut slot = Slot::new(of.number());
        slot.keep("exp_avg", mean);
        slot.keep("exp_avg_diff", drift);
        slot.keep("exp_avg_sq", square);
        slot.keep("pre_grad", gradient.clone());
        Ok((value, slot))
    }
}
