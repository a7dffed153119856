//! From a loss to a step: what is refused before any parameter changes.

use super::OptimizerHandle;
use crate::error::{Error, Kind, Result};
use crate::nn::{Parameter, Role};
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
        check_trainable("step", parameters)?;
        check_loss("step", loss)?;
        let gradients = loss.backward()?;
        let looked = Looked::at(Some(loss), parameters, &gradients)?;
        if let Some(value) = looked.loss.filter(|value| !value.is_finite()) {
            return Err(Error::new(Kind::Number, "step", "the loss is no finite number")
                .received(value.to_string())
                .hint(
                    "a smaller learning rate often helps; log() and division by 0 are usual causes",
                ));
        }
        looked.check_gradients("step", parameters, &gradients)?;
        self.go(parameters, &gradients, lr)
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
        let looked = Looked::at(None, parameters, gradients)?;
        looked.check_gradients("step", parameters, gradients)?;
        self.go(parameters, gradients, lr)
    }

    fn go(
        &self,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
        lr: Option<f64>,
    ) -> Result<bool> {
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

/// Refuses a loss that is not one number.
///
/// # Errors
/// More or fewer numbers, or integers.
pub fn check_loss(operation: &str, loss: &Tensor) -> Result<()> {
    if loss.count() == 1 && loss.is_float() {
        return Ok(());
    }
    Err(Error::new(Kind::Shape, operation, "the loss is not one number")
        .expected("tensor f32 with one element")
        .received(loss.describe())
        .hint("end with .mean(), or use a loss that reduces, like cross_entropy"))
}

/// What the host looks at in a step: the loss and a sum of each gradient, in one small tensor, since each look makes
/// a graphics card wait.
pub struct Looked {
    /// The loss, where there is one.
    pub loss: Option<f64>,
    /// A number for each gradient, in the order of the parameters that have one.
    sums: Vec<f32>,
}

impl Looked {
    /// Reads them.
    ///
    /// # Errors
    /// The device does not answer.
    pub fn at(
        loss: Option<&Tensor>,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
    ) -> Result<Self> {
        let loss_alone = loss.map(|loss| loss.detached()?.reshape(&[1])).transpose()?;
        let found = parameters.iter().filter_map(|(_, own)| own.gradient(gradients));
        let sums = found.map(|gradient| gradient.sum()?.reshape(&[1]));
        let all: Vec<Tensor> = loss_alone.into_iter().map(Ok).chain(sums).collect::<Result<_>>()?;
        if all.is_empty() {
            return Ok(Looked { loss: None, sums: Vec::new() });
        }
        let mut sums = Tensor::cat(&all, 0)?.to_values()?;
        let loss = loss.is_some().then(|| f64::from(sums.remove(0)));
        Ok(Looked { loss, sums })
    }

    /// Refuses gradients that are not finite. A finite loss can have one: √0 is 0, its slope is infinite.
    ///
    /// # Errors
    /// Such a gradient, with the parameter's name.
    pub fn check_gradients(
        &self,
        operation: &str,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
    ) -> Result<()> {
        // A sum is finite only if all its terms are; one of finite terms may still be too large.
        if self.sums.iter().all(|sum| sum.is_finite()) {
            return Ok(());
        }
        for (name, parameter) in parameters {
            let Some(gradient) = parameter.gradient(gradients) else { continue };
            // On the host: shaders may take for granted that a number is one.
            if gradient.to_values()?.iter().any(|value| !value.is_finite()) {
                return Err(Error::new(
                    Kind::Number,
                    operation,
                    "its gradient is no finite number",
                )
                .received(format!("in the gradient of '{name}'"))
                .hint("sqrt(), log() and division have infinite slopes at 0: add a little"));
            }
        }
        Ok(())
    }
}
