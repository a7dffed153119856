//! From a loss to a step: what is refused before any parameter changes.

use super::OptimizerHandle;
use crate::error::{Error, Kind, Result};
use crate::nn::Parameter;
use crate::tensor::{Gradients, Tensor};

impl OptimizerHandle {
    /// The backward pass from `loss`, and a step with its gradients; `true` where parameters changed.
    ///
    /// # Errors
    /// As [`OptimizerHandle::follow`]; a loss that is not one finite number.
    pub fn descend(
        &self,
        parameters: &[(String, Parameter)],
        loss: &Tensor,
        lr: Option<f64>,
    ) -> Result<bool> {
        if loss.count() != 1 || !loss.is_float() {
            return Err(Error::new(Kind::Shape, "step", "the loss is not one number")
                .expected("tensor f32 with one element")
                .received(loss.describe())
                .hint("end with .mean(), or use a loss that reduces, like cross_entropy"));
        }
        let value = loss.item()?;
        if !value.is_finite() {
            return Err(Error::new(Kind::Number, "step", "the loss is no finite number")
                .received(value.to_string())
                .hint(
                    "a smaller learning rate often helps; log() and division by 0 are usual causes",
                ));
        }
        self.follow(parameters, &loss.backward()?, lr)
    }

    /// A step with gradients that are there already; `true` where parameters changed.
    ///
    /// # Errors
    /// As [`Optimizer::step`](super::Optimizer::step); gradients that are not finite.
    pub fn follow(
        &self,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
        lr: Option<f64>,
    ) -> Result<bool> {
        for (name, parameter) in parameters {
            let Some(gradient) = parameter.gradient(gradients) else { continue };
            // A sum is finite only if all its terms are. A finite loss can have a gradient that is not: √0 is
            // 0, its slope is infinite.
            if !gradient.sum()?.item()?.is_finite() {
                return Err(Error::new(Kind::Number, "step", "a gradient is no finite number")
                    .received(format!("in the gradient of '{name}'"))
                    .hint("sqrt(), log() and division have infinite slopes at 0: add a little"));
            }
        }
        self.step(parameters, gradients, lr)
    }
}
