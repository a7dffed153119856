//! What every network can do, whatever it is made of.

use super::nn::{forward, mode};
use super::register::{functions, property};
use super::value::{self, kind_of, number_of};
use crate::error::{Error, Kind, Result};
use crate::nn::{Net, Network, Parameter, Pattern, Role};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, FuncRegistration, INT, Map, Module};

pub(super) fn functions(module: &mut Module) {
    getters(module);
    passes(module);
    weights(module);
}

/// What the properties are, each with an example.
const KIND: [&str; 2] = [
    "What sort of network: \"linear\", \"sequential\", \"network\", …",
    "nn::linear(2, 3).kind == \"linear\"",
];
const TRAINING: [&str; 2] = [
    "Whether it is in training: see `train()` and `eval()`.",
    "nn::linear(2, 3).training && !nn::linear(2, 3).eval().training",
];
const COUNT: [&str; 2] = [
    "The number of numbers that are parameters, frozen ones included.",
    "nn::linear(2, 3).count == 9",
];

fn getters(module: &mut Module) {
    let mut getter = |name: &str, gives: &str, doc: [&str; 2], read: fn(&Net) -> Dynamic| {
        FuncRegistration::new(format!("get${name}"))
            .in_global_namespace()
            .with_comments(property(doc))
            .with_params_info(["net: Network", gives])
            .set_into_module(module, move |net: &mut Net| read(net));
    };
    getter("kind", "String", KIND, |net| net.kind().into());
    getter("training", "bool", TRAINING, |net| net.is_training().into());
    getter("count", "i64", COUNT, |net| (net.parameter_count() as INT).into());
    FuncRegistration::new("to_string")
        .in_global_namespace()
        .set_into_module(module, |net: &mut Net| describe(net));
}

fn describe(net: &Net) -> String {
    let mut lines = vec![format!("{} of {} parameters", net.kind(), net.parameter_count())];
    for (name, part) in net.parts() {
        lines.push(format!("  {name}: {} of {}", part.kind(), part.parameter_count()));
    }
    lines.join("\n")
}

fn passes(module: &mut Module) {
    functions! { module;
        /// The output for an input.
        ///
        /// Outside of another network it is PyTorch's: with gradients, in training until `eval()` is called.
        ///
        /// ```rhai
        /// nn::linear(3, 2).forward(tensor::ones([4, 3])).shape == [4, 2]
        /// ```
        fn "forward"(net: Net, input: Dynamic) -> Dynamic { forward(&net, vec![input]) }

        /// As `forward(input)`, for a network of the recipe's own with two inputs; or for attention and a
        /// transformer block, with the option `mask`: see `attend(input, options)`.
        ///
        /// ```rhai
        /// let both = nn::network(#{ }, |self, a, b| a + b);
        /// both.forward(tensor([1]), tensor([2])).item() == 3
        /// ```
        fn "forward"(net: Net, first: Dynamic, second: Dynamic) -> Dynamic {
            forward(&net, vec![first, second])
        }

        /// As `forward(input)`, for a network of the recipe's own with three inputs.
        ///
        /// ```rhai
        /// let all = nn::network(#{ }, |self, a, b, c| a + b * c);
        /// all.forward(tensor([1]), tensor([2]), tensor([3])).item() == 7
        /// ```
        fn "forward"(net: Net, first: Dynamic, second: Dynamic, third: Dynamic) -> Dynamic {
            forward(&net, vec![first, second, third])
        }

        /// The output for an input, as `output`, and those of the parts that are named, as `taps` by name.
        ///
        /// Errors: a name that no part has; `net.taps()` lists them.
        ///
        /// ```rhai
        /// let net = nn::sequential([nn::linear(3, 5), nn::relu()]);
        /// net.forward_taps(tensor::ones([4, 3]), ["0"]).taps["0"].shape == [4, 5]
        /// ```
        fn "forward_taps"(net: Net, input: Tensor, names: Array) -> Map {
            let names = value::list_of("forward_taps", "names", &names.into(), value::text_of)?;
            let (output, taps) = net.forward_taps(&input, mode(), &names)?;
            let taps = taps.into_iter().map(|(name, tap)| (name.into(), Dynamic::from(tap)));
            let mut all = Map::new();
            all.insert("output".into(), Dynamic::from(output));
            all.insert("taps".into(), taps.collect::<Map>().into());
            Ok(all)
        }

        /// The names of all outputs that `forward_taps` can give.
        ///
        /// ```rhai
        /// nn::sequential([nn::relu(), nn::linear(2, 2)]).taps() == ["0", "1"]
        /// ```
        fn "taps"(net: Net) -> Array { Ok(net.taps().into_iter().map(Dynamic::from).collect()) }

        /// Puts the network and its parts into training: batch statistics, dropout. Gives the network.
        ///
        /// ```rhai
        /// nn::dropout(0.5).eval().train().training
        /// ```
        fn "train"(net: Net) -> Net { net.set_training(true); Ok(net) }

        /// Puts the network and its parts out of training: running statistics, no dropout. Gradients still
        /// flow; `no_grad(|| …)` stops them. Gives the network.
        ///
        /// ```rhai
        /// nn::dropout(0.5).eval().forward(tensor::ones([9])).sum().item() == 9.0
        /// ```
        fn "eval"(net: Net) -> Net { net.set_training(false); Ok(net) }

        /// As `eval()`, which calls it.
        ///
        /// ```rhai
        /// !nn::dropout(0.5).eval_mode().training
        /// ```
        fn "eval_mode"(net: Net) -> Net { net.set_training(false); Ok(net) }

        /// The part called `path`, e.g. "blocks.0.attn"; shares its weights.
        ///
        /// ```rhai
        /// nn::sequential([nn::relu(), nn::linear(2, 3)]).part("1").count == 9
        /// ```
        fn "part"(net: Net, path: &str) -> Net { net.part(path) }

        /// The parts of which it is made, an array.
        ///
        /// ```rhai
        /// nn::sequential([nn::relu(), nn::linear(2, 3)]).parts().len() == 2
        /// ```
        fn "parts"(net: Net) -> Array {
            Ok(net.parts().into_iter().map(|(name, part)| Dynamic::from(part.called(&name))).collect())
        }
    }
}

