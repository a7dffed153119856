//! Bindings of `nn`: layers, containers, networks of the recipe's own, and where weights start.

mod activations;
mod attention;
mod containers;
mod convolutions;
mod init;
mod inputs;
mod layers;
mod norms;
mod pools;
mod recurrent;

pub(super) use inputs::{forward, mode};

use super::Host;
use super::options::Options;
use super::value::{count_of, list_of};
use crate::error::Result;
use crate::nn::{Activation, Net, Network};
use crate::tensor::Device;
use crate::tensor::random::Stream;
use rhai::{Dynamic, Engine, Module};
use std::fmt::Debug;
use std::sync::Arc;

/// Binds the noun, and what networks can do besides (see also `nets`).
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    layers::layers(&mut module);
    convolutions::layers(&mut module);
    norms::layers(&mut module);
    pools::layers(&mut module);
    attention::layers(&mut module);
    recurrent::layers(&mut module);
    activations::layers(&mut module);
    containers::makers(&mut module, host);
    engine.register_static_module("nn", module.into());
    let mut methods = Module::new();
    inputs::methods(&mut methods);
    init::methods(&mut methods);
    engine.register_global_module(methods.into());
}

/// A layer without weights. It draws no random numbers, so that those of other layers do not depend on it.
fn plain(kind: &str, layer: impl Network + Clone + Debug + 'static) -> Result<Net> {
    let network: Arc<dyn Network> = Arc::new(layer.clone());
    Ok(Net::of(
        kind,
        format!("{layer:?}"),
        network,
        Some(Arc::new(move |_| Ok(Arc::new(layer.clone())))),
    ))
}

/// A layer whose weights are drawn. All that tells it from others of its kind is in the options: `make` is a
/// function, and holds nothing more.
fn drawn<L: Network + 'static, O: Debug + Send + Sync + 'static>(
    kind: &str,
    options: O,
    make: fn(&O, &mut Stream, &Device) -> Result<L>,
) -> Result<Net> {
    let text = format!("{options:?}");
    let make = move |random: &mut Stream| -> Result<Arc<dyn Network>> {
        Ok(Arc::new(make(&options, random, &Device::default())?))
    };
    Net::layer(kind, text, Arc::new(make))
}

/// A width, or the lengths of several dimensions.
fn lengths_of(operation: &str, what: &str, given: &Dynamic) -> Result<Vec<usize>> {
    match given.is_array() {
        true => list_of(operation, what, given, count_of),
        false => Ok(vec![count_of(operation, what, given)?]),
    }
}

/// Replaces `into` by the activation that is named under `key`, if it is there.
fn activation(operation: &str, options: &Options, key: &str, into: &mut Activation) -> Result<()> {
    if let Some(name) = options.text(key)? {
        *into = Activation::named(operation, &name)?;
    }
    Ok(())
}
