//! How networks of the recipe's own call its functions back, long after the statement that made them.

use super::version::{Callables, Calling};
use crate::error::{Error, Kind, Result};
use crate::script::{Callable, Kept};
use rhai::{Engine, FnPtr, NativeCallContext};
use std::sync::{Arc, OnceLock, Weak};

type InForce = Box<dyn Fn() -> Result<Callables> + Send + Sync>;

/// The way back into the engine; clones lead to the same one.
#[derive(Clone, Default)]
pub(super) struct Callback(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Weak, since the engine holds its host, and the host this.
    engine: OnceLock<Weak<Engine>>,
    calling: Calling,
    in_force: OnceLock<InForce>,
}

impl Callback {
    /// Says which engine calls, and which version is in force where none is being called.
    pub fn connect(
        &self,
        engine: &Arc<Engine>,
        in_force: impl Fn() -> Result<Callables> + Send + Sync + 'static,
    ) {
        // Each way is connected once; the first connection holds.
        let _ = self.0.engine.set(Arc::downgrade(engine));
        let _ = self.0.in_force.set(Box::new(in_force));
    }

    /// The versions that are being called.
    pub fn calling(&self) -> Calling {
        self.0.calling.clone()
    }

    /// See [`Host::function`](crate::script::Host::function).
    pub fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        let (name, own, version) = (pointer.fn_name().to_string(), self.clone(), self.version()?);
        let own_name = !pointer.is_anonymous() && !version.arities(&name).is_empty();
        if own_name && !is_of_import(call, &name, version.source()) {
            return Ok(Arc::new(move |arguments| {
                own.version()?.call(&*own.engine()?, &name, arguments)
            }));
        }
        let kept = Kept::of(call, pointer);
        Ok(Arc::new(move |arguments| version.call_kept(&*own.engine()?, &kept, arguments)))
    }

    fn engine(&self) -> Result<Arc<Engine>> {
        self.0.engine.get().and_then(Weak::upgrade).ok_or_else(over)
    }

    /// The version whose function is being called, or the one that is in force.
    fn version(&self) -> Result<Callables> {
        if self.0.calling.is_declaring() {
            // No version is there yet, and the one in force may be locked for this very edit.
            return Err(Error::new(
                Kind::Script,
                "a const",
                "it cannot call a function as a network",
            )
            .hint("make the network in a function, or with `let`"));
        }
        match self.0.calling.innermost() {
            Some(version) => Ok(version),
            None => self.0.in_force.get().ok_or_else(over)?(),
        }
    }
}

/// Whether `name`, as a call in some file means it, is a function of an imported module: the recipe is `recipe`.
fn is_of_import(call: &NativeCallContext, name: &str, recipe: Option<&str>) -> bool {
    let elsewhere = call.call_source().is_some_and(|source| Some(source) != recipe);
    let near = call.iter_namespaces().last();
    elsewhere && near.is_some_and(|all| all.iter_script_fn_info().any(|known| known.2 == name))
}

fn over() -> Error {
    Error::new(Kind::Script, "calling a function", "there is no recipe whose function it could be")
}
