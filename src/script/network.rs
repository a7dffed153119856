//! A network that a recipe defines: a map of parts, and a function that puts them together.

use super::host::{Callable, Host};
use super::part::{self, Part, captured_by, parts_of};
use super::value::{CLOSURE, kind_of};
use crate::error::{Error, Kind, Result, unknown};
use crate::nn::{Copies, Mode, Net, Network, Parameter, Visitor, pass, scoped};
use crate::tensor::Tensor;
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};
use std::cell::RefCell;
use std::sync::Arc;

/// Networks of the recipe's own within each other. More is a circle; the work's thread has room for so many.
const DEEPEST: usize = 128;

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

/// A network of the recipe's own.
pub struct RecipeNetwork {
    /// What the function gets first; `None` where it takes the inputs alone.
    parts: Option<Vec<(String, Part)>>,
    /// What a closure has captured, by the variables' names.
    captured: Vec<(String, Part)>,
    buffers: Buffers,
    /// The function's; `None` where it is a closure.
    name: Option<String>,
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
        let parts = parts.map(|parts| parts_of(call, parts)).transpose()?;
        // Rhai's own name of a closure means nothing to anybody.
        let name = (!function.is_anonymous()).then(|| function.fn_name().to_string());
        let captured = captured_by(call, &function)?;
        let network = RecipeNetwork::of(parts, captured, name, host.function(call, &function)?);
        let mut known = std::collections::HashSet::new();
        if let Some((name, _)) =
            network.parameters().into_iter().find(|(name, _)| !known.insert(name.clone()))
        {
            return Err(Error::new(Kind::Name, "nn::network", "two parameters have one name")
                .received(format!("'{name}'")));
        }
        Net::whole("network", Arc::new(network)).in_bounds("nn::network")
    }

    fn of(
        parts: Option<Vec<(String, Part)>>,
        captured: Vec<(String, Part)>,
        name: Option<String>,
        call: Callable,
    ) -> Self {
        let mut buffers = Vec::new();
        let all = parts.iter().flatten().chain(&captured);
        all.for_each(|(name, part)| part.buffers(name, &mut buffers));
        RecipeNetwork { parts, captured, buffers: Arc::new(buffers), name, call }
    }

    /// Its name in messages.
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("a closure")
    }

    /// All parts, in the order of their parameters.
    fn all(&self) -> impl Iterator<Item = &(String, Part)> {
        self.parts.iter().flatten().chain(&self.captured)
    }

    /// What the function gives for any inputs.
    pub(super) fn call(&self, inputs: Vec<Dynamic>, mode: Mode) -> Result<Dynamic> {
        let seen = |(name, part): &(String, Part)| part.seen(name, mode);
        let own = self.parts.as_ref().map(|parts| {
            let all = parts.iter().map(|pair| (pair.0.as_str().into(), seen(pair)));
            Dynamic::from(all.collect::<Map>())
        });
        let captured = self.captured.iter().map(seen);
        let arguments = captured.chain(own).chain(inputs).collect();
        let depth = RUNNING.with_borrow_mut(|running| {
            running.push(self.buffers.clone());
            running.len()
        });
        let _leave = Leave;
        if depth > DEEPEST {
            return Err(Error::new(
                Kind::Script,
                self.name(),
                "networks call each other too deeply",
            )
            .expected(format!("{DEEPEST} within each other at most"))
            .hint("does one contain itself? Many layers stand in nn::sequential([…]), one after another"));
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

impl Network for RecipeNetwork {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let output = self.call(vec![Dynamic::from(input.clone())], mode)?;
        let tensor = output.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            let error = Error::new(Kind::Type, self.name(), "a network must give a tensor here")
                .expected("a tensor")
                .received(kind_of(&output));
            match output.is_unit() {
                true => error
                    .hint("a function gives the value of its last line: end it with the tensor"),
                false => error,
            }
        })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.all().for_each(|(name, part)| part.visit(&scoped(scope, name), visit));
    }

    fn parts(&self) -> Vec<(String, Net)> {
        let mut found = Vec::new();
        self.all().for_each(|(name, part)| part.nets(name, &mut found));
        found
    }

    fn copied(&self, copies: &mut Copies) -> Result<Option<Arc<dyn Network>>> {
        let parts = self.parts.as_ref().map(|parts| part::copied(parts, copies)).transpose()?;
        // A closure's captured networks belong to it: its copy gets copies of them.
        let captured = part::copied(&self.captured, copies)?;
        let network = RecipeNetwork::of(parts, captured, self.name.clone(), self.call.clone());
        Ok(Some(Arc::new(network)))
    }

    fn settings(&self) -> String {
        let mut functions = Vec::new();
        let parts = self.parts.as_ref().map(|parts| part::tell(parts, &mut functions));
        let captured = part::tell(&self.captured, &mut functions);
        let name = self.name.as_deref().unwrap_or(CLOSURE);
        format!("{name} of {} and {captured}", parts.as_deref().unwrap_or("its inputs"))
    }

    fn called_functions(&self) -> Vec<String> {
        let mut functions = vec![self.name.clone().unwrap_or_default()];
        self.all().for_each(|(_, part)| drop(part.tell(&mut functions)));
        functions
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
