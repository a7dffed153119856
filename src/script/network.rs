//! A network that a recipe defines: a map of parts, and a function that puts them together.

use super::host::{Callable, Host};
use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use crate::nn::{Copies, Mode, Net, Network, Parameter, Visitor, pass, scoped};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, FnPtr, Map};
use std::sync::Arc;

/// What stands in the map of parts.
#[derive(Clone)]
enum Part {
    Net(Net),
    Parameter(Parameter),
    /// An array of parts, named by their places.
    List(Vec<Part>),
    /// A map of parts.
    Group(Vec<(String, Part)>),
    /// Any other value, handed to the function as it is.
    Plain(Dynamic),
}

impl Part {
    fn of(value: &Dynamic) -> Part {
        if let Some(net) = value.read_lock::<Net>() {
            return Part::Net(net.clone());
        }
        if let Some(parameter) = value.read_lock::<Parameter>() {
            return Part::Parameter(parameter.clone());
        }
        if let Some(array) = value.read_lock::<Array>() {
            let parts: Vec<Part> = array.iter().map(Part::of).collect();
            let plain = parts.iter().all(|part| matches!(part, Part::Plain(_)));
            return if plain { Part::Plain(value.clone()) } else { Part::List(parts) };
        }
        if let Some(map) = value.read_lock::<Map>() {
            let each =
                |(name, value): (&rhai::Identifier, &Dynamic)| (name.to_string(), Part::of(value));
            let parts: Vec<(String, Part)> = map.iter().map(each).collect();
            let plain = parts.iter().all(|(_, part)| matches!(part, Part::Plain(_)));
            return if plain { Part::Plain(value.clone()) } else { Part::Group(parts) };
        }
        Part::Plain(value.clone())
    }

    /// Parts by name, of a list or a group.
    fn inner(&self) -> Vec<(String, &Part)> {
        match self {
            Part::List(parts) => {
                parts.iter().enumerate().map(|(place, part)| (place.to_string(), part)).collect()
            }
            Part::Group(parts) => parts.iter().map(|(name, part)| (name.clone(), part)).collect(),
            _ => Vec::new(),
        }
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        match self {
            Part::Net(net) => net.visit(scope, visit),
            Part::Parameter(parameter) => visit(scope.to_string(), parameter),
            _ => {
                for (name, part) in self.inner() {
                    part.visit(&scoped(scope, &name), visit);
                }
            }
        }
    }

    fn nets(&self, scope: &str, found: &mut Vec<(String, Net)>) {
        match self {
            Part::Net(net) => found.push((scope.to_string(), net.clone())),
            _ => {
                for (name, part) in self.inner() {
                    part.nets(&scoped(scope, &name), found);
                }
            }
        }
    }

    fn copied(&self, copies: &mut Copies) -> Result<Part> {
        Ok(match self {
            Part::Net(net) => Part::Net(net.copy_into(copies)?),
            Part::Parameter(parameter) => Part::Parameter(copies.parameter(parameter)?),
            Part::List(parts) => {
                let copy = parts.iter().map(|part| part.copied(copies));
                Part::List(copy.collect::<Result<_>>()?)
            }
            Part::Group(parts) => {
                let copy =
                    parts.iter().map(|(name, part)| Ok((name.clone(), part.copied(copies)?)));
                Part::Group(copy.collect::<Result<_>>()?)
            }
            Part::Plain(value) => Part::Plain(value.clone()),
        })
    }

    /// The part as a script holds it.
    fn held(&self) -> Dynamic {
        match self {
            Part::Net(net) => Dynamic::from(net.clone()),
            Part::Parameter(parameter) => Dynamic::from(parameter.clone()),
            Part::Plain(value) => value.clone(),
            Part::List(parts) => parts.iter().map(Part::held).collect::<Array>().into(),
            Part::Group(parts) => {
                let all = parts.iter().map(|(name, part)| (name.into(), part.held()));
                all.collect::<Map>().into()
            }
        }
    }

