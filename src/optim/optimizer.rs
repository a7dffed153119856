//! An optimiser: its options, its state, and a step.

use super::clip::clip;
use super::options::{Algorithm, Update};
use super::state::{Slot, Snapshot};
use super::{AuxiliaryOptions, OptimizerOptions};
use crate::error::{Error, Kind, Result};
use crate::nn::{Parameter, Pattern, Role};
use crate::tensor::{Gradients, Tensor, words};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Changes parameters by their gradients; its state goes by their names.
pub struct Optimizer {
    options: Arc<OptimizerOptions>,
    state: Snapshot,
    /// What each parameter of the last call has to do with, in their order.
    plans: Vec<(String, Plan)>,
    /// The learning rate of the last step, until somebody asks.
    rate: Option<f64>,
}

/// What one parameter has to do with.
struct Plan {
    algorithm: Algorithm,
    /// Its learning rate as a multiple of the base rate.
    share: f64,
    decay: f64,
}

impl Optimizer {
    /// An optimiser that has seen nothing yet.
    pub fn new(options: OptimizerOptions) -> Result<Self> {
        options.check()?;
        let state = Snapshot::new(options.lr);
        Ok(Optimizer { options: Arc::new(options), state, plans: Vec::new(), rate: None })
    }

    /// What it was told.
    pub fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    /// The learning rate where no step says another one: that of the options, unless set since.
    pub fn lr(&self) -> f64 {
        self.state.lr
    }

    /// Sets the learning rate of the steps that say no other one; groups follow in proportion.
    ///
    /// # Errors
    /// A rate below 0, or none.
    pub fn set_lr(&mut self, lr: f64) -> Result<()> {
        self.state.lr = self.checked(lr)?;
        Ok(())
    }

    /// The learning rate of the last step since this was asked before, where there was one.
    pub fn take_rate(&mut self) -> Option<f64> {
        self.rate.take()
    }

    /// Everything that a step changes, parameters aside. Handles only: no number is copied.
    pub fn snapshot(&self) -> Snapshot {
        self.state.clone()
    }

