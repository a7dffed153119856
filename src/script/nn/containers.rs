//! Networks made of others, and those of the recipe's own.

use crate::error::{Error, Kind, Result};
use crate::nn::{Joined, Net, Parallel, Parameter, Residual, Role, Sequential};
use crate::script::Host;
use crate::script::network::{self, RecipeNetwork};
use crate::script::register::{keeping, namespaced};
use crate::script::tensor::tensor_of;
use crate::script::value::{integer_of, kind_of};
use rhai::{Array, Dynamic, FnPtr, Module, NativeCallContext};
use std::sync::Arc;

/// What makes parts of networks: the host for functions, the call that they were given in, and its name.
struct Making<'a> {
    host: &'a Arc<dyn Host>,
    call: &'a NativeCallContext<'a>,
    operation: &'a str,
}

impl Making<'_> {
    /// A network, or a function as one.
    fn part(&self, what: &str, given: &Dynamic) -> Result<Net> {
        if let Some(net) = given.read_lock::<Net>() {
            return Ok(net.clone());
        }
        if let Some(function) = given.read_lock::<FnPtr>().map(|function| function.clone()) {
            return RecipeNetwork::net(self.host, self.call, None, function);
        }
        Err(Error::new(Kind::Type, self.operation, format!("{what} has the wrong type"))
            .expected("a network, or a function of one tensor")
            .received(kind_of(given)))
    }

    /// Parts with their names: those of `["name", part]`, or else their places.
    fn parts(&self, given: &Array) -> Result<Vec<(String, Net)>> {
        let mut parts: Vec<(String, Net)> = Vec::new();
        for (place, value) in given.iter().enumerate() {
            let what = format!("parts[{place}]");
            let (name, part) = match pair_of(value) {
                Some((name, part)) => (name, self.part(&what, &part)?),
                None => (place.to_string(), self.part(&what, value)?),
            };
            network::check_name(self.operation, &name)?;
            if parts.iter().any(|(known, _)| *known == name) {
                return Err(Error::new(Kind::Name, self.operation, "two parts have one name")
                    .received(format!("'{name}' again, as {what}")));
            }
            parts.push((name, part));
        }
        Ok(parts)
    }
}

/// `["name", part]`.
fn pair_of(value: &Dynamic) -> Option<(String, Dynamic)> {
    let pair = value.read_lock::<Array>()?;
    match pair.as_slice() {
        [name, part] => Some((name.clone().into_string().ok()?, part.clone())),
        _ => None,
    }
}

fn parameter(operation: &str, value: &Dynamic, role: Role) -> Result<Parameter> {
    Parameter::new(tensor_of(operation, "the value", value)?.float()?, role)
}

pub(super) fn makers(module: &mut Module, host: &Arc<dyn Host>) {
    containers(module, host);
    own(module, host);
    inside(module);
}

fn containers(module: &mut Module, host: &Arc<dyn Host>) {
    let (of_sequence, of_body, of_both) = (host.clone(), host.clone(), host.clone());
    let (of_sum, of_cat) = (host.clone(), host.clone());
    keeping! { module;
        /// Parts one after another; each takes the output of the one before.
        ///
        /// Parts are networks, or functions of one tensor. Their names are "0", "1", …, or those of
        /// `["name", part]`.
        /// Errors: two parts of one name; in `forward`, whatever a part refuses, with the part's name.
        ///
        /// ```rhai
        /// let net = nn::sequential([nn::linear(2, 3), |x| x * 2, ["head", nn::linear(3, 1)]]);
        /// net.names() == ["0.weight", "0.bias", "head.weight", "head.bias"]
        /// ```
        fn "sequential"[call](parts: Array) -> Net {
            let making = Making { host: &of_sequence, call: &call, operation: "nn::sequential" };
            Net::whole("sequential", Arc::new(Sequential::new(making.parts(&parts)?))).in_bounds(making.operation)
        }

        /// x + body(x); the body is a network or a function, its name `body`.
        ///
        /// Errors: in `forward`, an output of another shape than the input's.
        ///
        /// ```rhai
        /// nn::residual(nn::linear(2, 2)).names() == ["body.weight", "body.bias"]
        /// ```
        fn "residual"[call](body: Dynamic) -> Net {
            let making = Making { host: &of_body, call: &call, operation: "nn::residual" };
            let body = making.part("the body", &body)?;
            Net::whole("residual", Arc::new(Residual::new(body, None))).in_bounds(making.operation)
        }

        /// As `nn::residual(body)`, with something other than x itself beside it: shortcut(x) + body(x).
        ///
        /// ```rhai
        /// let net = nn::residual(nn::linear(2, 4), nn::linear(2, 4, #{ bias: false }));
        /// net.names() == ["body.weight", "body.bias", "shortcut.weight"]
        /// ```
        fn "residual"[call](body: Dynamic, shortcut: Dynamic) -> Net {
            let making = Making { host: &of_both, call: &call, operation: "nn::residual" };
            let body = making.part("the body", &body)?;
            let shortcut = making.part("the short cut", &shortcut)?;
            Net::whole("residual", Arc::new(Residual::new(body, Some(shortcut)))).in_bounds(making.operation)
        }

        /// The same input for each part, and their outputs added up; `how` is "sum". Parts as in
        /// `nn::sequential`.
        ///
        /// ```rhai
        /// nn::parallel([|x| x * 2, |x| x * 3], "sum").forward(tensor([1.0])).item() == 5.0
        /// ```
        fn "parallel"[call](parts: Array, how: &str) -> Net {
            let operation = "nn::parallel";
            if how != "sum" {
                let error = Error::new(Kind::Name, operation, "unknown way to join outputs");
                return Err(error
                    .expected("\"sum\", or \"cat\" and a dimension")
                    .received(format!("\"{how}\"")));
            }
            let making = Making { host: &of_sum, call: &call, operation };
            Net::whole("parallel", Arc::new(Parallel::new(making.parts(&parts)?, Joined::Sum)?)).in_bounds(operation)
        }

        /// The same input for each part, and their outputs put one after another along a dimension; `how` is
        /// "cat". Parts as in `nn::sequential`.
        ///
        /// ```rhai
        /// let net = nn::parallel([nn::linear(2, 3), nn::linear(2, 4)], "cat", -1);
        /// net.forward(tensor::ones([5, 2])).shape == [5, 7]
        /// ```
        fn "parallel"[call](parts: Array, how: &str, dim: Dynamic) -> Net {
            let operation = "nn::parallel";
            if how != "cat" {
                let error = Error::new(Kind::Name, operation, "only \"cat\" goes along a dimension");
                return Err(error.received(format!("\"{how}\"")));
            }
            let joined = Joined::Cat(integer_of(operation, "the dimension", &dim)?);
            let making = Making { host: &of_cat, call: &call, operation };
            Net::whole("parallel", Arc::new(Parallel::new(making.parts(&parts)?, joined)?)).in_bounds(operation)
        }
    }
}