    /// What the function sees: networks by their full names, parameters as tensors.
    fn seen(&self, scope: &str, mode: Mode) -> Dynamic {
        match self {
            Part::Net(net) => Dynamic::from(net.called(scope)),
            Part::Parameter(parameter) => Dynamic::from(parameter.get(mode)),
            Part::Plain(value) => value.clone(),
            Part::List(_) => {
                let parts = self.inner().into_iter();
                let all: Array =
                    parts.map(|(name, part)| part.seen(&scoped(scope, &name), mode)).collect();
                all.into()
            }
            Part::Group(_) => {
                let parts = self.inner().into_iter();
                let all: Map = parts
                    .map(|(name, part)| {
                        let seen = part.seen(&scoped(scope, &name), mode);
                        (name.into(), seen)
                    })
                    .collect();
                all.into()
            }
        }
    }
}

/// A network of the recipe's own.
pub struct RecipeNetwork {
    /// `None` where the function takes the inputs alone.
    parts: Option<Part>,
    name: String,
    call: Callable,
    /// What a closure has captured.
    captured: Vec<Dynamic>,
}

impl RecipeNetwork {
    /// A map of parts, or an array of `[name, part]` where their order matters, and `forward(self, x)`; or
    /// no parts, and a function of the input alone.
    pub(super) fn net(
        host: &Arc<dyn Host>,
        parts: Option<&Dynamic>,
        function: FnPtr,
    ) -> Result<Net> {
        let parts = parts.map(parts_of).transpose()?;
        let network = RecipeNetwork {
            parts,
            name: function.fn_name().to_string(),
            call: host.function(&function)?,
            captured: function.curry().to_vec(),
        };
        Ok(Net::whole("network", Arc::new(network)))
    }

    /// What the function gives for any inputs.
    pub(super) fn call(&self, inputs: Vec<Dynamic>, mode: Mode) -> Result<Dynamic> {
        let own = self.parts.as_ref().map(|parts| parts.seen("", mode));
        let captured = self.captured.iter().cloned();
        let arguments = captured.chain(own).chain(inputs).collect();
        pass::in_mode(mode, || (self.call)(arguments))
    }
}

fn parts_of(given: &Dynamic) -> Result<Part> {
    if given.is_map() {
        return Ok(match Part::of(given) {
            Part::Plain(_) => Part::Group(group_of_plain(given)),
            other => other,
        });
    }
    let wrong = || {
        Error::new(Kind::Type, "nn::network", "the parts have the wrong type")
            .expected("a map of parts, or an array of [\"name\", part]")
            .received(kind_of(given))
    };
    let pairs = given.read_lock::<Array>().ok_or_else(wrong)?;
    let pair = |value: &Dynamic| {
        let pair = value.read_lock::<Array>().ok_or_else(wrong)?;
        match pair.as_slice() {
            [name, part] => match name.clone().into_immutable_string() {
                Ok(name) => Ok((name.to_string(), Part::of(part))),
                Err(_) => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    };
    Ok(Part::Group(pairs.iter().map(pair).collect::<Result<_>>()?))
}

fn group_of_plain(given: &Dynamic) -> Vec<(String, Part)> {
    let map = given.read_lock::<Map>();
    let entries = map.iter().flat_map(|map| map.iter());
    entries.map(|(name, value)| (name.to_string(), Part::Plain(value.clone()))).collect()
}

impl Network for RecipeNetwork {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let output = self.call(vec![Dynamic::from(input.clone())], mode)?;
        let tensor = output.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            Error::new(Kind::Type, &self.name, "a network must give a tensor here")
                .expected("a tensor")
                .received(kind_of(&output))
        })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        if let Some(parts) = &self.parts {
            parts.visit(scope, visit);
        }
    }

    fn parts(&self) -> Vec<(String, Net)> {
        let mut found = Vec::new();
        if let Some(parts) = &self.parts {
            parts.nets("", &mut found);
        }
        found
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        let parts = self.parts.as_ref().map(|parts| parts.copied(copies)).transpose()?;
        // A closure's captured networks belong to it: its copy gets copies of them.
        let captured = self.captured.iter().map(|value| {
            let value = value.clone().flatten();
            Ok(match Part::of(&value).copied(copies)? {
                Part::Plain(_) => value,
                copied => copied.held(),
            })
        });
        let captured = captured.collect::<Result<_>>()?;
        let (name, call) = (self.name.clone(), self.call.clone());
        Ok(Some(Arc::new(RecipeNetwork { parts, name, call, captured })))
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
