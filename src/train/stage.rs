//! A whole stage: epochs of steps, evaluation after each, the best and the last weights.

use super::average::Sum;
use super::checkpoint::Checkpoint;
use super::dry::dry_run;
use super::ending::said;
use super::evaluate::{Judged, Score, evaluate};
use super::event::{Event, Observer, Trained};
use super::hooks::{Hooks, Moment, Outcome, Phase, Reading, Stint};
use super::plan::Plan;
use super::step::Learner;
use super::tally::{Tally, mean_by_name};
use crate::data::{Loader, LoaderOptions, Logits};
use crate::error::{Error, Kind, Result};
use crate::metrics::Labelling;
use crate::tensor::trace::{self, Part};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a stage that waits for an edit looks for one.
const LOOK: Duration = Duration::from_millis(40);

/// Epochs of a made-up history.
pub(super) const MOST_READINGS: usize = 1_000;

/// Runs `plan` to its end, from its beginning or from a checkpoint.
///
/// # Errors
/// Whatever its parts say; `Interrupted` when `stop` was raised, at the next step. A checkpoint of another stage.
pub fn train(
    plan: &Plan,
    from: Option<Checkpoint>,
    hooks: &mut dyn Hooks,
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<Trained> {
    plan.check()?;
    let mut run = trace::span(Part::Preparing, || {
        plan.features.ready(&|| stop.load(Ordering::Relaxed))?;
        Stage::new(plan)
    })?;
    hooks.begin(&run.learner.bench)?;
    if let Some(checkpoint) = from {
        run.take_up(checkpoint, hooks)?;
    }
    let is_fit = run.learner.check_output(plan, &run.moment, hooks);
    match is_fit.as_ref().err() {
        // No edit of a function could mend that.
        Some(failure) if failure.report().places.is_empty() => return Err(failure.clone()),
        _ => {}
    }
    observer.observe(&Event::Started {
        plan,
        parameters: run.learner.model.network().parameter_count(),
        steps: run.moment.steps,
        step: run.moment.step,
        version: hooks.version(),
        readings: &run.readings,
        pretrained: run.learner.model.weights(),
    })?;
    if is_fit.is_err() {
        run.attempt(hooks, observer, stop, |stage, hooks| {
            stage.learner.check_output(plan, &stage.moment, hooks)
        })?;
    }
    for epoch in run.moment.epoch..plan.epochs {
        run.moment.epoch = epoch;
        run.epoch(plan, hooks, observer, stop)?;
    }
    run.moment.epoch = plan.epochs;
    run.judge(plan, hooks, observer, stop)?;
    run.finish(plan, hooks)
}

/// What a stage had made, from the checkpoint at its end; nothing is computed.
///
/// # Errors
/// A checkpoint of another stage, or not at its end.
pub fn recall(plan: &Plan, from: Checkpoint, hooks: &mut dyn Hooks) -> Result<Trained> {
    plan.check()?;
    if from.head.epoch != plan.epochs || from.head.batch != 0 {
        return Err(Error::new(
            Kind::Data,
            "taking a stage from the store",
            "it is not at its end",
        )
        .expected(format!("{} epochs", plan.epochs))
        .received(format!("{} epochs", from.head.epoch)));
    }
    let mut run = Stage::new(plan)?;
    run.learner.check_output(plan, &run.moment, hooks)?;
    hooks.begin(&run.learner.bench)?;
    run.take_up(from, hooks)?;
    run.finish(plan, hooks)
}

/// A stage before its first step: what asks for its result's place among others, not for the result.
///
/// # Errors
/// A plan that makes no sense.
pub fn untrained(plan: &Plan, hooks: &mut dyn Hooks) -> Result<Trained> {
    plan.check()?;
    let run = Stage::new(plan)?;
    run.learner.check_output(plan, &run.moment, hooks)?;
    // One step on made-up clips tells what steps log, which statements after the stage may read.
    dry_run(plan, hooks).map(|dry| dry.trained)
}

/// A history for a stage that did not run: whoever looks at it finds what would be there.
pub(super) fn made_up_readings(plan: &Plan, logged: &[(String, f64)]) -> Vec<(usize, Reading)> {
    let epochs = 1..=plan.epochs.min(MOST_READINGS);
    epochs.map(|epoch| (epoch, made_up_reading(plan, epoch, logged))).collect()
}

/// One of them; with a mean average precision where clips have several labels.
pub(super) fn made_up_reading(plan: &Plan, epoch: usize, logged: &[(String, f64)]) -> Reading {
    let several = plan.features.train.labelling() == Labelling::Multi;
    let reading = Reading::with(logged);
    Reading { epoch, map: several.then_some(reading.accuracy), ..reading }
}

pub(super) struct Stage {
    pub learner: Learner,
    pub loader: Loader,
    pub moment: Moment,
    /// Batches of the epoch that are done.
    pub batch: usize,
    pub tally: Tally,
    pub readings: Vec<(usize, Reading)>,
    pub history: Vec<Stint>,
    pub lengths: Vec<[usize; 2]>,
    pub identity: String,
    /// What the last weights are worth on the clips that test, where others judge the epochs.
    pub tested: Option<Score>,
    /// What the last weights say of the clips that test.
    pub said: Option<Arc<Logits>>,
    /// The sum of the weights of the epochs that are averaged.
    pub sum: Sum,
    /// Seconds before this process went on with it.
    pub before: f64,
    begun: Instant,
}

impl Stage {
    pub fn new(plan: &Plan) -> Result<Self> {
        let options = LoaderOptions {
            batch: plan.batch,
            seed: plan.seed,
            workers: plan.workers,
            sampler: plan.sampler.clone(),
            teaching: plan.teaching,
            draws: true,
            device: plan.device.clone(),
        };
        let loader = Loader::new(plan.features.train.clone(), plan.chain.clone(), options)?;
        let batches = loader.batches();
        let moment = Moment {
            stage: plan.name.as_str().into(),
            seed: plan.seed,
            epoch: 0,
            epochs: plan.epochs,
            step: 0,
            steps: plan.epochs * batches,
            phase: Phase::Step,
            lr: plan.optimizer.lr,
            readings: Arc::new(Vec::new()),
        };
        Ok(Stage {
            learner: Learner::new(plan)?,
            loader,
            moment,
            batch: 0,
            tally: Tally::default(),
            readings: Vec::new(),
            history: Vec::new(),
            lengths: vec![[0, plan.epochs * batches]],
            identity: plan.identity.clone(),
            tested: None,
            said: None,
            sum: Sum::default(),
            before: 0.0,
            begun: Instant::now(),
        })
    }

    pub fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    fn epoch(
        &mut self,
        plan: &Plan,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<()> {
        let (begun, before) = (Instant::now(), self.tally.seconds);
        let waited = self.tally.waited;
        self.moment.phase = Phase::Step;
        let begun_at = self.batch;
        let mut batches = self.loader.epoch_from(self.moment.epoch, self.batch);
        while let Some(batch) = trace::span(Part::Data, || batches.next()) {
            let batch = batch?;
            self.between(hooks, observer, stop)?;
            let report = self.attempt(hooks, observer, stop, |stage, hooks| {
                stage.learner.step(&batch, &stage.moment, hooks)
            })?;
            self.note_version(hooks);
            self.tally.add(report, batch.clips, hooks.logged());
            self.tally.seconds = before + begun.elapsed().as_secs_f64();
            self.tally.waited = waited + batches.waited().as_secs_f64();
            let moment = &self.moment;
            let (clips, so_far) = (batch.clips, self.tally.so_far());
            let stepped = Event::Stepped { moment, report, clips, so_far };
            trace::span(Part::Logging, || observer.observe(&stepped))?;
            self.moment.step += 1;
            self.batch += 1;
        }
        self.moment.phase = Phase::EpochEnd;
        if self.batch == begun_at {
            // It goes on from the end of an epoch, where a hook may have failed that was mended since.
            self.between(hooks, observer, stop)?;
        }
        // A network of the recipe's own may fail here as in a step.
        let judged = self.attempt(hooks, observer, stop, |stage, _| stage.look_at_weights(plan))?;
        let mut reading = self.tally.reading(self.moment.epoch + 1);
        reading.judged(judged.score);
        reading.seconds = before + begun.elapsed().as_secs_f64();
        // The hook finds this epoch at the end of the history; what it logs belongs to this epoch.
        Arc::make_mut(&mut self.moment.readings).push(reading.clone());
        let again = self.attempt(hooks, observer, stop, |stage, hooks| {
            let before = stage.learner.model.net().changes();
            hooks.on_epoch(&stage.moment)?;
            // Whatever the hook made of the weights is what the epoch ends with.
            let same = stage.learner.model.net().changes() == before;
            if same { Ok(None) } else { stage.look_at_weights(plan).map(Some) }
        })?;
        let judged = again.unwrap_or(judged);
        reading.judged(judged.score);
        if plan.features.validation.is_empty() {
            self.said = said(judged, plan);
        }
        let best = self.readings.iter().all(|(_, before)| before.main() < reading.main());
        self.note_version(hooks);
        self.tally.logged.extend(hooks.logged());
        reading.logged = mean_by_name(&self.tally.logged);
        if let Some(last) = Arc::make_mut(&mut self.moment.readings).last_mut() {
            *last = reading.clone();
        }
        if plan.average.is_some_and(|average| average.has(self.moment.epoch + 1)) {
            self.sum.add(self.learner.model.network())?;
        }
        self.readings.push((self.moment.step, reading.clone()));
        self.tally = Tally::default();
        self.batch = 0;
        let state = self.learner.model.network().state();
        let (step, stage) = (self.moment.step, plan.name.as_str());
        let told = Event::Epoch { stage, reading: &reading, step, state: &state, best };
        trace::span(Part::Logging, || observer.observe(&told))
    }

    /// What the weights say as they are, and what that is worth.
    fn look_at_weights(&self, plan: &Plan) -> Result<Judged> {
        let model = &self.learner.model;
        let judged = || evaluate(model, plan.features.judging(), &plan.device);
        let judged = trace::span(Part::Evaluation, judged)?;
        let loss = judged.score.loss;
        if loss.is_finite() { Ok(judged) } else { Err(self.lost(loss)) }
    }

    /// Between two steps: the only moment at which the stage can be stopped, kept, or get other code.
    fn between(
        &mut self,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<()> {
        // Whoever wants one may also want the stage to stop here.
        let wanted = observer.wants_checkpoint(&self.moment);
        let stops = stop.load(Ordering::Relaxed);
        if wanted || stops {
            self.checkpoint(hooks, observer)?;
        }
        if stops {
            return Err(self.interrupted());
        }
        self.look(hooks, observer).map(|_| ())
    }

    /// Takes an edit up, if there is one; `true` where it is in force.
    fn look(&self, hooks: &mut dyn Hooks, observer: &mut dyn Observer) -> Result<bool> {
        let mut taken = false;
        for change in hooks.boundary(&self.moment)? {
            taken |= matches!(change.outcome, Outcome::InForce | Outcome::Unchanged);
            observer.observe(&Event::Changed { moment: &self.moment, change: &change })?;
        }
        Ok(taken)
    }

    /// Does `act` as a transaction: where a hook fails, all that it changed is put back, the version before
    /// comes back, if there is one, and it is done again. Without one the stage waits for an edit, where the
    /// hooks say so.
    pub fn attempt<T>(
        &self,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
        act: impl Fn(&Self, &mut dyn Hooks) -> Result<T>,
    ) -> Result<T> {
        loop {
            let before = self.learner.bench.with(hooks.holdings()).snapshot();
            hooks.remember();
            let failure = match act(self, hooks) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let waits = hooks.waits(&failure);
            before.restore()?;
            hooks.undo();
            if failure.kind() == Kind::Interrupted {
                self.checkpoint(hooks, observer)?;
                return Err(failure);
            }
            let moment = &self.moment;
            if let Some(change) = hooks.revert(moment, &failure) {
                observer.observe(&Event::Changed { moment, change: &change })?;
                continue;
            }
            self.checkpoint(hooks, observer)?;
            if !waits {
                return Err(failure);
            }
            observer.observe(&Event::Paused { moment, failure: &failure })?;
            while !self.look(hooks, observer)? {
                if stop.load(Ordering::Relaxed) {
                    return Err(self.interrupted());
                }
                std::thread::sleep(LOOK);
            }
            observer.observe(&Event::Continued { moment })?;
        }
    }

    /// Writes down which version did what was done just now.
    fn note_version(&mut self, hooks: &dyn Hooks) {
        let version = hooks.version();
        if self.history.last().is_none_or(|stint| stint.version != version) {
            let Moment { step, phase, .. } = self.moment;
            self.history.push(Stint { step, phase, version });
        }
    }

    /// The last step's weights were too large to be seen by any step.
    fn lost(&self, loss: f64) -> Error {
        Error::new(Kind::Number, "evaluation", "the model gives no finite numbers any more")
            .received(format!("test loss {loss} after step {}", self.moment.step))
            .hint("the weights of the last finished epoch are kept; try a smaller learning rate")
    }

    pub fn interrupted(&self) -> Error {
        let Moment { stage, step, steps, .. } = &self.moment;
        Error::new(Kind::Interrupted, format!("stage '{stage}'"), "stopped by a signal")
            .received(format!("{step} of {steps} steps done"))
            .hint("run it again: it goes on from here")
    }
}