fn own(module: &mut Module, host: &Arc<dyn Host>) {
    let (of_function, of_parts) = (host.clone(), host.clone());
    keeping! { module;
        /// A network of the recipe's own: a map of parts, and the function that makes the output of them and the
        /// input, `fn forward(self, x)` given as `Fn("forward")`, or a closure.
        ///
        /// Parts are networks, `nn::parameter(…)` and `nn::buffer(…)`, which the function sees as tensors, arrays and
        /// maps of those, and any other value. Names are those of the map, in the order of the alphabet; an
        /// array of `["name", part]` keeps its own order. The function may take more inputs, which
        /// `net.forward(…)` then has. One that is given by name is live: an edit is in force at the next step.
        ///
        /// ```rhai
        /// let net = nn::network(#{ body: nn::linear(2, 3), scale: nn::parameter(0.5) }, |self, x| {
        ///     self.body.forward(x).relu() * self.scale
        /// });
        /// net.names() == ["body.weight", "body.bias", "scale"] && net.forward(tensor::ones([4, 2])).shape == [4, 3]
        /// ```
        fn "network"[call](parts: Dynamic, forward: FnPtr) -> Net {
            RecipeNetwork::net(&of_parts, &call, Some(&parts), forward)
        }

        /// A function of the input as a network. The networks and parameters that a closure captures are its
        /// parts, named as their variables.
        ///
        /// ```rhai
        /// let body = nn::linear(2, 3);
        /// let net = nn::network(|x| body.forward(x).relu());
        /// net.names() == ["body.weight", "body.bias"] && net.forward(tensor::ones([4, 2])).shape == [4, 3]
        /// ```
        fn "network"[call](forward: FnPtr) -> Net { RecipeNetwork::net(&of_function, &call, None, forward) }
    }
}

fn inside(module: &mut Module) {
    namespaced! { module;
        /// A trained parameter that starts with a tensor or a number: a part of `nn::network`, whose function
        /// sees it as a tensor.
        ///
        /// ```rhai
        /// let net = nn::network(#{ w: nn::parameter(tensor([2.0, 3.0])) }, |self, x| (self.w * x).sum());
        /// grad(net.forward(tensor([5.0, 7.0])), net.weight("w")).to_array() == [5.0, 7.0]
        /// ```
        fn "parameter"(value: Dynamic) -> Parameter { parameter("nn::parameter", &value, Role::Weight) }

        /// Numbers that belong to a network, and to its state, but are not trained; see `nn::set_buffer`.
        ///
        /// ```rhai
        /// let net = nn::network(#{ mean: nn::buffer(tensor([1.0])) }, |self, x| x - self.mean);
        /// net.trainable() == [] && net.names() == ["mean"]
        /// ```
        fn "buffer"(value: Dynamic) -> Parameter { parameter("nn::buffer", &value, Role::Buffer) }

        /// Puts other numbers into a buffer of the network whose function is running: a running mean, a counter.
        ///
        /// Errors: outside of such a function, a name that is no buffer, another shape.
        ///
        /// ```rhai
        /// let net = nn::network(#{ mean: nn::buffer(tensor([0.0])) }, |self, x| {
        ///     if nn::training() { nn::set_buffer("mean", self.mean * 0.9 + x.mean() * 0.1) }
        ///     x - self.mean
        /// });
        /// net.forward(tensor([5.0]));
        /// net.state().mean.item() == 0.5
        /// ```
        fn "set_buffer"(name: &str, value: Dynamic) -> () {
            let operation = "nn::set_buffer";
            network::set_buffer(operation, name, tensor_of(operation, "the value", &value)?.float()?)
        }

        /// Whether the network whose function is running is in training; true outside of networks.
        ///
        /// ```rhai
        /// let net = nn::network(|x| if nn::training() { x * 2 } else { x });
        /// net.eval().forward(tensor([1.0])).item() == 1.0 && nn::training()
        /// ```
        fn "training"() -> bool { Ok(network::is_training()) }
    }
}
