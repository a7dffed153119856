//! The engine: strict names, limits, no way to files, and the bindings.

use super::{Host, Resolver, bind};
use crate::error::{Error, Kind};
use rhai::{Dynamic, Engine, OptimizationLevel};
use std::sync::Arc;

/// Calls within calls; a recipe that needs more has lost its way.
const CALL_LEVELS: usize = 64;
/// Nesting of expressions: at the top level, and in functions.
const EXPRESSION_DEPTHS: (usize, usize) = (128, 64);
/// Elements of an array or entries of a map. Samples belong in tensors.
const COLLECTION: usize = 1_000_000;
/// Bytes of a string.
const STRING: usize = 16_000_000;
/// Modules that a recipe may import, directly or not.
const MODULES: usize = 256;

/// An engine whose recipes ask `host` and import through `resolver`.
pub fn engine(host: &Arc<dyn Host>, resolver: Resolver) -> Engine {
    let mut engine = Engine::new();
    engine
        .set_optimization_level(OptimizationLevel::Simple)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_max_call_levels(CALL_LEVELS)
        .set_max_expr_depths(EXPRESSION_DEPTHS.0, EXPRESSION_DEPTHS.1)
        .set_max_array_size(COLLECTION)
        .set_max_map_size(COLLECTION)
        .set_max_string_size(STRING)
        .set_max_modules(MODULES)
        .disable_symbol("eval")
        .set_module_resolver(resolver);
    let printer = host.clone();
    engine.on_print(move |text| printer.say(text));
    let printer = host.clone();
    engine.on_debug(move |text, source, at| {
        printer.say(&format!("{}:{at}: {text}", source.unwrap_or("")));
    });
    let watched = host.clone();
    engine.on_progress(move |_| {
        let error = || Error::new(Kind::Interrupted, "the recipe", "stopped by a signal");
        watched.stopping().then(|| Dynamic::from(error()))
    });
    bind(&mut engine, host);
    engine
}
