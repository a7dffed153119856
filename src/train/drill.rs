//! A training step on clips that nobody recorded: what a measurement repeats.

use super::bench::Workbench;
use super::dry::made_up_batch;
use super::hooks::{Hooks, Moment, Phase, Seen};
use super::plan::Taps;
use super::step::Learner;
use crate::data::{Batch, Labelling};
use crate::error::{Error, Kind, Result};
use crate::kd;
use crate::models::{InputShape, Model};
use crate::nn::Mode;
use crate::optim::OptimizerOptions;
use crate::tensor::{Device, Tensor};
use std::sync::Arc;

/// λ and τ of the taught steps.
const LAMBDA: f64 = 0.5;
const TAU: f64 = 1.0;

/// A model, maybe with a frozen teacher, and one batch: each step is that of a stage, without its loader and its
/// records.
pub struct Drill {
    learner: Learner,
    batch: Batch,
    moment: Moment,
    taught: Taught,
}

/// The frozen teacher, asked within the loss.
struct Taught {
    teacher: Option<Model>,
    input: Tensor,
}

impl Hooks for Taught {
    fn loss(
        &mut self,
        _moment: &Moment,
        student: &Tensor,
        _teacher: Option<&Tensor>,
        target: &Tensor,
        _seen: Seen,
    ) -> Result<Option<Tensor>> {
        let Some(teacher) = &self.teacher else { return Ok(None) };
        let said = teacher.forward(&self.input, Mode::Eval)?;
        kd::cmkd(student, &said, target, LAMBDA, TAU).map(Some)
    }
}

impl Drill {
    /// `clips` clips of noise, each of one of `classes` classes. The loss is cross-entropy, or CMKD's where there is a
    /// teacher. Steps change `model`.
    ///
    /// # Errors
    /// An optimiser that makes no sense; a model with nothing to train.
    pub fn new(
        model: &Model,
        teacher: Option<&Model>,
        optimizer: OptimizerOptions,
        clips: usize,
        (input, classes): (InputShape, usize),
        on: &Device,
    ) -> Result<Self> {
        let lr = optimizer.lr;
        let bench = Workbench::standard(model.net().clone(), optimizer, &[])?;
        let parameters = model.net().unique_parameters();
        if parameters.is_empty() {
            let problem = "this network has no parameters";
            return Err(Error::new(Kind::Type, "a training step", problem));
        }
        bench.optimizers.iter().try_for_each(|(_, handle)| handle.bind(&parameters))?;
        let batch = made_up_batch(clips, input, classes, on)?;
        let taught = Taught { teacher: teacher.cloned(), input: batch.input.clone() };
        let labelling = Labelling::Single;
        let (model, teacher, is_own) = (model.clone(), None, false);
        let taps = Taps::default();
        let learner = Learner { model, parameters, teacher, taps, labelling, bench, is_own, clips };
        let moment = Moment {
            stage: "drill".into(),
            seed: 0,
            epoch: 0,
            epochs: 1,
            step: 0,
            steps: 1,
            phase: Phase::Step,
            lr,
            readings: Arc::default(),
        };
        Ok(Drill { learner, batch, moment, taught })
    }

    /// Forward, loss, backward, update; the loss.
    ///
    /// # Errors
    /// Whatever the model says; a loss or gradients that are not finite.
    pub fn step(&mut self) -> Result<f64> {
        let report = self.learner.step(&self.batch, &self.moment, &mut self.taught)?;
        self.moment.step += 1;
        Ok(report.loss)
    }
}
