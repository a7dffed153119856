//! `optimizer.step(net, loss)`.

use super::options::Options;
use super::register::functions;
use super::tensor::GradientsHandle;
use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use crate::nn::{Net, Network, Parameter, scoped, unique};
use crate::optim::OptimizerHandle;
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, Map, Module};

/// Each parameter of a network once; those of several in an array or a map begin with its place or key.
fn parameters_of(nets: &Dynamic) -> Result<Vec<(String, Parameter)>> {
    if let Some(net) = nets.read_lock::<Net>() {
        return Ok(net.unique_parameters());
    }
    let wrong = |what: &str, given: &Dynamic| {
        Error::new(Kind::Type, "step", format!("{what} has the wrong type"))
            .expected("a network, or an array or a map of networks")
            .received(kind_of(given))
    };
    let named: Vec<(String, Dynamic)> = if let Some(array) = nets.read_lock::<Array>() {
        array.iter().enumerate().map(|(place, net)| (place.to_string(), net.clone())).collect()
    } else if let Some(map) = nets.read_lock::<Map>() {
        map.iter().map(|(key, net)| (key.to_string(), net.clone())).collect()
    } else {
        return Err(wrong("the network", nets));
    };
    let mut all = Vec::new();
    for (name, given) in &named {
        let net = given.read_lock::<Net>();
        let net = net.ok_or_else(|| wrong(&format!("'{name}' of the networks"), given))?;
        all.extend(net.parameters().into_iter().map(|(inner, own)| (scoped(name, &inner), own)));
    }
    Ok(unique(all))
}

fn step(optimizer: &OptimizerHandle, nets: &Dynamic, loss: &Dynamic, map: Map) -> Result<bool> {
    let options = Options::new("step", map)?;
    let mut lr = f64::NAN;
    options.number("lr", &mut lr)?;
    let lr = options.get("lr").map(|_| lr);
    let parameters = parameters_of(nets)?;
    if let Some(loss) = loss.read_lock::<Tensor>() {
        return optimizer.descend(&parameters, &loss, lr);
    }
    if let Some(gradients) = loss.read_lock::<GradientsHandle>() {
        return gradients.with(|gradients| optimizer.follow(&parameters, gradients, lr));
    }
    Err(Error::new(Kind::Type, "step", "the loss has the wrong type")
        .expected("a tensor with one element, or what loss.backward() gave")
        .received(kind_of(loss)))
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The backward pass from a loss, and one update of a network's parameters: true where there was one,
        /// false where the optimiser still gathers gradients (its option `accumulate`).
        ///
        /// Networks may be several, in an array or a map: the names of their parameters then begin with the place
        /// or the key, which matters to groups and to what the optimiser remembers. Instead of the loss it takes
        /// the gradients that `loss.backward()` gave. Frozen parameters, and those that took no part, stay.
        /// Errors: a loss or a gradient that is not finite, a loss in which no parameter took part; nothing
        /// has changed then.
        ///
        /// ```rhai
        /// let net = nn::linear(2, 1);
        /// let x = tensor([[1, 2]]);
        /// let optimizer = optim::sgd(#{ lr: 0.01 });
        /// let before = (net.forward(x) ** 2).mean();
        /// optimizer.step(net, before);
        /// (net.forward(x) ** 2).mean().item() < before.item()
        /// ```
        fn "step"(optimizer: OptimizerHandle, nets: Dynamic, loss: Dynamic) -> bool {
            step(&optimizer, &nets, &loss, Map::new())
        }

        /// As `step(nets, loss)`, with the option `lr`: the learning rate of this step; groups follow in
        /// proportion.
        ///
        /// ```rhai
        /// let net = nn::linear(2, 1).init("*", "zeros");
        /// let optimizer = optim::sgd(#{ lr: 1 });
        /// optimizer.step(net, net.forward(tensor([[1, 2]])).sum().backward(), #{ lr: 0.5 });
        /// net.weight("weight").to_array() == [[-0.5, -1.0]] && optimizer.lr == 1.0
        /// ```
        fn "step"(optimizer: OptimizerHandle, nets: Dynamic, loss: Dynamic, options: Map) -> bool {
            step(&optimizer, &nets, &loss, options)
        }
    }
}
