//! What a stage tells while it runs, and what it made.

use super::average::Averaged;
use super::checkpoint::Checkpoint;
use super::hooks::{Change, Moment, Reading, Stint};
use super::plan::{Features, Plan, StageKind};
use super::step::StepReport;
use crate::data::Logits;
use crate::error::{Error, Result};
use crate::models::Model;
use crate::models::weights::Report;
use crate::nn::Net;
use crate::tensor::Tensor;
use std::sync::Arc;
use std::time::Duration;

/// What a stage tells while it runs.
pub enum Event<'a> {
    /// A stage begins, or goes on.
    Started {
        /// The stage.
        plan: &'a Plan,
        /// Trained numbers of its model.
        parameters: usize,
        /// Steps in all.
        steps: usize,
        /// Steps that were done before.
        step: usize,
        /// The version of the recipe that is in force.
        version: usize,
        /// What the epochs before gave, each with the steps at its end.
        readings: &'a [(usize, Reading)],
        /// What became of the file's weights that its model begins with.
        pretrained: Option<&'a Report>,
    },
    /// A step is done.
    Stepped {
        /// Where the stage stood before it.
        moment: &'a Moment,
        /// Its numbers.
        report: StepReport,
        /// Clips in it.
        clips: usize,
        /// Its epoch so far, this step included.
        so_far: SoFar,
    },
    /// An edit was taken up, or refused.
    Changed {
        /// Where the stage stands.
        moment: &'a Moment,
        /// The edit.
        change: &'a Change,
    },
    /// A hook failed, and no version before it is left: the stage waits for an edit.
    Paused {
        /// Where the stage stands.
        moment: &'a Moment,
        /// What went wrong.
        failure: &'a Error,
    },
    /// An edit came into force, and the stage goes on.
    Continued {
        /// Where the stage stands.
        moment: &'a Moment,
    },
    /// Everything that going on later needs; between two steps.
    Checkpoint {
        /// Where the stage stands.
        moment: &'a Moment,
        /// What is to be kept.
        checkpoint: &'a Checkpoint,
    },
    /// An epoch is done.
    Epoch {
        /// The stage.
        stage: &'a str,
        /// What it gave.
        reading: &'a Reading,
        /// Steps done.
        step: usize,
        /// The weights as they are now.
        state: &'a [(String, Tensor)],
        /// Whether no epoch before had a better accuracy.
        best: bool,
    },
    /// The stage is done.
    Ended {
        /// What it made.
        trained: &'a Trained,
    },
    /// The stage was done before: its result was taken out of a store.
    Recalled {
        /// The stage.
        plan: &'a Plan,
        /// What it had made.
        trained: &'a Trained,
        /// Since when it was there; unknown where a clock was set back.
        age: Option<Duration>,
        /// The device that it was computed on, where that is another one.
        elsewhere: Option<String>,
        /// Whether the run that asks had made it itself, before it was cut off.
        own: bool,
    },
}

/// An epoch that is going on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoFar {
    /// Mean training loss.
    pub loss: f64,
    /// Training clips a second, waiting for data included.
    pub clips_per_second: f64,
    /// The share of the time that was spent waiting for data.
    pub waiting: f64,
}

/// Somebody who wants to know: the run folder, a progress bar.
pub trait Observer {
    /// Called in the training thread, in order.
    fn observe(&mut self, event: &Event) -> Result<()>;

    /// Whether a checkpoint is due, between two steps. One is made in any case where a stage is stopped or waits.
    fn wants_checkpoint(&mut self, _moment: &Moment) -> bool {
        false
    }
}

/// What a stage made.
#[derive(Clone)]
pub struct Trained {
    /// The stage's name.
    pub name: String,
    /// What it did.
    pub kind: StageKind,
    /// The model with its last weights.
    pub model: Model,
    /// What it was trained on.
    pub features: Features,
    /// All networks of a stage whose steps are the recipe's own; of another one the parts beside its model.
    pub nets: Vec<(String, Net)>,
    /// Accuracy on the test clips with the last weights.
    pub accuracy: f64,
    /// Mean average precision there, where clips have several labels.
    pub map: Option<f64>,
    /// The accuracy of the best epoch: on the clips that validate, or, where there are none, on those that test, which
    /// is optimistic.
    pub best_accuracy: f64,
    /// Its mean average precision, where clips have several labels: what the best epoch is chosen by then.
    pub best_map: Option<f64>,
    /// The mean of the weights of several epochs, where the stage makes one.
    pub averaged: Option<Averaged>,
    /// The share of the time that was spent waiting for data.
    pub waiting: f64,
    /// Wall time.
    pub seconds: f64,
    /// Optimiser steps.
    pub steps: usize,
    /// Trained numbers.
    pub parameters: usize,
    /// BLAKE3 of the last weights as a safetensors file without a description.
    pub weights_blake3: String,
    /// What each epoch gave, with the steps at its end.
    pub readings: Vec<(usize, Reading)>,
    /// Which version of the recipe was in force from which step on.
    pub history: Vec<Stint>,
    /// From which step on the stage was to be how long, in steps: more than one where it was asked for more epochs
    /// when it had begun.
    pub lengths: Vec<[usize; 2]>,
    /// Whether a hook looked at how long the stage would be: more epochs would have changed its steps.
    pub knew_length: bool,
    /// What names the result in a store: the stage's key. Empty where there is no store.
    pub key: String,
    /// What the last weights say of the clips that test; `None` where there are no such clips, where the model is lost,
    /// or where a result of an older version came from a store.
    pub said: Option<Arc<Logits>>,
    /// The stage at its end: more epochs would go on from here.
    pub end: Option<Checkpoint>,
}

impl Trained {
    /// The averaged network as a result of its own, to be reported, or to teach; it has no epochs.
    pub fn of_averaged(&self) -> Option<Trained> {
        let averaged = self.averaged.as_ref()?;
        let key = match self.key.is_empty() {
            true => String::new(),
            false => blake3::hash(format!("{} averaged", self.key).as_bytes()).to_hex().to_string(),
        };
        Some(Trained {
            name: format!("{}, averaged", self.name),
            model: averaged.model.clone(),
            nets: Vec::new(),
            accuracy: averaged.score.accuracy,
            map: averaged.score.map,
            best_accuracy: averaged.judged.accuracy,
            best_map: averaged.judged.map,
            averaged: None,
            weights_blake3: averaged.weights_blake3.clone(),
            readings: Vec::new(),
            said: None,
            key,
            end: None,
            ..self.clone()
        })
    }
}
