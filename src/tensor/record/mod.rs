//! A forward pass as a graph of operations.
//!
//! All operations of this layer go through one door, [`Dispatch`], which notes them while a recording is on in this
//! thread; outside of one, that is the look at a flag. An operation that an input took part in is a node; what depends
//! on no input is a constant. So nothing can be forgotten: what the door does not know does not compile, and what it
//! cannot tell is a node that says so.
//!
//! A few operations are noted as one ([`whole`]): where there is a well-known operation for them, or where they look at
//! numbers on the host.
//!
//! A tensor is known by where its numbers lie: the address of their buffer, and how the tensor looks at it. A buffer is
//! held weakly, which keeps its address from being used again but lets go of its numbers.

mod dispatch;
mod graph;
mod identity;
mod told;

pub(super) use dispatch::Dispatch;
pub use graph::{Binary, Fold, Graph, Moves, Node, Op, Source, Unary, Value};

use super::Tensor;
use crate::error::{Error, Kind, Result};
use burn::backend::DispatchTensor;
use identity::{Hold, Key};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

#[derive(Default)]
struct Recording {
    graph: Graph,
    /// Values by what they are; the buffer is held so that nothing else comes to lie there.
    known: HashMap<Key, (usize, Hold)>,
    constants: HashMap<Key, usize>,
    names: HashMap<Key, String>,
    /// What cannot be known by its buffer.
    strange: Option<String>,
}

thread_local! {
    /// Whether operations are noted: a recording is on, and not paused.
    static ON: Cell<bool> = const { Cell::new(false) };
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// Whether operations of this thread are noted now.
pub(crate) fn is_on() -> bool {
    ON.get()
}

/// Puts the flag back, also where something failed or panicked on the way.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        ON.set(self.0);
    }
}

/// Ends the recording, also where something failed or panicked on the way.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        ON.set(false);
        RECORDING.with_borrow_mut(|recording| *recording = None);
    }
}

/// Does `act` and gives what it did with `inputs` to get at its outputs. `named` are parameters by their names.
///
/// # Errors
/// Whatever `act` gives; numbers of what depends on an input that are looked at on the host; an output that depends on
/// no input.
pub fn record(
    inputs: &[(&str, &Tensor)],
    named: &[(String, Tensor)],
    act: impl FnOnce() -> Result<Vec<Tensor>>,
) -> Result<Graph> {
    let mut recording = Recording::default();
    for (name, tensor) in inputs {
        recording.add(&tensor.0, Source::Input((*name).to_string()));
    }
    for (name, tensor) in named {
        if let Some((key, _)) = identity::of(&tensor.0) {
            recording.names.entry(key).or_insert_with(|| name.clone());
        }
    }
    RECORDING.with_borrow_mut(|place| *place = Some(recording));
    let end = End;
    ON.set(true);
    let outputs = act()?;
    ON.set(false);
    let recording = RECORDING.with_borrow_mut(Option::take);
    drop(end);
    let Some(mut recording) = recording else {
        return Err(Error::new(Kind::Internal, "recording", "another recording came between"));
    };
    if let Some(problem) = recording.strange {
        return Err(Error::new(Kind::Internal, "recording", problem));
    }
    for output in &outputs {
        let value = identity::of(&output.0).and_then(|(key, _)| recording.known.get(&key));
        let Some((value, _)) = value else {
            let problem = "the output does not depend on the input";
            return Err(Error::new(Kind::Data, "recording", problem).received(output.describe()));
        };
        recording.graph.outputs.push(*value);
    }
    Ok(recording.graph.pruned())
}

impl Recording {
    fn add(&mut self, tensor: &DispatchTensor, source: Source) -> Option<usize> {
        let number = self.graph.values.len();
        let Some((key, hold)) = identity::of(tensor) else {
            self.strange = Some("a tensor lies on a device that cannot be recorded".to_string());
            return None;
        };
        let tensor = Tensor(tensor.clone());
        let (dtype, shape) = (tensor.dtype(), tensor.shape());
        match &source {
            Source::Constant(..) => drop(self.constants.insert(key, number)),
            _ => drop(self.known.insert(key, (number, hold))),
        }
        self.graph.values.push(Value { dtype, shape, source });
        Some(number)
    }

