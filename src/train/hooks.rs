//! What the loop asks of whoever wrote the experiment.

use super::bench::Workbench;
use super::checkpoint::Belongings;
use super::evaluate::Score;
use super::exact;
use super::tally::mean_by_name;
use crate::data::Batch;
use crate::error::{Error, Result};
use crate::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What hooks are called for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The end of an epoch, before the step that comes next.
    EpochEnd,
    /// A step.
    #[default]
    Step,
}

/// From here on a version of the recipe was in force, until the next of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stint {
    /// Steps that were done before.
    pub step: usize,
    /// What was done with it first.
    #[serde(default)]
    pub phase: Phase,
    /// The version's number.
    pub version: usize,
}

/// Where a stage stands when a hook is called.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The stage's name.
    pub stage: Arc<str>,
    /// The stage's seed.
    pub seed: u64,
    /// Epochs done.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Optimiser steps done, over all epochs.
    pub step: usize,
    /// Optimiser steps in all.
    pub steps: usize,
    /// What hooks are called for.
    pub phase: Phase,
    /// The optimiser's base learning rate.
    pub lr: f64,
    /// What the finished epochs gave.
    pub readings: Arc<Vec<Reading>>,
}

impl Moment {
    /// How much of the stage is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.step as f64 / self.steps.max(1) as f64
    }
}

/// What one epoch gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean training loss.
    pub loss: f64,
    /// Loss against the labels on the clips that epochs are judged by: those that validate, or else those that test.
    pub test_loss: f64,
    /// Share of these clips whose class was found.
    pub accuracy: f64,
    /// Their mean average precision, where clips have several labels.
    #[serde(default, with = "exact::maybe")]
    pub map: Option<f64>,
    /// Learning rate of the last step.
    pub lr: f64,
    /// λ of the last step, where a teacher takes part and the standard loss is used, or the hook exists.
    #[serde(with = "exact::maybe")]
    pub lambda: Option<f64>,
    /// τ of the last step, likewise.
    #[serde(with = "exact::maybe")]
    pub tau: Option<f64>,
    /// Training clips a second, waiting for data included.
    pub clips_per_second: f64,
    /// The share of the steps' time that was spent waiting for data.
    #[serde(default)]
    pub waiting: f64,
    /// Seconds of the epoch, evaluation included.
    pub seconds: f64,
    /// Means of what hooks logged in this epoch, by name, in the order of their first mention.
    #[serde(with = "exact::pairs")]
    pub logged: Vec<(String, f64)>,
}

impl Reading {
    /// What epochs are compared by.
    pub fn main(&self) -> f64 {
        self.map.unwrap_or(self.accuracy)
    }

    /// Puts down what the weights at its end are worth.
    pub(super) fn judged(&mut self, score: Score) {
        self.test_loss = score.loss;
        (self.accuracy, self.map) = (score.accuracy, score.map);
    }

    /// Numbers as after a first epoch, to try a hook that looks at the history.
    pub fn made_up() -> Self {
        Reading::with(&[])
    }

    /// The same, with what hooks logged.
    pub fn with(logged: &[(String, f64)]) -> Self {
        Reading {
            epoch: 1,
            loss: 1.0,
            test_loss: 1.0,
            accuracy: 0.5,
            map: None,
            lr: 1e-3,
            lambda: Some(0.5),
            tau: Some(1.0),
            clips_per_second: 1.0,
            waiting: 0.0,
            seconds: 1.0,
            logged: mean_by_name(logged),
        }
    }
}

/// What became of an edit.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is in force from this step on.
    InForce,
    /// It was refused; the version before stays in force.
    Rejected(Error),
    /// Nothing that a hook does has changed.
    Unchanged,
    /// It failed when it was first called; the version before is in force again.
    Reverted(Error),
}

/// An edit of the experiment while it runs.
#[derive(Clone, Debug)]
pub struct Change {
    /// The number of the version: 0 is what the run began with.
    pub version: usize,
    /// BLAKE3 of its text.
    pub hash: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Functions that were changed, added or removed.
    pub functions: Vec<String>,
    /// Anything else worth telling.
    pub note: Option<String>,
    /// The files of an edit that was refused, by their paths beside the recipe: BLAKE3 of what stood there, and
    /// none where nothing did. The same edit is known again.
    pub files: BTreeMap<String, Option<String>>,
}

impl Change {
    /// A version that failed, and the one that is in force again.
    pub fn reverted(failed: usize, version: usize, failure: &Error) -> Self {
        Change {
            version,
            hash: String::new(),
            outcome: Outcome::Reverted(failure.clone()),
            functions: Vec::new(),
            note: Some(format!("version {failed} failed; version {version} is in force again")),
            files: BTreeMap::new(),
        }
    }
}

