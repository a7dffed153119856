//! Adam with L2 in the gradient, as `torch.optim.Adam` has it.

use crate::error::{Error, Kind, Result};
use crate::nn::{Parameter, Role};
use crate::tensor::{Gradients, Tensor};
use serde::Serialize;
use std::collections::HashMap;

/// The options of `optim::adam`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdamOptions {
    /// Base learning rate.
    pub lr: f64,
    /// Decay of the first and of the second moment.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// L2: so much of each weight is added to its gradient.
    pub weight_decay: f64,
}

impl Default for AdamOptions {
    fn default() -> Self {
        AdamOptions { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

impl AdamOptions {
    /// Refuses what cannot train.
    pub fn check(&self) -> Result<()> {
        let [first, second] = self.betas;
        let wrong = [
            ("lr", self.lr, self.lr > 0.0, "more than 0"),
            ("betas[0]", first, (0.0..1.0).contains(&first), "0 or more and less than 1"),
            ("betas[1]", second, (0.0..1.0).contains(&second), "0 or more and less than 1"),
            (
                "eps",
                self.eps,
                self.eps as f32 >= f32::MIN_POSITIVE,
                "1.2e-38 or more: 0 in f32 else",
            ),
            ("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "0 or more"),
        ]
        .into_iter()
        .find(|(_, value, good, _)| !good || !value.is_finite());
        match wrong {
            None => Ok(()),
            Some((name, value, _, wanted)) => {
                Err(Error::new(Kind::Range, "optim::adam", format!("'{name}' is out of range"))
                    .expected(wanted)
                    .received(value.to_string()))
            }
        }
    }
}

/// Adam's moments for each parameter, by name.
pub struct Adam {
    options: AdamOptions,
    steps: i32,
    moments: HashMap<String, (Tensor, Tensor)>,
}

impl Adam {
    /// An optimiser that has seen nothing yet.
    pub fn new(options: AdamOptions) -> Result<Self> {
        options.check()?;
        Ok(Adam { options, steps: 0, moments: HashMap::new() })
    }

    /// Its options.
    pub fn options(&self) -> &AdamOptions {
        &self.options
    }

    /// One step at learning rate `lr`; a parameter without a gradient stays as it is.
    pub fn step(
        &mut self,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
        lr: f64,
    ) -> Result<()> {
        self.steps = self.steps.saturating_add(1);
        let [beta1, beta2] = self.options.betas;
        let correction1 = 1.0 - beta1.powi(self.steps);
        let correction2 = 1.0 - beta2.powi(self.steps);
        for (name, parameter) in parameters {
            if parameter.role() != Role::Weight {
                continue;
            }
            let Some(mut gradient) = parameter.gradient(gradients) else {
                continue;
            };
            let value = parameter.value();
            if self.options.weight_decay > 0.0 {
                gradient = gradient.add(&value.mul_number(self.options.weight_decay)?)?;
            }
            let square = gradient.mul(&gradient)?.mul_number(1.0 - beta2)?;
            let fresh = gradient.mul_number(1.0 - beta1)?;
            let (mean, variance) = match self.moments.get(name) {
                Some((mean, variance)) => (
                    mean.mul_number(beta1)?.add(&fresh)?,
                    variance.mul_number(beta2)?.add(&square)?,
                ),
                None => (fresh, square),
            };
            let root = variance.sqrt()?.div_number(correction2.sqrt())?;
            let step = mean.div(&root.add_number(self.options.eps)?)?;
            parameter.set(value.sub(&step.mul_number(lr / correction1)?)?)?;
            self.moments.insert(name.clone(), (mean, variance));
        }
        Ok(())
    }
}
