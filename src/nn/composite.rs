//! A network of named parts whose way forward is written in Rust: what the named models are made of.

use super::container::{Parts as Named, copy_parts, named, visit_parts};
use super::net::Copies;
use super::{Mode, Net, Network, Parameter, Visitor, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;
use std::sync::Arc;

/// How the parts go together.
type Forward = dyn Fn(&Parts, &Tensor) -> Result<Tensor> + Send + Sync;

/// Parts, parameters of its own, and a function that puts them together.
///
/// Its parts can be tapped and taken out by name, which a network that calls its layers itself does not offer.
pub struct Composite {
    parts: Named,
    own: Vec<(String, Parameter)>,
    forward: Arc<Forward>,
    grid: Option<[usize; 2]>,
}

/// What the function of a [`Composite`] sees: its parts and parameters by name, in the mode of the pass.
pub struct Parts<'a> {
    parts: &'a Named,
    own: &'a [(String, Parameter)],
    mode: Mode,
}

impl Parts<'_> {
    /// The output of the part called `name`.
    ///
    /// # Errors
    /// Those of the part.
    pub fn go(&self, name: &str, input: &Tensor) -> Result<Tensor> {
        match self.parts.iter().find(|(known, _)| known == name) {
            Some((_, part)) => part.forward(input, self.mode),
            None => Err(missing("part", name)),
        }
    }

    /// As [`Parts::go`], and the input itself where there is no such part.
    ///
    /// # Errors
    /// Those of the part.
    pub fn go_if(&self, name: &str, input: &Tensor) -> Result<Tensor> {
        if self.has(name) { self.go(name, input) } else { Ok(input.clone()) }
    }

    /// The output of the parts called by these names, one after another; those that are not there are passed
    /// over.
    ///
    /// # Errors
    /// Those of the parts.
    pub fn through(&self, names: &[&str], input: &Tensor) -> Result<Tensor> {
        names.iter().try_fold(input.clone(), |tensor, name| self.go_if(name, &tensor))
    }

    /// Whether there is a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|(known, _)| known == name)
    }

    /// The numbers of the parameter called `name`.
    ///
    /// # Errors
    /// None of this name: a defect.
    pub fn parameter(&self, name: &str) -> Result<Tensor> {
        let found = self.own.iter().find(|(known, _)| known == name);
        found.map(|(_, own)| own.get(self.mode)).ok_or_else(|| missing("parameter", name))
    }

    /// The mode of the pass.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(Kind::Internal, "a model", format!("it has no {what} '{name}'"))
}

impl Composite {
    /// Parts in PyTorch's order, and what is done with them.
    pub fn new<N: Into<String>>(
        parts: Vec<(N, Net)>,
        forward: impl Fn(&Parts, &Tensor) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        let parts = parts.into_iter().map(|(name, part)| (name.into(), part)).collect();
        Composite { parts: named(parts), own: Vec::new(), forward: Arc::new(forward), grid: None }
    }

    /// With a parameter of its own; those come before the parts'.
    pub fn with(mut self, name: &str, parameter: Parameter) -> Self {
        self.own.push((name.to_string(), parameter));
        self
    }

    /// With patches that stand in so many rows (of frequency) and columns (of time).
    pub fn with_grid(self, grid: [usize; 2]) -> Self {
        Composite { grid: Some(grid), ..self }
    }

    /// As a part of another one; `kind` says what it is.
    pub fn net(self, kind: &str) -> Net {
        Net::whole(kind, Arc::new(self))
    }
}

impl Network for Composite {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        (self.forward)(&Parts { parts: &self.parts, own: &self.own, mode }, input)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.own.iter().for_each(|(name, parameter)| visit(scoped(scope, name), parameter));
        visit_parts(&self.parts, scope, visit);
    }

    fn parts(&self) -> Vec<(String, Net)> {
        self.parts.clone()
    }

    fn position_grid(&self) -> Option<[usize; 2]> {
        self.grid
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        let own = self.own.iter().map(|(name, own)| Ok((name.clone(), copies.parameter(own)?)));
        let own = own.collect::<Result<Vec<_>>>()?;
        let parts = copy_parts(&self.parts, copies)?;
        let (parts, forward, grid) = (named(parts), self.forward.clone(), self.grid);
        Ok(Some(Arc::new(Composite { parts, own, forward, grid })))
    }
}
