//! What a network of the recipe's own is made of: networks, parameters, functions, and plain values.

use super::value::{kind_of, told};
use crate::error::{Error, Kind, Result};
use crate::nn::{Copies, Mode, Net, Network, Parameter, Role, Visitor, scoped};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

/// Values within each other. More is a circle: a variable that holds a closure which captured it.
const DEEPEST: usize = 32;

/// What stands in the map of parts, or was captured by a closure.
#[derive(Clone)]
pub(super) enum Part {
    Net(Net),
    Parameter(Parameter),
    /// An array of parts, named by their places.
    List(Vec<Part>),
    /// A map of parts.
    Group(Vec<(String, Part)>),
    /// A function that has captured parts, by the names of the variables; itself without them.
    Function(FnPtr, Vec<(String, Part)>),
    /// Any other value, handed to the function as it is: a variable is shared with the recipe.
    Plain(Dynamic),
}

impl Part {
    /// `call` is one where the functions among the values are known.
    fn of(call: &NativeCallContext, value: &Dynamic, depth: usize) -> Result<Part> {
        if depth > DEEPEST {
            return Err(Error::new(
                Kind::Script,
                "nn::network",
                "values stand within each other too deeply",
            )
            .expected(format!("{DEEPEST} at most"))
            .hint("does a closure capture a variable that holds the closure itself?"));
        }
        if let Some(net) = value.read_lock::<Net>() {
            return Ok(Part::Net(net.clone()));
        }
        if let Some(parameter) = value.read_lock::<Parameter>() {
            return Ok(Part::Parameter(parameter.clone()));
        }
        if let Some(function) = value.read_lock::<FnPtr>() {
            let captured = captured_within(call, &function, depth + 1)?;
            if captured.iter().all(|(_, part)| part.is_plain()) {
                return Ok(Part::Plain(value.clone()));
            }
            let mut bare = function.clone();
            bare.set_curry([]);
            return Ok(Part::Function(bare, captured));
        }
        if let Some(array) = value.read_lock::<Array>() {
            let parts = array.iter().map(|value| Part::of(call, value, depth + 1));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let plain = parts.iter().all(Part::is_plain);
            return Ok(if plain { Part::Plain(value.clone()) } else { Part::List(parts) });
        }
        if let Some(map) = value.read_lock::<Map>() {
            let parts = group_of(call, &map, depth)?;
            let plain = parts.iter().all(|(_, part)| part.is_plain());
            if plain {
                return Ok(Part::Plain(value.clone()));
            }
            check_names(&parts)?;
            return Ok(Part::Group(parts));
        }
        Ok(Part::Plain(value.clone()))
    }

    fn is_plain(&self) -> bool {
        matches!(self, Part::Plain(_))
    }

