//! Our errors through Rhai: wrapped when a binding fails, found again when a recipe does.

use crate::error::{Error, Place, Result};
use crate::nn::{Net, pass};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use std::any::Any;
use std::path::PathBuf;

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
    let mut value = result.and_then(answered).map_err(|error| {
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), call.call_position()))
    })?;
    let any: &mut dyn Any = &mut value;
    if let (Some(net), Some(place)) = (any.downcast_ref::<Net>(), place_of(call)) {
        net.made_at(place);
    }
    Ok(value)
}

/// Behind the name of a layer's maker, in the note of where it was made.
pub(super) const MADE: &str = " is made at";

/// Where a call stands. The text is not known here, so the note says what must stand there: another version of the
/// file may have something else.
fn place_of(call: &NativeCallContext) -> Option<Place> {
    let position = call.call_position();
    let (line, column) = (position.line()?, position.position());
    let note = format!("{}{MADE}", call.fn_name());
    Some(Place { file: PathBuf::from(call.call_source()?), line, column, text: None, note })
}

/// The error of ours that a script's error carries, if it carries one.
pub fn raised(value: &Dynamic) -> Option<Error> {
    value.read_lock::<Error>().map(|error| error.clone())
}
