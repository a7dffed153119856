//! How good a model is on clips that did not train it.

use super::step::label_loss;
use crate::data::{ClipSource, Loader, LoaderOptions};
use crate::error::Result;
use crate::metrics;
use crate::models::Model;
use crate::nn::Mode;
use crate::tensor::Device;
use std::sync::Arc;

/// Clips a forward pass of an evaluation.
const BATCH: usize = 32;

/// Cross-entropy and accuracy of a model on a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of clips whose class was found.
    pub accuracy: f64,
}

/// Scores `model` on all clips of `source`, in their order, without augmentation.
pub fn evaluate(model: &Model, source: &Arc<ClipSource>, device: &Device) -> Result<Score> {
    let loader = Loader::new(source.clone(), Vec::new(), LoaderOptions::in_order(BATCH, device))?;
    let (mut scores, mut targets) = (Vec::new(), Vec::new());
    let mut loss = 0.0;
    for batch in loader.epoch(0) {
        let batch = batch?;
        let logits = model.forward(&batch.input, Mode::Eval)?;
        loss +=
            label_loss(source.labelling(), &logits, &batch.target)?.item()? * batch.clips as f64;
        scores.extend(logits.to_values()?);
        targets.extend(batch.target.to_values()?);
    }
    Ok(Score {
        loss: loss / source.len().max(1) as f64,
        accuracy: metrics::accuracy(&scores, &targets, source.classes()),
    })
}
