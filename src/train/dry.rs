//! A stage tried on two clips that nobody recorded: what would fail in the night fails in a second.

use super::bench::Before;
use super::event::Trained;
use super::hooks::{Hooks, Moment, Phase};
use super::later::{Batches, Told, later, readings_before};
use super::plan::Plan;
use super::stage::{Stage, made_up_reading, made_up_readings};
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::kd::{Noticed, noticing};
use crate::models::InputShape;
use crate::nn::{Mode, pass};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Clips that hooks are tried on.
pub const TRIAL_CLIPS: usize = 2;
/// Most clips that they are tried on where so few are not enough.
pub(super) const MOST_CLIPS: usize = 64;
/// Moments of the stage at which its schedules are read.
const SAMPLES: usize = 24;

/// The schedules at one moment of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Epochs done.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// The learning rate.
    pub lr: Option<f64>,
    /// λ, where a hook or an option says it.
    pub lambda: Option<f64>,
    /// τ, likewise.
    pub tau: Option<f64>,
}

/// What trying a stage gave.
pub struct Dry {
    /// The student's parameters.
    pub parameters: usize,
    /// Shape of the first two clips, `[2, frames, mels]`.
    pub input: Vec<usize>,
    /// What the student gave for them.
    pub output: Option<Tensor>,
    /// The loss of the one step.
    pub loss: Option<f64>,
    /// Steps of an epoch.
    pub steps_per_epoch: usize,
    /// The schedules over the stage, first to last epoch.
    pub schedule: Vec<Sample>,
    /// Optimisers of a step of one's own that took no step where it was tried.
    pub idle: Vec<String>,
    /// Networks of such a step that it did not change where it was tried, and whether it moved their running statistics
    /// all the same.
    pub unmoved: Vec<(String, bool)>,
    /// Whether hooks keep something from step to step: they may do in others what they did in none of these.
    pub keeps_state: bool,
    /// What losses were given that they do not take.
    pub noticed: Vec<Noticed>,
    /// All that failed, in the order in which it would.
    pub failures: Vec<Error>,
    /// The stage as it was before the one step.
    pub trained: Trained,
}

/// How many clips hooks are tried on after `error` came of `tried` clips, if it may come of their number: what a hook takes
/// of a batch may be more than two clips have, and a stage's own `batch` decides.
pub fn retried_on(error: &Error, tried: usize, batch: usize) -> Option<usize> {
    let clips = batch.min(MOST_CLIPS);
    let by_number = matches!(error.kind(), Kind::Shape | Kind::Range);
    (by_number && clips > tried).then_some(clips)
}

/// Builds a stage, does one step of it on made-up clips, calls every hook, and puts everything back. No data are
/// read.
///
/// # Errors
/// A plan that makes no sense, a network that cannot be built. What hooks do wrong is among the failures.
pub fn dry_run(plan: &Plan, hooks: &mut dyn Hooks) -> Result<Dry> {
    let (dry, noticed) = noticing(|| tried(plan, hooks));
    Ok(Dry { noticed, ..dry? })
}

