//! Lion: the sign of a momentum. After the paper's published code (google/automl, `lion_pytorch.py`).

use super::options::{Update, check_betas};
use super::state::Slot;
use crate::error::Result;
use crate::tensor::Tensor;
use serde::Serialize;

/// The options that only `optim::lion` has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LionOptions {
    /// How much of the momentum goes into the update, and how much is kept for the next one.
    pub betas: [f64; 2],
}

impl Default for LionOptions {
    fn default() -> Self {
        LionOptions { betas: [0.9, 0.99] }
    }
}

impl LionOptions {
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        check_betas(operation, &self.betas)
    }

    pub(super) fn update(&self, of: &Update) -> Result<(Tensor, Slot)> {
        let [now, later] = self.betas;
        let step = of.average("exp_avg", now, of.gradient)?.sign()?.mul_number(of.lr)?;
        let value = of.decayed_value()?.sub(&step)?;
        let mut slot = Slot::new(of.number());
        slot.keep("exp_avg", of.average("exp_avg", later, of.gradient)?);
        Ok((value, slot))
    }
}
