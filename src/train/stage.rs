//! A whole stage: epochs of steps, evaluation after each, the best and the last weights.

use super::evaluate::evaluate;
use super::hooks::{Change, Hooks, Moment, Reading};
use super::plan::{Plan, StageKind};
use super::step::{Learner, StepReport};
use crate::data::{Batch, Loader, LoaderOptions};
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::nn::Net;
use crate::tensor::{Tensor, store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What a stage tells while it runs.
pub enum Event<'a> {
    /// A stage begins.
    Started {
        /// The stage.
        plan: &'a Plan,
        /// Trained numbers of its model.
        parameters: usize,
        /// Steps in all.
        steps: usize,
    },
    /// A step is done.
    Stepped {
        /// Where the stage stood before it.
        moment: &'a Moment,
        /// Its numbers.
        report: StepReport,
        /// Clips in it.
        clips: usize,
    },
    /// An edit was taken up, or refused.
    Changed {
        /// Where the stage stands.
        moment: &'a Moment,
        /// The edit.
        change: &'a Change,
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
}

/// Somebody who wants to know: the run folder, a progress bar.
pub trait Observer {
    /// Called in the training thread, in order.
    fn observe(&mut self, event: &Event) -> Result<()>;
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
    /// All networks of a stage whose steps are the recipe's own.
    pub nets: Vec<(String, Net)>,
    /// Accuracy on the test clips with the last weights.
    pub accuracy: f64,
    /// The best accuracy of any epoch (chosen on the test clips, so optimistic).
    pub best_accuracy: f64,
    /// Wall time.
    pub seconds: f64,
    /// Optimiser steps.
    pub steps: usize,
    /// Trained numbers.
    pub parameters: usize,
    /// BLAKE3 of the last weights as a safetensors file.
    pub weights_blake3: String,
    /// What each epoch gave.
    pub readings: Vec<Reading>,
}

/// Runs `plan` to its end.
///
/// # Errors
/// Whatever its parts say; `Interrupted` when `stop` was raised, at the next step.
pub fn train(
    plan: &Plan,
    hooks: &mut dyn Hooks,
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<Trained> {
    plan.check()?;
    let mut run = Stage::new(plan)?;
    let parameters = run.learner.model.network().parameter_count();
    observer.observe(&Event::Started { plan, parameters, steps: run.moment.steps })?;
    if let Some(own) = &run.learner.own {
        hooks.begin(own)?;
    }
    let begun = Instant::now();
    for epoch in 0..plan.epochs {
        run.moment.epoch = epoch;
        run.epoch(plan, hooks, observer, stop)?;
    }
    let weights = store::encode(&run.learner.model.network().state())?;
    let readings = run.moment.readings.to_vec();
    let trained = Trained {
        name: plan.name.clone(),
        kind: plan.kind(),
        model: run.learner.model,
        nets: run.learner.own.map(|own| own.nets).unwrap_or_default(),
        accuracy: readings.last().map_or(0.0, |reading| reading.accuracy),
        best_accuracy: readings.iter().map(|reading| reading.accuracy).fold(0.0, f64::max),
        seconds: begun.elapsed().as_secs_f64(),
        steps: run.moment.step,
        parameters,
        weights_blake3: blake3::hash(&weights).to_hex().to_string(),
        readings,
    };
    observer.observe(&Event::Ended { trained: &trained })?;
    Ok(trained)
}

struct Stage {
    learner: Learner,
    loader: Loader,
    moment: Moment,
}

impl Stage {
    fn new(plan: &Plan) -> Result<Self> {
        let options = LoaderOptions {
            batch: plan.batch,
            seed: plan.seed,
            workers: plan.workers,
            shuffle: true,
            device: plan.device.clone(),
        };
        let loader = Loader::new(plan.features.train.clone(), plan.chain.clone(), options)?;
        let moment = Moment {
            stage: plan.name.as_str().into(),
            seed: plan.seed,
            epoch: 0,
            epochs: plan.epochs,
            step: 0,
            steps: plan.epochs * loader.batches(),
            lr: plan.optimizer.lr,
            readings: Arc::new(Vec::new()),
        };
        Ok(Stage { learner: Learner::new(plan)?, loader, moment })
    }

    fn epoch(
        &mut self,
        plan: &Plan,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<()> {
        let begun = Instant::now();
        let mut tally = Tally::default();
        for batch in self.loader.epoch(self.moment.epoch) {
            let batch = batch?;
            if stop.load(Ordering::Relaxed) {
                return Err(self.interrupted());
            }
            let changes = hooks.boundary(&self.moment)?;
            for change in &changes {
                observer.observe(&Event::Changed { moment: &self.moment, change })?;
            }
            let report = self.step(&batch, hooks, observer)?;
            tally.add(report, batch.clips, hooks.logged());
            let moment = &self.moment;
            observer.observe(&Event::Stepped { moment, report, clips: batch.clips })?;
            self.moment.step += 1;
        }
        let trained = begun.elapsed().as_secs_f64();
        let score = evaluate(&self.learner.model, &plan.features.test, &plan.device)?;
        if !score.loss.is_finite() {
            return Err(self.lost(score.loss));
        }
        let mut reading = tally.reading(self.moment.epoch + 1, trained);
        reading.test_loss = score.loss;
        reading.accuracy = score.accuracy;
        reading.seconds = begun.elapsed().as_secs_f64();
        let best = self.moment.readings.iter().all(|before| before.accuracy < reading.accuracy);
        // The hook finds this epoch at the end of the history; what it logs belongs to this epoch.
        Arc::make_mut(&mut self.moment.readings).push(reading.clone());
        while let Err(failure) = hooks.on_epoch(&self.moment) {
            self.revert(failure, hooks, observer)?;
        }
        tally.logged.extend(hooks.logged());
        reading.logged = mean_by_name(&tally.logged);
        if let Some(last) = Arc::make_mut(&mut self.moment.readings).last_mut() {
            *last = reading.clone();
        }
        let state = self.learner.model.network().state();
        observer.observe(&Event::Epoch {
            stage: &plan.name,
            reading: &reading,
            step: self.moment.step,
            state: &state,
            best,
        })
    }

    /// A step is a transaction: where a hook fails, the version before comes back, if there is one, and the
    /// step is done again.
    fn step(
        &mut self,
        batch: &Batch,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
    ) -> Result<StepReport> {
        let before = self.learner.snapshot();
        loop {
            let failure = match self.learner.step(batch, &self.moment, hooks) {
                Ok(report) => return Ok(report),
                Err(failure) => failure,
            };
            self.revert(failure, hooks, observer)?;
            self.learner.restore(&before)?;
        }
    }

    /// Takes the version that failed out of force; gives its failure back where it was the first one.
    fn revert(
        &self,
        failure: Error,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        if failure.kind() == Kind::Interrupted {
            return Err(failure);
        }
        match hooks.revert(&self.moment, &failure) {
            None => Err(failure),
            Some(change) => {
                observer.observe(&Event::Changed { moment: &self.moment, change: &change })
            }
        }
    }

    /// The last step's weights were too large to be seen by any step.
    fn lost(&self, loss: f64) -> Error {
        Error::new(Kind::Number, "evaluation", "the model gives no finite numbers any more")
            .received(format!("test loss {loss} after step {}", self.moment.step))
            .hint("the weights of the last finished epoch are kept; try a smaller learning rate")
    }

    fn interrupted(&self) -> Error {
        let Moment { stage, step, steps, .. } = &self.moment;
        Error::new(Kind::Interrupted, format!("stage '{stage}'"), "stopped by a signal")
            .received(format!("{step} of {steps} steps done"))
    }
}

/// Sums over an epoch.
#[derive(Default)]
struct Tally {
    loss: f64,
    clips: usize,
    last: Option<StepReport>,
    logged: Vec<(String, f64)>,
}

impl Tally {
    fn add(&mut self, report: StepReport, clips: usize, logged: Vec<(String, f64)>) {
        self.loss += report.loss * clips as f64;
        self.clips += clips;
        self.last = Some(report);
        self.logged.extend(logged);
    }

    fn reading(&self, epoch: usize, seconds: f64) -> Reading {
        Reading {
            epoch,
            loss: self.loss / self.clips.max(1) as f64,
            test_loss: 0.0,
            accuracy: 0.0,
            lr: self.last.map_or(0.0, |last| last.lr),
            lambda: self.last.and_then(|last| last.lambda),
            tau: self.last.and_then(|last| last.tau),
            clips_per_second: self.clips as f64 / seconds.max(1e-9),
            seconds,
            logged: mean_by_name(&self.logged),
        }
    }
}

fn mean_by_name(logged: &[(String, f64)]) -> Vec<(String, f64)> {
    let mut means: Vec<(String, f64, usize)> = Vec::new();
    for (name, value) in logged {
        match means.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, count)) => {
                *sum += value;
                *count += 1;
            }
            None => means.push((name.clone(), *value, 1)),
        }
    }
    means.into_iter().map(|(name, sum, count)| (name, sum / count as f64)).collect()
}
