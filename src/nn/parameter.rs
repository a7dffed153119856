//! A parameter, and what every network can tell of its own.

use super::net::{Copies, Net};
use super::pass;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Gradients, Tensor, words};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

/// Whether a forward pass is one of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics, and gradients for the parameters.
    Train,
    /// Running statistics, nothing dropped, but gradients for the parameters: PyTorch's `eval()`.
    Fixed,
    /// Running statistics and no gradients: evaluation, and every frozen teacher.
    Eval,
}

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Changed by the optimiser.
    Weight,
    /// Kept by the layer itself, e.g. running statistics.
    Buffer,
}

/// Leaves before the present one that are kept. Gradients of an earlier one are the parameter's too, as in
/// PyTorch, where a parameter stays the same tensor whatever its numbers: SAM needs two, to climb and to go back.
const RECENT: usize = 3;

#[derive(Debug)]
struct Held {
    plain: Tensor,
    leaf: Option<Tensor>,
    trainable: bool,
    /// Whether the leaf was handed out: no graph begins at one that was not.
    used: AtomicBool,
    /// Leaves before this one that were handed out, newest last.
    recent: VecDeque<Tensor>,
    /// How often its numbers were set.
    changes: u64,
}

/// A named place for numbers; clones share it.
#[derive(Clone, Debug)]
pub struct Parameter {
    role: Role,
    held: Arc<RwLock<Held>>,
}

/// Parameters by the leaves that a recipe was given by name; see [`gradient_of`].
static KNOWN: Mutex<BTreeMap<u64, Weak<RwLock<Held>>>> = Mutex::new(BTreeMap::new());

fn known() -> MutexGuard<'static, BTreeMap<u64, Weak<RwLock<Held>>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget<'a>(leaves: impl Iterator<Item = &'a Tensor>) {
    let mut known = known();
    leaves.filter_map(Tensor::leaf_id).for_each(|id| drop(known.remove(&id)));
}

impl Drop for Held {
    fn drop(&mut self) {
        forget(self.leaves());
    }
}

impl Held {
    fn new(value: Tensor, role: Role, trainable: bool) -> Result<Held> {
        let plain = value.detached()?;
        let leaf = match role {
            Role::Weight if trainable => Some(plain.tracked()?),
            _ => None,
        };
        let (used, recent) = (AtomicBool::new(false), VecDeque::new());
        Ok(Held { plain, leaf, trainable, used, recent, changes: 0 })
    }

    /// The present leaf, and those before it.
    fn leaves(&self) -> impl Iterator<Item = &Tensor> {
        self.leaf.iter().chain(&self.recent)
    }

    fn gradient(&self, gradients: &Gradients) -> Option<Tensor> {
        // A loss can be made of outputs before and after the numbers were set.
        self.leaves().filter_map(|leaf| gradients.of(leaf)).reduce(|sum, part| {
            // All have the parameter's shape.
            sum.add(&part).unwrap_or(sum)
        })
    }
}

/// The gradient of a leaf; that of the whole parameter, where it is one that [`Parameter::leaf`] gave.
pub fn gradient_of(gradients: &Gradients, leaf: &Tensor) -> Option<Tensor> {
    let held = leaf.leaf_id().and_then(|id| known().get(&id).and_then(Weak::upgrade));
    match held {
        Some(held) => held.read().unwrap_or_else(PoisonError::into_inner).gradient(gradients),
        None => gradients.of(leaf),
    }
}

impl Parameter {
    /// A parameter that starts with `value`.
    pub fn new(value: Tensor, role: Role) -> Result<Self> {
        Ok(Parameter { role, held: Arc::new(RwLock::new(Held::new(value, role, true)?)) })
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its numbers, outside of any graph.
    pub fn value(&self) -> Tensor {
        self.read().plain.clone()
    }

    /// Its numbers for a forward pass: a leaf of the graph when training a weight.
    pub fn get(&self, mode: Mode) -> Tensor {
        let held = self.read();
        match (&held.leaf, mode) {
            (Some(leaf), Mode::Train | Mode::Fixed) if pass::has_gradients() => {
                held.used.store(true, Ordering::Relaxed);
                leaf.clone()
            }
            _ => held.plain.clone(),
        }
    }

    /// As [`Parameter::get`], for somebody who will ask for its gradient by this leaf: see [`gradient_of`].
    pub fn leaf(&self, mode: Mode) -> Tensor {
        let given = self.get(mode);
        if let Some(id) = given.leaf_id() {
            known().insert(id, Arc::downgrade(&self.held));
        }
        given
    }

    /// Puts other numbers of the same shape in. Gradients that were made before are still the parameter's.
    pub fn set(&self, value: Tensor) -> Result<()> {
        self.check(&value)?;
        self.put(value, self.is_trainable(), RECENT)
    }

    /// Puts the numbers of an update in, whose gradients are gone: what came before is forgotten, so that
    /// training keeps the weights once.
    pub fn update(&self, value: Tensor) -> Result<()> {
        self.check(&value)?;
        self.put(value, self.is_trainable(), 0)
    }

    fn check(&self, value: &Tensor) -> Result<()> {
        let expected = self.value().shape();
        if value.shape() != expected {
            return Err(Error::new(Kind::Shape, "setting a parameter", "the shape differs")
                .expected(words(&expected))
                .received(words(&value.shape())));
        }
        Ok(())
    }

    fn put(&self, value: Tensor, trainable: bool, keep: usize) -> Result<()> {
        let mut fresh = Held::new(value, self.role, trainable)?;
        let mut held = self.write();
        let mut recent = std::mem::take(&mut held.recent);
        if held.used.load(Ordering::Relaxed) {
            recent.extend(held.leaf.take());
        }
        let gone = recent.len().saturating_sub(keep);
        forget(recent.drain(..gone).collect::<Vec<_>>().iter());
        fresh.recent = recent;
        fresh.changes = held.changes + 1;
        *held = fresh;
        Ok(())
    }

    /// How often its numbers were set: the same number means the same numbers.
    pub fn changes(&self) -> u64 {
        self.read().changes
    }

    /// The present leaf, where it has one.
    pub fn present(&self) -> Option<Tensor> {
        self.read().leaf.clone()
    }

    /// Counts gradients of an earlier leaf as its own.
    pub fn remember(&self, leaf: Option<Tensor>) {
        self.write().recent.extend(leaf);
    }

    /// Whether an optimiser may change it. A buffer is never changed by one.
    pub fn is_trainable(&self) -> bool {
        self.read().trainable
    }

    /// Lets optimisers change it, or not: a frozen one has no gradient.
    pub fn set_trainable(&self, trainable: bool) -> Result<()> {
        if self.is_trainable() == trainable {
            return Ok(());
        }
        self.put(self.value(), trainable, 0)
    }

    /// Where it lives: the same for its clones, another one for every other parameter.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.held).cast::<()>() as usize
    }

