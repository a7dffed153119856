//! The version in force, and how another one takes its place.

use super::check::{self, Checked};
use super::compile::{Compiled, Compiler};
use super::source::Source;
use super::version::Version;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::train::{Change, Outcome};
use rhai::Engine;
use std::path::Path;
use std::sync::Arc;

/// The recipe while it runs.
pub(super) struct Live {
    compiler: Compiler,
    current: Arc<Version>,
    /// What to go back to while the current version has not proved itself.
    previous: Option<Arc<Version>>,
    watch: Watch,
    /// The content that was last looked at, so that a refused edit is told once.
    seen: String,
    next: usize,
}

impl Live {
    /// Puts the first version into force.
    pub fn new(compiler: Compiler, first: Checked) -> Self {
        let current = Arc::new(first.into_version());
        let files = current.files();
        Live {
            compiler,
            previous: None,
            watch: Watch::new(files),
            seen: content(&current, |file| text_of(&current, file)),
            next: 1,
            current,
        }
    }

    /// The version in force.
    pub fn current(&self) -> Arc<Version> {
        self.current.clone()
    }

    /// Looks for an edit, between two steps. `trial` says whether a version would do for the stage that
    /// runs; one that would not is refused, and the version in force stays.
    pub fn look(
        &mut self,
        engine: &Engine,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Option<Change> {
        // Whatever is in force now has done a whole step.
        self.previous = None;
        if !self.watch.due() {
            return None;
        }
        let found = content(&self.current, |file| std::fs::read(file).ok());
        if found == self.seen {
            return None;
        }
        self.seen = found;
        match self.prepare(engine, trial) {
            Ok((version, change)) => {
                self.next += 1;
                let before = std::mem::replace(&mut self.current, Arc::new(version));
                self.previous = Some(before);
                self.watch.follow(self.current.files());
                self.seen = content(&self.current, |file| text_of(&self.current, file));
                Some(change)
            }
            Err(error) => Some(Change {
                version: self.current.number,
                hash: self.current.compiled.source.hash.clone(),
                outcome: Outcome::Rejected(error),
                functions: Vec::new(),
                note: Some(format!("version {} stays in force", self.current.number)),
            }),
        }
    }

    fn prepare(
        &self,
        engine: &Engine,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Result<(Version, Change)> {
        let source = Source::read(&self.current.compiled.source.file)?;
        let hash = source.hash.clone();
        let compiled = self.compiler.compile(engine, source)?;
        let (functions, note) = self.difference(&compiled);
        let checked = check::check(self.next, compiled, &self.compiler)?;
        trial(checked.version())?;
        let outcome = if functions.is_empty() { Outcome::Unchanged } else { Outcome::InForce };
        let version = checked.into_version();
        Ok((version, Change { version: self.next, hash, outcome, functions, note }))
    }

    /// What an edit changes: functions and imports, and a note on what cannot be changed any more.
    fn difference(&self, fresh: &Compiled) -> (Vec<String>, Option<String>) {
        let own = &self.current.compiled;
        let mut functions = own.outline.changed(&fresh.outline);
        for file in fresh.imports.iter().chain(&own.imports) {
            let name = file.display().to_string();
            if own.sources.text(&name) != fresh.sources.text(&name) && !functions.contains(&name) {
                functions.push(name);
            }
        }
        let note = (!own.outline.same_statements(&fresh.outline)).then(|| {
            "statements changed as well: those that ran already stay as they were until the next \
             run; consts that hooks read are in force"
                .to_string()
        });
        // A const is a statement, and a hook may read it.
        if note.is_some() && functions.is_empty() {
            functions.push("(statements)".to_string());
        }
        (functions, note)
    }

    /// Takes the last edit back after it failed in its first step.
    pub fn revert(&mut self, failure: &Error) -> Option<Change> {
        let before = self.previous.take()?;
        let failed = std::mem::replace(&mut self.current, before);
        Some(Change {
            version: self.current.number,
            hash: self.current.compiled.source.hash.clone(),
            outcome: Outcome::Reverted(failure.clone()),
            functions: Vec::new(),
            note: Some(format!(
                "version {} failed in its first step; version {} is in force again",
                failed.number, self.current.number
            )),
        })
    }
}

/// A fingerprint of the files of a version, with whatever `read` finds in them.
fn content(version: &Version, read: impl Fn(&Path) -> Option<Vec<u8>>) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in version.files() {
        match read(&file) {
            Some(bytes) => hasher.update(blake3::hash(&bytes).as_bytes()),
            None => hasher.update(b"not there"),
        };
    }
    hasher.finalize().to_hex().to_string()
}

/// The text of a file as a version was compiled from it.
fn text_of(version: &Version, file: &Path) -> Option<Vec<u8>> {
    let sources = &version.compiled.sources;
    sources.text(&file.display().to_string()).map(|text| text.as_bytes().to_vec())
}
