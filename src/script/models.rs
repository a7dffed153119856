//! Bindings of `model`: specifications that a stage builds.

use super::Host;
use super::options::Options;
use super::pretrained::pretrained;
use super::register::{namespaced, property};
use super::value;
use crate::error::Result;
use crate::models::{AstOptions, CnnOptions, Spec};
use rhai::{Engine, FuncRegistration, Map, Module};
use std::sync::Arc;

fn cnn(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::cnn", map)?;
    let mut own = CnnOptions { classes: classes(&options)?, ..CnnOptions::default() };
    if let Some(channels) = options.list("channels", value::count_of)? {
        own.channels = channels;
    }
    pretrained(host, &options, Spec::Cnn(own))
}

fn ast(host: &dyn Host, map: Map) -> Result<Spec> {
    let options = Options::new("model::ast", map)?;
    let mut own = AstOptions { classes: classes(&options)?, ..AstOptions::default() };
    options.count("width", &mut own.width)?;
    options.count("depth", &mut own.depth)?;
    options.count("heads", &mut own.heads)?;
    options.count("patch", &mut own.patch)?;
    options.count("stride", &mut own.stride)?;
    options.count("mlp_ratio", &mut own.mlp_ratio)?;
    pretrained(host, &options, Spec::Ast(own))
}

/// Every model must be told how many classes there are.
fn classes(options: &Options) -> Result<usize> {
    let mut classes = 0;
    options.count("classes", &mut classes)?;
    match options.get("classes") {
        Some(_) => Ok(classes),
        None => Err(options.missing("classes", "a whole number: data.classes")),
    }
}

pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let (first, second) = (host.clone(), host.clone());
    namespaced! { &mut module;
        /// A plain CNN: for each number in `channels` two 3×3 convolutions with batch normalisation and ReLU
        /// and an average pooling by 2; then the mean over frequency, the mean over time, a linear layer.
        ///
        /// Options: `classes` (required, e.g. `data.classes`), `channels` ([16, 32, 64, 128]); `pretrained`: a file of
        /// weights to begin with, or a map with the `file` and the options of `load`.
        ///
        /// ```rhai
        /// model::cnn(#{ classes: 10 }).name == "cnn"
        /// ```
        fn "cnn"(options: Map) -> Spec { cnn(first.as_ref(), options) }

        /// An audio spectrogram transformer: square patches, a CLS token, trained positions, pre-norm blocks.
        ///
        /// Options: `classes` (required, e.g. `data.classes`), `width` (192), `depth` (12), `heads` (3),
        /// `patch` (16), `stride` (10), `mlp_ratio` (4); `pretrained`: a file of weights to begin with, or a map with
        /// the `file` and the options of `load`.
        ///
        /// ```rhai
        /// model::ast(#{ classes: 10, depth: 4 }).name == "ast"
        /// ```
        fn "ast"(options: Map) -> Spec { ast(second.as_ref(), options) }
    }
    FuncRegistration::new("get$name")
        .in_global_namespace()
        .with_comments(property(NAME))
        .with_params_info(["spec: Model", "String"])
        .set_into_module(&mut module, |spec: &mut Spec| spec.name().to_string());
    engine.register_static_module("model", module.into());
}

const NAME: [&str; 2] =
    ["The model's name: \"cnn\", \"ast\".", "model::ast(#{ classes: 10 }).name == \"ast\""];
