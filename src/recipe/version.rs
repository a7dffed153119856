//! A version of the recipe that hooks can be called in.

use super::compile::{Compiled, Compiler};
use crate::error::{Error, Kind, Result, guarded};
use rhai::{AST, Dynamic, Engine, Module, Scope, Shared};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Callers by function and number of arguments.
type Callers = HashMap<(String, usize), AST>;

/// A compiled version with its number, and a way to call its functions.
pub(super) struct Version {
    /// 0 is what the run began with.
    pub number: usize,
    pub compiled: Compiled,
    compiler: Compiler,
    name: String,
    callers: Mutex<Callers>,
}

impl Version {
    pub fn new(number: usize, mut compiled: Compiled, compiler: &Compiler) -> Self {
        // Through an import, functions find the imports and consts of their own file.
        let name = format!("still:version/{number}");
        let module: Shared<Module> = std::mem::take(&mut compiled.module).into();
        compiler.resolver.give(&name, module);
        Version { number, compiled, compiler: compiler.clone(), name, callers: Mutex::default() }
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

    /// The names of all functions.
    pub fn functions(&self) -> Vec<String> {
        self.compiled.ast.iter_functions().map(|function| function.name.to_string()).collect()
    }

    /// The files that this version was made from.
    pub fn files(&self) -> Vec<PathBuf> {
        let own = std::iter::once(&self.compiled.source.file);
        own.chain(&self.compiled.imports.files).cloned().collect()
    }

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
        self.with_imports(|| {
            guarded(name, || {
                let outcome = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &caller);
                let knowledge = self.compiler.knowledge(&self.compiled.sources);
                outcome.map_err(|cause| knowledge.run_error(cause, ""))
            })
        })
    }

    /// Does `act` with this version's imports in force.
    pub fn with_imports<T>(&self, act: impl FnOnce() -> T) -> T {
        let before = self.compiler.resolver.exchange(self.compiled.imports.clone());
        let outcome = act();
        self.compiler.resolver.exchange(before);
        outcome
    }

    fn caller(&self, engine: &Engine, name: &str, count: usize) -> Result<AST> {
        let key = (name.to_string(), count);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = callers.get(&key) {
            return Ok(caller.clone());
        }
        let mut scope = Scope::new();
        let names: Vec<String> = (0..count).map(|index| format!("a{index}")).collect();
        for argument in &names {
            scope.push_dynamic(argument.clone(), Dynamic::UNIT);
        }
        let text = format!("import \"{}\" as live; live::{name}({})", self.name, names.join(", "));
        let caller = engine.compile_with_scope(&scope, text).map_err(|cause| {
            Error::new(Kind::Internal, format!("calling '{name}'"), cause.to_string())
        })?;
        callers.insert(key, caller.clone());
        Ok(caller)
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        self.compiler.resolver.take(&self.name);
    }
}
