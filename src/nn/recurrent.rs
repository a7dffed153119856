//! Recurrent layers: GRU and LSTM, with PyTorch's names and order of gates.

use super::drop::dropped;
use super::linear::uniform;
use super::{Mode, Network, Parameter, Visitor, check, init, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::record::{Op, whole_of};
use crate::tensor::{Device, Tensor, words};
use serde::Serialize;

/// The options of a recurrent layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecurrentOptions {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the state.
    pub hidden: usize,
    /// Layers one above another.
    pub layers: usize,
    /// Whether each layer also reads from the end, and puts both outputs side by side.
    pub bidirectional: bool,
    /// Whether there are biases.
    pub bias: bool,
    /// The share of the output of each layer but the last that is left out in training.
    pub dropout: f64,
}

impl Default for RecurrentOptions {
    fn default() -> Self {
        RecurrentOptions {
            inputs: 0,
            hidden: 0,
            layers: 1,
            bidirectional: false,
            bias: true,
            dropout: 0.0,
        }
    }
}

impl RecurrentOptions {
    /// Refuses what makes no sense; `operation` is `nn::gru` or `nn::lstm`.
    pub fn check(&self, operation: &str) -> Result<()> {
        let all = [("inputs", self.inputs), ("hidden", self.hidden), ("layers", self.layers)];
        all.iter().try_for_each(|(name, value)| check::count(operation, name, *value))?;
        check::share(operation, "dropout", self.dropout)
    }

    fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }
}

/// What one step makes of its input's share of the gates, and of the state.
trait Cell {
    /// Name in messages.
    const OPERATION: &'static str;
    /// Gates, each as wide as the state.
    const GATES: usize;

    /// The next state from the gates' shares of input and state, `[batch, gates · hidden]` each.
    fn step(input: &Tensor, state: &Tensor, before: &State, hidden: usize) -> Result<State>;
}

/// The state of one layer in one direction: the output, and the memory where there is one.
#[derive(Clone, Debug)]
struct State {
    output: Tensor,
    memory: Option<Tensor>,
}

/// The part of a row of gates that begins `from` states in, `count` states long.
fn gates(all: &Tensor, from: usize, count: usize, hidden: usize) -> Result<Tensor> {
    all.narrow(1, from * hidden, count * hidden)
}

#[derive(Clone, Debug)]
struct GruCell;

impl Cell for GruCell {
    const OPERATION: &'static str = "nn::gru";
    const GATES: usize = 3;

    // In the order reset, update, new.
    fn step(input: &Tensor, state: &Tensor, before: &State, hidden: usize) -> Result<State> {
        let both = gates(input, 0, 2, hidden)?.add(&gates(state, 0, 2, hidden)?)?.sigmoid()?;
        let (reset, update) = (gates(&both, 0, 1, hidden)?, gates(&both, 1, 1, hidden)?);
        let remembered = reset.mul(&gates(state, 2, 1, hidden)?)?;
        let new = gates(input, 2, 1, hidden)?.add(&remembered)?.tanh()?;
        let output = new.add(&update.mul(&before.output.sub(&new)?)?)?;
        Ok(State { output, memory: None })
    }
}

#[derive(Clone, Debug)]
struct LstmCell;

impl Cell for LstmCell {
    const OPERATION: &'static str = "nn::lstm";
    const GATES: usize = 4;

    // In the order input, forget, cell, output.
    fn step(input: &Tensor, state: &Tensor, before: &State, hidden: usize) -> Result<State> {
        let all = input.add(state)?;
        let both = gates(&all, 0, 2, hidden)?.sigmoid()?;
        let new = gates(&all, 2, 1, hidden)?.tanh()?;
        let shown = gates(&all, 3, 1, hidden)?.sigmoid()?;
        let taken = gates(&both, 0, 1, hidden)?.mul(&new)?;
        let memory = match &before.memory {
            Some(memory) => gates(&both, 1, 1, hidden)?.mul(memory)?.add(&taken)?,
            None => taken,
        };
        Ok(State { output: shown.mul(&memory.tanh()?)?, memory: Some(memory) })
    }
}

/// The weights of one layer in one direction.
#[derive(Clone, Debug)]
struct Weights {
    /// What their names end with: `l0`, `l0_reverse`, …
    suffix: String,
    /// Of the input and of the state.
    weights: [Parameter; 2],
    biases: Option<[Parameter; 2]>,
}

/// All layers of a recurrent network, with the weights in PyTorch's order.
#[derive(Clone, Debug)]
struct Layers {
    /// Layer after layer, forwards before backwards.
    all: Vec<Weights>,
    options: RecurrentOptions,
    device: Device,
}

