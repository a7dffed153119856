//! The end of a stage: what it is worth on the clips that test, and its result.

use super::evaluate::{Judged, evaluate};
use super::event::{Observer, Trained};
use super::hooks::Hooks;
use super::plan::Plan;
use super::stage::Stage;
use crate::data::Logits;
use crate::error::Result;
use crate::nn::Net;
use crate::tensor::store;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Stage {
    /// What the last weights say of the clips that test, where others judged the epochs, or where the last epoch had
    /// been judged before the stage was taken up, and what averaged ones are worth: once, at the end.
    pub fn judge(
        &mut self,
        plan: &Plan,
        hooks: &mut dyn Hooks,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<()> {
        if let Some(average) = plan.average {
            self.sum = self.attempt(hooks, observer, stop, |stage, hooks| {
                stage.judge_average(plan, average, hooks, stop)
            })?;
        }
        if plan.features.test.is_empty() || self.said.is_some() {
            return Ok(());
        }
        let judged = self.attempt(hooks, observer, stop, |stage, _| {
            evaluate(&stage.learner.model, &plan.features.test, &plan.device)
        })?;
        if !plan.features.validation.is_empty() {
            self.tested = Some(judged.score);
        }
        self.said = said(judged, plan);
        Ok(())
    }

    /// The result, where all epochs are done.
    pub fn finish(self, plan: &Plan, hooks: &mut dyn Hooks) -> Result<Trained> {
        let end = self.freeze(hooks)?;
        let weights = store::encode(&self.learner.model.network().state())?;
        let best = self.readings.iter().max_by(|a, b| a.1.main().total_cmp(&b.1.main()));
        let best = best.map(|(_, reading)| (reading.accuracy, reading.map));
        let last = self.readings.last().map(|(_, reading)| (reading.accuracy, reading.map));
        let tested = self.tested.map(|score| (score.accuracy, score.map));
        let (accuracy, map) = tested.or(last).unwrap_or_default();
        let (best_accuracy, best_map) = best.unwrap_or_default();
        let steps = self.readings.iter().map(|(_, reading)| (reading.seconds, reading.waiting));
        let (all, waited) =
            steps.fold((0.0, 0.0), |(all, waited), (s, w)| (all + s, waited + s * w));
        let average = plan.average;
        let averaged =
            average.map(|own| self.sum.averaged(own, &self.learner.model)).transpose()?;
        Ok(Trained {
            averaged,
            name: plan.name.clone(),
            kind: plan.kind(),
            features: plan.features.clone(),
            accuracy,
            map,
            best_accuracy,
            best_map,
            waiting: waited / f64::max(all, 1e-9),
            seconds: end.head.seconds,
            parameters: self.learner.model.network().parameter_count(),
            nets: named(self.learner.bench.nets),
            model: self.learner.model,
            steps: self.moment.step,
            weights_blake3: blake3::hash(&weights).to_hex().to_string(),
            readings: self.readings,
            history: self.history,
            lengths: self.lengths,
            knew_length: end.head.knew_length,
            key: String::new(),
            said: self.said,
            end: Some(end),
        })
    }
}

/// What was said of the clips that test, by their ids.
pub(super) fn said(judged: Judged, plan: &Plan) -> Option<Arc<Logits>> {
    let classes = &plan.features.dataset().classes;
    judged.said(&plan.features.test, classes).map(Arc::new)
}

/// Those with names: of a standard stage its parts, of one with steps of the recipe's own all.
fn named(nets: Vec<(String, Net)>) -> Vec<(String, Net)> {
    nets.into_iter().filter(|(name, _)| !name.is_empty()).collect()
}