fn tried(plan: &Plan, hooks: &mut dyn Hooks) -> Result<Dry> {
    plan.check()?;
    let mut run = Stage::new(plan)?;
    hooks.begin(&run.learner.bench)?;
    let (shape, classes) = (plan.features.shape(), plan.features.train.classes());
    let mut batch = made_up_batch(TRIAL_CLIPS, shape, classes, &plan.device)?;
    let input = batch.input.shape();
    let mut told = Told::default();
    let before = run.learner.bench.with(hooks.holdings()).snapshot();
    hooks.remember();
    // Without gradients first: where the network itself is wrong, its step would only say the same.
    let moment = run.moment.clone();
    let forward = || run.learner.model.forward(&batch.input, Mode::Eval);
    let output = pass::during(plan.seed, &[0], forward).map_err(|error| {
        // The function of a network that gives no tensor has a place.
        let (name, placed) = (error.report().operation.clone(), !error.report().places.is_empty());
        if placed { error } else { hooks.blame(&name, &moment, error) }
    });
    let output = keep(output, &mut told.failures);
    let mut loss = None;
    // What its step would only say in other words.
    let fits = output.is_some()
        && keep(run.learner.check_output(plan, &moment, hooks), &mut told.failures).is_some();
    if fits {
        let mut report = run.learner.step(&batch, &moment, hooks);
        let whole = plan.batch.min(plan.features.train.clips().len());
        let clips = report.as_ref().err().and_then(|error| retried_on(error, TRIAL_CLIPS, whole));
        if let Some(clips) = clips {
            let whole = made_up_batch(clips, shape, classes, &plan.device)?;
            let again = retried(&before, hooks, |hooks| run.learner.step(&whole, &moment, hooks))?;
            if let Some(again) = again {
                (report, batch) = (Ok(again), whole);
            }
        }
        loss = keep(report, &mut told.failures).map(|report| report.loss);
    }
    // What the first step moves.
    let first = if loss.is_some() && plan.own.is_some() { before.moved()? } else { Vec::new() };
    told.note(plan, &run.learner.bench.with(hooks.holdings()), &before, hooks)?;
    hooks.undo();
    // Later hooks, and what follows the stage, find what the step logged.
    run.moment.readings = Arc::new(vec![made_up_reading(plan, 1, &told.logged)]);
    run.moment.phase = Phase::EpochEnd;
    keep(hooks.on_epoch(&run.moment), &mut told.failures);
    told.note(plan, &run.learner.bench.with(hooks.holdings()), &before, hooks)?;
    hooks.undo();
    if loss.is_some()
        && let Some(epochs) = hooks.epochs()
    {
        let made = |clips| made_up_batch(clips, shape, classes, &plan.device);
        let batches = Batches::of(plan, &batch, hooks.takes_slices(), made)?;
        later(plan, &run, epochs, &batches, &before, hooks, &mut told)?;
    }
    let Told { mut failures, logged, stepped, moved } = told;
    if loss.is_some() {
        failures.extend(idle(plan, run.loader.batches()));
        failures.extend(without_optimizers(plan).filter(|_| moved.is_empty()));
    }
    let steps_per_epoch = run.loader.batches();
    let schedule = schedules(plan, &run.moment, steps_per_epoch, hooks, &mut failures, &logged);
    before.restore()?;
    hooks.undo();
    run.moment.readings = Arc::default();
    Ok(Dry {
        parameters: run.learner.model.network().parameter_count(),
        idle: idle_optimizers(plan, &stepped),
        unmoved: first
            .into_iter()
            .filter(|(name, _)| !moved.contains(name))
            .map(|(name, first)| (name, first.buffers))
            .collect(),
        keeps_state: hooks.keeps_state(),
        noticed: Vec::new(),
        input,
        output,
        loss,
        steps_per_epoch,
        schedule,
        failures,
        trained: made_up(plan, &logged, run.finish(plan, hooks)?),
    })
}

/// A step after another one that failed; nothing, and everything as it was, where it fails as well.
fn retried<T>(
    before: &Before,
    hooks: &mut dyn Hooks,
    step: impl FnOnce(&mut dyn Hooks) -> Result<T>,
) -> Result<Option<T>> {
    before.restore()?;
    hooks.undo();
    hooks.logged();
    match step(hooks) {
        Ok(report) => Ok(Some(report)),
        Err(_) => {
            before.restore()?;
            hooks.undo();
            hooks.logged();
            Ok(None)
        }
    }
}

/// Optimisers that took no step where another one did.
fn idle_optimizers(plan: &Plan, stepped: &BTreeSet<String>) -> Vec<String> {
    let all = plan.own.iter().flat_map(|own| &own.optimizers).map(|(name, _)| name);
    all.filter(|name| !stepped.contains(*name)).cloned().collect()
}

