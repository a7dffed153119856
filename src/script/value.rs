//! From a script's values to ours: every number takes an integer or a float.

use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, FnPtr, Map};
use std::any::TypeId;

/// Our types, by the last part of Rust's names for them, in the words that a recipe's author knows.
const WORDS: [(&str, &str); 18] = [
    ("Fn", "a function"),
    ("Net", "a network"),
    ("Parameter", "a parameter"),
    ("Spec", "a model"),
    ("Report", "a report on weights"),
    ("Dataset", "a data set"),
    ("FrontEnd", "a front end of features"),
    ("Batch", "a batch"),
    ("BatchList", "the batches of an epoch"),
    ("Augmentation", "an augmentation"),
    ("OptimizerHandle", "an optimiser"),
    ("Trained", "the result of a stage"),
    ("StoredLogits", "logits out of a file"),
    ("Context", "the context of a hook"),
    ("GradientsHandle", "the gradients of a backward pass"),
    ("Error", "an error"),
    ("Range<i64", "a range"),
    ("RangeInclusive<i64", "a range"),
];

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
        other => {
            let own = other.rsplit("::").next().unwrap_or(other).trim_end_matches('>');
            WORDS.iter().find(|(known, _)| *known == own).map_or(own, |(_, word)| word)
        }
    };
    match value.read_lock::<Tensor>() {
        Some(tensor) => tensor.describe(),
        None => text.to_string(),
    }
}

/// A closure in a network's outline: its own name tells nobody anything.
pub(super) const CLOSURE: &str = "a closure";

/// A value as a network's outline has it: the same for equal values. `functions` receives the names of the
/// functions in it, and an empty one for a closure or whatever else cannot be told.
pub(super) fn told(value: &Dynamic, functions: &mut Vec<String>) -> String {
    if let Some(array) = value.read_lock::<Array>() {
        let all: Vec<String> = array.iter().map(|value| told(value, functions)).collect();
        return format!("[{}]", all.join(", "));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let each = |(name, value)| format!("{name:?}: {}", told(value, functions));
        return format!("#{{{}}}", map.iter().map(each).collect::<Vec<_>>().join(", "));
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        let (name, known) = match function.is_anonymous() {
            true => (CLOSURE, ""),
            false => (function.fn_name(), function.fn_name()),
        };
        functions.push(known.to_string());
        let all: Vec<String> = function.iter_curry().map(|own| told(own, functions)).collect();
        return format!("{name}({})", all.join(", "));
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return format!("{} {}", tensor.describe(), digest(&tensor, functions));
    }
    match value.type_name() {
        // Written so that a float never looks like an integer, nor a string like anything else.
        "f64" => format!("{:?}", value.as_float().unwrap_or(f64::NAN)),
        "i64" | "bool" | "()" => value.to_string(),
        "string" | "char" => format!("{} {:?}", value.type_name(), value.to_string()),
        _ => {
            functions.push(String::new());
            kind_of(value)
        }
    }
}

/// A constant's numbers in short.
fn digest(tensor: &Tensor, functions: &mut Vec<String>) -> String {
    let values: Result<Vec<u8>> = tensor.detached().and_then(|plain| match plain.is_float() {
        true => Ok(plain.to_values()?.iter().flat_map(|value| value.to_le_bytes()).collect()),
        false => Ok(plain.to_integers()?.iter().flat_map(|value| value.to_le_bytes()).collect()),
    });
    match values {
        Ok(bytes) => blake3::hash(&bytes).to_hex()[..16].to_string(),
        Err(_) => {
            functions.push(String::new());
            String::new()
        }
    }
}

fn wrong(operation: &str, what: &str, expected: &str, value: &Dynamic) -> Error {
    let has = if what == "the values" { "have" } else { "has" };
    Error::new(Kind::Type, operation, format!("{what} {has} the wrong type"))
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
    let integer = value.as_int().map_err(|_| {
        let error = wrong(operation, what, "a whole number", value);
        match value.as_float() {
            Ok(float) if float.fract() == 0.0 && float.abs() < 1e15 => {
                error.hint(format!("write it without point and exponent: {float:.0}"))
            }
            _ => error,
        }
    })?;
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
    let Some(array) = value.read_lock::<Array>() else {
        return Err(wrong(operation, what, "an array", value));
    };
    let element = |(index, value)| {
        // Of an option in quotes, the place stands within them.
        let what = match what.strip_suffix('\'') {
            Some(option) => format!("{option}[{index}]'"),
            None => format!("{what}[{index}]"),
        };
        each(operation, &what, value)
    };
    array.iter().enumerate().map(element).collect()
}

/// A map, e.g. of options within options.
pub(super) fn map_of(operation: &str, what: &str, value: &Dynamic) -> Result<Map> {
    let map = value.read_lock::<Map>().map(|map| map.clone());
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
    native.ok_or_else(|| {
        let error = wrong(operation, what, expected, value);
        let is_net = TypeId::of::<T>() == TypeId::of::<crate::nn::Net>();
        let is_result = is_net && value.is::<crate::train::Trained>();
        if is_result { error.hint("its network is .net") } else { error }
    })
}
