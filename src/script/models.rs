//! Bindings of `model`: specifications that a stage builds.

use super::options::Options;
use super::value;
use crate::error::Result;
use crate::models::{AstOptions, CnnOptions, Spec};
use rhai::Map;

fn cnn(map: Map) -> Result<Spec> {
    let options = Options::new("model::cnn", map)?;
    let mut own = CnnOptions { classes: classes(&options)?, ..CnnOptions::default() };
    if let Some(channels) = options.list("channels", value::count_of)? {
        own.channels = channels;
    }
    Ok(Spec::Cnn(own))
}

fn ast(map: Map) -> Result<Spec> {
    let options = Options::new("model::ast", map)?;
    let mut own = AstOptions { classes: classes(&options)?, ..AstOptions::default() };
    options.count("width", &mut own.width)?;
    options.count("depth", &mut own.depth)?;
    options.count("heads", &mut own.heads)?;
    options.count("patch", &mut own.patch)?;
    options.count("stride", &mut own.stride)?;
    options.count("mlp_ratio", &mut own.mlp_ratio)?;
    Ok(Spec::Ast(own))
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

#[rhai::export_module]
pub(super) mod bindings {
    use crate::models::Spec;
    use crate::script::raise::{Raw, placed};
    use rhai::{Map, NativeCallContext};

    /// A plain CNN: for each number in `channels` two 3×3 convolutions with batch normalisation and ReLU
    /// and an average pooling by 2; then the mean over frequency, the mean over time, a linear layer.
    ///
    /// Options: `classes` (required, e.g. `data.classes`), `channels` ([16, 32, 64, 128]).
    ///
    /// ```rhai
    /// model::cnn(#{ classes: 10 }).name == "cnn"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cnn(call: NativeCallContext, options: Map) -> Raw<Spec> {
        placed(&call, super::cnn(options))
    }

    /// An audio spectrogram transformer: square patches, a CLS token, trained positions, pre-norm blocks.
    ///
    /// Options: `classes` (required, e.g. `data.classes`), `width` (192), `depth` (12), `heads` (3),
    /// `patch` (16), `stride` (10), `mlp_ratio` (4).
    ///
    /// ```rhai
    /// model::ast(#{ classes: 10, depth: 4 }).name == "ast"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn ast(call: NativeCallContext, options: Map) -> Raw<Spec> {
        placed(&call, super::ast(options))
    }

    /// The model's name: "cnn", "ast".
    ///
    /// ```rhai
    /// model::ast(#{ classes: 10 }).name == "ast"
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn name(spec: &mut Spec) -> String {
        spec.name().to_string()
    }
}
