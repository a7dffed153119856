//! A network as recipes hold it: a handle on its parts, with a mode of its own.

use super::extent::Extent;
use super::{Mode, Network, Parameter, Role, Visitor, pass};
use crate::error::{Error, Kind, Place, Result};
use crate::tensor::random::Stream;
use crate::tensor::trace::{self, Part};
use crate::tensor::{Tensor, words};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Makes a layer afresh, its weights drawn from a stream.
pub type Maker = Arc<dyn Fn(&mut Stream) -> Result<Arc<dyn Network>> + Send + Sync>;

/// A network; clones share its weights.
#[derive(Clone)]
pub struct Net {
    node: Arc<Node>,
    /// Its name within the network that it was taken from.
    name: Option<Arc<str>>,
}

struct Node {
    kind: String,
    /// The options that its maker has, as text; see [`Net::outline`].
    options: String,
    network: Arc<dyn Network>,
    make: Option<Maker>,
    training: AtomicBool,
    made: OnceLock<Place>,
    extent: Extent,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} of {} parameters", self.node.kind, self.parameter_count())
    }
}

impl PartialEq for Net {
    /// Whether both are the same network, not only alike.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }
}

/// What a network's numbers do not tell: which parts are in training, and which parameters train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manner {
    training: Vec<bool>,
    trainable: Vec<bool>,
}

/// What was copied already: a part that stands twice is one part in the copy, too.
#[derive(Default)]
pub struct Copies {
    nets: HashMap<usize, Net>,
    parameters: HashMap<usize, Parameter>,
}

impl Copies {
    /// The copy of a parameter that belongs to no layer.
    pub fn parameter(&mut self, parameter: &Parameter) -> Result<Parameter> {
        if let Some(known) = self.parameters.get(&parameter.address()) {
            return Ok(known.clone());
        }
        let copy = Parameter::new(parameter.value(), parameter.role())?;
        copy.set_trainable(parameter.is_trainable())?;
        self.parameters.insert(parameter.address(), copy.clone());
        Ok(copy)
    }
}

impl Net {
    /// A layer, its weights drawn from the pass that is going on; `options` are all that `make` knows of it.
    pub fn layer(kind: &str, options: String, make: Maker) -> Result<Self> {
        let network = make(&mut pass::draw("weights"))?;
        Ok(Net::of(kind, options, network, Some(make)))
    }

    /// A network made of others, which knows how to copy itself.
    pub fn whole(kind: &str, network: Arc<dyn Network>) -> Self {
        Net::of(kind, String::new(), network, None)
    }

    /// A network that is there already, and how to make another one of its kind; `options` are all that `make`
    /// knows of it.
    pub fn of(kind: &str, options: String, network: Arc<dyn Network>, make: Option<Maker>) -> Self {
        let training = AtomicBool::new(true);
        let made = OnceLock::new();
        let extent = Extent::of(&*network);
        let node = Node { kind: kind.to_string(), options, network, make, training, made, extent };
        Net { node: Arc::new(node), name: None }
    }

    /// The same network, known by a name.
    pub fn called(&self, name: &str) -> Self {
        Net { node: self.node.clone(), name: Some(name.into()) }
    }

    /// Says where a script made it; the first one to say so is right.
    pub fn made_at(&self, place: Place) {
        let _ = self.node.made.set(place);
    }

    /// Goes forward as a part of a container: an error that has no place yet gets where the part was made.
    pub(super) fn go(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.forward(input, mode).map_err(|error| match self.node.made.get() {
            Some(place) if error.report().places.is_empty() => error.at(place.clone()),
            _ => error,
        })
    }

    pub(super) fn extent(&self) -> Extent {
        self.node.extent
    }

    /// What sort of network: `linear`, `sequential`, `ast`.
    pub fn kind(&self) -> &str {
        &self.node.kind
    }

    /// The options that its maker has, as text.
    pub(super) fn options(&self) -> &str {
        &self.node.options
    }

    /// How to make another one of its kind.
    pub(super) fn maker(&self) -> Option<&Maker> {
        self.node.make.as_ref()
    }

