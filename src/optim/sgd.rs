//! Stochastic gradient descent, as `torch.optim.SGD` has it.

use super::options::{Update, range};
use super::state::Slot;
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;
use serde::Serialize;

/// The options that only `optim::sgd` has.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SgdOptions {
    /// How much of the last direction goes on.
    pub momentum: f64,
    /// How much of each new gradient the momentum leaves out.
    pub dampening: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
}

impl SgdOptions {
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        let good = (0.0..=1.0).contains(&self.momentum);
        range(operation, "momentum", self.momentum, good, "0 to 1")?;
        range(operation, "dampening", self.dampening, true, "a number")?;
        if self.nesterov && (self.momentum <= 0.0 || self.dampening != 0.0) {
            let Self { momentum, dampening, .. } = self;
            return Err(Error::new(Kind::Range, operation, "'nesterov' needs a plain momentum")
                .expected("momentum more than 0 and dampening 0")
                .received(format!("momentum {momentum} and dampening {dampening}")));
        }
        Ok(())
    }

    pub(super) fn update(&self, of: &Update) -> Result<(Tensor, Slot)> {
        let mut direction = of.gradient_with_decay()?;
        let mut slot = Slot::new(of.number());
        if self.momentum > 0.0 {
            let buffer = match of.kept("momentum_buffer")? {
                Some(old) => old
                    .mul_number(self.momentum)?
                    .add(&direction.mul_number(1.0 - self.dampening)?)?,
                // The first one is taken whole.
                None => direction.clone(),
            };
            direction = match self.nesterov {
                true => direction.add(&buffer.mul_number(self.momentum)?)?,
                false => buffer.clone(),
            };
            slot.keep("momentum_buffer", buffer);
        }
        Ok((of.value.sub(&direction.mul_number(of.lr)?)?, slot))
    }
}
