//! A version of the recipe that hooks can be called in.

use super::compile::{Compiled, Compiler};
use super::trial::{Span, Trial};
use crate::error::{Error, Kind, Place, Result, guarded};
use crate::script::{Imports, Kept, Sources};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Module, Scope, Shared};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Callers by function and number of arguments.
type Callers = HashMap<(String, usize), AST>;

/// A compiled version with its number.
pub(super) struct Version {
    /// 0 is what the run began with.
    pub number: usize,
    pub compiled: Compiled,
    functions: Callables,
    /// Steps done with it.
    survived: AtomicUsize,
}

/// Functions of a recipe that are called from within networks of others.
pub const NESTED_CALLS: usize = 160;

/// A version that has done so many steps is trusted as the first one is.
const PROVED: usize = 10;

/// A way to call a version's functions; clones call the same ones.
#[derive(Clone)]
pub(super) struct Callables(Arc<Inner>);

struct Inner {
    compiler: Compiler,
    name: String,
    imports: Arc<Imports>,
    sources: Sources,
    /// Imports, consts and functions.
    declared: AST,
    callers: Mutex<Callers>,
}

impl Version {
    pub fn new(number: usize, mut compiled: Compiled, compiler: &Compiler) -> Self {
        // Through an import, functions find the imports and consts of their own file.
        let name = format!("still:version/{number}");
        let module: Shared<Module> = std::mem::take(&mut compiled.module).into();
        compiler.resolver.give(&name, module);
        let functions = Callables(Arc::new(Inner {
            compiler: compiler.clone(),
            name,
            imports: compiled.imports.clone(),
            sources: compiled.sources.clone(),
            declared: compiled.declared.clone(),
            callers: Mutex::default(),
        }));
        Version { number, compiled, functions, survived: AtomicUsize::new(0) }
    }

    /// One more step has been done with it.
    pub fn survive(&self) {
        self.survived.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it need not prove itself any more.
    pub fn is_proved(&self) -> bool {
        self.number == 0 || self.survived.load(Ordering::Relaxed) >= PROVED
    }

    /// The way to call its functions.
    pub fn callable(&self) -> &Callables {
        &self.functions
    }

    /// Whether there is a function of that name and number of parameters that can be called.
    pub fn has(&self, name: &str, parameters: usize) -> bool {
        self.arities(name).contains(&parameters)
    }

    /// The numbers of parameters of the public functions called `name`.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        let public = |function: &rhai::ScriptFnMetadata| {
            function.name == name && function.access == rhai::FnAccess::Public
        };
        let functions = self.compiled.ast.iter_functions();
        functions.filter(public).map(|function| function.params.len()).collect()
    }

    /// Where the first public function called `name` begins.
    pub fn place_of(&self, name: &str) -> Option<Place> {
        self.compiled.place_of(name, *self.arities(name).first()?)
    }

    /// The names of all functions.
    pub fn functions(&self) -> Vec<String> {
        self.compiled.ast.iter_functions().map(|function| function.name.to_string()).collect()
    }

    /// The files that this version was made from.
    pub fn files(&self) -> Vec<PathBuf> {
        let own = std::iter::once(&self.compiled.source.file);
        own.chain(&self.compiled.imports.files).cloned().collect()
    }

    /// See [`Callables::call`].
    pub fn call(&self, engine: &Engine, name: &str, arguments: Vec<Dynamic>) -> Result<Dynamic> {
        let count = arguments.len();
        self.functions.call(engine, name, arguments).map_err(|error| {
            // Rhai does not say where it was when a clock ended it.
            let place = self.compiled.place_of(name, count);
            match place.filter(|_| error.report().places.is_empty()) {
                Some(place) if error.kind() != Kind::Interrupted => error.at(place),
                _ => error,
            }
        })
    }

    /// Does `act` as if this version were in force: networks of the recipe's own call its functions.
    pub fn in_force<T>(&self, operation: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let calling = &self.functions.0.compiler.calling;
        self.with_imports(|| {
            calling.push(self.functions.clone())?;
            let outcome = guarded(operation, act);
            calling.pop();
            outcome
        })
    }

    /// See [`Callables::with_imports`].
    pub fn with_imports<T>(&self, act: impl FnOnce() -> T) -> T {
        self.functions.with_imports(act)
    }
}

impl Callables {
    /// Calls a function of the recipe.
    ///
    /// # Errors
    /// Whatever the function does wrong, with its place.
    pub fn call(&self, engine: &Engine, name: &str, arguments: Vec<Dynamic>) -> Result<Dynamic> {
        let caller = self.caller(engine, name, arguments.len())?;
        let mut scope = Scope::new();
        for (index, argument) in arguments.into_iter().enumerate() {
            scope.push_dynamic(format!("a{index}"), argument);
        }
        self.guarded(name, || engine.eval_ast_with_scope::<Dynamic>(&mut scope, &caller))
    }

