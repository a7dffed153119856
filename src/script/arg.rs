//! `arg`: the only way in from the command line.

use super::Host;
use super::raise::{Raw, raw};
use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use rhai::{Dynamic, Engine, FuncRegistration, Module};
use std::sync::Arc;

const NEEDED_DOC: [&str; 6] = [
    "/// A value that the command line must set; it is a string.",
    "///",
    "/// ```rhai",
    "/// assert_throws(|| arg(\"data\"), \"needs a value for 'data'\");",
    "/// true",
    "/// ```",
];
const DOC: [&str; 8] = [
    "/// A value that the command line may set: `still run recipe.rhai --set name=value`.",
    "///",
    "/// The text given is read as what the default is: a number, a bool, a string, or JSON for an array or",
    "/// a map. Works anywhere, also in hooks.",
    "///",
    "/// ```rhai",
    "/// arg(\"epochs\", 10) == 10",
    "/// ```",
];

pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let asked = host.clone();
    FuncRegistration::new("arg")
        .in_global_namespace()
        // Its value comes from outside: never to be computed at compile time.
        .with_volatility(true)
        .with_comments(DOC)
        .with_params_info(["name: &str", "default: ?", "?"])
        .set_into_module(&mut module, move |name: &str, default: Dynamic| -> Raw<Dynamic> {
            raw(match asked.argument(name) {
                None => Ok(default),
                Some(text) => {
                    asked.asked(name, Some(&default));
                    parse_argument(name, &text, &default)
                }
            })
        });
    let asked = host.clone();
    FuncRegistration::new("arg")
        .in_global_namespace()
        .with_volatility(true)
        .with_comments(NEEDED_DOC)
        .with_params_info(["name: &str", "String"])
        .set_into_module(&mut module, move |name: &str| -> Raw<Dynamic> {
            asked.asked(name, None);
            raw(asked.argument(name).map(Dynamic::from).ok_or_else(|| needed(name)))
        });
    engine.register_global_module(module.into());
}

/// The error for an argument that the command line must give.
pub fn needed(name: &str) -> Error {
    Error::new(Kind::Usage, "arg", format!("the recipe needs a value for '{name}'"))
        .hint(format!("--set {name}=VALUE"))
}

/// `text` as a value of `default`'s type; a number may be a float where the default is an integer.
///
/// # Errors
/// Text that is no such value.
pub fn parse_argument(name: &str, text: &str, default: &Dynamic) -> Result<Dynamic> {
    let wrong = |expected: &str| {
        Err(Error::new(Kind::Usage, format!("--set {name}"), "the value has the wrong type")
            .expected(format!("{expected}, as the default {} is", kind_of(default)))
            .received(format!("'{text}'")))
    };
    if default.is_string() || default.is_unit() {
        return Ok(text.to_string().into());
    }
    if default.is_bool() {
        return text.parse::<bool>().map(Dynamic::from).or_else(|_| wrong("true or false"));
    }
    if default.is_int() || default.is_float() {
        if default.is_int()
            && let Ok(integer) = text.parse::<i64>()
        {
            return Ok(integer.into());
        }
        return match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(float.into()),
            _ => wrong("a number"),
        };
    }
    if default.is_array() || default.is_map() {
        let read = serde_json::from_str::<serde_json::Value>(text).ok();
        let fits = read.filter(|json| json.is_array() == default.is_array());
        let value = fits.and_then(|json| rhai::serde::to_dynamic(json).ok());
        return value.map_or_else(|| wrong("JSON of the same kind"), Ok);
    }
    wrong("a number, a bool, a string, an array or a map")
}