fn weights(module: &mut Module) {
    functions! { module;
        /// The names of all parameters and buffers, as PyTorch would give them.
        ///
        /// ```rhai
        /// nn::sequential([nn::linear(2, 3)]).names() == ["0.weight", "0.bias"]
        /// ```
        fn "names"(net: Net) -> Array {
            Ok(net.parameters().into_iter().map(|(name, _)| Dynamic::from(name)).collect())
        }

        /// The parameter or buffer called `name`; in training a leaf, whose gradient a backward pass gives.
        ///
        /// ```rhai
        /// let net = nn::linear(2, 3);
        /// grad(net.forward(tensor([[1, 2]])).sum(), net.weight("bias")).to_array() == [1.0, 1.0, 1.0]
        /// ```
        fn "weight"(net: Net, name: &str) -> Tensor { Ok(parameter(&net, name)?.leaf(mode())) }

        /// Puts other numbers into the parameter called `name`.
        ///
        /// Errors: another shape.
        ///
        /// ```rhai
        /// let net = nn::linear(2, 1);
        /// net.set_weight("weight", tensor([[3, 4]]));
        /// net.set_weight("bias", tensor([0]));
        /// net.forward(tensor([[1, 1]])).item() == 7.0
        /// ```
        fn "set_weight"(net: Net, name: &str, value: Tensor) -> () {
            parameter(&net, name)?.set(value.float()?)
        }

        /// All parameters and buffers as a map of tensors by name; for `tensor::save`.
        ///
        /// ```rhai
        /// nn::linear(2, 3).state().weight.shape == [3, 2]
        /// ```
        fn "state"(net: Net) -> Map {
            Ok(net.state().into_iter().map(|(name, value)| (name.into(), Dynamic::from(value))).collect())
        }

        /// Takes over a map of tensors by name, as `state()` or `tensor::load` gives it.
        ///
        /// Errors: a name that is missing, or that the network does not have; another shape.
        ///
        /// ```rhai
        /// let a = nn::linear(2, 3);
        /// let b = nn::linear(2, 3);
        /// b.load(a.state());
        /// (a.state().weight == b.state().weight).all().item()
        /// ```
        fn "load"(net: Net, state: Map) -> () {
            let named = |(name, value): (&rhai::Identifier, &Dynamic)| {
                let what = format!("'{name}'");
                Ok((name.to_string(), value::native_of::<Tensor>("load", &what, "a tensor", value)?))
            };
            net.restore(&state.iter().map(named).collect::<Result<Vec<_>>>()?)
        }

        /// A network with the same weights that shares nothing with this one.
        ///
        /// ```rhai
        /// let a = nn::linear(2, 3);
        /// let b = a.copy();
        /// b.set_weight("bias", tensor([7, 7, 7]));
        /// a.state().bias.max().item() < 1.0
        /// ```
        fn "copy"(net: Net) -> Net { net.copy() }

        /// Takes over the weights and running statistics of another network with the same names and shapes.
        ///
        /// ```rhai
        /// let a = nn::linear(2, 3);
        /// let b = nn::linear(2, 3);
        /// b.copy_from(a);
        /// (a.state().weight == b.state().weight).all().item()
        /// ```
        fn "copy_from"(net: Net, other: Net) -> () { net.copy_from(&other) }

        /// Moves all weights and running statistics towards another network's by a share: 0 changes nothing,
        /// 1 copies. A moving average in one line: `average.lerp(student, 0.001)`.
        ///
        /// ```rhai
        /// let a = nn::linear(1, 1);
        /// let b = a.copy();
        /// a.set_weight("bias", tensor([0]));
        /// b.set_weight("bias", tensor([4]));
        /// a.lerp(b, 0.25);
        /// a.state().bias.item() == 1.0
        /// ```
        fn "lerp"(net: Net, other: Net, share: Dynamic) -> () {
            net.lerp(&other, number_of("lerp", "the share", &share)?)
        }

        /// Draws the weights of all layers anew, in PyTorch's ways, and puts running statistics back to their
        /// start: the same seed gives the same weights. `nn::parameter(…)` of a network of the recipe's own stays,
        /// and what `init` did is forgotten. Gives the network.
        ///
        /// ```rhai
        /// let net = nn::sequential([nn::linear(2, 3), nn::batch_norm1d(3)]);
        /// let first = net.reset(1).state();
        /// (net.reset(2).state()["0.weight"] != first["0.weight"]).all().item()
        ///     && (net.reset(1).state()["0.weight"] == first["0.weight"]).all().item()
        /// ```
        fn "reset"(net: Net, seed: Dynamic) -> Net {
            net.reset(value::count_of("reset", "the seed", &seed)? as u64)?;
            Ok(net)
        }

        /// Keeps all parameters from training. Gives the network.
        ///
        /// ```rhai
        /// nn::linear(2, 3).freeze().trainable().len() == 0
        /// ```
        fn "freeze"(net: Net) -> Net { net.set_trainable(false, |_| true)?; Ok(net) }

        /// As `freeze()`, for the parameters whose names match a pattern, or one of an array of them: `*`
        /// stands for anything, `0-5` for a number of that range, `{a,b}` for either.
        ///
        /// Errors: a pattern that no parameter matches.
        ///
        /// ```rhai
        /// nn::sequential([nn::linear(2, 3), nn::linear(3, 2)]).freeze("0.*").trainable() == ["1.weight", "1.bias"]
        /// ```
        fn "freeze"(net: Net, patterns: Dynamic) -> Net { chosen(net, &patterns, false) }

        /// Lets all parameters train. Gives the network.
        ///
        /// ```rhai
        /// nn::linear(2, 3).freeze().unfreeze().trainable().len() == 2
        /// ```
        fn "unfreeze"(net: Net) -> Net { net.set_trainable(true, |_| true)?; Ok(net) }

        /// As `unfreeze()`, for the parameters whose names match.
        ///
        /// ```rhai
        /// nn::linear(2, 3).freeze().unfreeze("bias").trainable() == ["bias"]
        /// ```
        fn "unfreeze"(net: Net, patterns: Dynamic) -> Net { chosen(net, &patterns, true) }

        /// The names of the parameters that train.
        ///
        /// ```rhai
        /// nn::batch_norm2d(4).trainable() == ["weight", "bias"]
        /// ```
        fn "trainable"(net: Net) -> Array {
            let all = net.parameters().into_iter();
            let trained = all.filter(|(_, p)| p.role() == Role::Weight && p.is_trainable());
            Ok(trained.map(|(name, _)| Dynamic::from(name)).collect())
        }
    }
}

