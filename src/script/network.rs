//! A network that a recipe defines: a map of parts, and a function that puts them together.

use super::host::{Callable, Host};
use super::value::kind_of;
use crate::error::{Error, Kind, Result, unknown};
use crate::nn::{Copies, Mode, Net, Network, Parameter, Role, Visitor, pass, scoped};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};
use std::cell::RefCell;
use std::sync::Arc;

/// Networks of the recipe's own within each other. More is a circle.
const DEEPEST: usize = 24;

thread_local! {
    /// Buffers of the networks whose functions are running, innermost last.
    static RUNNING: RefCell<Vec<Buffers>> = RefCell::default();
}

/// Buffers that a network's function may set, by name.
type Buffers = Arc<Vec<(String, Parameter)>>;

/// Whether the network whose function is running is in training.
pub(super) fn is_training() -> bool {
    pass::mode().is_none_or(|mode| mode == Mode::Train)
}

/// Puts other numbers into a buffer of the network whose function is running.
pub(super) fn set_buffer(operation: &str, name: &str, value: Tensor) -> Result<()> {
    let running = RUNNING.with_borrow(|running| running.last().cloned());
    let Some(buffers) = running else {
        return Err(Error::new(Kind::Script, operation, "no network is going forward")
            .hint("from outside: net.set_weight(name, value)"));
    };
    let found = buffers.iter().find(|(known, _)| known == name);
    let Some((_, buffer)) = found else {
        let known: Vec<&str> = buffers.iter().map(|(name, _)| name.as_str()).collect();
        return Err(unknown(operation, "buffer", name, &known));
    };
    buffer.set(value)
}

/// Refuses a part's name that would not do in the name of a parameter.
pub(super) fn check_name(operation: &str, name: &str) -> Result<()> {
    if !name.is_empty() && !name.contains('.') {
        return Ok(());
    }
    Err(Error::new(Kind::Name, operation, "a part cannot have this name")
        .expected("a name without dots")
        .received(format!("'{name}'")))
}

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

    /// Its own buffers: not those of networks in it.
    fn buffers(&self, scope: &str, found: &mut Vec<(String, Parameter)>) {
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
    /// What the function gets first; `None` where it takes the inputs alone.
    parts: Option<Part>,
    /// What a closure has captured, by the variables' names, and the value itself: a variable that holds
    /// no network is shared with the recipe.
    captured: Vec<(String, Part, Dynamic)>,
    buffers: Buffers,
    name: String,
    call: Callable,
}

impl RecipeNetwork {
    /// A map of parts, or an array of `[name, part]` where their order matters, and `forward(self, x)`; or
    /// no parts, and a function of the input alone. `call` is that of the function that makes the network.
    pub(super) fn net(
        host: &Arc<dyn Host>,
        call: &NativeCallContext,
        parts: Option<&Dynamic>,
        function: FnPtr,
    ) -> Result<Net> {
        let parts = parts.map(parts_of).transpose()?;
        // Rhai's own name of a closure means nothing to anybody.
        let name = if function.is_anonymous() { "a closure" } else { function.fn_name() };
        let captured = captured_by(call, &function);
        let network =
            RecipeNetwork::of(parts, captured, name.into(), host.function(call, &function)?);
        let mut known = std::collections::HashSet::new();
        if let Some((name, _)) =
            network.parameters().into_iter().find(|(name, _)| !known.insert(name.clone()))
        {
            return Err(Error::new(Kind::Name, "nn::network", "two parameters have one name")
                .received(format!("'{name}'")));
        }
        Ok(Net::whole("network", Arc::new(network)))
    }

    fn of(
        parts: Option<Part>,
        captured: Vec<(String, Part, Dynamic)>,
        name: String,
        call: Callable,
    ) -> Self {
        let mut buffers = Vec::new();
        parts.iter().for_each(|parts| parts.buffers("", &mut buffers));
        captured.iter().for_each(|(name, part, _)| part.buffers(name, &mut buffers));
        RecipeNetwork { parts, captured, buffers: Arc::new(buffers), name, call }
    }

    /// What the function gives for any inputs.
    pub(super) fn call(&self, inputs: Vec<Dynamic>, mode: Mode) -> Result<Dynamic> {
        let own = self.parts.as_ref().map(|parts| parts.seen("", mode));
        let captured = self.captured.iter().map(|(name, part, value)| match part {
            Part::Plain(_) => value.clone(),
            part => part.seen(name, mode),
        });
        let arguments = captured.chain(own).chain(inputs).collect();
        let depth = RUNNING.with_borrow_mut(|running| {
            running.push(self.buffers.clone());
            running.len()
        });
        let _leave = Leave;
        if depth > DEEPEST {
            return Err(Error::new(
                Kind::Script,
                &self.name,
                "networks call each other too deeply",
            )
            .expected(format!("{DEEPEST} within each other at most")));
        }
        pass::in_mode(mode, || (self.call)(arguments))
    }
}

/// Takes the innermost network off when its function is over, however it ends.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(|running| drop(running.pop()));
    }
}

/// What a closure has captured, by the names of the variables.
fn captured_by(call: &NativeCallContext, function: &FnPtr) -> Vec<(String, Part, Dynamic)> {
    let name = function.fn_name();
    let mut all = call.iter_namespaces().flat_map(|module| module.iter_script_fn_info());
    let found = all.find(|(_, _, known, ..)| *known == name);
    let names = found.map(|(.., definition)| definition.params.to_vec()).unwrap_or_default();
    let each = function.curry().iter().enumerate().map(|(place, value)| {
        let name = names.get(place).map_or(place.to_string(), |name| name.to_string());
        (name, Part::of(value), value.clone())
    });
    each.collect()
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
        for (name, part, _) in &self.captured {
            part.visit(&scoped(scope, name), visit);
        }
    }

    fn parts(&self) -> Vec<(String, Net)> {
        let mut found = Vec::new();
        if let Some(parts) = &self.parts {
            parts.nets("", &mut found);
        }
        self.captured.iter().for_each(|(name, part, _)| part.nets(name, &mut found));
        found
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        let parts = self.parts.as_ref().map(|parts| parts.copied(copies)).transpose()?;
        // A closure's captured networks belong to it: its copy gets copies of them.
        let captured = self
            .captured
            .iter()
            .map(|(name, part, value)| Ok((name.clone(), part.copied(copies)?, value.clone())));
        let captured = captured.collect::<Result<_>>()?;
        let network = RecipeNetwork::of(parts, captured, self.name.clone(), self.call.clone());
        Ok(Some(Arc::new(network)))
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
