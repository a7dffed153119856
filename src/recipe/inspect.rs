//! What can be said of a recipe without running it.

use super::arguments::Declared;
use super::callback::Callback;
use super::check::{check, near_hooks};
use super::compile::Compiler;
use super::header::Header;
use super::session::folder_of;
use super::source::Source;
use super::trying::{Given, Trying};
use crate::error::{Error, Kind, Place, Result, guarded};
use crate::script::{self, Host, Resolver, Signatures};
use rhai::Engine;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long consts may take, which are evaluated.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads recipes, and tells what is wrong with them.
pub struct Inspector {
    engine: Arc<Engine>,
    compiler: Compiler,
}

impl Inspector {
    /// For recipes that stand beside `file`, whose imports are found there.
    pub fn beside(file: &Path) -> Self {
        let given = Given::default();
        let host = Trying::new("still check", file, &given, &Arc::default(), Box::new(|_| {}));
        let callback = Callback::default();
        let host: Arc<dyn Host> = Arc::new(host.within(PATIENCE));
        let resolver = Resolver::new(folder_of(file));
        let engine = Arc::new(script::engine(&host, resolver.clone()));
        let signatures = Signatures::of(&engine);
        let compiler = Compiler { resolver, signatures, calling: callback.calling() };
        Inspector { engine, compiler }
    }

    /// Everything that is wrong with a recipe, or looks wrong, as far as can be told without running it: errors
    /// and warnings, each with its place. The text need not be that on disk; imports are read from there.
    pub fn inspect(&self, source: Source) -> Vec<Error> {
        let found = guarded("still check", || Ok(self.findings(source)));
        found.unwrap_or_else(|error| vec![error])
    }

    /// What a recipe asks for, its imports included, and whether it has functions only.
    ///
    /// # Errors
    /// A recipe that does not compile.
    pub(super) fn read(&self, source: Source) -> Result<(Vec<Declared>, bool)> {
        guarded("still ls", || {
            let compiled = self.compiler.compile(&self.engine, source);
            let compiled = compiled.map_err(|refused| refused.error)?;
            let own = compiled.ast.statements().len();
            let is_module = own == compiled.declared.statements().len();
            Ok((compiled.arguments.declared, is_module))
        })
    }

    fn findings(&self, source: Source) -> Vec<Error> {
        let compiled = match self.compiler.compile(&self.engine, source) {
            Ok(compiled) => compiled,
            Err(refused) => return vec![refused.error],
        };
        let mut found = Header::of(&compiled.source).findings().to_vec();
        for (name, hook) in near_hooks(&compiled) {
            let error = Error::new(Kind::Name, &name, "nothing calls this function")
                .hint(format!("did you mean the hook '{hook}'?"))
                .as_warning();
            let line = compiled.outline.bodies(&name).find_map(|body| Some(body.first()?.1));
            found.push(match line {
                Some(line) => error.at(Place {
                    file: compiled.source.file.clone(),
                    line,
                    column: None,
                    text: Some(compiled.source.text.clone()),
                    note: String::new(),
                }),
                None => error,
            });
        }
        if let Err(error) = check(0, compiled, &self.compiler) {
            found.push(error);
        }
        found
    }
}

/// The definition files of everything that a recipe can call: names, which may have a folder, and texts.
pub fn definitions() -> Vec<(String, String)> {
    script::definitions::definitions(&Inspector::beside(Path::new("")).engine)
}
