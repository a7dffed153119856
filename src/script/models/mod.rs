//! Bindings of `model`: specifications that a stage builds.

mod cnns;
mod transformers;

use super::Host;
use super::options::Options;
use super::pretrained::pretrained;
use super::register::{functions, property};
use super::value;
use crate::error::Result;
use crate::models::{InputShape, Spec};
use crate::nn::{Net, check, pass};
use crate::tensor::Device;
use rhai::{Dynamic, Engine, FuncRegistration, Module};
use std::sync::Arc;

pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    cnns::models(&mut module, host);
    transformers::models(&mut module, host);
    engine.register_static_module("model", module.into());
    let mut methods = Module::new();
    FuncRegistration::new("get$name")
        .in_global_namespace()
        .with_comments(property(NAME))
        .with_params_info(["spec: Model", "String"])
        .set_into_module(&mut methods, |spec: &mut Spec| spec.name().to_string());
    functions! { &mut methods;
        /// The network itself, for clips of so many frames and mels, in training; its weights are drawn, or those that
        /// `pretrained` names. A stage builds its models itself: this is for steps of one's own, and to look at.
        ///
        /// Errors: clips too small for the model; weights that do not fit.
        ///
        /// ```rhai
        /// let net = model::ast(#{ classes: 10, depth: 1 }).build(64, 32);
        /// net.eval().forward(tensor::zeros([2, 64, 32])).shape == [2, 10]
        /// ```
        fn "build"(spec: Spec, frames: Dynamic, mels: Dynamic) -> Net {
            let count = |what: &str, given: &Dynamic| {
                let count = value::count_of("build", what, given)?;
                check::count("build", what, count).map(|()| count)
            };
            let input = InputShape { frames: count("frames", &frames)?, mels: count("mels", &mels)? };
            let seed = pass::draw("weights of a model").bits();
            Ok(spec.build(input, seed, &Device::default())?.net().clone())
        }
    }
    engine.register_global_module(methods.into());
}

const NAME: [&str; 2] =
    ["The model's name: \"cnn\", \"ast\".", "model::ast(#{ classes: 10 }).name == \"ast\""];

/// Every model must be told how many classes there are.
fn classes_of(options: &Options) -> Result<usize> {
    let mut classes = 0;
    options.count("classes", &mut classes)?;
    match options.get("classes") {
        Some(_) => Ok(classes),
        None => Err(options.missing("classes", "a whole number: data.classes")),
    }
}

/// What the options of every model have in common, done with the model that its own options made.
fn checked(host: &dyn Host, options: &Options, spec: Spec) -> Result<Spec> {
    spec.check(options.operation())?;
    pretrained(host, options, spec)
}

/// One handle for each function that is registered.
fn handles<const N: usize>(host: &Arc<dyn Host>) -> [Arc<dyn Host>; N] {
    std::array::from_fn(|_| host.clone())
}
