//! One optimiser in several hands.

use super::{Optimizer, OptimizerOptions, Snapshot};
use crate::error::Result;
use crate::nn::Parameter;
use crate::tensor::trace::{self, Part};
use crate::tensor::{Gradients, Tensor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A shared optimiser: clones have one state.
#[derive(Clone)]
pub struct OptimizerHandle(Arc<Mutex<Optimizer>>);

impl OptimizerHandle {
    /// An optimiser that has seen nothing yet.
    pub fn new(options: OptimizerOptions) -> Result<Self> {
        Ok(OptimizerHandle(Arc::new(Mutex::new(Optimizer::new(options)?))))
    }

    /// Whether both are the same optimiser, not only alike.
    pub fn is(&self, other: &OptimizerHandle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn own(&self) -> MutexGuard<'_, Optimizer> {
        // A step changes its state at its end only, so what a panic left is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What another optimiser of the same kind would be told, with the learning rate as it is now; it has
    /// nothing of this one's state.
    pub fn options(&self) -> OptimizerOptions {
        let own = self.own();
        own.options().with_lr(own.lr())
    }

    /// The algorithm's name: `sgd`, `adam`, …
    pub fn name(&self) -> &'static str {
        self.own().options().algorithm.name()
    }

    /// The learning rate.
    pub fn lr(&self) -> f64 {
        self.own().lr()
    }

    /// See [`Optimizer::take_rate`].
    pub fn take_rate(&self) -> Option<f64> {
        self.own().take_rate()
    }

    /// See [`Optimizer::set_lr`].
    pub fn set_lr(&self, lr: f64) -> Result<()> {
        self.own().set_lr(lr)
    }

    /// See [`Optimizer::bind`].
    pub fn bind(&self, parameters: &[(String, Parameter)]) -> Result<()> {
        self.own().bind(parameters)
    }

    /// See [`Optimizer::step`].
    pub fn step(
        &self,
        parameters: &[(String, Parameter)],
        gradients: &Gradients,
        lr: Option<f64>,
    ) -> Result<bool> {
        trace::span(Part::Optimiser, || self.own().step(parameters, gradients, lr))
    }

    /// See [`Optimizer::snapshot`].
    pub fn snapshot(&self) -> Snapshot {
        self.own().snapshot()
    }

    /// See [`Optimizer::restore`].
    pub fn restore(&self, snapshot: &Snapshot) {
        self.own().restore(snapshot);
    }

    /// See [`Optimizer::state`].
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        self.own().state()
    }

    /// See [`Optimizer::load_state`].
    pub fn load_state(&self, tensors: &[(String, Tensor)]) -> Result<()> {
        self.own().load_state(tensors)
    }
}
