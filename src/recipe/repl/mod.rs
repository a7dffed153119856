//! A shell for scripts: one input after the other, with variables, functions, imports and consts kept.
//!
//! All inputs are one source, whose lines are numbered through: a function says where it was typed, however much
//! later it is called. What is compiled of an input stands on the lines that it has in that source.

mod names;
mod told;
mod whole;

pub use whole::is_whole;

use super::callback::Callback;
use super::compile::{Compiler, declarations};
use super::source::Source;
use super::trying::{Given, Say, Trying, stopped};
use super::version::{Callables, Version};
use crate::error::{Result, guarded};
use crate::nn::pass;
use crate::script::catalogue::{Entry, entries};
use crate::script::{self, Host, Resolver, Signatures, Sources};
use rhai::{AST, Dynamic, Engine, Expr, ModuleResolver, Position, Scope, Stmt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const WHAT: &str = "still repl";
/// What all inputs together are called.
const NAME: &str = "<repl>";

/// A session.
pub struct Repl {
    engine: Arc<Engine>,
    compiler: Compiler,
    stop: Arc<AtomicBool>,
    seed: u64,
    /// Everything that was typed.
    transcript: String,
    inputs: u64,
    scope: Scope<'static>,
    /// All functions, closures included.
    functions: AST,
    /// Aliases and paths.
    imports: Vec<(String, String)>,
    /// What networks of the session's own call.
    callees: Arc<Mutex<Callees>>,
    known: Vec<Entry>,
    host: Arc<dyn Host>,
}

/// Functions with what surrounds them, and a version of them where one was asked for.
#[derive(Default)]
struct Callees {
    declared: AST,
    scope: Scope<'static>,
    transcript: String,
    made: Option<Version>,
    number: usize,
}

impl Repl {
    /// A session whose scripts may ask for what is `given`, and which stops what runs when `stop` is raised. What
    /// they print goes to `say`. Imports are found below the current folder.
    pub fn new(given: &Given, stop: &Arc<AtomicBool>, say: Say) -> Self {
        let host = Trying::new(WHAT, Path::new(""), given, stop, say);
        let callback: Callback = host.callback();
        let host: Arc<dyn Host> = Arc::new(host);
        let resolver = Resolver::new(Path::new(""));
        let engine = Arc::new(script::engine(&host, resolver.clone()));
        let signatures = Signatures::of(&engine);
        let compiler = Compiler { resolver, signatures, calling: callback.calling() };
        let callees: Arc<Mutex<Callees>> = Arc::default();
        let (own, shared, weak) = (compiler.clone(), callees.clone(), Arc::downgrade(&engine));
        callback.connect(&engine, move || {
            let engine = weak.upgrade().ok_or_else(|| stopped(WHAT))?;
            let mut callees = shared.lock().unwrap_or_else(PoisonError::into_inner);
            callees.callable(&engine, &own)
        });
        Repl {
            known: entries(&engine, true),
            engine,
            compiler,
            stop: stop.clone(),
            seed: given.seed.unwrap_or(0),
            transcript: String::new(),
            inputs: 0,
            scope: Scope::new(),
            functions: AST::empty(),
            imports: Vec::new(),
            callees,
            host,
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.scope = Scope::new();
        self.functions = AST::empty();
        self.imports.clear();
        // Lines are numbered through, but what was typed before explains nothing any more.
        self.transcript = "\n".repeat(self.transcript.matches('\n').count());
        self.compiler.resolver.exchange(Arc::default());
        let mut callees = self.lock();
        *callees = Callees { number: callees.number, ..Callees::default() };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Callees> {
        self.callees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evaluates an input; what is to be printed of its value, if anything.
    ///
    /// # Errors
    /// Whatever goes wrong, with its place; `Interrupted` when `stop` was raised, which is lowered again. What
    /// was defined before the error stays.
    pub fn eval(&mut self, text: &str) -> Result<Option<String>> {
        self.guarded(|repl| {
            let value = repl.evaluate(text, true)?;
            script::text_of(&repl.engine, &value).map_err(|cause| repl.told(cause))
        })
    }

    /// What the value of an input is; nothing is kept of it.
    ///
    /// # Errors
    /// As [`Repl::eval`].
    pub fn type_of(&mut self, text: &str) -> Result<String> {
        self.guarded(|repl| {
            let scope = repl.scope.clone();
            let value = repl.evaluate(text, false);
            repl.scope = scope;
            Ok(script::kind_of(&value?))
        })
    }

    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        // What one input used up is not missing to the next.
        self.host.meter().progress();
        let outcome = guarded(WHAT, || act(self));
        match self.stop.swap(false, Ordering::Relaxed) {
            // A script can catch that it was stopped; it is stopped all the same.
            true => Err(outcome.err().unwrap_or_else(|| stopped(WHAT))),
            false => outcome,
        }
    }

    fn evaluate(&mut self, text: &str, keep: bool) -> Result<Dynamic> {
        let before = self.transcript.matches('\n').count();
        self.transcript.push_str(text);
        self.transcript.push('\n');
        let whole = format!("{}{}{text}", self.prefix(before), "\n".repeat(before));
        let compiled = self.engine.compile_with_scope(&self.scope, whole);
        let mut ast = match compiled {
            Ok(ast) => ast,
            Err(cause) => {
                let error = self.compiler.knowledge(&self.sources()).compile_error(&cause, NAME);
                // Nothing came of it: later mistakes are not explained by what it would have been.
                let lines = text.matches('\n').count() + 1;
                self.transcript.truncate(self.transcript.len() - text.len() - 1);
                self.transcript.push_str(&"\n".repeat(lines));
                return Err(error);
            }
        };
        ast.set_source(NAME);
        let merged = self.functions.merge(&ast);
        {
            let (declared, scope) = (declarations(&merged), self.scope.clone());
            let mut callees = self.lock();
            let number = callees.number;
            let transcript = self.transcript.clone();
            *callees = Callees { declared, scope, transcript, made: None, number };
        }
        self.inputs += 1;
        // Each input draws numbers of its own: two layers of the same kind begin differently.
        let indices: &[u64] = if self.inputs == 1 { &[] } else { &[self.inputs] };
        let (engine, scope) = (self.engine.clone(), &mut self.scope);
        let outcome = pass::during(self.seed, indices, || {
            engine.eval_ast_with_scope::<Dynamic>(scope, &merged)
        });
        if keep {
            self.functions = merged.clone_functions_only();
            self.functions.set_source(NAME);
            self.keep_imports(&ast);
        }
        self.tidy();
        outcome.map_err(|cause| self.told(cause))
    }

    /// Imports and consts that were there before, for the first line.
    fn prefix(&self, before: usize) -> String {
        if before == 0 {
            return String::new();
        }
        let imports = self.imports.iter();
        let mut prefix: String =
            imports.map(|(alias, path)| format!("import {path:?} as {alias}; ")).collect();
        for (name, constant, _) in self.scope.iter_raw() {
            if constant {
                prefix.push_str(&format!("const {name} = {name}; "));
            }
        }
        prefix
    }

    fn keep_imports(&mut self, ast: &AST) {
        for statement in ast.statements() {
            let Stmt::Import(import, _) = statement else { continue };
            let (Expr::StringConstant(path, _), alias) = (&import.0, &import.1.name) else {
                continue;
            };
            if alias.is_empty() {
                continue;
            }
            let (alias, path) = (alias.to_string(), path.to_string());
            let resolver = &self.compiler.resolver;
            if resolver.resolve(&self.engine, None, &path, Position::NONE).is_ok() {
                self.imports.retain(|(known, _)| *known != alias);
                self.imports.push((alias, path));
            }
        }
    }

    /// Variables that were declared again are there once.
    fn tidy(&mut self) {
        let mut kept: Vec<(String, bool, Dynamic)> = Vec::new();
        // The last one comes first.
        for (name, constant, value) in self.scope.iter_raw() {
            if !kept.iter().any(|(known, ..)| known == name) {
                kept.push((name.to_string(), constant, value.clone()));
            }
        }
        self.scope = Scope::new();
        for (name, constant, value) in kept.into_iter().rev() {
            match constant {
                true => self.scope.push_constant_dynamic(name, value),
                false => self.scope.push_dynamic(name, value),
            };
        }
    }

    fn told(&self, cause: Box<rhai::EvalAltResult>) -> crate::error::Error {
        self.compiler.knowledge(&self.sources()).run_error(cause, NAME)
    }

    fn sources(&self) -> Sources {
        let mut sources: Sources = self.compiler.resolver.imports().sources.clone();
        sources.add(NAME, &self.transcript);
        sources
    }
}

impl Callees {
    /// The way to call the functions as they are now.
    fn callable(&mut self, engine: &Engine, compiler: &Compiler) -> Result<Callables> {
        if self.made.is_none() {
            self.number += 1;
            let source = Source::of(NAME, &self.transcript);
            let (declared, scope) = (self.declared.clone(), self.scope.clone());
            let compiled = compiler.declared(engine, source, declared, scope)?;
            self.made = Some(Version::new(self.number, compiled, compiler));
        }
        let made = self.made.as_ref().ok_or_else(|| stopped(WHAT))?;
        Ok(made.callable().clone())
    }
}
