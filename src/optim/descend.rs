//! From a loss to a step: what is refused before any parameter changes.

use super::OptimizerHandle;
use crate::error::{Error, Kind, Result};
use crate::nn::{Parameter, Role};
use crate::tensor::{Along, Gradients, Tensor};

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
        check_trainable("step", parameters)?;
        let value = one_number("step", loss)?;
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
        check_trainable("step", parameters)?;
        check_gradients("step", parameters, gradients)?;
        // Whoever holds the gradients may use them once more.
        let before: Vec<_> = parameters.iter().map(|(_, own)| own.present()).collect();
        let changed = self.step(parameters, gradients, lr)?;
        if changed {
            parameters.iter().zip(before).for_each(|((_, own), leaf)| own.remember(leaf));
        }
        Ok(changed)
    }
}

/// Refuses a network with nothing to train, before its loss is looked at.
///
/// # Errors
/// No weight, or frozen ones only.
fn check_trainable(operation: &str, parameters: &[(String, Parameter)]) -> Result<()> {
    let mut weights = parameters.iter().filter(|(_, own)| own.role() == Role::Weight).peekable();
    if weights.peek().is_none() {
        return Err(Error::new(Kind::Type, operation, "this network has no parameters"));
    }
    if weights.any(|(_, own)| own.is_trainable()) {
        return Ok(());
    }
    Err(Error::new(Kind::Type, operation, "all parameters of this network are frozen")
        .hint("net.unfreeze(), or net.unfreeze(\"head.*\") for some of them"))
}

/// The number that a loss must be.
///
/// # Errors
/// More or fewer numbers, or integers.
pub fn one_number(operation: &str, loss: &Tensor) -> Result<f64> {
    if loss.count() == 1 && loss.is_float() {
        return loss.item();
    }
    Err(Error::new(Kind::Shape, operation, "the loss is not one number")
        .expected("tensor f32 with one element")
        .received(loss.describe())
        .hint("end with .mean(), or use a loss that reduces, like cross_entropy"))
}

/// Refuses gradients that are not finite. A finite loss can have one: √0 is 0, its slope is infinite.
///
/// # Errors
/// Such a gradient, with the parameter's name.
pub fn check_gradients(
    operation: &str,
    parameters: &[(String, Parameter)],
    gradients: &Gradients,
) -> Result<()> {
    for (name, parameter) in parameters {
        let Some(gradient) = parameter.gradient(gradients) else { continue };
        // A sum is finite only if all its terms are; one of finite terms may still be too large.
        let finite = gradient.sum()?.item()?.is_finite()
            || gradient.is_finite()?.all_along(&Along::all())?.item()? != 0.0;
        if !finite {
            return Err(Error::new(Kind::Number, operation, "its gradient is no finite number")
                .received(format!("in the gradient of '{name}'"))
                .hint("sqrt(), log() and division have infinite slopes at 0: add a little"));
        }
    }
    Ok(())
}
