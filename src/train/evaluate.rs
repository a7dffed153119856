//! How good a model is on clips that did not train it.

use super::exact;
use super::step::label_loss;
use crate::data::{ClipSource, Labelling, Loader, LoaderOptions, Logits};
use crate::error::Result;
use crate::metrics::{self, Average, Missing, Predictions};
use crate::models::Model;
use crate::nn::Mode;
use crate::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Clips a forward pass of an evaluation.
const BATCH: usize = 32;

/// What a model is worth on a split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean loss against the labels: cross-entropy, or binary cross-entropy where clips have several labels.
    #[serde(with = "exact::number")]
    pub loss: f64,
    /// Share of clips whose highest score stands at one of their classes; clips without a label do not count.
    pub accuracy: f64,
    /// Mean average precision over the classes that occur, where clips have several labels.
    #[serde(default, with = "exact::maybe")]
    pub map: Option<f64>,
}

impl Score {
    /// What epochs are compared by.
    pub fn main(&self) -> f64 {
        self.map.unwrap_or(self.accuracy)
    }
}

/// What a model said of a split, and what that is worth.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What it is worth.
    pub score: Score,
    /// Logits `[clips, classes]`, in the order of the split.
    pub logits: Vec<f32>,
    /// What is true, of the same shape.
    pub targets: Vec<f32>,
}

impl Judged {
    /// The logits by the clips' ids. `None` where there are none, or where a number is not finite: a model that is lost
    /// said nothing.
    pub fn said(self, source: &ClipSource, classes: &[String]) -> Option<Logits> {
        let ids = source.clips().iter().map(|clip| clip.id.clone()).collect();
        Logits::new(ids, classes.to_vec(), self.logits, Some(self.targets)).ok()
    }
}

/// Scores `model` on all clips of `source`, in their order, without augmentation.
///
/// # Errors
/// A clip that cannot be read; what the model says.
pub fn evaluate(model: &Model, source: &Arc<ClipSource>, device: &Device) -> Result<Judged> {
    let options = LoaderOptions::in_order(BATCH, device);
    let loader = Loader::new(source.clone(), Vec::new(), options)?;
    let (mut scores, mut targets) = (Vec::new(), Vec::new());
    let mut loss = 0.0;
    for batch in loader.epoch(0) {
        let batch = batch?;
        let logits = model.forward(&batch.input, Mode::Eval)?;
        let own = label_loss(source.labelling(), &logits, &batch.target)?;
        // All of it in one tensor, since each look makes a graphics card wait.
        let flat = [&own, &logits, &batch.target].map(|tensor| tensor.reshape(&[-1]));
        let [own, logits, target] = flat;
        let said = Tensor::cat(&[own?, logits?, target?], 0)?.to_values()?;
        let (own, rest) = said.split_at(1);
        let (logits, target) = rest.split_at(rest.len() / 2);
        loss += f64::from(own[0]) * batch.clips as f64;
        scores.extend_from_slice(logits);
        targets.extend_from_slice(target);
    }
    let score = score(source, loss / source.len().max(1) as f64, &scores, &targets)?;
    Ok(Judged { score, logits: scores, targets })
}

fn score(source: &ClipSource, loss: f64, scores: &[f32], targets: &[f32]) -> Result<Score> {
    let classes = source.classes();
    if source.labelling() == Labelling::Single {
        let accuracy = metrics::accuracy(scores, targets, classes);
        return Ok(Score { loss, accuracy, map: None });
    }
    let rows = scores.chunks_exact(classes.max(1)).zip(targets.chunks_exact(classes.max(1)));
    let (mut labelled, mut found) = (0usize, 0usize);
    for (scores, targets) in rows.filter(|(_, targets)| targets.iter().any(|label| *label > 0.0)) {
        labelled += 1;
        let top = metrics::argmax_rows(scores, classes).first().copied().unwrap_or(0);
        found += usize::from(targets.get(top).is_some_and(|label| *label > 0.0));
    }
    let accuracy = found as f64 / labelled.max(1) as f64;
    // A model that is lost has no ranks; its loss says so.
    let is_lost = scores.iter().any(|score| !score.is_finite());
    let map = if is_lost { 0.0 } else { mean_average_precision(scores, targets, classes)? };
    Ok(Score { loss, accuracy, map: Some(map) })
}

fn mean_average_precision(scores: &[f32], targets: &[f32], classes: usize) -> Result<f64> {
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|v| f64::from(*v)).collect() };
    let labels: Vec<f64> = targets.iter().map(|t| f64::from(u8::from(*t >= 0.5))).collect();
    let all = Predictions::of(&wide(scores), &labels, classes)?;
    let found = metrics::average_precision(&all, Average::Macro, Missing::Skip, None)?.value;
    // No class that occurs: nothing was to be found.
    Ok(if found.is_nan() { 0.0 } else { found })
}