fn parameter(net: &Net, name: &str) -> Result<Parameter> {
    let all = net.parameters();
    let found = all.iter().find(|(known, _)| known == name);
    found.map(|(_, parameter)| parameter.clone()).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        crate::error::unknown("the network", "parameter", name, &known)
    })
}

/// One pattern of parameter names, or an array of them.
pub(super) fn patterns_of(operation: &str, given: &Dynamic) -> Result<Vec<Pattern>> {
    let texts = match given.clone().into_immutable_string() {
        Ok(text) => vec![text.to_string()],
        Err(_) if given.is_array() => value::list_of(operation, "patterns", given, value::text_of)?,
        Err(_) => {
            return Err(Error::new(Kind::Type, operation, "the pattern has the wrong type")
                .expected("a string, or an array of them")
                .received(kind_of(given)));
        }
    };
    let read = |text: String| Pattern::new(&text).map_err(|error| error.during(operation));
    texts.into_iter().map(read).collect()
}

fn chosen(net: Net, patterns: &Dynamic, trainable: bool) -> Result<Net> {
    let operation = if trainable { "unfreeze" } else { "freeze" };
    let patterns = patterns_of(operation, patterns)?;
    let weights = net.parameters().into_iter().filter(|(_, p)| p.role() == Role::Weight);
    let names: Vec<String> = weights.map(|(name, _)| name).collect();
    let idle = |pattern: &&Pattern| !names.iter().any(|name| pattern.matches(name));
    if let Some(pattern) = patterns.iter().find(idle) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        return Err(pattern.unmatched(operation, &names));
    }
    net.set_trainable(trainable, |name| patterns.iter().any(|pattern| pattern.matches(name)))?;
    Ok(net)
}