/// Inner outputs by their names.
pub type Tapped = Vec<(String, Tensor)>;

/// What the loss of a step is shown beside logits and labels.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Inner outputs that the stage taps, of the student and of the teacher.
    pub taps: [Tapped; 2],
    /// Which clip each row is of, counted among those that train; of a mixed one that with the largest share.
    pub places: Vec<usize>,
    /// How much of each row the teacher has said something of, f32 `[batch]`; `None` where that is all of it.
    pub taught: Option<Tensor>,
    /// λ and τ of the step, where there is a teacher: what a hook or an option says, or else the standard.
    pub weights: Option<[f64; 2]>,
}

/// The seam between training and whoever wrote the experiment. `None` means "not mine: do the usual".
pub trait Hooks {
    /// Called between two steps: the only moment at which other code may come into force.
    fn boundary(&mut self, _moment: &Moment) -> Result<Vec<Change>> {
        Ok(Vec::new())
    }

    /// The number of the version that is in force.
    fn version(&self) -> usize {
        0
    }

    /// Where steps or ends of epochs call functions of the recipe's own: epochs in which these name that they do something else.
    fn epochs(&self) -> Option<Vec<usize>> {
        None
    }

    /// Whether they take slices: of fewer clips than they count on, these are cut short without a word.
    fn takes_slices(&self) -> bool {
        false
    }

    /// Whether hooks keep something between two steps.
    fn keeps_state(&self) -> bool {
        false
    }

    /// Networks and optimisers that hooks hold beside those of the stage: a step may change them, too.
    fn holdings(&self) -> Workbench {
        Workbench::default()
    }

    /// Remembers what else a step may change: one begins.
    fn remember(&mut self) {}

    /// Puts back what was remembered: the step failed.
    fn undo(&mut self) {}

    /// What hooks keep between two steps, for a checkpoint.
    fn belongings(&self) -> Belongings {
        Belongings::default()
    }

    /// Takes up what [`Hooks::belongings`] gave at this moment; `knew_length` is what [`Hooks::knew_length`] said
    /// then.
    ///
    /// # Errors
    /// Something that does not belong to this stage.
    fn take_up(
        &mut self,
        _at: &Moment,
        _value: &serde_json::Value,
        _tensors: &[(String, Tensor)],
        _knew_length: bool,
    ) -> Result<()> {
        Ok(())
    }

    /// Whether a hook has looked at how long the stage is.
    fn knew_length(&self) -> bool {
        false
    }

    /// Whether the stage is to wait for an edit after this failure, where no version before is left.
    fn waits(&self, _failure: &Error) -> bool {
        false
    }

    /// Takes the version in force back after it failed, if there is a version before it.
    fn revert(&mut self, _moment: &Moment, _failure: &Error) -> Option<Change> {
        None
    }

    /// Called once, before the first step: what the steps work on.
    fn begin(&mut self, _bench: &Workbench) -> Result<()> {
        Ok(())
    }

    /// A whole step of the recipe's own: forward, loss, backward, update. Gives the loss.
    fn step(&mut self, _moment: &Moment, _batch: &Batch) -> Result<Option<f64>> {
        Ok(None)
    }

    /// The loss of a step, a scalar. Logits and target are `[batch, class]`.
    fn loss(
        &mut self,
        _moment: &Moment,
        _student: &Tensor,
        _teacher: Option<&Tensor>,
        _target: &Tensor,
        _seen: Seen,
    ) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// Another batch in the place of this one: the last augmentation, which sees the whole batch as tensors. It has the
    /// shapes of this one. What a teacher is shown apart from its student goes through it as a batch of its own.
    fn augment(&mut self, _moment: &Moment, _batch: &Batch) -> Result<Option<Batch>> {
        Ok(None)
    }

    /// The weight of the label in the standard distillation loss.
    fn lambda(&mut self, _moment: &Moment) -> Result<Option<f64>> {
        Ok(None)
    }

    /// The temperature of the teacher in the standard distillation loss.
    fn tau(&mut self, _moment: &Moment) -> Result<Option<f64>> {
        Ok(None)
    }

    /// The learning rate of a step.
    fn lr(&mut self, _moment: &Moment) -> Result<Option<f64>> {
        Ok(None)
    }

    /// Called when an epoch is done; its reading is the last of `moment.readings`.
    fn on_epoch(&mut self, _moment: &Moment) -> Result<()> {
        Ok(())
    }

    /// Adds to an error whatever is known of the hook that caused it: its place, when it was called.
    fn blame(&self, _hook: &str, _moment: &Moment, error: Error) -> Error {
        error
    }

    /// What hooks logged since this was last asked.
    fn logged(&mut self) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// No hooks at all: cross-entropy, or the standard distillation loss.
pub struct Plain;

impl Hooks for Plain {}
