//! One optimiser step, top to bottom.

use super::hooks::{Hooks, Moment};
use super::plan::{Plan, TeacherModel};
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::kd;
use crate::models::Model;
use crate::nn::{Mode, Parameter};
use crate::optim::Adam;
use crate::tensor::Tensor;

/// λ and τ where the recipe says nothing: the paper's λ, and no temperature.
const STANDARD_LAMBDA: f64 = 0.5;
const STANDARD_TAU: f64 = 1.0;

/// The numbers of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The loss.
    pub loss: f64,
    /// The learning rate.
    pub lr: f64,
    /// λ, where it means something.
    pub lambda: Option<f64>,
    /// τ, where it means something.
    pub tau: Option<f64>,
}

/// What is being trained.
pub(super) struct Learner {
    pub model: Model,
    pub parameters: Vec<(String, Parameter)>,
    pub optimizer: Adam,
    pub teacher: Option<TeacherModel>,
}

impl Learner {
    pub fn new(plan: &Plan) -> Result<Self> {
        let model = plan.spec.build(plan.features.shape(), plan.seed, &plan.device)?;
        Ok(Learner {
            parameters: model.network().parameters(),
            model,
            optimizer: Adam::new(plan.optimizer.clone())?,
            teacher: plan.teacher.clone(),
        })
    }

    /// Forward, loss, backward, update. Nothing but the running statistics has changed when it fails.
    pub fn step(
        &mut self,
        batch: &Batch,
        moment: &Moment,
        hooks: &mut dyn Hooks,
    ) -> Result<StepReport> {
        let student = self.model.forward(&batch.input, Mode::Train)?;
        let teacher = match &self.teacher {
            Some(teacher) => Some(teacher.model.forward(&batch.input, Mode::Eval)?),
            None => None,
        };
        // Asked for even where the recipe has a loss of its own, so that the record shows them.
        let (lambda, tau) = match teacher {
            Some(_) => (
                Some(hooks.lambda(moment)?.unwrap_or(STANDARD_LAMBDA)),
                Some(hooks.tau(moment)?.unwrap_or(STANDARD_TAU)),
            ),
            None => (None, None),
        };
        let loss = match hooks.loss(moment, &student, teacher.as_ref(), &batch.target)? {
            Some(loss) => loss,
            None => match &teacher {
                Some(teacher) => kd::cmkd(
                    &student,
                    teacher,
                    &batch.target,
                    lambda.unwrap_or(STANDARD_LAMBDA),
                    tau.unwrap_or(STANDARD_TAU),
                )?,
                None => kd::cross_entropy(&student, &batch.target)?,
            },
        };
        let value = check_loss(&loss, moment)?;
        let lr = hooks.lr(moment)?.unwrap_or(moment.lr);
        if !lr.is_finite() || lr < 0.0 {
            return Err(Error::new(Kind::Range, "lr", "the learning rate makes no sense")
                .expected("a number, 0 or more")
                .received(lr.to_string()));
        }
        let gradients = loss.backward()?;
        self.optimizer.step(&self.parameters, &gradients, lr)?;
        Ok(StepReport { loss: value, lr, lambda, tau })
    }
}

fn check_loss(loss: &Tensor, moment: &Moment) -> Result<f64> {
    if loss.count() != 1 || !loss.is_float() {
        return Err(Error::new(Kind::Shape, "loss", "the loss is not one number")
            .expected("tensor f32 with one element")
            .received(loss.describe())
            .hint("end with .mean(), or use a loss that reduces, like cross_entropy"));
    }
    let value = loss.item()?;
    if !value.is_finite() {
        return Err(Error::new(Kind::Number, "loss", "the loss is no finite number")
            .received(format!("{value} at step {} of stage '{}'", moment.step, moment.stage))
            .hint(
                "a smaller learning rate often helps; log() and division by 0 are usual causes",
            ));
    }
    Ok(value)
}