/// What follows the stage finds the numbers that a run has.
fn made_up(plan: &Plan, logged: &[(String, f64)], trained: Trained) -> Trained {
    let readings = made_up_readings(plan, logged);
    let map = readings.last().and_then(|(_, last)| last.map);
    Trained { map, best_map: map, readings, ..trained }
}

/// Steps that went well, and will have taught nothing.
fn idle(plan: &Plan, per_epoch: usize) -> Option<Error> {
    let steps = plan.epochs * per_epoch;
    let gathers = plan.optimizer.accumulate;
    if plan.own.is_some() || gathers <= steps {
        return None;
    }
    let problem = format!("no weight of stage '{}' changes", plan.name);
    let error = Error::new(Kind::Range, plan.optimizer.operation(), problem)
        .expected(format!("'accumulate' up to the {steps} steps of the stage"))
        .received(gathers.to_string());
    Some(error.as_warning())
}

/// What is told of steps of one's own that have no optimiser, and change no weight.
fn without_optimizers(plan: &Plan) -> Option<Error> {
    plan.own.as_ref().filter(|own| own.optimizers.is_empty())?;
    let problem = format!("no weight of stage '{}' changes", plan.name);
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected("optimizers: #{ main: optim::adamw(#{ lr: 1e-3 }) }, and ctx.optimizers.main.step(…) in the step")
        .received("a step that makes a loss, without optimizers");
    Some(error.as_warning())
}

/// Hooks of the schedules, called from the first step of the stage to its last; where one fails it is not asked again.
fn schedules(
    plan: &Plan,
    start: &Moment,
    steps_per_epoch: usize,
    hooks: &mut dyn Hooks,
    failures: &mut Vec<Error>,
    logged: &[(String, f64)],
) -> Vec<Sample> {
    let steps = plan.epochs * steps_per_epoch;
    let count = steps.min(SAMPLES);
    let (mut has_lr, mut is_taught) = (plan.own.is_none(), plan.taught_by().is_some());
    let mut samples = Vec::new();
    for index in 0..count {
        let step = index * steps.saturating_sub(1) / count.saturating_sub(1).max(1);
        let epoch = step / steps_per_epoch.max(1);
        let mut moment = Moment { epoch, step, phase: Phase::Step, ..start.clone() };
        // What a hook may look at, it finds.
        moment.readings = readings_before(plan, epoch, logged);
        let mut sample = Sample { epoch, step, lr: None, lambda: None, tau: None };
        if has_lr {
            let lr = hooks.lr(&moment);
            has_lr = lr.is_ok();
            sample.lr = keep(lr, failures).map(|own| own.unwrap_or(plan.optimizer.lr));
        }
        if is_taught {
            let (lambda, tau) = (hooks.lambda(&moment), hooks.tau(&moment));
            is_taught = lambda.is_ok() && tau.is_ok();
            sample.lambda = keep(lambda, failures).flatten();
            sample.tau = keep(tau, failures).flatten();
        }
        samples.push(sample);
    }
    samples
}

/// The value, or its error among the others; what was told already is not told again.
pub(super) fn keep<T>(outcome: Result<T>, failures: &mut Vec<Error>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            let same = |known: &Error| {
                known.headline() == error.headline()
                    && known.report().places.first() == error.report().places.first()
            };
            if !failures.iter().any(same) {
                failures.push(error);
            }
            None
        }
    }
}

/// Clips that nobody recorded, of each class in turn.
///
/// # Errors
/// As of making tensors.
pub fn made_up_batch(
    clips: usize,
    input: InputShape,
    classes: usize,
    on: &Device,
) -> Result<Batch> {
    let mut random = Stream::new(0, "dry run", &[]);
    let input = Tensor::normal(&[clips, input.frames, input.mels], &mut random, on)?;
    let count = classes.max(1);
    let label = |index: usize| f32::from(u8::from((index / count) % count == index % count));
    let labels = (0..clips * classes).map(label).collect();
    let target = Tensor::from_values(labels, &[clips, classes], on)?;
    Ok(Batch { input, teacher_input: None, target, clips, mixes: Arc::default(), view: 0 })
}
