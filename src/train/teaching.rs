//! What a frozen teacher says of a batch, whichever way it is shown the clips.

use super::hearing::Hearing;
use super::hooks::Tapped;
use super::plan::{Plan, TeacherModel};
use crate::data::{Batch, ClipSource, Labelling, Loader, LoaderOptions, Mix, Teaching};
use crate::error::Result;
use crate::nn::Mode;
use crate::tensor::{Device, Tensor};
use std::sync::{Arc, OnceLock};

/// Clips a forward pass of what is stored.
const BATCH: usize = 32;
/// A share of less than this is none: its logarithm would be infinite.
const LEAST: f64 = 1e-30;

/// A frozen teacher, and how it is asked.
pub(super) struct Teacher {
    model: TeacherModel,
    hearing: Hearing,
    teaching: Teaching,
    labelling: Labelling,
    clips: Arc<ClipSource>,
    device: Device,
    /// Its logits for each clip as it is, `[clips, classes]`; computed once, when the first batch asks for them.
    stored: OnceLock<Vec<f32>>,
}

impl Teacher {
    /// The teacher of a stage, if it has one.
    pub fn of(plan: &Plan) -> Option<Self> {
        let model = plan.teacher.clone()?;
        Some(Teacher {
            hearing: Hearing::of(plan, &model),
            model,
            teaching: plan.teaching,
            labelling: plan.features.train.labelling(),
            clips: plan.features.train.clone(),
            device: plan.device.clone(),
            stored: OnceLock::new(),
        })
    }

    /// Whether it is shown other draws of the augmentations than its student.
    pub fn is_independent(&self) -> bool {
        self.teaching == Teaching::Independent
    }

    /// Its logits, `[batch, classes]`, and the inner outputs of these names.
    ///
    /// # Errors
    /// As of its forward pass; a clip that cannot be read.
    pub fn says(&self, batch: &Batch, taps: &[String]) -> Result<(Tensor, Tapped)> {
        // A batch that nobody recorded is of no clips.
        if self.teaching == Teaching::Stored && !batch.mixes.is_empty() {
            return Ok((self.recalled(&batch.mixes)?, Vec::new()));
        }
        let input = batch.teacher_input.as_ref().unwrap_or(&batch.input);
        self.model.model.forward_taps(&self.hearing.shown(input)?, Mode::Eval, taps)
    }

    /// What it said of the clips that each row is made of.
    fn recalled(&self, mixes: &[Mix]) -> Result<Tensor> {
        let classes = self.clips.classes();
        let stored = match self.stored.get() {
            Some(stored) => stored,
            None => {
                let said = self.ask_all()?;
                self.stored.get_or_init(|| said)
            }
        };
        let row =
            |clip: usize| stored.get(clip * classes..(clip + 1) * classes).unwrap_or_default();
        let values = mixes.iter().flat_map(|mix| match mix.as_slice() {
            [(clip, _)] => row(*clip).to_vec(),
            several => {
                let parts: Vec<_> =
                    several.iter().map(|(clip, share)| (row(*clip), *share)).collect();
                mixed(&parts, classes, self.labelling)
            }
        });
        Tensor::from_values(values.collect(), &[mixes.len(), classes], &self.device)
    }

    fn ask_all(&self) -> Result<Vec<f32>> {
        let options = LoaderOptions::in_order(BATCH, &self.device);
        let loader = Loader::new(self.hearing.own()?.train, Vec::new(), options)?;
        let mut said = Vec::with_capacity(self.clips.len() * self.clips.classes());
        for batch in loader.epoch(0) {
            said.extend(self.model.model.forward(&batch?.input, Mode::Eval)?.to_values()?);
        }
        Ok(said)
    }
}

/// Logits that stand for the mean of several clips' probabilities, each by its share: what the labels of a mixed clip
/// are, too.
fn mixed(parts: &[(&[f32], f32)], classes: usize, labelling: Labelling) -> Vec<f32> {
    let mut mean = vec![0.0f64; classes];
    for (logits, share) in parts {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let raised = |logit: f32| libm::exp(f64::from(logit - highest));
        let sum: f64 = logits.iter().map(|logit| raised(*logit)).sum();
        for (cell, logit) in mean.iter_mut().zip(*logits) {
            let probability = match labelling {
                Labelling::Single => raised(*logit) / sum,
                Labelling::Multi => 1.0 / (1.0 + libm::exp(-f64::from(*logit))),
            };
            *cell += f64::from(*share) * probability;
        }
    }
    let logit = |p: f64| match labelling {
        Labelling::Single => libm::log(p.max(LEAST)) as f32,
        Labelling::Multi => (libm::log(p.max(LEAST)) - libm::log((1.0 - p).max(LEAST))) as f32,
    };
    mean.into_iter().map(logit).collect()
}
