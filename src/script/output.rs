//! A script's value for the world outside: as text, and as JSON.

use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use crate::tensor::{DType, Tensor};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, Scope};
use serde_json::{Number, Value};

/// How a script would print the value; nothing for `()`.
///
/// # Errors
/// A function `to_string` that fails.
pub fn text_of(
    engine: &Engine,
    value: &Dynamic,
) -> std::result::Result<Option<String>, Box<EvalAltResult>> {
    if value.is_unit() {
        return Ok(None);
    }
    let mut scope = Scope::new();
    scope.push_dynamic("value", value.clone());
    engine.eval_with_scope::<String>(&mut scope, "value.to_string()").map(Some)
}

/// The value as JSON: tensors as nested arrays, numbers that are not finite and `()` as null.
///
/// # Errors
/// A value that JSON cannot hold, such as a model or a function.
pub fn json_of(value: &Dynamic) -> Result<Value> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
    }
    if let Ok(integer) = value.as_int() {
        return Ok(integer.into());
    }
    if let Ok(float) = value.as_float() {
        return Ok(number(float));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return Ok(Value::Array(array.iter().map(json_of).collect::<Result<_>>()?));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let pairs = map.iter().map(|(key, value)| Ok((key.to_string(), json_of(value)?)));
        return Ok(Value::Object(pairs.collect::<Result<_>>()?));
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return tensor_json(&tensor);
    }
    if value.is_string() || value.is_char() {
        return Ok(value.to_string().into());
    }
    Err(Error::new(Kind::Type, "--json", "JSON cannot hold this value")
        .expected("numbers, bools, strings, tensors, arrays or maps")
        .received(kind_of(value)))
}

fn number(float: f64) -> Value {
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

fn tensor_json(tensor: &Tensor) -> Result<Value> {
    let cells: Vec<Value> = match tensor.dtype() {
        // The shortest text that is this f32: 0.1, not 0.10000000149011612.
        DType::F32 => {
            let short = |value: &f32| value.to_string().parse().map_or(Value::Null, number);
            tensor.detached()?.to_values()?.iter().map(short).collect()
        }
        DType::I64 => tensor.to_integers()?.into_iter().map(Value::from).collect(),
        DType::Bool => tensor.to_integers()?.into_iter().map(|n| Value::from(n != 0)).collect(),
    };
    Ok(nested(&mut cells.into_iter(), &tensor.shape()))
}

/// The next cells as arrays of these lengths.
fn nested(cells: &mut std::vec::IntoIter<Value>, shape: &[usize]) -> Value {
    match shape.split_first() {
        None => cells.next().unwrap_or(Value::Null),
        Some((length, inner)) => Value::Array((0..*length).map(|_| nested(cells, inner)).collect()),
    }
}
