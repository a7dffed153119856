//! A stage tried on two clips that nobody recorded: what would fail in the night fails in a second.

use super::bench::{Before, Workbench};
use super::event::Trained;
use super::hooks::{Hooks, Moment, Phase};
use super::plan::Plan;
use super::stage::{MOST_READINGS, Stage, made_up_reading, made_up_readings};
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::models::InputShape;
use crate::nn::{Mode, pass};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use std::sync::Arc;

/// Clips that it is tried on.
const CLIPS: usize = 2;
/// Most clips that it is tried on where two are too few.
const MOST_CLIPS: usize = 64;
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
    /// Shape of the two clips, `[2, frames, mels]`.
    pub input: Vec<usize>,
    /// What the student gave for them.
    pub output: Option<Tensor>,
    /// The loss of the one step.
    pub loss: Option<f64>,
    /// Steps of an epoch.
    pub steps_per_epoch: usize,
    /// The schedules over the stage, first to last epoch.
    pub schedule: Vec<Sample>,
    /// All that failed, in the order in which it would.
    pub failures: Vec<Error>,
    /// The stage as it was before the one step.
    pub trained: Trained,
}

/// Builds a stage, does one step of it on made-up clips, calls every hook, and puts everything back. No data are
/// read.
///
/// # Errors
/// A plan that makes no sense, a network that cannot be built. What hooks do wrong is among the failures.
pub fn dry_run(plan: &Plan, hooks: &mut dyn Hooks) -> Result<Dry> {
    plan.check()?;
    let mut run = Stage::new(plan)?;
    hooks.begin(&run.learner.bench)?;
    let (shape, classes) = (plan.features.shape(), plan.features.train.classes());
    let batch = made_up_batch(CLIPS, shape, classes, &plan.device)?;
    let mut failures = Vec::new();
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
    let output = keep(output, &mut failures);
    let mut loss = None;
    // What its step would only say in other words.
    let fits = output.is_some()
        && keep(run.learner.check_output(plan, &moment, hooks), &mut failures).is_some();
    if fits {
        let mut report = run.learner.step(&batch, &moment, hooks);
        let clips = plan.batch.min(plan.features.train.clips().len()).min(MOST_CLIPS);
        let by_number = |error: &Error| matches!(error.kind(), Kind::Shape | Kind::Range);
        // What a hook takes of a batch may be more than two clips have: the stage's own number decides.
        if report.as_ref().is_err_and(by_number) && clips > CLIPS {
            let whole = made_up_batch(clips, shape, classes, &plan.device)?;
            let again = retried(&before, hooks, |hooks| run.learner.step(&whole, &moment, hooks))?;
            report = again.map_or(report, Ok);
        }
        loss = keep(report, &mut failures).map(|report| report.loss);
        failures.extend(
            idle(plan, &run.learner.bench.with(hooks.holdings()), run.loader.batches())
                .filter(|_| loss.is_some()),
        );
    }
    if loss.is_some() {
        failures.extend(unmoved(plan, &before)?);
    }
    let mut logged = hooks.logged();
    before.restore()?;
    hooks.undo();
    // Later hooks, and what follows the stage, find what the step logged.
    run.moment.readings = Arc::new(vec![made_up_reading(plan, 1, &logged)]);
    run.moment.phase = Phase::EpochEnd;
    keep(hooks.on_epoch(&run.moment), &mut failures);
    logged.extend(hooks.logged());
    before.restore()?;
    hooks.undo();
    let steps_per_epoch = run.loader.batches();
    let schedule = schedules(plan, &run.moment, steps_per_epoch, hooks, &mut failures, &logged);
    before.restore()?;
    hooks.undo();
    run.moment.readings = Arc::default();
    Ok(Dry {
        parameters: run.learner.model.network().parameter_count(),
        input: batch.input.shape(),
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

/// What follows the stage finds the numbers that a run has.
fn made_up(plan: &Plan, logged: &[(String, f64)], trained: Trained) -> Trained {
    let readings = made_up_readings(plan, logged);
    let map = readings.last().and_then(|(_, last)| last.map);
    Trained { map, best_map: map, readings, ..trained }
}

/// A step that went well, and will have taught nothing.
fn idle(plan: &Plan, bench: &Workbench, per_epoch: usize) -> Option<Error> {
    let steps = plan.epochs * per_epoch;
    let gathers = plan.optimizer.accumulate;
    if plan.own.is_none() && gathers > steps {
        let problem = format!("no weight of stage '{}' changes", plan.name);
        let error = Error::new(Kind::Range, plan.optimizer.operation(), problem)
            .expected(format!("'accumulate' up to the {steps} steps of the stage"))
            .received(gathers.to_string());
        return Some(error.as_warning());
    }
    let (name, options) = plan.own.as_ref()?.optimizers.first()?;
    let took_none = bench.optimizers.iter().all(|(_, handle)| handle.snapshot().is_fresh());
    let net = plan.own.as_ref()?.nets.first().map_or("net", |(net, _)| net);
    let problem = format!("no optimizer of stage '{}' took a step", plan.name);
    took_none.then(|| {
        Error::new(Kind::Script, "each_step", problem)
            .expected(format!(
                "ctx.optimizers.{name}.step(ctx.nets.{net}, loss) in each step, or in some"
            ))
            .received(format!(
                "a step that makes a loss, and leaves {} as it is",
                options.operation()
            ))
            .as_warning()
    })
}

/// Networks of a step of one's own that it does not train: one whose running statistics move all the same, and the one that
/// is judged.
fn unmoved(plan: &Plan, before: &Before) -> Result<Vec<Error>> {
    let Some(own) = plan.own.as_ref() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let all = before.moved()?;
    let any = all.iter().any(|(_, moved)| moved.weights);
    for ((name, moved), (net, network)) in all.iter().zip(&own.nets) {
        if moved.weights || !any {
            continue;
        }
        if moved.buffers {
            let problem = format!(
                "the step leaves the weights of '{name}' as they are, and moves its running statistics"
            );
            let error = Error::new(Kind::Script, "each_step", problem)
                .received("a network in training")
                .hint(format!("a teacher is asked as ctx.nets.{name}.eval().forward(x), or given as net.copy().freeze().eval()"));
            found.push(error.as_warning());
        } else if plan.evaluates(network) {
            let problem = format!("the step never changes '{net}', which is judged");
            let error = Error::new(Kind::Script, "each_step", problem)
                .expected(
                    "weights that follow the others, as of a mean teacher, or an optimizer's step",
                )
                .received(format!("evaluate: \"{net}\""));
            found.push(error.as_warning());
        }
    }
    Ok(found)
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
        moment.readings = Arc::new(
            (epoch.saturating_sub(MOST_READINGS) + 1..=epoch)
                .map(|epoch| made_up_reading(plan, epoch, logged))
                .collect(),
        );
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
fn keep<T>(outcome: Result<T>, failures: &mut Vec<Error>) -> Option<T> {
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
