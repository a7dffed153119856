//! Bindings of `dataset`: readers, sets as values, batches.

mod batch;
mod batches;
mod clips;
mod getters;
mod readers;
mod reading;
mod sampler;
mod sets;
mod shares;

pub(super) use batches::BatchList;
pub use clips::CLIP_KEYS;
pub(super) use sampler::sampler_of;

use super::Host;
use crate::data::Dataset;
use rhai::{Engine, Module, exported_module};
use std::sync::Arc;

/// A data set as a script holds it.
pub(super) type DatasetHandle = Arc<Dataset>;

/// The names as a script sees them; the functions that need the host are registered here.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut readers = Module::new();
    readers::published(&mut readers, host);
    readers::fetched(&mut readers, host);
    readers::own(&mut readers, host);
    engine.register_static_module("dataset", readers.into());
    let mut methods = Module::new();
    sets::functions(&mut methods);
    shares::functions(&mut methods);
    clips::functions(&mut methods);
    engine.register_global_module(methods.into());
    engine.register_global_module(exported_module!(getters::bindings).into());
    batches::bind(engine, host);
    engine.register_global_module(exported_module!(batch::bindings).into());
}
