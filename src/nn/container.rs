//! Networks made of networks: one after another, beside a short cut, side by side.

use super::net::Copies;
use super::{Mode, Net, Network, Visitor, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::{Tensor, words};
use std::sync::Arc;

/// Parts by name, in order.
pub(super) type Parts = Vec<(String, Net)>;

pub(super) fn visit_parts(parts: &Parts, scope: &str, visit: &mut Visitor) {
    for (name, part) in parts {
        part.visit(&scoped(scope, name), visit);
    }
}

pub(super) fn copy_parts(parts: &Parts, copies: &mut Copies) -> Result<Parts> {
    parts.iter().map(|(name, part)| Ok((name.clone(), part.copy_into(copies)?))).collect()
}

pub(super) fn named(parts: Parts) -> Parts {
    parts.into_iter().map(|(name, part)| (name.clone(), part.called(&name))).collect()
}

/// One after another.
pub struct Sequential(Parts);

impl Sequential {
    /// The output of each part is the input of the next one.
    pub fn new(parts: Parts) -> Self {
        Sequential(named(parts))
    }
}

impl Network for Sequential {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.0.iter().try_fold(input.clone(), |tensor, (_, part)| part.go(&tensor, mode))
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit_parts(&self.0, scope, visit);
    }

    fn parts(&self) -> Parts {
        self.0.clone()
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        Ok(Some(Arc::new(Sequential(copy_parts(&self.0, copies)?))))
    }
}

/// input + body(input), or shortcut(input) + body(input); names `body.*`, `shortcut.*`.
pub struct Residual(Parts);

impl Residual {
    /// A body, and what stands beside it where that is not the input itself.
    pub fn new(body: Net, shortcut: Option<Net>) -> Self {
        let body = ("body".to_string(), body);
        let shortcut = shortcut.map(|net| ("shortcut".to_string(), net));
        Residual(named(std::iter::once(body).chain(shortcut).collect()))
    }
}

impl Network for Residual {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut beside = input.clone();
        let mut made = input.clone();
        for (name, part) in &self.0 {
            let output = part.go(input, mode)?;
            if name == "body" { made = output } else { beside = output }
        }
        if made.shape() != beside.shape() {
            return Err(Error::new(Kind::Shape, "nn::residual", "both ways end in other shapes")
                .expected(format!("{}, as the short cut gives", words(&beside.shape())))
                .received(words(&made.shape()))
                .hint("give a short cut that changes the shape: nn::residual(body, shortcut)"));
        }
        beside.add(&made)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit_parts(&self.0, scope, visit);
    }

    fn parts(&self) -> Parts {
        self.0.clone()
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        Ok(Some(Arc::new(Residual(copy_parts(&self.0, copies)?))))
    }
}

/// What becomes of the outputs of parts that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Put one after another along a dimension.
    Cat(i64),
    /// Added up.
    Sum,
}

/// The same input for each part, and their outputs joined.
pub struct Parallel(Parts, Joined);

impl Parallel {
    /// At least one part.
    pub fn new(parts: Parts, joined: Joined) -> Result<Self> {
        if parts.is_empty() {
            return Err(Error::new(Kind::Shape, "nn::parallel", "there is no part"));
        }
        Ok(Parallel(named(parts), joined))
    }
}

impl Network for Parallel {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let outputs = self.0.iter().map(|(_, part)| part.go(input, mode));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        match self.1 {
            Joined::Cat(dim) => Tensor::cat(&outputs, dim),
            Joined::Sum => {
                let mut rest = outputs.into_iter();
                let first = rest.next().unwrap_or_else(|| input.clone());
                rest.try_fold(first, |sum, output| sum.add(&output))
            }
        }
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit_parts(&self.0, scope, visit);
    }

    fn parts(&self) -> Parts {
        self.0.clone()
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        Ok(Some(Arc::new(Parallel(copy_parts(&self.0, copies)?, self.1))))
    }

    fn settings(&self) -> String {
        format!("{:?}", self.1)
    }
}
