//! The mean of the weights of a range of epochs, as AST's and PSLA's code takes it of its checkpoints.

use super::bench::under;
use super::evaluate::{Score, evaluate};
use super::hooks::{Hooks, Moment};
use super::plan::Plan;
use super::stage::Stage;
use crate::error::{Error, Result};
use crate::models::Model;
use crate::nn::{Mode, Network, Role, pass};
use crate::tensor::{Tensor, store};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// What becomes of running statistics where weights are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Norms {
    /// They are averaged like weights, as AST's and PSLA's code has it.
    #[default]
    Averaged,
    /// They are measured anew: the mean over the batches of one more epoch, which the averaged network goes through in
    /// training (SWA; PyTorch's `update_bn`).
    Measured,
}

impl Norms {
    /// Their names in recipes.
    pub const NAMES: [(&str, Norms); 2] =
        [("averaged", Norms::Averaged), ("measured", Norms::Measured)];
}

/// Which epochs' weights are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Average {
    /// The first epoch, counted from 1.
    pub from: usize,
    /// The last epoch.
    pub to: usize,
    /// What becomes of running statistics.
    pub norms: Norms,
}

impl Average {
    /// Whether the weights at the end of an epoch, counted from 1, count.
    pub(super) fn has(&self, epoch: usize) -> bool {
        (self.from..=self.to).contains(&epoch)
    }

    /// Refuses epochs that a stage of so many does not have.
    pub(super) fn check(&self, operation: &str, epochs: usize) -> Result<()> {
        let Average { from, to, .. } = *self;
        if 1 <= from && from <= to && to <= epochs {
            return Ok(());
        }
        Err(Error::out_of_range(
            operation,
            "average",
            format!("[first, last] epoch, counted from 1 to {epochs}"),
            format!("[{from}, {to}]"),
        ))
    }
}

/// A model whose weights are the mean of several epochs.
#[derive(Clone)]
pub struct Averaged {
    /// The model.
    pub model: Model,
    /// Which epochs' weights.
    pub epochs: [usize; 2],
    /// What it is worth on the clips that test.
    pub score: Score,
    /// What it is worth on the clips that epochs are judged by; the same, where none validate.
    pub judged: Score,
    /// BLAKE3 of the weights as a safetensors file without a description.
    pub weights_blake3: String,
}

/// What a checkpoint says of averaged weights beside their tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Epochs in the sum.
    count: usize,
    /// What the mean is worth on the clips that epochs are judged by, at the end.
    #[serde(default)]
    judged: Option<Score>,
    /// On the clips that test, where others judge.
    #[serde(default)]
    tested: Option<Score>,
}

/// The sum of the weights so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    head: Head,
    sums: Vec<(String, Tensor)>,
    /// Running statistics that were measured at the end.
    measured: Vec<(String, Tensor)>,
}

const SUMS: &str = "average/";
const MEASURED: &str = "measured/";

impl Sum {
    /// What [`Sum::tensors`] and [`Sum::head`] gave.
    pub fn of(tensors: &[(String, Tensor)], head: Head) -> Self {
        Sum { head, sums: under(tensors, SUMS), measured: under(tensors, MEASURED) }
    }

    pub fn head(&self) -> Head {
        self.head
    }

