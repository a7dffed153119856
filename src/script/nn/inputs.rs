//! Going forward with more than one input: masks, keys and values, states.

use crate::error::{Error, Kind, Result};
use crate::nn::{Attention, Block, Gru, Lstm, Mode, Net, Network, pass};
use crate::script::network::RecipeNetwork;
use crate::script::options::Options;
use crate::script::register::functions;
use crate::script::value::{self, kind_of, native_of};
use crate::tensor::Tensor;
use rhai::{Dynamic, Map, Module};

const A_TENSOR: &str = "a tensor";

/// The mode that a script's own forward pass is in: that of the network around it, where there is one.
pub(in crate::script) fn mode() -> Mode {
    pass::mode().unwrap_or(Mode::Train)
}

/// The network behind a handle, if it is a `T`.
fn layer<T: 'static>(net: &Net) -> Option<&T> {
    net.network().as_any().and_then(|network| network.downcast_ref::<T>())
}

/// The output of a network for any inputs.
pub(in crate::script) fn forward(net: &Net, inputs: Vec<Dynamic>) -> Result<Dynamic> {
    if let Some(network) = layer::<RecipeNetwork>(net) {
        let mode = net.mode_within(mode());
        let tensor = |output: &Dynamic| output.read_lock::<Tensor>().map(|tensor| tensor.clone());
        return net.within(|| network.call(inputs, mode), tensor);
    }
    match inputs.as_slice() {
        [input] => {
            let input = native_of::<Tensor>("forward", "the input", A_TENSOR, input)?;
            net.forward(&input, mode()).map(Dynamic::from)
        }
        [input, options] if options.is_map() && attends(net) => {
            let map = value::map_of("forward", "the options", options)?;
            let (output, _) = attend_self(net, "forward", input, map)?;
            Ok(Dynamic::from(output))
        }
        _ => Err(Error::new(Kind::Type, "forward", "this network takes one input")
            .received(format!("{} inputs for a {}", inputs.len(), net.kind()))
            .hint("attention has net.attend(…), recurrent layers have net.run(…)")),
    }
}

fn attends(net: &Net) -> bool {
    layer::<Attention>(net).is_some() || layer::<Block>(net).is_some()
}

fn mask_of(operation: &str, map: Map) -> Result<Option<Tensor>> {
    Options::new(operation, map)?.native("mask", A_TENSOR)
}

/// Output and weights of an attention or a block that looks at itself.
fn attend_self(net: &Net, operation: &str, input: &Dynamic, map: Map) -> Result<(Tensor, Tensor)> {
    let mask = mask_of(operation, map)?;
    let input = native_of::<Tensor>(operation, "the input", A_TENSOR, input)?;
    let mode = net.mode_within(mode());
    let act = || match (layer::<Attention>(net), layer::<Block>(net)) {
        (Some(attention), _) => attention.attend_self(&input, mask.as_ref(), mode),
        (_, Some(block)) => block.attend(&input, mask.as_ref(), mode),
        _ => Err(no_attention(net)),
    };
    net.within(act, |(output, _)| Some(output.clone()))
}

fn no_attention(net: &Net) -> Error {
    Error::new(Kind::Type, "attend", "this network has no attention of its own")
        .expected("nn::attention(…) or nn::transformer_block(…)")
        .received(net.kind())
}

fn attend(net: &Net, inputs: [&Dynamic; 3], map: Map) -> Result<Map> {
    let operation = "attend";
    let Some(attention) = layer::<Attention>(net) else {
        return Err(match layer::<Block>(net) {
            Some(_) => Error::new(Kind::Type, operation, "a transformer block attends to itself")
                .expected("one input"),
            None => no_attention(net),
        });
    };
    let mask = mask_of(operation, map)?;
    let tensor = |what, given| native_of::<Tensor>(operation, what, A_TENSOR, given);
    let query = tensor("the query", inputs[0])?;
    let (key, value) = (tensor("the key", inputs[1])?, tensor("the value", inputs[2])?);
    let mode = net.mode_within(mode());
    let act = || attention.attend(&query, &key, &value, mask.as_ref(), mode);
    net.within(act, |(output, _)| Some(output.clone())).map(with_weights)
}

fn with_weights((output, weights): (Tensor, Tensor)) -> Map {
    map_of(
        [("output", output), ("weights", weights)].map(|(name, part)| (name, Dynamic::from(part))),
    )
}

fn map_of<const N: usize>(parts: [(&str, Dynamic); N]) -> Map {
    parts.into_iter().map(|(name, part)| (name.into(), part)).collect()
}

