//! A function of a script that is called later, where it was given: with the functions, imports and consts
//! around it.

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};

/// A function with its surroundings.
pub struct Kept {
    // Rhai says that it is volatile; nothing else keeps what a closure of an imported module needs.
    #[allow(deprecated)]
    around: rhai::NativeCallContextStore,
    /// Without what it has captured: the caller has that.
    pointer: FnPtr,
}

impl Kept {
    /// The function that `call` was given. What it has captured must come first among the arguments.
    pub fn of(call: &NativeCallContext, pointer: &FnPtr) -> Self {
        let mut pointer = pointer.clone();
        pointer.set_curry([]);
        #[allow(deprecated)]
        Kept { around: call.store_data(), pointer }
    }

    /// Calls it.
    ///
    /// # Errors
    /// Whatever the function does wrong.
    pub fn call(
        &self,
        engine: &Engine,
        arguments: Vec<Dynamic>,
    ) -> std::result::Result<Dynamic, Box<EvalAltResult>> {
        #[allow(deprecated)]
        let around = self.around.create_context(engine);
        self.pointer.call_raw(&around, None, arguments)
    }
}