    /// Parts by name, of what has any.
    fn inner(&self) -> Vec<(String, &Part)> {
        match self {
            Part::List(parts) => {
                parts.iter().enumerate().map(|(place, part)| (place.to_string(), part)).collect()
            }
            Part::Group(parts) | Part::Function(_, parts) => {
                parts.iter().map(|(name, part)| (name.clone(), part)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn visit(&self, scope: &str, visit: &mut Visitor) {
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

    pub(super) fn nets(&self, scope: &str, found: &mut Vec<(String, Net)>) {
        match self {
            Part::Net(net) => found.push((scope.to_string(), net.clone())),
            _ => {
                for (name, part) in self.inner() {
                    part.nets(&scoped(scope, &name), found);
                }
            }
        }
    }

    /// Its own buffers: not those of networks in it.
    pub(super) fn buffers(&self, scope: &str, found: &mut Vec<(String, Parameter)>) {
        match self {
            Part::Parameter(parameter) if parameter.role() == Role::Buffer => {
                found.push((scope.to_string(), parameter.clone()));
            }
            _ => {
                for (name, part) in self.inner() {
                    part.buffers(&scoped(scope, &name), found);
                }
            }
        }
    }

    pub(super) fn copied(&self, copies: &mut Copies) -> Result<Part> {
        Ok(match self {
            Part::Net(net) => Part::Net(net.copy_into(copies)?),
            Part::Parameter(parameter) => Part::Parameter(copies.parameter(parameter)?),
            Part::List(parts) => {
                let copy = parts.iter().map(|part| part.copied(copies));
                Part::List(copy.collect::<Result<_>>()?)
            }
            Part::Group(parts) => Part::Group(copied(parts, copies)?),
            Part::Function(function, parts) => {
                Part::Function(function.clone(), copied(parts, copies)?)
            }
            Part::Plain(value) => Part::Plain(value.clone()),
        })
    }

    /// What the function sees: networks by their full names, parameters as tensors.
    pub(super) fn seen(&self, scope: &str, mode: Mode) -> Dynamic {
        let parts = self.inner().into_iter();
        let all = parts.map(|(name, part)| {
            let seen = part.seen(&scoped(scope, &name), mode);
            (name, seen)
        });
        match self {
            Part::Net(net) => Dynamic::from(net.called(scope)),
            Part::Parameter(parameter) => Dynamic::from(parameter.get(mode)),
            Part::Plain(value) => value.clone(),
            Part::List(_) => all.map(|(_, seen)| seen).collect::<Array>().into(),
            Part::Group(_) => all.map(|(name, seen)| (name.into(), seen)).collect::<Map>().into(),
            Part::Function(bare, _) => {
                let mut function = bare.clone();
                for (_, seen) in all {
                    function.add_curry(seen);
                }
                function.into()
            }
        }
    }

    /// What it is, as a part of a network's outline; `functions` receives the names of those that it holds.
    pub(super) fn tell(&self, functions: &mut Vec<String>) -> String {
        match self {
            Part::Net(_) => "network".to_string(),
            Part::Parameter(_) => "parameter".to_string(),
            Part::Plain(value) => told(value, functions),
            Part::Function(function, parts) => {
                format!(
                    "{} with {}",
                    told(&function.clone().into(), functions),
                    tell(parts, functions)
                )
            }
            Part::Group(parts) => tell(parts, functions),
            Part::List(parts) => {
                let all: Vec<String> = parts.iter().map(|part| part.tell(functions)).collect();
                format!("[{}]", all.join(", "))
            }
        }
    }
}

pub(super) fn copied(parts: &[(String, Part)], copies: &mut Copies) -> Result<Vec<(String, Part)>> {
    parts.iter().map(|(name, part)| Ok((name.clone(), part.copied(copies)?))).collect()
}

/// Parts by name, as a part of a network's outline.
pub(super) fn tell(parts: &[(String, Part)], functions: &mut Vec<String>) -> String {
    let each = |(name, part): &(String, Part)| format!("{name:?}: {}", part.tell(functions));
    format!("{{{}}}", parts.iter().map(each).collect::<Vec<_>>().join(", "))
}

fn group_of(call: &NativeCallContext, map: &Map, depth: usize) -> Result<Vec<(String, Part)>> {
    let each = |(name, value): (&rhai::Identifier, &Dynamic)| {
        Ok((name.to_string(), Part::of(call, value, depth + 1)?))
    };
    map.iter().map(each).collect()
}

/// What a function has captured, by the names of the variables.
pub(super) fn captured_by(
    call: &NativeCallContext,
    function: &FnPtr,
) -> Result<Vec<(String, Part)>> {
    captured_within(call, function, 0)
}

fn captured_within(
    call: &NativeCallContext,
    function: &FnPtr,
    depth: usize,
) -> Result<Vec<(String, Part)>> {
    if !function.is_curried() {
        return Ok(Vec::new());
    }
    let name = function.fn_name();
    let mut all = call.iter_namespaces().flat_map(|module| module.iter_script_fn_info());
    let found = all.find(|(_, _, known, ..)| *known == name);
    let names = found.map(|(.., definition)| definition.params.to_vec()).unwrap_or_default();
    let each = |(place, value): (usize, &Dynamic)| {
        let name = names.get(place).map_or(place.to_string(), |name| name.to_string());
        Ok((name, Part::of(call, value, depth)?))
    };
    function.curry().iter().enumerate().map(each).collect()
}

/// The parts that `nn::network` is given: a map, or an array of `["name", part]`.
pub(super) fn parts_of(call: &NativeCallContext, given: &Dynamic) -> Result<Vec<(String, Part)>> {
    if let Some(map) = given.read_lock::<Map>() {
        let parts = group_of(call, &map, 0)?;
        check_names(&parts)?;
        return Ok(parts);
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
                Ok(name) => Ok((name.to_string(), Part::of(call, part, 0)?)),
                Err(_) => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    };
    let parts = pairs.iter().map(pair).collect::<Result<Vec<_>>>()?;
    check_names(&parts)?;
    Ok(parts)
}

/// Refuses names that would be two in the name of a parameter, and names that stand twice.
fn check_names(parts: &[(String, Part)]) -> Result<()> {
    for (place, (name, part)) in parts.iter().enumerate() {
        if !part.is_plain() {
            super::network::check_name("nn::network", name)?;
        }
        if parts[..place].iter().any(|(known, _)| known == name) {
            return Err(Error::new(Kind::Name, "nn::network", "two parts have one name")
                .received(format!("'{name}' again")));
        }
    }
    Ok(())
}