    /// Calls a function that was kept with its surroundings, while this version was in force.
    ///
    /// # Errors
    /// As [`Callables::call`].
    pub fn call_kept(
        &self,
        engine: &Engine,
        kept: &Kept,
        arguments: Vec<Dynamic>,
    ) -> Result<Dynamic> {
        self.guarded("a closure", || kept.call(engine, arguments))
    }

    /// The numbers of parameters of the functions called `name`.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        let all = self.0.declared.iter_functions().filter(|function| function.name == name);
        all.map(|function| function.params.len()).collect()
    }

    /// The recipe's name in errors.
    pub fn source(&self) -> Option<&str> {
        self.0.declared.source()
    }

    /// Does `act` with this version in force, and tells its errors with their places.
    fn guarded(
        &self,
        operation: &str,
        act: impl FnOnce() -> std::result::Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Dynamic> {
        let compiler = &self.0.compiler;
        self.with_imports(|| {
            compiler.calling.push(self.clone())?;
            // Whoever calls a hook has set the clock; a network's function is called from anywhere.
            let outcome = compiler.calling.trial.within(Span::Work, || {
                guarded(operation, || {
                    let knowledge = compiler.knowledge(&self.0.sources);
                    act().map_err(|cause| knowledge.run_error(cause, ""))
                })
            });
            compiler.calling.pop();
            outcome
        })
    }

    /// Does `act` with this version's imports in force.
    pub fn with_imports<T>(&self, act: impl FnOnce() -> T) -> T {
        let resolver = &self.0.compiler.resolver;
        let before = resolver.exchange(self.0.imports.clone());
        let outcome = act();
        resolver.exchange(before);
        outcome
    }

    fn caller(&self, engine: &Engine, name: &str, count: usize) -> Result<AST> {
        let key = (name.to_string(), count);
        let mut callers = self.0.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = callers.get(&key) {
            return Ok(caller.clone());
        }
        let arities = self.arities(name);
        if !arities.contains(&count) {
            let parameters = |count: &usize| format!("{count} parameters");
            let has: Vec<String> = arities.iter().map(parameters).collect();
            return Err(Error::new(Kind::Type, name, "the function takes other arguments")
                .expected(parameters(&count))
                .received(if has.is_empty() {
                    "no such function".into()
                } else {
                    has.join(", ")
                }));
        }
        let mut scope = Scope::new();
        let names: Vec<String> = (0..count).map(|index| format!("a{index}")).collect();
        for argument in &names {
            scope.push_dynamic(argument.clone(), Dynamic::UNIT);
        }
        let text =
            format!("import \"{}\" as live; live::{name}({})", self.0.name, names.join(", "));
        let caller = engine.compile_with_scope(&scope, text).map_err(|cause| {
            Error::new(Kind::Internal, format!("calling '{name}'"), cause.to_string())
        })?;
        callers.insert(key, caller.clone());
        Ok(caller)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.compiler.resolver.take(&self.name);
    }
}

/// The versions whose functions are being called just now, innermost last: a network of the recipe's own
/// calls back from within.
#[derive(Clone, Default)]
pub(super) struct Calling {
    versions: Arc<Mutex<Vec<Callables>>>,
    /// Whether the consts of a new version are being evaluated.
    declaring: Arc<AtomicBool>,
    /// How long a call may take.
    trial: Trial,
}

impl Calling {
    fn all(&self) -> MutexGuard<'_, Vec<Callables>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `act`, which evaluates the consts of a version that is not there yet.
    pub fn declaring<T>(&self, act: impl FnOnce() -> T) -> T {
        let before = self.declaring.swap(true, Ordering::Relaxed);
        let outcome = act();
        self.declaring.store(before, Ordering::Relaxed);
        outcome
    }

    /// Whether consts are being evaluated.
    pub fn is_declaring(&self) -> bool {
        self.declaring.load(Ordering::Relaxed)
    }

    /// One more is called. Calls back through networks are new ones to Rhai, which counts the others.
    fn push(&self, functions: Callables) -> Result<()> {
        let mut all = self.all();
        if all.len() >= NESTED_CALLS {
            return Err(Error::new(
                Kind::Script,
                "the recipe",
                "networks and functions call each other too deeply",
            )
            .expected(format!("{NESTED_CALLS} calls within calls at most")));
        }
        all.push(functions);
        Ok(())
    }

    fn pop(&self) {
        self.all().pop();
    }

    /// How long a call may take.
    pub fn trial(&self) -> Trial {
        self.trial.clone()
    }

    /// The innermost one.
    pub fn innermost(&self) -> Option<Callables> {
        self.all().last().cloned()
    }
}
