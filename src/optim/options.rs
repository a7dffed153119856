//! What an optimiser is told, checked before it starts.

use super::state::Slot;
use super::{AdamOptions, AdanOptions, LionOptions, MuonOptions, SgdOptions};
use crate::error::{Error, Kind, Result};
use crate::nn::Pattern;
use crate::tensor::Tensor;
use serde::Serialize;

/// How a gradient becomes an update, with the options that only this algorithm has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Algorithm {
    /// Stochastic gradient descent, as `torch.optim.SGD`.
    Sgd(SgdOptions),
    /// Adam with L2 in the gradient, as `torch.optim.Adam`.
    Adam(AdamOptions),
    /// Adam with decoupled weight decay, as `torch.optim.AdamW`.
    Adamw(AdamOptions),
    /// The sign of a momentum (Chen et al. 2023, arXiv 2302.06675).
    Lion(LionOptions),
    /// Adaptive Nesterov momentum (Xie et al. 2022, arXiv 2208.06677).
    Adan(AdanOptions),
    /// Orthogonalised momentum for matrices, AdamW for the rest, as `torch.optim.Muon`.
    Muon(MuonOptions),
}

/// Parameters with rates of their own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Names of its parameters: those that fit one of these patterns.
    pub names: Vec<Pattern>,
    /// A base learning rate of its own; it follows the schedule in proportion.
    pub lr: Option<f64>,
    /// A factor on the learning rate.
    pub lr_scale: Option<f64>,
    /// A weight decay of its own.
    pub weight_decay: Option<f64>,
}

/// Everything that an optimiser is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptimizerOptions {
    /// How a gradient becomes an update.
    #[serde(flatten)]
    pub algorithm: Algorithm,
    /// Base learning rate.
    pub lr: f64,
    /// Weight decay: L2 in the gradient for SGD and Adam, decoupled for the others.
    pub weight_decay: f64,
    /// The longest that all gradients together may be (L2), after `clip_value`.
    pub clip_norm: Option<f64>,
    /// The largest that an element of a gradient may be.
    pub clip_value: Option<f64>,
    /// Calls whose gradients are averaged for one update.
    pub accumulate: usize,
    /// Parameters with rates of their own; the first group that fits a name has it.
    pub groups: Vec<Group>,
    /// Whether parameters with one dimension (biases, scales of norms) decay too.
    pub decay_norms: bool,
}

impl Default for OptimizerOptions {
    fn default() -> Self {
        OptimizerOptions::new(Algorithm::Adam(AdamOptions::default()))
    }
}

impl OptimizerOptions {
    /// An algorithm with the learning rate and weight decay that its authors give, and nothing else.
    pub fn new(algorithm: Algorithm) -> Self {
        let (lr, weight_decay) = match algorithm {
            Algorithm::Sgd(_) | Algorithm::Adam(_) | Algorithm::Adan(_) => (1e-3, 0.0),
            Algorithm::Adamw(_) => (1e-3, 1e-2),
            Algorithm::Lion(_) => (1e-4, 0.0),
            Algorithm::Muon(_) => (1e-3, 0.1),
        };
        OptimizerOptions {
            algorithm,
            lr,
            weight_decay,
            clip_norm: None,
            clip_value: None,
            accumulate: 1,
            groups: Vec::new(),
            decay_norms: true,
        }
    }

    /// The same with another learning rate; those of groups, and of Muon's AdamW, follow in proportion.
    pub fn with_lr(&self, lr: f64) -> Self {
        let mut own = OptimizerOptions { lr, ..self.clone() };
        if lr == self.lr {
            return own;
        }
        let factor = lr / self.lr;
        own.groups.iter_mut().flat_map(|group| &mut group.lr).for_each(|lr| *lr *= factor);
        if let Algorithm::Muon(muon) = &mut own.algorithm {
            muon.adamw.lr *= factor;
        }
        own
    }

    /// Its function's name in messages: `optim::adam`.
    pub fn operation(&self) -> String {
        format!("optim::{}", self.algorithm.name())
    }

    /// Refuses what cannot train.
    pub fn check(&self) -> Result<()> {
        let operation = self.operation();
        positive(&operation, "lr", self.lr)?;
        not_negative(&operation, "weight_decay", self.weight_decay)?;
        for (name, limit) in [("clip_norm", self.clip_norm), ("clip_value", self.clip_value)] {
            limit.map_or(Ok(()), |limit| positive(&operation, name, limit))?;
        }
        range(&operation, "accumulate", self.accumulate as f64, self.accumulate > 0, "1 or more")?;
        for (index, group) in self.groups.iter().enumerate() {
            let what = |name: &str| format!("groups[{index}].{name}");
            if group.names.is_empty() {
                let problem = format!("'{}' is empty", what("names"));
                return Err(Error::new(Kind::Range, operation, problem)
                    .expected("one pattern of parameter names at least"));
            }
            for (name, value) in [
                ("lr", group.lr),
                ("lr_scale", group.lr_scale),
                ("weight_decay", group.weight_decay),
            ] {
                value.map_or(Ok(()), |value| not_negative(&operation, &what(name), value))?;
            }
            if group.lr.is_some() && group.lr_scale.is_some() {
                return Err(Error::new(
                    Kind::Range,
                    operation,
                    format!("groups[{index}] has both 'lr' and 'lr_scale'"),
                )
                .expected("a rate of its own, or a factor on the common one"));
            }
        }
        self.algorithm.check(&operation)
    }
}

