//! The named models, outside of a recipe.

use super::inspect::Inspector;
use crate::error::{Error, Kind, Result, unknown};
use crate::models::Spec;
use crate::script::{Sort, entries, other_name, raised};
use rhai::{Dynamic, Engine, EvalAltResult, Map, Scope};
use std::path::Path;
use std::sync::Arc;

/// A model that recipes can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedModel {
    /// `efficientnet_b2`, of `model::efficientnet_b2(…)`.
    pub name: String,
    /// What the reference says of it.
    pub about: String,
}

fn engine() -> Arc<Engine> {
    Inspector::beside(Path::new("")).engine()
}

fn listed(engine: &Engine) -> Vec<NamedModel> {
    let all = entries(engine, false).into_iter();
    let models = all.filter(|entry| entry.namespace == "model" && entry.sort == Sort::Function);
    models.map(|entry| NamedModel { name: entry.name, about: entry.comment }).collect()
}

/// All of them, in the order of their names.
pub fn named_models() -> Vec<NamedModel> {
    listed(&engine())
}

/// The error for a model that there is not: with the name that it has here, where others call it so.
pub fn no_model(operation: &str, name: &str) -> Error {
    if let Some(hint) = other_name(name) {
        return Error::new(Kind::Name, operation, format!("unknown model '{name}'")).hint(hint);
    }
    let known = named_models();
    let known: Vec<&str> = known.iter().map(|model| model.name.as_str()).collect();
    unknown(operation, "model", name, &known)
}

/// `model::<name>` with options as they come from a command line: `("padding", "same")`.
///
/// # Errors
/// A name or an option that there is not, a value that does not fit.
pub fn named_model(name: &str, options: &[(String, String)]) -> Result<Spec> {
    let engine = engine();
    let known = listed(&engine);
    if !known.iter().any(|model| model.name == name) {
        return Err(no_model("still models", name));
    }
    let value = |text: &str| match engine.eval_expression::<Dynamic>(text) {
        Ok(value) => value,
        // A word is a text: nobody quotes for the shell and for Rhai.
        Err(_) => text.into(),
    };
    let options: Map = options.iter().map(|(key, text)| (key.into(), value(text))).collect();
    let mut scope = Scope::new();
    scope.push("options", options);
    let made = engine.eval_with_scope::<Spec>(&mut scope, &format!("model::{name}(options)"));
    made.map_err(|cause| plain(&format!("model::{name}"), *cause))
}

/// The error of a binding, without a place: there is no script.
fn plain(operation: &str, cause: EvalAltResult) -> Error {
    let own = match &cause {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => {
            raised(value)
        }
        _ => None,
    };
    own.unwrap_or_else(|| {
        Error::new(Kind::Script, operation, "the model cannot be made").received(cause.to_string())
    })
}
