//! Bindings of `model`: specifications that a stage builds.

mod cnns;
mod transformers;

use super::options::Options;
use super::register::property;
use crate::error::Result;
use crate::models::Spec;
use rhai::{Engine, FuncRegistration, Module};

pub(super) fn register(engine: &mut Engine) {
    let mut module = Module::new();
    cnns::models(&mut module);
    transformers::models(&mut module);
    engine.register_static_module("model", module.into());
    let mut methods = Module::new();
    FuncRegistration::new("get$name")
        .in_global_namespace()
        .with_comments(property(NAME))
        .with_params_info(["spec: Model", "String"])
        .set_into_module(&mut methods, |spec: &mut Spec| spec.name().to_string());
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
fn checked(options: &Options, spec: Spec) -> Result<Spec> {
    spec.check(options.operation())?;
    Ok(spec)
}
