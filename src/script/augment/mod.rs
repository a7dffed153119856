//! Bindings of `augment`: what goes into the option `augment` of a stage.

mod features;
mod given;
mod groups;
mod mixes;
mod waves;

use super::Host;
use crate::data::Augmentation;
use rhai::{Engine, Module};
use std::sync::Arc;

/// One step of an augmentation chain, as a script holds it.
pub(super) type Step = Arc<dyn Augmentation>;

/// What a step is, in messages.
pub(super) const STEP: &str = "an augmentation: augment::time_roll()";

pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    waves::functions(&mut module, host);
    features::functions(&mut module);
    mixes::functions(&mut module);
    groups::functions(&mut module);
    engine.register_static_module("augment", module.into());
}