    /// All tensors, by names that no others of a checkpoint have.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let both = [(SUMS, &self.sums), (MEASURED, &self.measured)];
        let named = |(prefix, all): (&str, &Vec<(String, Tensor)>)| {
            let each =
                |(name, tensor): &(String, Tensor)| (format!("{prefix}{name}"), tensor.clone());
            all.iter().map(each).collect::<Vec<_>>()
        };
        both.into_iter().flat_map(named).collect()
    }

    /// Adds a network's weights and running statistics as they are now.
    ///
    /// # Errors
    /// None in practice: the network stays the same.
    pub fn add(&mut self, network: &dyn Network) -> Result<()> {
        let state = network.state();
        let mut sums = Vec::with_capacity(state.len());
        for (index, (name, tensor)) in state.into_iter().enumerate() {
            let before = self.sums.get(index).filter(|_| tensor.is_float());
            let sum = before.map(|(_, before)| before.add(&tensor)).transpose()?;
            sums.push((name, sum.unwrap_or(tensor)));
        }
        self.sums = sums;
        self.head.count += 1;
        Ok(())
    }

    /// The mean; whole numbers are the last ones.
    fn mean(&self) -> Result<Vec<(String, Tensor)>> {
        let count = self.head.count as f64;
        let mean = |(name, sum): &(String, Tensor)| {
            let measured = self.measured.iter().find(|(known, _)| known == name);
            let value = match measured {
                Some((_, measured)) => measured.clone(),
                None if sum.is_float() => sum.div_number(count)?,
                None => sum.clone(),
            };
            Ok((name.clone(), value))
        };
        self.sums.iter().map(mean).collect()
    }

    /// A copy of a model with the mean; with the weights that it has, where nothing was added.
    fn model(&self, model: &Model) -> Result<Model> {
        let copy = model.copy()?;
        if self.head.count > 0 {
            copy.network().restore(&self.mean()?)?;
        }
        Ok(copy)
    }

    /// The result.
    pub fn averaged(&self, average: Average, model: &Model) -> Result<Averaged> {
        let nothing = Score { loss: 0.0, accuracy: 0.0, map: None };
        let judged = self.head.judged.unwrap_or(nothing);
        let model = self.model(model)?;
        let weights = store::encode(&model.network().state())?;
        Ok(Averaged {
            model,
            epochs: [average.from, average.to],
            score: self.head.tested.unwrap_or(judged),
            judged,
            weights_blake3: blake3::hash(&weights).to_hex().to_string(),
        })
    }
}

impl Stage {
    /// The sum with what its mean is worth, at the end of the stage.
    pub(super) fn judge_average(
        &self,
        plan: &Plan,
        average: Average,
        hooks: &mut dyn Hooks,
        stop: &AtomicBool,
    ) -> Result<Sum> {
        let mut sum = Sum { measured: Vec::new(), ..self.sum.clone() };
        let model = sum.model(&self.learner.model)?;
        if average.norms == Norms::Measured {
            sum.measured = self.measure(&model, plan, average, hooks, stop)?;
        }
        sum.head.judged = Some(evaluate(&model, plan.features.judging(), &plan.device)?.score);
        sum.head.tested = match plan.features.judging_tests() {
            true => None,
            false => Some(evaluate(&model, &plan.features.test, &plan.device)?.score),
        };
        Ok(sum)
    }

    /// Running statistics of the model: the mean over the batches of the epoch after those that are averaged. They are
    /// the same, however long the stage is.
    fn measure(
        &self,
        model: &Model,
        plan: &Plan,
        average: Average,
        hooks: &mut dyn Hooks,
        stop: &AtomicBool,
    ) -> Result<Vec<(String, Tensor)>> {
        let first = average.to * self.loader.batches();
        for (index, batch) in self.loader.epoch(average.to).enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Err(self.interrupted());
            }
            let batch = batch?;
            let step = first + index;
            let moment = Moment { epoch: average.to, step, ..self.moment.clone() };
            let forward = || {
                let own = self.learner.augmented(&batch, &moment, hooks)?;
                let input = own.as_ref().map_or(&batch.input, |own| &own.input);
                // The mean of so many batches and one more.
                pass::with_momentum(1.0 / (index + 1) as f64, || {
                    pass::without_gradients(|| model.forward(input, Mode::Train))
                })
            };
            pass::during(plan.seed, &[step as u64], forward)?;
        }
        let buffers = model.net().parameters().into_iter();
        let buffers = buffers.filter(|(_, parameter)| parameter.role() == Role::Buffer);
        Ok(buffers.map(|(name, buffer)| (name, buffer.value())).collect())
    }
}