impl Layers {
    fn new<C: Cell>(options: &RecurrentOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check(C::OPERATION)?;
        let RecurrentOptions { inputs, hidden, layers, .. } = *options;
        let directions = options.directions();
        let (bound, rows) = (1.0 / (hidden as f64).sqrt(), C::GATES * hidden);
        let mut all = Vec::new();
        for layer in 0..layers {
            for ending in ["", "_reverse"].into_iter().take(directions) {
                let width = if layer == 0 { inputs } else { hidden * directions };
                let mut weight = |columns| uniform(&[rows, columns], bound, random, on);
                let weights = [weight(width)?, weight(hidden)?];
                let mut bias = || uniform(&[rows], bound, random, on);
                let biases = if options.bias { Some([bias()?, bias()?]) } else { None };
                all.push(Weights { suffix: format!("l{layer}{ending}"), weights, biases });
            }
        }
        Ok(Layers { all, options: options.clone(), device: on.clone() })
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        for Weights { suffix, weights, biases } in &self.all {
            for (name, part) in ["ih", "hh"].into_iter().zip(weights) {
                visit(scoped(scope, &format!("weight_{name}_{suffix}")), part);
            }
            for (name, part) in ["ih", "hh"].into_iter().zip(biases.iter().flatten()) {
                visit(scoped(scope, &format!("bias_{name}_{suffix}")), part);
            }
        }
    }

    /// `[batch, time, width]` in, `[batch, time, directions · hidden]` out, and the state of each layer and
    /// direction after its last step.
    fn run<C: Cell>(
        &self,
        input: &Tensor,
        start: &[State],
        mode: Mode,
    ) -> Result<(Tensor, Vec<State>)> {
        let (mut output, mut last) = (input.clone(), Vec::new());
        let directions = self.options.directions();
        for (layer, weights) in self.all.chunks(directions).enumerate() {
            if layer > 0 {
                output = dropped(&output, self.options.dropout, mode)?;
            }
            let mut sides = Vec::new();
            for (direction, weights) in weights.iter().enumerate() {
                let start = &start[layer * directions + direction];
                let (side, state) =
                    self.read::<C>(weights, &output, start, direction == 1, mode)?;
                sides.push(side);
                last.push(state);
            }
            output = if sides.len() == 1 { sides.remove(0) } else { Tensor::cat(&sides, -1)? };
        }
        Ok((output, last))
    }

    /// One layer in one direction.
    fn read<C: Cell>(
        &self,
        weights: &Weights,
        input: &Tensor,
        start: &State,
        backwards: bool,
        mode: Mode,
    ) -> Result<(Tensor, State)> {
        let hidden = self.options.hidden;
        let [of_input, of_state] = weights.weights.each_ref().map(|part| part.get(mode));
        let biases = weights.biases.as_ref().map(|both| both.each_ref().map(|b| b.get(mode)));
        let [input_bias, state_bias] = match biases {
            Some([first, second]) => [Some(first), Some(second)],
            None => [None, None],
        };
        let read = || {
            let shares = input.linear(&of_input, input_bias.as_ref())?;
            let mut steps = Vec::new();
            split_steps(&shares, &mut steps)?;
            if backwards {
                steps.reverse();
            }
            let (mut state, mut outputs) = (start.clone(), Vec::with_capacity(steps.len()));
            for step in &steps {
                let share = state.output.linear(&of_state, state_bias.as_ref())?;
                state = C::step(step, &share, &state, hidden)?;
                let batch = state.output.shape()[0] as i64;
                outputs.push(state.output.reshape(&[batch, 1, hidden as i64])?);
            }
            if backwards {
                outputs.reverse();
            }
            let whole = Tensor::cat(&outputs, 1)?;
            Ok([whole, state.output].into_iter().chain(state.memory).collect())
        };
        let biases = input_bias.iter().chain(&state_bias);
        let states = std::iter::once(&start.output).chain(&start.memory);
        let inputs: Vec<&Tensor> =
            [input, &of_input, &of_state].into_iter().chain(biases).chain(states).collect();
        let (memory, biased) = (start.memory.is_some(), input_bias.is_some());
        let told = || Op::Recurrent { memory, backwards, biased };
        let mut made = whole_of(told, &inputs, read)?.into_iter();
        let (Some(whole), Some(output)) = (made.next(), made.next()) else {
            return Err(Error::new(Kind::Internal, C::OPERATION, "a layer gave nothing"));
        };
        Ok((whole, State { output, memory: made.next() }))
    }