    /// Its gradient in `gradients`; `None` where it took no part.
    pub fn gradient(&self, gradients: &Gradients) -> Option<Tensor> {
        self.read().gradient(gradients)
    }
}

/// Each parameter once, under its first name: one that is shared has several.
pub fn unique(all: Vec<(String, Parameter)>) -> Vec<(String, Parameter)> {
    let mut known = std::collections::HashSet::new();
    all.into_iter().filter(|(_, parameter)| known.insert(parameter.address())).collect()
}

/// Receives each parameter with its full name.
pub type Visitor<'a> = dyn FnMut(String, &Parameter) + 'a;

/// `scope.name`, or `name` alone at the top.
pub fn scoped(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_string() } else { format!("{scope}.{name}") }
}

/// Anything with parameters and a forward pass.
pub trait Network: Send + Sync {
    /// The output for `input`.
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor>;

    /// Calls `visit` with every parameter under `scope`, in PyTorch's order.
    fn visit(&self, scope: &str, visit: &mut Visitor);

    /// The networks that it is made of, by name, in order.
    fn parts(&self) -> Vec<(String, Net)> {
        Vec::new()
    }

    /// Inner outputs that it offers besides those of its parts.
    fn own_taps(&self) -> Vec<String> {
        Vec::new()
    }

    /// How it works, beyond what its parts do and the options of its maker: a part of [`Net::outline`].
    fn settings(&self) -> String {
        String::new()
    }

    /// Names of the recipe's functions that it calls itself, empty for what has none; see [`Net::functions`].
    fn called_functions(&self) -> Vec<String> {
        Vec::new()
    }

    /// A copy that shares nothing, where it can be made from its parts.
    fn copied(&self, _copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        Ok(None)
    }

    /// Patches along frequency and along time, where it has trained positions for them.
    fn position_grid(&self) -> Option<[usize; 2]> {
        None
    }

    /// Itself, to find out what it is.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// Every parameter with its name.
    fn parameters(&self) -> Vec<(String, Parameter)> {
        let mut all = Vec::new();
        self.visit("", &mut |name, parameter| all.push((name, parameter.clone())));
        all
    }

    /// The number of trained numbers (buffers do not count).
    fn parameter_count(&self) -> usize {
        let all = unique(self.parameters()).into_iter();
        let weights = all.filter(|(_, p)| p.role() == Role::Weight);
        weights.map(|(_, p)| p.value().count()).sum()
    }

    /// All parameters and buffers, as they are now.
    fn state(&self) -> Vec<(String, Tensor)> {
        self.parameters().into_iter().map(|(name, p)| (name, p.value())).collect()
    }

    /// Puts a state back; every name must be there, with its shape, and none besides. PyTorch's counters of
    /// batches are passed over: no layer here needs them.
    fn restore(&self, state: &[(String, Tensor)]) -> Result<()> {
        const COUNTER: &str = "num_batches_tracked";
        let own = self.parameters();
        for (name, _) in state {
            let counts = name.rsplit('.').next() == Some(COUNTER);
            if !counts && !own.iter().any(|(known, _)| known == name) {
                let known: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
                return Err(crate::error::unknown("restoring weights", "parameter", name, &known));
            }
        }
        for (name, parameter) in &own {
            let Some((_, value)) = state.iter().find(|(given, _)| given == name) else {
                return Err(Error::new(
                    Kind::Name,
                    "restoring weights",
                    format!("parameter '{name}' is missing"),
                ));
            };
            parameter.set(value.clone())?;
        }
        Ok(())
    }
}
