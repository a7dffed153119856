//! The version in force, and how another one takes its place.

use super::check::{self, Checked};
use super::compile::{Compiled, Compiler, Refused};
use super::outline::Outline;
use super::source::Source;
use super::version::Version;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::train::{Change, Outcome};
use rhai::Engine;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The recipe while it runs.
pub(super) struct Live {
    compiler: Compiler,
    current: Arc<Version>,
    /// What was in force before, newest last: where the current version fails, it comes back.
    before: Vec<Arc<Version>>,
    watch: Watch,
    /// The files whose save may bring another version: those in force, and those of a refused attempt.
    files: Vec<PathBuf>,
    /// Their content when they were last looked at, so that an edit is told once.
    seen: String,
    next: usize,
}

impl Live {
    /// Puts the first version into force.
    /// Its number and those of later ones are `next` at least.
    pub fn new(compiler: Compiler, first: Checked, next: usize) -> Self {
        let current = Arc::new(first.into_version());
        let files = current.files();
        let mut live = Live {
            compiler,
            before: Vec::new(),
            watch: Watch::new(),
            seen: content(&files, |file| text_of(&current, file)),
            files: Vec::new(),
            next,
            current,
        };
        live.follow(files);
        live
    }

    /// The version in force.
    pub fn current(&self) -> Arc<Version> {
        self.current.clone()
    }

    /// Puts a version into force that was in force before, at this step of the run.
    pub fn put(&mut self, version: Arc<Version>) {
        let before = std::mem::replace(&mut self.current, version);
        self.before.push(before);
    }

    /// Puts a version that was compiled before into force, if `trial` has nothing against it.
    pub fn offer(
        &mut self,
        engine: &Engine,
        version: Arc<Version>,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Change {
        if let Err(error) = trial(&version) {
            return self.stays(Outcome::Rejected(error), "version {} stays in force");
        }
        let (functions, note) = self.difference(engine, &version.compiled);
        let hash = version.compiled.source.hash.clone();
        let number = version.number;
        self.put(version);
        Change { version: number, hash, outcome: Outcome::InForce, functions, note }
    }

    fn follow(&mut self, mut files: Vec<PathBuf>) {
        files.sort();
        files.dedup();
        self.watch.follow(&files);
        self.files = files;
    }

    /// Looks for an edit, between two steps. `trial` says whether a version would do for the run; one
    /// that would not is refused, and the version in force stays.
    pub fn look(
        &mut self,
        engine: &Engine,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Option<Change> {
        if !self.watch.due() {
            return None;
        }
        let found = content(&self.files, |file| std::fs::read(file).ok());
        if found == self.seen {
            return None;
        }
        self.seen = found;
        match self.prepare(engine, trial) {
            Ok((version, change)) => {
                self.next += 1;
                let before = std::mem::replace(&mut self.current, Arc::new(version));
                self.before.push(before);
                let (files, current) = (self.current.files(), self.current.clone());
                self.follow(files);
                self.seen = content(&self.files, |file| text_of(&current, file));
                Some(change)
            }
            Err(refused) => {
                // What was asked for and was missing or wrong may be mended where it stands.
                let mut files = self.current.files();
                files.extend(refused.files);
                self.follow(files);
                self.seen = content(&self.files, |file| std::fs::read(file).ok());
                Some(self.stays(Outcome::Rejected(refused.error), "version {} stays in force"))
            }
        }
    }

    /// A change that leaves, or puts, the current version in force; `{}` in the note is its number.
    fn stays(&self, outcome: Outcome, note: &str) -> Change {
        Change {
            version: self.current.number,
            hash: self.current.compiled.source.hash.clone(),
            outcome,
            functions: Vec::new(),
            note: Some(note.replace("{}", &self.current.number.to_string())),
        }
    }

    fn prepare(
        &self,
        engine: &Engine,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> std::result::Result<(Version, Change), Box<Refused>> {
        let alone = |error| Box::new(Refused { error, files: Vec::new() });
        let source = Source::read(&self.current.compiled.source.file).map_err(alone)?;
        let hash = source.hash.clone();
        let compiled = self.compiler.compile(engine, source)?;
        let files = compiled.imports.files.clone();
        let refused = |error| Box::new(Refused { error, files: files.clone() });
        let (functions, note) = self.difference(engine, &compiled);
        let checked = check::check(self.next, compiled, &self.compiler).map_err(refused)?;
        trial(checked.version()).map_err(refused)?;
        let outcome = if functions.is_empty() { Outcome::Unchanged } else { Outcome::InForce };
        let version = checked.into_version();
        Ok((version, Change { version: self.next, hash, outcome, functions, note }))
    }

    /// What an edit changes: functions and imports, and a note on what cannot be changed any more.
    fn difference(&self, engine: &Engine, fresh: &Compiled) -> (Vec<String>, Option<String>) {
        let own = &self.current.compiled;
        let mut functions = own.outline.changed(&fresh.outline);
        for file in fresh.imports.files.iter().chain(&own.imports.files) {
            let name = file.display().to_string();
            let texts = [own, fresh].map(|compiled| compiled.sources.text(&name));
            let [before, after] = texts.map(|text| text.map(|text| Outline::of(engine, text)));
            let same = match (before, after) {
                (Some(before), Some(after)) => {
                    before.same_statements(&after) && before.changed(&after).is_empty()
                }
                (before, after) => before == after,
            };
            if !same && !functions.contains(&name) {
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

    /// Brings the version before back after the current one failed, if there is one.
    pub fn revert(&mut self, failure: &Error) -> Option<Change> {
        let before = self.before.pop()?;
        let failed = std::mem::replace(&mut self.current, before);
        let note = format!("version {} failed; version {{}} is in force again", failed.number);
        Some(self.stays(Outcome::Reverted(failure.clone()), &note))
    }
}

/// A fingerprint of files, with whatever `read` finds in them.
fn content(files: &[PathBuf], read: impl Fn(&Path) -> Option<Vec<u8>>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut sorted: Vec<&PathBuf> = files.iter().collect();
    sorted.sort();
    sorted.dedup();
    for file in sorted {
        match read(file) {
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