    /// Goes back to a snapshot of its own.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.state = snapshot.clone();
    }

    /// Its state as named tensors, for a checkpoint.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        self.state.encode()
    }

    /// Takes up a state that [`Optimizer::state`] gave; nothing changes where it fails.
    ///
    /// # Errors
    /// Names that no optimiser writes, or entries that are missing.
    pub fn load_state(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        self.state = Snapshot::decode(tensors)?;
        Ok(())
    }

    /// Looks up which parameter belongs to which group.
    ///
    /// # Errors
    /// A pattern that fits no parameter, a group that others before it leave none.
    pub fn bind(&mut self, parameters: &[(String, Parameter)]) -> Result<()> {
        let known = parameters.len() == self.plans.len()
            && parameters.iter().zip(&self.plans).all(|((name, _), (known, _))| name == known);
        if known {
            return Ok(());
        }
        let weights = parameters.iter().filter(|(_, parameter)| parameter.role() == Role::Weight);
        let names: Vec<&str> = weights.map(|(name, _)| name.as_str()).collect();
        let idle = |pattern: &&Pattern| !names.iter().any(|name| pattern.matches(name));
        if let Some(pattern) = self.options.patterns().find(idle) {
            return Err(pattern.unmatched(&self.options.operation(), &names));
        }
        if let Some(index) = self.options.hidden_group(&names) {
            let problem =
                format!("'groups[{index}]' has no parameter: groups before it take them all");
            return Err(Error::new(Kind::Range, self.options.operation(), problem).expected(
                "the particular before the general: the first group that fits a name has it",
            ));
        }
        let planned = parameters.iter().map(|(name, parameter)| {
            (name.clone(), self.options.plan(name, &parameter.value().shape()))
        });
        self.plans = planned.collect();
        Ok(())
    }

    /// Takes the gradients of one backward pass, and changes the parameters once it has seen as many as
    /// `accumulate` says: `true` then. `lr` is the base rate of this step; without one, the optimiser's.
    /// A parameter without a gradient stays as it is. Nothing has changed where it fails.
    ///
    /// # Errors
    /// No parameter has a gradient, a rate below 0, a pattern that fits no parameter, parameters of another
    /// network under the same names.
    pub fn step(
        &mut self,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
        lr: Option<f64>,
    ) -> Result<bool> {
        let lr = self.checked(lr.unwrap_or(self.state.lr))?;
        self.bind(parameters)?;
        let mut given = Vec::new();
        for (index, (_, parameter)) in parameters.iter().enumerate() {
            if parameter.role() == Role::Weight {
                given.extend(parameter.gradient(gradients).map(|gradient| (index, gradient)));
            }
        }
        if given.is_empty() {
            return Err(Error::new(
                Kind::Type,
                self.options.operation(),
                "no parameter of this network took part in the loss",
            )
            .hint("make the loss from the network's output in training mode"));
        }
        let mut state = self.state.clone();
        if self.options.accumulate > 1 {
            for (index, gradient) in &mut given {
                let sum = state.sums.get(&parameters[*index].0);
                if let Some(sum) = sum {
                    self.same_shape(&parameters[*index].0, &sum.shape(), gradient)?;
                    *gradient = sum.add(gradient)?;
                }
            }
            for (index, sum) in given.drain(..) {
                state.sums.insert(parameters[index].0.clone(), sum);
            }
            state.calls += 1;
            if state.calls < self.options.accumulate {
                (self.state, self.rate) = (state, Some(lr));
                return Ok(false);
            }
            let calls = state.calls as f64;
            let mut sums = std::mem::take(&mut state.sums);
            for (index, (name, _)) in parameters.iter().enumerate() {
                if let Some(sum) = sums.remove(name) {
                    given.push((index, sum.div_number(calls)?));
                }
            }
            state.calls = 0;
        }
        clip(&self.options, &mut given)?;
        let mut fresh = Vec::with_capacity(given.len());
        for (index, gradient) in &given {
            let (name, parameter) = &parameters[*index];
            let (value, slot) = self.update(*index, &parameter.value(), gradient, lr, &state)?;
            state.slots.insert(name.clone(), slot);
            fresh.push((parameter, value));
        }
        for (parameter, value) in fresh {
            parameter.update(value)?;
        }
        (self.state, self.rate) = (state, Some(lr));
        Ok(true)
    }

    fn update(
        &self,
        index: usize,
        value: &Tensor,
        gradient: &Tensor,
        lr: f64,
        state: &Snapshot,
    ) -> Result<(Tensor, Slot)> {
        let (name, plan) = &self.plans[index];
        let kept = state.slots.get(name);
        for shape in kept.into_iter().flat_map(Slot::shapes).chain([gradient.shape()]) {
            self.same_shape(name, &shape, value)?;
        }
        let Plan { algorithm, share, decay } = plan;
        algorithm.update(&Update { value, gradient, kept, lr: lr * share, decay: *decay })
    }

    /// Refuses state that belongs to another parameter of the same name.
    fn same_shape(&self, name: &str, kept: &[usize], now: &Tensor) -> Result<()> {
        if kept == now.shape() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Shape,
            self.options.operation(),
            format!("its state of '{name}' belongs to another network"),
        )
        .expected(words(kept))
        .received(words(&now.shape()))
        .hint("give each network an optimiser of its own"))
    }

    fn checked(&self, lr: f64) -> Result<f64> {
        super::options::not_negative(&self.options.operation(), "lr", lr)?;
        Ok(lr)
    }
}

impl OptimizerOptions {
    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let auxiliary = match &self.algorithm {
            Algorithm::Muon(own) => own.adamw.names.as_slice(),
            _ => &[],
        };
        self.groups.iter().flat_map(|group| &group.names).chain(auxiliary)
    }

    /// The place of the group that a name belongs to.
    fn group_of(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.names.iter().any(|own| own.matches(name)))
    }

    /// The first group that has none of these names, since more general ones before it have them: they fit others as well. A
    /// last one for what is left may find nothing left.
    fn hidden_group(&self, names: &[&str]) -> Option<usize> {
        let held: BTreeSet<usize> = names.iter().filter_map(|name| self.group_of(name)).collect();
        let hidden = |index: &usize| {
            let Some(group) = self.groups.get(*index) else { return false };
            let fits = |name: &str| group.names.iter().any(|own| own.matches(name));
            let before = |name: &str| self.group_of(name).is_some_and(|first| first < *index);
            !held.contains(index) && names.iter().any(|name| before(name) && !fits(name))
        };
        (0..self.groups.len()).find(hidden)
    }

    fn plan(&self, name: &str, shape: &[usize]) -> Plan {
        let group = self.group_of(name).and_then(|index| self.groups.get(index));
        let (algorithm, lr, decay) = match &self.algorithm {
            Algorithm::Muon(own) if !own.takes(name, shape) => {
                let AuxiliaryOptions { lr, weight_decay, adam, .. } = &own.adamw;
                (Algorithm::Adamw(adam.clone()), *lr, *weight_decay)
            }
            own => (own.clone(), self.lr, self.weight_decay),
        };
        let lr = group.and_then(|group| group.lr).unwrap_or(lr);
        let scale = group.and_then(|group| group.lr_scale).unwrap_or(1.0);
        let mut decay = group.and_then(|group| group.weight_decay).unwrap_or(decay);
        if !self.decay_norms && shape.len() < 2 {
            decay = 0.0;
        }
        Plan { algorithm, share: lr * scale / self.lr, decay }
    }
}
