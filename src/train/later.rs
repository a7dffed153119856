//! Later epochs of a stage, tried on the clips of its dry run: hooks may do something else there than in the first one.

use super::bench::{Before, Workbench};
use super::dry::keep;
use super::hooks::{Hooks, Moment, Phase, Reading};
use super::plan::Plan;
use super::stage::{MOST_READINGS, Stage, made_up_reading};
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::tensor::GRAPH_IS_USED;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Made-up clips of several numbers.
pub(super) struct Batches<'a> {
    /// What all else is tried on.
    pub first: &'a Batch,
    /// As many as a batch of the stage has, where hooks take slices: of fewer clips they are cut short without a word.
    pub whole: Option<Batch>,
    /// Those of the last step of an epoch, where these are other ones.
    pub last: Option<Batch>,
}

/// Of the last step of an epoch no more are tried.
const MOST_LAST: usize = 16;

impl<'a> Batches<'a> {
    /// `made` gives so many clips.
    ///
    /// # Errors
    /// As of making tensors.
    pub fn of(
        plan: &Plan,
        first: &'a Batch,
        slices: bool,
        made: impl Fn(usize) -> Result<Batch>,
    ) -> Result<Self> {
        let clips = plan.features.train.clips().len();
        let whole = match slices {
            true => Some(made(plan.batch.min(clips).min(super::dry::MOST_CLIPS))?),
            false => None,
        };
        let last = match clips % plan.batch.max(1) {
            0 => whole.clone(),
            rest if clips < plan.batch && rest == first.clips => None,
            rest => Some(made(rest.min(MOST_LAST))?),
        };
        Ok(Batches { first, whole, last })
    }

    /// What failed on other clips than all else, with why they are so many.
    fn explained(&self, plan: &Plan, error: Error, on: Option<&Batch>) -> Error {
        let clips = plan.features.train.clips().len();
        let rest = clips % plan.batch.max(1);
        let is_last =
            on.is_some_and(|on| self.last.as_ref().is_some_and(|last| last.clips == on.clips));
        match is_last && rest > 0 && matches!(error.kind(), Kind::Shape | Kind::Range) {
            true => error.hint(format!(
                "the last batch of an epoch has {rest} clips: {clips} in batches of {}",
                plan.batch
            )),
            false => error,
        }
    }
}

/// A step and an end of an epoch in the middle of the stage, in its last epoch and where hooks say so: they may do something
/// else there than in the first one, which goes before, for what it leaves in the recipe's own map.
pub(super) fn later(
    plan: &Plan,
    run: &Stage,
    named: Vec<usize>,
    batches: &Batches,
    before: &Before,
    hooks: &mut dyn Hooks,
    told: &mut Told,
) -> Result<()> {
    let per_epoch = run.loader.batches();
    let last = plan.epochs.saturating_sub(1);
    let mut epochs: BTreeSet<usize> = named.into_iter().collect();
    epochs.extend([0, plan.epochs / 2, last]);
    if last == 0 && batches.last.is_none() {
        return Ok(());
    }
    let mut failed = Vec::new();
    // Not the first step of each: what is done in every second one is done in some of these.
    let mut moments = Vec::new();
    for epoch in epochs.into_iter().filter(|epoch| *epoch <= last) {
        let whole = batches.whole.as_ref();
        if epoch == 0 && (last > 0 || whole.is_some()) {
            moments.push((epoch, 0, whole));
        } else if epoch < last {
            moments.push((epoch, per_epoch / 2, whole));
        }
        if epoch == last {
            moments.push((epoch, per_epoch.saturating_sub(1), batches.last.as_ref()));
        }
    }
    for (epoch, within, other) in moments {
        let readings = readings_before(plan, epoch, &told.logged);
        let step = epoch * per_epoch + within;
        let at = Moment { epoch, step, phase: Phase::Step, readings, ..run.moment.clone() };
        let done = run.learner.step(other.unwrap_or(batches.first), &at, hooks);
        let done = done.map_err(|error| failed.push(batches.explained(plan, error, other)));
        told.note(plan, &run.learner.bench.with(hooks.holdings()), before, hooks)?;
        // What fails here may do otherwise in another epoch.
        if done.is_ok() {
            let readings = readings_before(plan, epoch + 1, &told.logged);
            let step = (epoch + 1) * per_epoch;
            let end = Moment { phase: Phase::EpochEnd, step, readings, ..at };
            failed.extend(hooks.on_epoch(&end).err());
            told.note(plan, &run.learner.bench.with(hooks.holdings()), before, hooks)?;
        }
    }
    // Between these moments steps are left out, which would have gone on with what the recipe keeps.
    let keeps = hooks.keeps_state();
    hooks.undo();
    for failure in failed {
        let failure = match keeps && !is_graph(&failure) {
            true => failure
                .hint("it may hold with what the steps before leave in ctx.state")
                .as_warning(),
            false => failure,
        };
        let _ = keep::<()>(Err(failure), &mut told.failures);
    }
    Ok(())
}

/// Whether a graph of an earlier step was gone through again, which fails in each step.
fn is_graph(failure: &Error) -> bool {
    failure.report().problem == GRAPH_IS_USED
}

/// What steps and ends of epochs have told so far.
#[derive(Default)]
pub(super) struct Told {
    pub failures: Vec<Error>,
    pub logged: Vec<(String, f64)>,
    /// Optimisers that took a step.
    pub stepped: BTreeSet<String>,
    /// Networks of a step of one's own whose weights have changed.
    pub moved: BTreeSet<String>,
}

impl Told {
    /// Puts down what a trial did, and puts the weights back.
    pub fn note(
        &mut self,
        plan: &Plan,
        bench: &Workbench,
        before: &Before,
        hooks: &mut dyn Hooks,
    ) -> Result<()> {
        let stepped = bench.optimizers.iter().filter(|(_, handle)| !handle.snapshot().is_fresh());
        self.stepped.extend(stepped.map(|(name, _)| name.clone()));
        // All weights are compared for it, and nobody asks of the others.
        if plan.own.is_some() {
            let moved = before.moved()?.into_iter().filter(|(_, moved)| moved.weights);
            self.moved.extend(moved.map(|(name, _)| name));
        }
        self.logged.extend(hooks.logged());
        before.restore()
    }
}

/// The numbers that a hook finds when so many epochs are done.
pub(super) fn readings_before(
    plan: &Plan,
    epochs: usize,
    logged: &[(String, f64)],
) -> Arc<Vec<Reading>> {
    let first = epochs.saturating_sub(MOST_READINGS) + 1;
    Arc::new((first..=epochs).map(|epoch| made_up_reading(plan, epoch, logged)).collect())
}
