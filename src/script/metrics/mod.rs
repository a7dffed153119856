//! Bindings of `metrics`: scores and targets of clips to numbers, tables and tests.

mod calls;
mod given;
mod pairs;
mod results;

use rhai::Module;

/// Everything of the noun.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    calls::functions(&mut module);
    results::functions(&mut module);
    pairs::functions(&mut module);
    module
}
