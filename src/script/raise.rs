//! Our errors through Rhai: wrapped when a binding fails, found again when a recipe does.

use crate::error::{Error, Result};
use crate::nn::pass;
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use std::any::Any;

/// What a binding returns.
pub type Raw<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Hands an error of ours to Rhai, which adds the place of a method or a global function.
pub(super) fn raise(error: Error) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

/// Turns a module's result into a binding's.
pub fn raw<T: 'static>(result: Result<T>) -> Raw<T> {
    result.and_then(answered).map_err(raise)
}

/// What a script gets: within `no_grad` no tensor that a gradient flows through. Elsewhere graphs that it has
/// dropped are freed now and then.
fn answered<T: 'static>(mut value: T) -> Result<T> {
    let any: &mut dyn Any = &mut value;
    if pass::has_gradients() {
        if let Some(tensor) = any.downcast_ref::<Tensor>() {
            tensor.sweep()?;
        } else if let Some(value) = any.downcast_ref::<Dynamic>()
            && let Some(tensor) = value.read_lock::<Tensor>()
        {
            tensor.sweep()?;
        }
        return Ok(value);
    }
    if let Some(tensor) = any.downcast_mut::<Tensor>() {
        *tensor = tensor.detached()?;
    } else if let Some(value) = any.downcast_mut::<Dynamic>() {
        *value = detached(value)?;
    } else if let Some(array) = any.downcast_mut::<Array>() {
        array.iter_mut().try_for_each(|value| detached(value).map(|plain| *value = plain))?;
    } else if let Some(map) = any.downcast_mut::<Map>() {
        map.values_mut().try_for_each(|value| detached(value).map(|plain| *value = plain))?;
    }
    Ok(value)
}

/// Tensors outside of any graph, also those in arrays and maps.
pub(super) fn detached(value: &Dynamic) -> Result<Dynamic> {
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return tensor.detached().map(Dynamic::from);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return Ok(array.iter().map(detached).collect::<Result<Array>>()?.into());
    }
    if let Some(map) = value.read_lock::<Map>() {
        let all = map.iter().map(|(key, value)| Ok((key.clone(), detached(value)?)));
        return Ok(all.collect::<Result<Map>>()?.into());
    }
    Ok(value.clone())
}

/// Turns a module's result into that of a function in a namespace; Rhai adds no place there.
pub(super) fn placed<T: 'static>(call: &NativeCallContext, result: Result<T>) -> Raw<T> {
    result.and_then(answered).map_err(|error| {
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), call.call_position()))
    })
}

/// The error of ours that a script's error carries, if it carries one.
pub fn raised(value: &Dynamic) -> Option<Error> {
    value.read_lock::<Error>().map(|error| error.clone())
}
