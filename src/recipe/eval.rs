//! Evaluates a few statements: `still eval`.

use super::arguments::Arguments;
use super::compile::Compiler;
use super::source::Source;
use super::trying::{Given, Say, Trying, stopped};
use super::version::Version;
use crate::data::{Dataset, FrontEnd};
use crate::error::{Result, guarded};
use crate::nn::pass;
use crate::script::{self, Host, Resolver, Signatures, Sources};
use rhai::{Dynamic, Scope};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What a script's last expression gave.
#[derive(Clone, Debug)]
pub struct Evaluated {
    value: Dynamic,
    text: Option<String>,
}

impl Evaluated {
    /// As it is printed; `None` where there is nothing to print.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The data set that it is, if it is one.
    pub fn dataset(&self) -> Option<Arc<Dataset>> {
        self.value.read_lock::<Arc<Dataset>>().map(|data| data.clone())
    }

    /// The front end that it is, if it is one.
    pub fn front_end(&self) -> Option<FrontEnd> {
        self.value.read_lock::<FrontEnd>().map(|front| front.clone())
    }

    /// The value itself.
    pub(super) fn value(&self) -> &Dynamic {
        &self.value
    }

    /// As JSON: tensors as nested arrays, numbers that are not finite as null.
    ///
    /// # Errors
    /// A value that JSON cannot hold, such as a model or a function.
    pub fn json(&self) -> Result<Value> {
        script::json_of(&self.value)
    }

    /// As CSV: an array of maps is a table, a tensor of rank 2 a matrix.
    ///
    /// # Errors
    /// A value that is no table.
    pub fn csv(&self) -> Result<String> {
        script::csv_of(&self.value)
    }
}

/// Evaluates `text`, which messages call `name`; imports are found below the current folder. What it prints
/// goes to `say`.
///
/// # Errors
/// Whatever goes wrong, with its place; `Interrupted` when `stop` was raised.
pub fn eval(
    name: &str,
    text: &str,
    given: &Given,
    stop: &Arc<AtomicBool>,
    say: Say,
) -> Result<Evaluated> {
    let host = Trying::new("still eval", Path::new(""), given, stop, say);
    let host = host.writing_into(given.out.as_ref());
    evaluated("still eval", Source::of(name, text), Path::new(""), given, stop, host)
}

/// Evaluates `source`, whose imports are found below `folder`, for `host`; `what` names it in messages.
pub(super) fn evaluated(
    what: &'static str,
    source: Source,
    folder: &Path,
    given: &Given,
    stop: &Arc<AtomicBool>,
    host: Trying,
) -> Result<Evaluated> {
    let callback = host.callback();
    let host: Arc<dyn Host> = Arc::new(host);
    let resolver = Resolver::new(folder);
    let engine = Arc::new(script::engine(&host, resolver.clone()));
    let signatures = Signatures::of(&engine);
    let compiler = Compiler { resolver, signatures, calling: callback.calling() };
    // Only networks of the script's own need a version, to call back.
    let (own, whole, weak) = (source.clone(), compiler.clone(), Arc::downgrade(&engine));
    let version = OnceLock::new();
    callback.connect(&engine, move || {
        let made = version.get_or_init(|| {
            let engine = weak.upgrade()?;
            let compiled = whole.compile(&engine, own.clone()).ok()?;
            Some(Version::new(0, compiled, &whole).callable().clone())
        });
        made.clone().ok_or_else(|| stopped(what))
    });
    let sources = || {
        let mut sources: Sources = compiler.resolver.imports().sources.clone();
        sources.add(&source.name, &source.text);
        sources
    };
    let outcome = guarded(what, || {
        let compiled = engine.compile_with_scope(&Scope::new(), &*source.text);
        let mut ast = compiled
            .map_err(|cause| compiler.knowledge(&sources()).compile_error(&cause, &source.name))?;
        ast.set_source(source.name.as_str());
        let told = |cause| compiler.knowledge(&sources()).run_error(cause, &source.name);
        compiler.resolver.load_inner(&engine, &ast).map_err(told)?;
        let imported = compiler.resolver.imports();
        Arguments::of(std::iter::once(&ast).chain(&imported.asts)).check(&given.set)?;
        let mut scope = Scope::new();
        // What the script draws, e.g. the weights of a network, is that of the seed.
        let value = pass::during(given.seed.unwrap_or(0), &[], || {
            engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast).map_err(told)
        })?;
        let text = script::text_of(&engine, &value).map_err(told)?;
        Ok(Evaluated { value, text })
    });
    match stop.load(Ordering::Relaxed) {
        // A script can catch that it was stopped; it is stopped all the same.
        true => Err(outcome.err().unwrap_or_else(|| stopped(what))),
        false => outcome,
    }
}