/// The output of a recurrent layer and its last state, from a state or from zeros.
fn run(net: &Net, input: &Tensor, state: Option<Dynamic>) -> Result<Map> {
    let operation = "run";
    let mode = net.mode_within(mode());
    let output = |map: &Map| {
        map.get("output").and_then(|output| output.read_lock::<Tensor>().map(|own| own.clone()))
    };
    if let Some(gru) = layer::<Gru>(net) {
        let tensor = |given| native_of::<Tensor>(operation, "the state", A_TENSOR, &given);
        let state = state.map(tensor).transpose()?;
        let act = || {
            let (output, state) = gru.run(input, state.as_ref(), mode)?;
            Ok(map_of([("output", output), ("state", state)].map(|(n, t)| (n, Dynamic::from(t)))))
        };
        return net.within(act, output);
    }
    if let Some(lstm) = layer::<Lstm>(net) {
        let state = state.map(|given| both_of(operation, &given)).transpose()?;
        let act = || {
            let given = state.as_ref().map(|[hidden, cell]| [hidden, cell]);
            let (output, [hidden, cell]) = lstm.run(input, given, mode)?;
            let state = [("hidden", hidden), ("cell", cell)].map(|(n, t)| (n, Dynamic::from(t)));
            Ok(map_of([("output", Dynamic::from(output)), ("state", Dynamic::from(map_of(state)))]))
        };
        return net.within(act, output);
    }
    Err(Error::new(Kind::Type, operation, "this network has no state")
        .expected("nn::gru(…) or nn::lstm(…)")
        .received(net.kind()))
}

/// The state of an LSTM: `#{ hidden, cell }`.
fn both_of(operation: &str, given: &Dynamic) -> Result<[Tensor; 2]> {
    let expected = "a map as run() gives it: #{ hidden, cell }";
    let Some(map) = given.read_lock::<Map>().map(|map| map.clone()) else {
        return Err(Error::new(Kind::Type, operation, "the state has the wrong type")
            .expected(expected)
            .received(kind_of(given)));
    };
    let options = Options::new(operation, map)?;
    let part = |name| {
        let part = options.native::<Tensor>(name, A_TENSOR)?;
        part.ok_or_else(|| options.missing(name, expected))
    };
    Ok([part("hidden")?, part("cell")?])
}

pub(super) fn methods(module: &mut Module) {
    functions! { module;
        /// What an attention or a transformer block gives for its input, as `output`, and how much each token
        /// looks at each, as `weights` `[batch, head, token, token]`.
        ///
        /// ```rhai
        /// let all = nn::attention(8, 2).attend(tensor::ones([1, 5, 8]));
        /// all.output.shape == [1, 5, 8] && all.weights.shape == [1, 2, 5, 5]
        /// ```
        fn "attend"(net: Net, input: Tensor) -> Map {
            attend_self(&net, "attend", &Dynamic::from(input), Map::new()).map(with_weights)
        }

        /// As `attend(input)`, with the option `mask`: what can be broadcast to the weights; bools are true where
        /// a token may look, floats are added before the softmax.
        ///
        /// ```rhai
        /// let causal = tensor::ones([3, 3]).tril() > 0;
        /// let weights = nn::attention(4, 1).attend(tensor::ones([1, 3, 4]), #{ mask: causal }).weights;
        /// weights[0][0][0].to_array() == [1.0, 0.0, 0.0]
        /// ```
        fn "attend"(net: Net, input: Tensor, options: Map) -> Map {
            attend_self(&net, "attend", &Dynamic::from(input), options).map(with_weights)
        }

        /// Cross attention: queries `[batch, query, width]` look at keys and values `[batch, key, width]`.
        ///
        /// Errors: anything but an attention; lengths that do not fit.
        ///
        /// ```rhai
        /// let memory = tensor::ones([1, 7, 8]);
        /// let all = nn::attention(8, 2).attend(tensor::ones([1, 3, 8]), memory, memory);
        /// all.output.shape == [1, 3, 8] && all.weights.shape == [1, 2, 3, 7]
        /// ```
        fn "attend"(net: Net, query: Dynamic, key: Dynamic, value: Dynamic) -> Map {
            attend(&net, [&query, &key, &value], Map::new())
        }

        /// As `attend(query, key, value)`, with the option `mask`.
        ///
        /// ```rhai
        /// let x = tensor::ones([1, 3, 8]);
        /// nn::attention(8, 2).attend(x, x, x, #{ mask: tensor([0.0, 0.0, -9.0]) }).weights.shape == [1, 2, 3, 3]
        /// ```
        fn "attend"(net: Net, query: Dynamic, key: Dynamic, value: Dynamic, options: Map) -> Map {
            attend(&net, [&query, &key, &value], options)
        }

        /// What a recurrent layer gives for `[batch, time, inputs]`, starting from zeros: `output`
        /// `[batch, time, hidden]` and the last `state` `[layers · directions, batch, hidden]`; that of an LSTM
        /// is `#{ hidden, cell }`.
        ///
        /// ```rhai
        /// let all = nn::lstm(3, 4).run(tensor::ones([2, 7, 3]));
        /// all.output.shape == [2, 7, 4] && all.state.cell.shape == [1, 2, 4]
        /// ```
        fn "run"(net: Net, input: Tensor) -> Map { run(&net, &input, None) }

        /// As `run(input)`, starting from a state, as `run` gives it.
        ///
        /// ```rhai
        /// let net = nn::gru(3, 4);
        /// let x = tensor::normal([1, 6, 3], "x");
        /// let first = net.run(x.narrow(1, 0, 3));
        /// let second = net.run(x.narrow(1, 3, 3), first.state);
        /// (second.state - net.run(x).state).abs().max().item() < 1e-6
        /// ```
        fn "run"(net: Net, input: Tensor, state: Dynamic) -> Map { run(&net, &input, Some(state)) }
    }
}