    /// The state before the first step, from `[layers · directions, batch, hidden]` each, or zeros.
    fn start(
        &self,
        operation: &str,
        input: &Tensor,
        given: [Option<&Tensor>; 2],
        has_memory: bool,
    ) -> Result<Vec<State>> {
        let RecurrentOptions { inputs, hidden, .. } = self.options;
        let shape = input.shape();
        let [batch, time, width] = <[usize; 3]>::try_from(shape.as_slice()).unwrap_or_default();
        if time == 0 || width != inputs {
            let expected = format!("[batch, time, {inputs}], with one step at least");
            return Err(check::unfit(operation, expected, &shape, 3));
        }
        let full = [self.all.len(), batch, hidden];
        let part = |given: Option<&Tensor>, index: usize| match given {
            None => init::constant(&[batch, hidden], 0.0, &self.device),
            Some(given) if given.shape() == full => {
                given.narrow(0, index, 1)?.reshape(&[batch as i64, hidden as i64])
            }
            Some(given) => Err(Error::new(Kind::Shape, operation, "the state does not fit")
                .expected(format!("[layers · directions, batch, hidden] {}", words(&full)))
                .received(words(&given.shape()))),
        };
        let state = |index| {
            let memory = if has_memory { Some(part(given[1], index)?) } else { None };
            Ok(State { output: part(given[0], index)?, memory })
        };
        (0..self.all.len()).map(state).collect()
    }
}

/// Cuts `[batch, time, width]` into `[batch, width]` for each step, by halves: the backward pass of a cut
/// fills a tensor of the whole, so one cut for each step would take a time that grows with the square.
fn split_steps(whole: &Tensor, steps: &mut Vec<Tensor>) -> Result<()> {
    let shape = whole.shape();
    let (batch, time, width) = (shape[0], shape[1], shape[2]);
    if time == 1 {
        steps.push(whole.reshape(&[batch as i64, width as i64])?);
        return Ok(());
    }
    split_steps(&whole.narrow(1, 0, time / 2)?, steps)?;
    split_steps(&whole.narrow(1, time / 2, time - time / 2)?, steps)
}

/// States of all layers and directions, `[layers · directions, batch, hidden]`.
fn stacked<'a>(parts: impl Iterator<Item = &'a Tensor>) -> Result<Tensor> {
    let one = |part: &Tensor| {
        let shape = part.shape();
        part.reshape(&[1, shape[0] as i64, shape[1] as i64])
    };
    Tensor::cat(&parts.map(one).collect::<Result<Vec<_>>>()?, 0)
}

/// Gated recurrent units over `[batch, time, inputs]`; names `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
/// `bias_hh_l0`, `weight_ih_l0_reverse`, …, with the gates in the order reset, update, new.
#[derive(Clone, Debug)]
pub struct Gru(Layers);

impl Gru {
    /// PyTorch's default start: everything uniform within ±1/√hidden.
    pub fn new(options: &RecurrentOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        Layers::new::<GruCell>(options, random, on).map(Gru)
    }

    /// The output `[batch, time, directions · hidden]`, and the state after the last step,
    /// `[layers · directions, batch, hidden]`. Without a state, it starts at 0.
    pub fn run(
        &self,
        input: &Tensor,
        state: Option<&Tensor>,
        mode: Mode,
    ) -> Result<(Tensor, Tensor)> {
        let start = self.0.start(GruCell::OPERATION, input, [state, None], false)?;
        let (output, last) = self.0.run::<GruCell>(input, &start, mode)?;
        Ok((output, stacked(last.iter().map(|state| &state.output))?))
    }
}

impl Network for Gru {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.run(input, None, mode).map(|(output, _)| output)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.0.visit(scope, visit);
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

/// Long short-term memory over `[batch, time, inputs]`; names as those of [`Gru`], with the gates in the order
/// input, forget, cell, output.
#[derive(Clone, Debug)]
pub struct Lstm(Layers);

impl Lstm {
    /// PyTorch's default start: everything uniform within ±1/√hidden.
    pub fn new(options: &RecurrentOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        Layers::new::<LstmCell>(options, random, on).map(Lstm)
    }

    /// The output `[batch, time, directions · hidden]`, and state and memory after the last step,
    /// `[layers · directions, batch, hidden]` each. Without a state, both start at 0.
    pub fn run(
        &self,
        input: &Tensor,
        state: Option<[&Tensor; 2]>,
        mode: Mode,
    ) -> Result<(Tensor, [Tensor; 2])> {
        let given = state.map_or([None, None], |[output, memory]| [Some(output), Some(memory)]);
        let start = self.0.start(LstmCell::OPERATION, input, given, true)?;
        let (output, last) = self.0.run::<LstmCell>(input, &start, mode)?;
        let state = stacked(last.iter().map(|state| &state.output))?;
        let memory = stacked(last.iter().filter_map(|state| state.memory.as_ref()))?;
        Ok((output, [state, memory]))
    }
}

impl Network for Lstm {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.run(input, None, mode).map(|(output, _)| output)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.0.visit(scope, visit);
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