    fn known(&self, tensor: &DispatchTensor) -> Option<usize> {
        identity::of(tensor).and_then(|(key, _)| self.known.get(&key).map(|(number, _)| *number))
    }

    /// The value of something that depends on no input.
    fn constant(&mut self, tensor: &DispatchTensor) -> Option<usize> {
        let (key, _) = identity::of(tensor)?;
        if let Some(number) = self.constants.get(&key) {
            return Some(*number);
        }
        let name = self.names.get(&key).cloned();
        // The tensor keeps its buffer, so its key stays its own.
        let plain = Tensor(tensor.clone()).detached().ok()?;
        self.add(tensor, Source::Constant(plain, name))
    }
}

/// What is to be noted of an operation, looked at before it takes its inputs; nothing where no input of the recording
/// takes part.
pub(super) struct Noted(Option<Vec<usize>>);

impl Noted {
    /// The values of the inputs, where a recording is on and one of them depends on its inputs.
    pub fn of(inputs: &[&DispatchTensor]) -> Self {
        if !is_on() {
            return Noted(None);
        }
        Noted(RECORDING.with_borrow_mut(|recording| {
            let recording = recording.as_mut()?;
            let known: Vec<_> = inputs.iter().map(|input| recording.known(input)).collect();
            if known.iter().all(Option::is_none) {
                return None;
            }
            let all = known.into_iter().zip(inputs);
            all.map(|(known, input)| known.or_else(|| recording.constant(input))).collect()
        }))
    }

    fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Notes what was made.
    pub fn made(self, op: impl FnOnce() -> Op, outputs: &[&DispatchTensor]) {
        let Noted(Some(inputs)) = self else { return };
        RECORDING.with_borrow_mut(|recording| {
            let Some(recording) = recording.as_mut() else { return };
            // What is an input still, or was noted within, is what it was.
            if outputs.iter().all(|output| recording.known(output).is_some()) {
                return;
            }
            let outputs = outputs.iter().filter_map(|output| recording.add(output, Source::Made));
            let outputs = outputs.collect();
            recording.graph.nodes.push(Node { op: op(), inputs, outputs });
        });
    }

    /// Notes the one thing that was made, and gives it.
    pub fn one(self, op: impl FnOnce() -> Op, output: DispatchTensor) -> DispatchTensor {
        self.made(op, &[&output]);
        output
    }
}

/// Does `act`, which may note nothing and look at numbers.
pub(crate) fn unseen<T>(act: impl FnOnce() -> T) -> T {
    let _restore = Restore(ON.replace(false));
    act()
}

/// Does `act` and notes it as one operation of `inputs`.
pub(crate) fn whole(
    op: impl FnOnce() -> Op,
    inputs: &[&Tensor],
    act: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    if !is_on() {
        return act();
    }
    let mut all = whole_of(op, inputs, || Ok(vec![act()?]))?;
    all.pop().ok_or_else(|| Error::new(Kind::Internal, "recording", "an operation gave nothing"))
}

/// The same for an operation that makes several tensors.
pub(crate) fn whole_of(
    op: impl FnOnce() -> Op,
    inputs: &[&Tensor],
    act: impl FnOnce() -> Result<Vec<Tensor>>,
) -> Result<Vec<Tensor>> {
    let noted = if is_on() {
        Noted::of(&inputs.iter().map(|input| &input.0).collect::<Vec<_>>())
    } else {
        Noted(None)
    };
    if !noted.is_some() {
        return act();
    }
    let made = unseen(act)?;
    noted.made(op, &made.iter().map(|tensor| &tensor.0).collect::<Vec<_>>());
    Ok(made)
}

/// Refuses to look at numbers that depend on a recording's input: whatever is done with them on the host would stand in
/// the graph as it was for these numbers.
pub(super) fn may_read(operation: &str, tensor: &Tensor) -> Result<()> {
    if !is_on() {
        return Ok(());
    }
    let known = RECORDING.with_borrow(|recording| {
        recording.as_ref().is_some_and(|recording| recording.known(&tensor.0).is_some())
    });
    if !known {
        return Ok(());
    }
    let problem = "the numbers of the input decide what is done: a graph cannot tell that";
    Err(Error::new(Kind::Script, operation, problem).received(tensor.describe()).hint(
        "what depends on the input must stay a tensor: where(…) instead of `if`, a mask instead of a choice",
    ))
}
