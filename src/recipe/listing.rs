//! What can be told of a recipe at a glance: its header, its arguments, and whether it can run.

use super::arguments::{Arguments, Declared};
use super::find::find;
use super::header::Header;
use super::inspect::Inspector;
use super::source::Source;
use crate::error::{Error, Result, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A recipe, or a module that others import.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The file as the user would name it.
    pub file: PathBuf,
    /// What it says of itself.
    pub header: Header,
    /// Whether it has functions only: nothing would run.
    pub is_module: bool,
    /// Why it cannot run, if it cannot.
    pub broken: Option<Error>,
    asks: Arguments,
}

impl Listed {
    /// A recipe as it stands in `source`.
    pub fn of(source: &Source) -> Self {
        let inspector = Inspector::beside(&source.file);
        let header = Header::of(source);
        let read = header.may_run().and_then(|()| inspector.read(source.clone()));
        let (asks, is_module, broken) = match read {
            Ok((arguments, is_module)) => {
                let mut findings = inspector.inspect(source.clone()).into_iter();
                let broken = findings.find(|error| error.severity() == Severity::Error);
                (arguments, is_module, broken)
            }
            Err(error) => (Arguments::default(), false, Some(error)),
        };
        Listed { file: source.file.clone(), header, is_module, broken, asks }
    }

    /// What it asks for with `arg(…)`; nothing where it does not compile.
    pub fn arguments(&self) -> &[Declared] {
        &self.asks.declared
    }

    /// Whether it asks for an argument, or may: names can be computed.
    pub fn asks_for(&self, name: &str) -> bool {
        self.asks.may_ask_for(name)
    }

    /// Whether these values fit it.
    ///
    /// # Errors
    /// A name that it never asks for, a value of the wrong type, one that must be given and is not.
    pub fn check(&self, given: &BTreeMap<String, String>) -> Result<()> {
        self.asks.check(given)
    }
}

/// The recipes that `named` means, files or folders with all below them; and what could not be read. `home`, where
/// runs keep copies of recipes, is left out.
///
/// # Errors
/// A name that means nothing, or a file that cannot be read.
pub fn list(named: &[PathBuf], home: Option<&Path>) -> Result<(Vec<Listed>, Vec<Error>)> {
    let found = find(named, home)?;
    Ok((found.sources.iter().map(Listed::of).collect(), found.broken))
}