    /// The network behind the handle.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.node.network
    }

    /// Whether it uses a batch's own statistics and drops units, when it trains at all.
    pub fn is_training(&self) -> bool {
        self.node.training.load(Ordering::Relaxed)
    }

    /// Puts it and all its parts into training, or out of it.
    pub fn set_training(&self, training: bool) {
        self.node.training.store(training, Ordering::Relaxed);
        for (_, part) in self.parts() {
            part.set_training(training);
        }
    }

    /// The mode that it goes forward in, as a part of something in `outer` mode.
    pub fn mode_within(&self, outer: Mode) -> Mode {
        if outer == Mode::Train && !self.is_training() { Mode::Fixed } else { outer }
    }

    /// The part called `path`, e.g. `blocks.0.attn`.
    pub fn part(&self, path: &str) -> Result<Net> {
        let (mut found, mut rest) = (self.clone(), path);
        loop {
            let parts = found.parts();
            // A part of an array has a point in its name: `blocks.0`.
            let after = |name: &String| match rest.strip_prefix(name.as_str()) {
                Some("") => Some(""),
                Some(after) => after.strip_prefix('.'),
                None => None,
            };
            let next = parts.iter().find_map(|(name, part)| Some((part, after(name)?)));
            let Some((part, after)) = next else {
                let known: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
                return Err(crate::error::unknown("the network", "part", rest, &known));
            };
            (found, rest) = (part.clone(), after);
            if rest.is_empty() {
                return Ok(found.called(path));
            }
        }
    }

    /// Another network with the same weights, which shares nothing with this one.
    pub fn copy(&self) -> Result<Net> {
        self.copy_into(&mut Copies::default())
    }

    /// A copy as one part of a larger one.
    pub fn copy_into(&self, copies: &mut Copies) -> Result<Net> {
        let address = Arc::as_ptr(&self.node).cast::<()>() as usize;
        if let Some(known) = copies.nets.get(&address) {
            return Ok(Net { node: known.node.clone(), name: self.name.clone() });
        }
        let network = match &self.node.make {
            Some(make) => {
                // The numbers drawn are overwritten at once.
                let fresh = make(&mut Stream::new(0, "copy", &[]))?;
                fresh.restore(&self.node.network.state())?;
                for (own, copy) in self.node.network.parameters().iter().zip(fresh.parameters()) {
                    copy.1.set_trainable(own.1.is_trainable())?;
                }
                fresh
            }
            None => self.node.network.copied(copies)?.ok_or_else(|| {
                Error::new(Kind::Internal, "copying a network", "it does not know how")
                    .received(self.kind())
            })?,
        };
        let node = &self.node;
        let copy = Net::of(&node.kind, node.options.clone(), network, node.make.clone());
        copy.node.training.store(self.is_training(), Ordering::Relaxed);
        node.made.get().into_iter().for_each(|place| copy.made_at(place.clone()));
        copies.nets.insert(address, copy.clone());
        Ok(Net { node: copy.node, name: self.name.clone() })
    }

    /// Moves every weight and running statistic towards `other`'s: `weight` 0 changes nothing, 1 copies.
    ///
    /// # Errors
    /// Networks with other names or shapes.
    pub fn lerp(&self, other: &Net, weight: f64) -> Result<()> {
        let theirs = other.parameters();
        self.each_of(&theirs, |own, theirs| {
            let kept = own.value().mul_number(1.0 - weight)?;
            own.set(kept.add(&theirs.value().mul_number(weight)?)?)
        })
    }

    /// Takes over every weight and running statistic of `other`, bit for bit.
    ///
    /// # Errors
    /// Networks with other names or shapes.
    pub fn copy_from(&self, other: &Net) -> Result<()> {
        self.restore(&other.state())
    }

    fn each_of(
        &self,
        others: &[(String, Parameter)],
        act: impl Fn(&Parameter, &Parameter) -> Result<()>,
    ) -> Result<()> {
        let own = self.parameters();
        let differs =
            |what: String| Error::new(Kind::Shape, "lerp", "the networks differ").received(what);
        if own.len() != others.len() {
            return Err(differs(format!("{} and {} parameters", own.len(), others.len())));
        }
        for ((name, mine), (other_name, theirs)) in own.iter().zip(others) {
            let (a, b) = (mine.value().shape(), theirs.value().shape());
            if name != other_name || a != b {
                let pair = format!("'{name}' {} and '{other_name}' {}", words(&a), words(&b));
                return Err(differs(pair));
            }
        }
        own.iter().zip(others).try_for_each(|((_, mine), (_, theirs))| act(mine, theirs))
    }

    /// How often any of its numbers was set: the same number means the same numbers.
    pub fn changes(&self) -> u64 {
        self.parameters().iter().map(|(_, parameter)| parameter.changes()).sum()
    }

    /// Which parts are in training, and which parameters train.
    pub fn manner(&self) -> Manner {
        let mut training = Vec::new();
        self.note_training(&mut training);
        let trainable = self.parameters().iter().map(|(_, p)| p.is_trainable()).collect();
        Manner { training, trainable }
    }

    fn note_training(&self, all: &mut Vec<bool>) {
        all.push(self.is_training());
        self.parts().iter().for_each(|(_, part)| part.note_training(all));
    }

    /// Goes back to how it was.
    pub fn set_manner(&self, manner: &Manner) -> Result<()> {
        let mut training = manner.training.iter();
        self.take_training(&mut training);
        let pairs = self.parameters().into_iter().zip(&manner.trainable);
        pairs.into_iter().try_for_each(|((_, parameter), trains)| parameter.set_trainable(*trains))
    }

    fn take_training(&self, all: &mut std::slice::Iter<bool>) {
        if let Some(training) = all.next() {
            self.node.training.store(*training, Ordering::Relaxed);
        }
        self.parts().iter().for_each(|(_, part)| part.take_training(all));
    }

    /// Lets the parameters whose names match train, or not. Gives how many there are.
    pub fn set_trainable(&self, trainable: bool, matches: impl Fn(&str) -> bool) -> Result<usize> {
        let all = self.parameters().into_iter();
        let chosen = all.filter(|(name, p)| p.role() == Role::Weight && matches(name));
        let mut count = 0;
        for (_, parameter) in chosen {
            parameter.set_trainable(trainable)?;
            count += 1;
        }
        Ok(count)
    }

    /// Each parameter once, under its first name: what an optimiser changes.
    pub fn unique_parameters(&self) -> Vec<(String, Parameter)> {
        super::unique(self.parameters())
    }

    /// Does `act` as the part that this is: the output that it gives can be tapped, and an error tells the
    /// part's name.
    pub fn within<T>(
        &self,
        act: impl FnOnce() -> Result<T>,
        output: impl FnOnce(&T) -> Option<Tensor>,
    ) -> Result<T> {
        match &self.name {
            Some(name) => pass::inside(name, act, output).map_err(|error| error.within(name)),
            None => act(),
        }
    }

    /// Names of all outputs that can be tapped.
    pub fn taps(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, part) in self.parts() {
            names.extend(part.taps().into_iter().map(|inner| format!("{name}.{inner}")));
            names.push(name);
        }
        names.extend(self.node.network.own_taps());
        names
    }

    /// The output for `input`, and the outputs of the parts that are called by these names, in that order.
    ///
    /// # Errors
    /// A name that no part has, or a part that took no part.
    pub fn forward_taps(
        &self,
        input: &Tensor,
        mode: Mode,
        names: &[String],
    ) -> Result<(Tensor, Vec<(String, Tensor)>)> {
        let known = self.taps();
        for name in names {
            if !known.contains(name) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(crate::error::unknown("forward_taps", "tap", name, &known));
            }
        }
        // Names count from here, whatever it is called by those around it.
        let bare = Net { node: self.node.clone(), name: None };
        let (output, found) = pass::tapping(names, || bare.forward(input, mode));
        let output = output.map_err(|error| match &self.name {
            Some(name) => error.within(name),
            None => error,
        })?;
        let mut taps = Vec::new();
        for name in names {
            let Some(tap) = found.iter().find(|(tapped, _)| tapped == name) else {
                return Err(Error::new(Kind::Name, "forward_taps", "this part did not go forward")
                    .received(format!("'{name}'")));
            };
            taps.push(tap.clone());
        }
        Ok((output, taps))
    }
}

impl Network for Net {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let mode = self.mode_within(mode);
        let forward = || self.node.network.forward(input, mode);
        // In a step of a recipe's own nobody else says whose pass it is.
        trace::span_within(Part::Step, Part::Student, || {
            self.within(forward, |output| Some(output.clone()))
        })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.node.network.visit(scope, visit);
    }

    fn parts(&self) -> Vec<(String, Net)> {
        self.node.network.parts()
    }

    fn own_taps(&self) -> Vec<String> {
        self.node.network.own_taps()
    }

    fn settings(&self) -> String {
        self.node.network.settings()
    }

    fn called_functions(&self) -> Vec<String> {
        self.node.network.called_functions()
    }

    fn position_grid(&self) -> Option<[usize; 2]> {
        self.node.network.position_grid()
    }
}
