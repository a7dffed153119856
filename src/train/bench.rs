//! What a stage works on: networks and their optimisers, as they are and as they were.

use super::plan::OwnStep;
use crate::error::{Error, Kind, Result};
use crate::nn::{Copies, Manner, Net, Network, Role};
use crate::optim::{OptimizerHandle, OptimizerOptions, Snapshot};
use crate::tensor::Tensor;

/// Networks and optimisers by name. That which a standard stage trains has no name, nor has its optimiser.
#[derive(Clone, Default)]
pub struct Workbench {
    /// The networks.
    pub nets: Vec<(String, Net)>,
    /// Their optimisers.
    pub optimizers: Vec<(String, OptimizerHandle)>,
}

/// All that a step changes, as it was before, and what it belongs to.
pub struct Before {
    bench: Workbench,
    manners: Vec<Manner>,
    weights: Vec<Vec<(String, Tensor)>>,
    optimizers: Vec<Snapshot>,
}

impl Workbench {
    /// One network, its optimiser, and copies of the parts beside it, which share what the originals share.
    pub(super) fn standard(
        net: Net,
        options: OptimizerOptions,
        parts: &[(String, Net)],
    ) -> Result<Self> {
        let optimizer = OptimizerHandle::new(options)?;
        let mut copies = Copies::default();
        let mut nets = vec![(String::new(), net)];
        for (name, part) in parts {
            nets.push((name.clone(), part.copy_into(&mut copies)?));
        }
        Ok(Workbench { nets, optimizers: vec![(String::new(), optimizer)] })
    }

    /// Copies of a plan's networks, which share what the originals share, and fresh optimisers.
    pub(super) fn of(own: &OwnStep) -> Result<Self> {
        let mut copies = Copies::default();
        let copy = |(name, net): &(String, Net)| Ok((name.clone(), net.copy_into(&mut copies)?));
        let fresh = |(name, options): &(String, OptimizerOptions)| {
            Ok((name.clone(), OptimizerHandle::new(options.clone())?))
        };
        Ok(Workbench {
            nets: own.nets.iter().map(copy).collect::<Result<_>>()?,
            optimizers: own.optimizers.iter().map(fresh).collect::<Result<_>>()?,
        })
    }

    /// This and more.
    pub fn with(&self, more: Workbench) -> Workbench {
        let mut all = self.clone();
        all.nets.extend(more.nets);
        all.optimizers.extend(more.optimizers);
        all
    }

    /// All that a step changes. Handles only; no number is copied.
    pub fn snapshot(&self) -> Before {
        Before {
            manners: self.nets.iter().map(|(_, net)| net.manner()).collect(),
            weights: self.nets.iter().map(|(_, net)| net.state()).collect(),
            optimizers: self.optimizers.iter().map(|(_, handle)| handle.snapshot()).collect(),
            bench: self.clone(),
        }
    }

    /// Everything as named tensors: `net/0/…` and `optimizer/0/…`, by their places.
    ///
    /// # Errors
    /// Tensors that cannot be read back from their device.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (place, (_, net)) in self.nets.iter().enumerate() {
            let state = net.state().into_iter();
            all.extend(state.map(|(name, tensor)| (format!("net/{place}/{name}"), tensor)));
        }
        for (place, (_, handle)) in self.optimizers.iter().enumerate() {
            let state = handle.state()?.into_iter();
            all.extend(state.map(|(name, tensor)| (format!("optimizer/{place}/{name}"), tensor)));
        }
        Ok(all)
    }

    /// Takes up what [`Workbench::tensors`] gave.
    ///
    /// # Errors
    /// Tensors of other networks or optimisers.
    pub fn load(&self, tensors: &[(String, Tensor)], manners: &[Manner]) -> Result<()> {
        if manners.len() != self.nets.len() {
            return Err(Error::new(Kind::Data, "restoring a stage", "it has other networks")
                .expected(format!("{} networks", self.nets.len()))
                .received(format!("{} networks", manners.len())));
        }
        for (place, ((_, net), manner)) in self.nets.iter().zip(manners).enumerate() {
            net.set_manner(manner)?;
            net.restore(&under(tensors, &format!("net/{place}/")))?;
        }
        for (place, (_, handle)) in self.optimizers.iter().enumerate() {
            handle.load_state(&under(tensors, &format!("optimizer/{place}/")))?;
        }
        Ok(())
    }
}

/// The tensors whose names begin with `prefix`, without it.
pub(super) fn under(tensors: &[(String, Tensor)], prefix: &str) -> Vec<(String, Tensor)> {
    let own =
        tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
    own.map(|(name, tensor)| (name.to_string(), tensor.clone())).collect()
}

/// What a step changed of a network.
pub(super) struct Moved {
    pub weights: bool,
    pub buffers: bool,
}

impl Before {
    /// What has changed since, of each network.
    ///
    /// # Errors
    /// Numbers that cannot be read back from their device.
    pub(super) fn moved(&self) -> Result<Vec<(String, Moved)>> {
        let nets = self.bench.nets.iter().zip(&self.weights);
        let of = |((name, net), before): (&(String, Net), &Vec<(String, Tensor)>)| {
            let mut moved = Moved { weights: false, buffers: false };
            for ((_, parameter), (_, was)) in net.parameters().iter().zip(before) {
                let seen = match parameter.role() {
                    Role::Weight => &mut moved.weights,
                    Role::Buffer => &mut moved.buffers,
                };
                *seen = *seen || parameter.value().to_values()? != was.to_values()?;
            }
            Ok((name.clone(), moved))
        };
        nets.map(of).collect()
    }

    /// Goes back to before.
    ///
    /// # Errors
    /// None in practice: each number has been there before.
    pub fn restore(&self) -> Result<()> {
        for ((_, handle), snapshot) in self.bench.optimizers.iter().zip(&self.optimizers) {
            handle.restore(snapshot);
        }
        for ((_, net), manner) in self.bench.nets.iter().zip(&self.manners) {
            net.set_manner(manner)?;
        }
        let nets = self.bench.nets.iter().zip(&self.weights);
        nets.into_iter().try_for_each(|((_, net), weights)| net.restore(weights))
    }
}
