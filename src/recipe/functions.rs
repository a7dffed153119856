//! A recipe's functions, to be called one by one: by tests, and from Rust.

use super::callback::Callback;
use super::compile::{Compiled, Compiler};
use super::session::folder_of;
use super::source::Source;
use super::trying::{Given, Say, Trying};
use super::version::Version;
use crate::error::{Result, guarded};
use crate::script::{self, Host, Resolver, Signatures};
use rhai::{Dynamic, Engine};
use std::path::Path;
use std::sync::Arc;

/// A recipe or a module that is compiled in an engine of its own. Its imports, consts and functions are
/// there, as for hooks; its statements do not run.
pub struct Functions {
    engine: Arc<Engine>,
    version: Version,
}

impl Functions {
    /// Compiles `source`; its imports are found in `root`, and what it asks for at `host`.
    ///
    /// # Errors
    /// A recipe that does not compile, an import that is not there, a const that fails.
    pub fn compile(source: Source, root: &Path, host: &Arc<dyn Host>) -> Result<Self> {
        Functions::connected(source, root, host, &Callback::default())
    }

    /// As `compile`, for a host that calls back.
    pub(super) fn connected(
        source: Source,
        root: &Path,
        host: &Arc<dyn Host>,
        callback: &Callback,
    ) -> Result<Self> {
        guarded("compiling a recipe", || {
            let resolver = Resolver::new(root);
            let engine = Arc::new(script::engine(host, resolver.clone()));
            let signatures = Signatures::of(&engine);
            let compiler = Compiler { resolver, signatures, calling: callback.calling() };
            let compiled = compiler.compile(&engine, source).map_err(|refused| refused.error)?;
            let version = Version::new(0, compiled, &compiler);
            let callable = version.callable().clone();
            callback.connect(&engine, move || Ok(callable.clone()));
            Ok(Functions { engine, version })
        })
    }

    /// Compiles `source` for a host that trains nothing and prints nothing; its imports are found beside it.
    ///
    /// # Errors
    /// As `compile`.
    pub fn open(source: Source, given: &Given) -> Result<Self> {
        let (stop, say): (_, Say) = (Arc::default(), Box::new(|_| {}));
        let host = Trying::new("a function", &source.file, given, &stop, say);
        let callback = host.callback();
        let host: Arc<dyn Host> = Arc::new(host);
        let root = folder_of(&source.file).to_path_buf();
        Functions::connected(source, &root, &host, &callback)
    }

    /// Calls the function `name`.
    ///
    /// # Errors
    /// Whatever the function does wrong, with its place.
    pub fn call(&self, name: &str, arguments: Vec<Dynamic>) -> Result<Dynamic> {
        self.version.call(&self.engine, name, arguments)
    }

    /// What they were made from.
    pub(super) fn compiled(&self) -> &Compiled {
        &self.version.compiled
    }
}