impl Algorithm {
    /// Its name: `sgd`, `adam`, …
    pub fn name(&self) -> &'static str {
        match self {
            Algorithm::Sgd(_) => "sgd",
            Algorithm::Adam(_) => "adam",
            Algorithm::Adamw(_) => "adamw",
            Algorithm::Lion(_) => "lion",
            Algorithm::Adan(_) => "adan",
            Algorithm::Muon(_) => "muon",
        }
    }

    fn check(&self, operation: &str) -> Result<()> {
        match self {
            Algorithm::Sgd(own) => own.check(operation),
            Algorithm::Adam(own) | Algorithm::Adamw(own) => own.check(operation),
            Algorithm::Lion(own) => own.check(operation),
            Algorithm::Adan(own) => own.check(operation),
            Algorithm::Muon(own) => own.check(operation),
        }
    }

    /// One update of one parameter: its new numbers, and what to keep for the next one.
    pub(super) fn update(&self, of: &Update) -> Result<(Tensor, Slot)> {
        match self {
            Algorithm::Sgd(own) => own.update(of),
            Algorithm::Adam(own) => own.update(of, false),
            Algorithm::Adamw(own) => own.update(of, true),
            Algorithm::Lion(own) => own.update(of),
            Algorithm::Adan(own) => own.update(of),
            Algorithm::Muon(own) => own.update(of),
        }
    }
}

/// What one update of one parameter starts from.
pub(super) struct Update<'a> {
    /// The parameter as it is.
    pub value: &'a Tensor,
    /// Its gradient, clipped.
    pub gradient: &'a Tensor,
    /// What the update before kept; nothing at the first one.
    pub kept: Option<&'a Slot>,
    /// Its learning rate.
    pub lr: f64,
    /// Its weight decay.
    pub decay: f64,
}

impl Update<'_> {
    /// The number of this update of this parameter, counted from 1.
    pub fn number(&self) -> u64 {
        self.kept.map_or(0, |kept| kept.updates).saturating_add(1)
    }

    /// What the update before kept under `name`; `None` at the first one.
    pub fn kept(&self, name: &str) -> Result<Option<&Tensor>> {
        self.kept.map(|kept| kept.tensor(name)).transpose()
    }

    /// The moving average of `fresh` under `name`, which begins at 0: `β · old + (1 − β) · fresh`.
    pub fn average(&self, name: &str, beta: f64, fresh: &Tensor) -> Result<Tensor> {
        let fresh = fresh.mul_number(1.0 - beta)?;
        match self.kept(name)? {
            Some(old) => old.mul_number(beta)?.add(&fresh),
            None => Ok(fresh),
        }
    }

    /// What makes up for an average that began at 0: 1 − β^updates.
    pub fn correction(&self, beta: f64) -> f64 {
        1.0 - beta.powf(self.number() as f64)
    }

    /// The gradient with L2: so much of each weight is added.
    pub fn gradient_with_decay(&self) -> Result<Tensor> {
        match self.decay > 0.0 {
            true => self.gradient.add(&self.value.mul_number(self.decay)?),
            false => Ok(self.gradient.clone()),
        }
    }

    /// The weights after decoupled decay: each loses its share before the update.
    pub fn decayed_value(&self) -> Result<Tensor> {
        match self.decay > 0.0 {
            true => self.value.mul_number(1.0 - self.lr * self.decay),
            false => Ok(self.value.clone()),
        }
    }
}

/// Refuses `value` unless it is `good`.
pub(super) fn range(
    operation: &str,
    name: &str,
    value: f64,
    good: bool,
    wanted: &str,
) -> Result<()> {
    if good && value.is_finite() {
        return Ok(());
    }
    Err(Error::out_of_range(operation, name, wanted, value))
}

pub(super) fn positive(operation: &str, name: &str, value: f64) -> Result<()> {
    range(operation, name, value, value > 0.0, "more than 0")
}

pub(super) fn not_negative(operation: &str, name: &str, value: f64) -> Result<()> {
    range(operation, name, value, value >= 0.0, "0 or more")
}

/// Refuses factors of moving averages that keep everything, or less than nothing.
pub(super) fn check_betas(operation: &str, betas: &[f64]) -> Result<()> {
    betas.iter().enumerate().try_for_each(|(index, beta)| {
        let good = (0.0..1.0).contains(beta);
        range(operation, &format!("betas[{index}]"), *beta, good, "0 or more and less than 1")
    })
}

/// Refuses an ε that would be 0 in f32: a parameter without any gradient would become NaN.
pub(super) fn check_eps(operation: &str, eps: f64) -> Result<()> {
    let good = eps as f32 >= f32::MIN_POSITIVE;
    range(operation, "eps", eps, good, "1.2e-38 or more: 0 in f32 else")
}
