//! What a frozen teacher says of a batch, whichever way it is shown the clips.

use super::answers::Answers;
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
    who: Who,
    teaching: Teaching,
    labelling: Labelling,
    clips: Arc<ClipSource>,
    device: Device,
    /// A network's logits for each clip as it is, `[clips, classes]`; computed once, when the first batch asks for them.
    stored: OnceLock<Vec<f32>>,
}

/// Who teaches.
enum Who {
    /// A network, and how it hears.
    Model(Box<(TeacherModel, Hearing)>),
    /// Whoever wrote this down.
    Answers(Answers),
}

/// What a teacher says of a batch.
pub(super) struct Told {
    /// Its logits, `[batch, classes]`.
    pub logits: Tensor,
    /// Its inner outputs.
    pub taps: Tapped,
    /// How much of each row is known, f32 `[batch]`; `None` where all is.
    pub taught: Option<Tensor>,
}

impl Teacher {
    /// The teacher of a stage, if it has one.
    pub fn of(plan: &Plan) -> Option<Self> {
        let who = match (&plan.teacher, &plan.answers) {
            (Some(model), _) => Who::Model(Box::new((model.clone(), Hearing::of(plan, model)))),
            (None, Some(answers)) => Who::Answers(answers.clone()),
            (None, None) => return None,
        };
        Some(Teacher {
            who,
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
    pub fn says(&self, batch: &Batch, taps: &[String]) -> Result<Told> {
        let all = |(logits, taps): (Tensor, Tapped)| Told { logits, taps, taught: None };
        match &self.who {
            Who::Answers(_) if batch.mixes.is_empty() => {
                // A batch that nobody recorded is of no clips.
                let shape = [batch.clips, self.clips.classes()];
                Ok(all((Tensor::full(&shape, 0.0, &self.device)?, Vec::new())))
            }
            Who::Answers(answers) => self.recalled(&batch.mixes, |clip| answers.row(clip)),
            Who::Model(model) if self.teaching != Teaching::Stored || batch.mixes.is_empty() => {
                let (model, hearing) = &**model;
                let input = batch.teacher_input.as_ref().unwrap_or(&batch.input);
                model.model.forward_taps(&hearing.shown(input)?, Mode::Eval, taps).map(all)
            }
            Who::Model(model) => {
                let stored = match self.stored.get() {
                    Some(stored) => stored,
                    None => {
                        let said = self.ask_all(model)?;
                        self.stored.get_or_init(|| said)
                    }
                };
                let classes = self.clips.classes();
                self.recalled(&batch.mixes, |clip| stored.get(clip * classes..(clip + 1) * classes))
            }
        }
    }

    /// What it said of the clips that each row is made of: of a mixed one the mean of the probabilities, each by its
    /// share. A clip of which nothing is known leaves its share out.
    fn recalled<'a>(
        &self,
        mixes: &[Mix],
        row: impl Fn(usize) -> Option<&'a [f32]>,
    ) -> Result<Told> {
        let classes = self.clips.classes();
        let (mut values, mut shares) = (Vec::with_capacity(mixes.len() * classes), Vec::new());
        for mix in mixes {
            let parts: Vec<(&[f32], f32)> =
                mix.iter().filter_map(|(clip, share)| Some((row(*clip)?, *share))).collect();
            let sum = |shares: &mut dyn Iterator<Item = f32>| shares.sum::<f32>();
            let whole = sum(&mut mix.iter().map(|(_, share)| *share));
            let known = sum(&mut parts.iter().map(|(_, share)| *share));
            shares.push(if parts.len() == mix.len() { 1.0 } else { known / whole });
            match parts.as_slice() {
                [] => values.extend(std::iter::repeat_n(0.0, classes)),
                [(own, _)] => values.extend_from_slice(own),
                several if parts.len() == mix.len() => {
                    values.extend(mixed(several, 1.0, classes, self.labelling));
                }
                several => values.extend(mixed(several, known, classes, self.labelling)),
            }
        }
        let logits = Tensor::from_values(values, &[mixes.len(), classes], &self.device)?;
        let taught = match shares.iter().all(|share| *share == 1.0) {
            true => None,
            false => Some(Tensor::from_values(shares, &[mixes.len()], &self.device)?),
        };
        Ok(Told { logits, taps: Vec::new(), taught })
    }

    fn ask_all(&self, (model, hearing): &(TeacherModel, Hearing)) -> Result<Vec<f32>> {
        let options = LoaderOptions::in_order(BATCH, &self.device);
        let loader = Loader::new(hearing.own()?.train, Vec::new(), options)?;
        let mut said = Vec::with_capacity(self.clips.len() * self.clips.classes());
        for batch in loader.epoch(0) {
            said.extend(model.model.forward(&batch?.input, Mode::Eval)?.to_values()?);
        }
        Ok(said)
    }
}

/// Logits that stand for the mean of several clips' probabilities, each by its share of `whole`: what the labels of a
/// mixed clip are, too.
fn mixed(parts: &[(&[f32], f32)], whole: f32, classes: usize, labelling: Labelling) -> Vec<f32> {
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
            *cell += f64::from(*share) / f64::from(whole) * probability;
        }
    }
    logits_of(mean.into_iter(), labelling)
}

/// Logits with these probabilities.
pub(super) fn logits_of(
    probabilities: impl Iterator<Item = f64>,
    labelling: Labelling,
) -> Vec<f32> {
    let logit = |p: f64| match labelling {
        Labelling::Single => libm::log(p.max(LEAST)) as f32,
        Labelling::Multi => (libm::log(p.max(LEAST)) - libm::log((1.0 - p).max(LEAST))) as f32,
    };
    probabilities.map(logit).collect()
}
