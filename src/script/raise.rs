//! Our errors through Rhai: wrapped when a binding fails, found again when a recipe does.

use crate::error::{Error, Result};
use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

/// What a binding returns.
pub(super) type Raw<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Hands an error of ours to Rhai, which adds the place of a method or a global function.
pub(super) fn raise(error: Error) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

/// Turns a module's result into a binding's.
pub(super) fn raw<T>(result: Result<T>) -> Raw<T> {
    result.map_err(raise)
}

/// Turns a module's result into that of a function in a namespace; Rhai adds no place there.
pub(super) fn placed<T>(call: &NativeCallContext, result: Result<T>) -> Raw<T> {
    result.map_err(|error| {
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), call.call_position()))
    })
}

/// The error of ours that a script's error carries, if it carries one.
pub fn raised(value: &Dynamic) -> Option<Error> {
    value.read_lock::<Error>().map(|error| error.clone())
}
