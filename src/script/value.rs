//! From a script's values to ours: every number takes an integer or a float.

use crate::error::{Error, Kind, Result};
use rhai::Dynamic;

/// What a value is, in a message.
pub fn kind_of(value: &Dynamic) -> String {
    let text = match value.type_name() {
        "i64" => return format!("integer {value}"),
        "f64" => return format!("float {value}"),
        "bool" => return format!("bool {value}"),
        "string" => return format!("string \"{value}\""),
        "()" => "nothing ()",
        "map" => "a map",
        "array" => "an array",
        other => other.rsplit("::").next().unwrap_or(other),
    };
    match value.read_lock::<crate::tensor::Tensor>() {
        Some(tensor) => tensor.describe(),
        None => text.to_string(),
    }
}

fn wrong(operation: &str, what: &str, expected: &str, value: &Dynamic) -> Error {
    Error::new(Kind::Type, operation, format!("{what} has the wrong type"))
        .expected(expected)
        .received(kind_of(value))
}

/// A number, integer or float.
pub fn number_of(operation: &str, what: &str, value: &Dynamic) -> Result<f64> {
    if let Ok(integer) = value.as_int() {
        return Ok(integer as f64);
    }
    value.as_float().map_err(|_| wrong(operation, what, "a number", value))
}

/// A whole number of 0 or more.
pub(super) fn count_of(operation: &str, what: &str, value: &Dynamic) -> Result<usize> {
    let integer = value.as_int().map_err(|_| wrong(operation, what, "a whole number", value))?;
    usize::try_from(integer).map_err(|_| {
        Error::new(Kind::Range, operation, format!("{what} is out of range"))
            .expected("0 or more")
            .received(integer.to_string())
    })
}

/// A whole number.
pub(super) fn integer_of(operation: &str, what: &str, value: &Dynamic) -> Result<i64> {
    value.as_int().map_err(|_| wrong(operation, what, "a whole number", value))
}

/// A truth value.
pub(super) fn flag_of(operation: &str, what: &str, value: &Dynamic) -> Result<bool> {
    value.as_bool().map_err(|_| wrong(operation, what, "true or false", value))
}

/// A string.
pub(super) fn text_of(operation: &str, what: &str, value: &Dynamic) -> Result<String> {
    let text = value.clone().into_immutable_string();
    text.map(|text| text.to_string()).map_err(|_| wrong(operation, what, "a string", value))
}

/// The elements of an array, each converted.
pub(super) fn list_of<T>(
    operation: &str,
    what: &str,
    value: &Dynamic,
    each: impl Fn(&str, &str, &Dynamic) -> Result<T>,
) -> Result<Vec<T>> {
    let Some(array) = value.read_lock::<rhai::Array>() else {
        return Err(wrong(operation, what, "an array", value));
    };
    let element = |(index, value)| each(operation, &format!("{what}[{index}]"), value);
    array.iter().enumerate().map(element).collect()
}

/// A map, e.g. of options within options.
pub(super) fn map_of(operation: &str, what: &str, value: &Dynamic) -> Result<rhai::Map> {
    let map = value.read_lock::<rhai::Map>().map(|map| map.clone());
    map.ok_or_else(|| wrong(operation, what, "a map: #{ … }", value))
}

/// A value of one of our own types; `expected` says which, with an example.
pub(super) fn native_of<T: Clone + Send + Sync + 'static>(
    operation: &str,
    what: &str,
    expected: &str,
    value: &Dynamic,
) -> Result<T> {
    let native = value.read_lock::<T>().map(|native| native.clone());
    native.ok_or_else(|| wrong(operation, what, expected, value))
}
