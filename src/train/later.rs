//! Later epochs of a stage, tried on the clips of its dry run: hooks may do something else there than in the first one.

use super::bench::{Before, Workbench};
use super::dry::keep;
use super::hooks::{Hooks, Moment, Phase, Reading};
use super::plan::Plan;
use super::stage::{MOST_READINGS, Stage, made_up_reading};
use crate::data::Batch;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A step and an end of an epoch in the middle of the stage, in its last epoch and where hooks say so: they may do something
/// else there than in the first one, which goes before, for what it leaves in the recipe's own map.
pub(super) fn later(
    plan: &Plan,
    run: &Stage,
    named: Vec<usize>,
    batch: &Batch,
    before: &Before,
    hooks: &mut dyn Hooks,
    told: &mut Told,
) -> Result<()> {
    let per_epoch = run.loader.batches();
    let last = plan.epochs.saturating_sub(1);
    let mut epochs: BTreeSet<usize> = named.into_iter().collect();
    epochs.extend([0, plan.epochs / 2, last]);
    if last == 0 {
        return Ok(());
    }
    let mut failed = Vec::new();
    for epoch in epochs.into_iter().filter(|epoch| *epoch <= last) {
        // Not the first step of each: what is done in every second one is done in some of these.
        let within = match epoch {
            0 => 0,
            epoch if epoch == last => per_epoch.saturating_sub(1),
            _ => per_epoch / 2,
        };
        let readings = readings_before(plan, epoch, &told.logged);
        let step = epoch * per_epoch + within;
        let at = Moment { epoch, step, phase: Phase::Step, readings, ..run.moment.clone() };
        let done = run.learner.step(batch, &at, hooks).map_err(|error| failed.push(error));
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
        let failure = match keeps {
            true => failure
                .hint("it may hold with what the steps before leave in ctx.state")
                .as_warning(),
            false => failure,
        };
        let _ = keep::<()>(Err(failure), &mut told.failures);
    }
    Ok(())
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
