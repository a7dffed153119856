//! The version in force, and how another one takes its place.

use super::check;
use super::compile::{Compiled, Compiler, Refused};
use super::difference::{Difference, difference};
use super::inspect::doubts;
use super::outline::Outline;
use super::over::Running;
use super::source::Source;
use super::version::Version;
use super::watch::{Patience, Watch};
use crate::disk::slashed;
use crate::error::{Error, Kind, Result};
use crate::script::Sources;
use crate::train::{Change, Outcome};
use rhai::Engine;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// So many versions before the current one stay at hand. That one version did well for a while does not prove
/// that it does at the next step, so more than one is kept; but where this many fail at one step one after
/// the other, they fail for a reason that is older than any of them.
const KEPT: usize = 8;

/// What files hold, by their paths; `None` where there is nothing to read.
pub(super) type Content = BTreeMap<PathBuf, Option<blake3::Hash>>;

/// The recipe while it runs.
pub(super) struct Live {
    compiler: Compiler,
    current: Arc<Version>,
    /// What was in force before, newest last: where the current version fails, it comes back.
    before: VecDeque<Arc<Version>>,
    /// Whether the current version failed and nothing was there to come back.
    failed: bool,
    /// The recipe whose statements run.
    first: Outline,
    watch: Watch,
    /// The files whose save may bring another version, those in force and those of a refused attempt, with
    /// what was last read of them: an edit is told once.
    seen: Content,
    /// A refusal that is not told yet: it may be half of a save.
    held: Option<Held>,
    next: usize,
}

struct Held {
    at: Instant,
    content: Content,
    change: Change,
    /// What was known before it.
    before: Content,
}

impl Live {
    /// Puts the first version into force, while the statements of `ran` run. The numbers of later ones are `next` at
    /// least.
    pub fn new(
        compiler: Compiler,
        current: Arc<Version>,
        ran: &Version,
        next: usize,
        patience: Patience,
    ) -> Self {
        let mut live = Live {
            compiler,
            before: VecDeque::new(),
            failed: false,
            first: ran.compiled.outline.clone(),
            watch: Watch::new(patience),
            seen: Content::new(),
            held: None,
            next,
            current,
        };
        live.follow(as_compiled(&live.current));
        live
    }

    /// The version in force.
    pub fn current(&self) -> Arc<Version> {
        self.current.clone()
    }

    /// What these files hold was told of already: it is no edit.
    pub fn saw(&mut self, told: Content) {
        let mut seen = as_compiled(&self.current);
        seen.extend(told);
        self.follow(seen);
    }

    /// Puts a version into force that was in force before, at this step of the run. What is newer has not come
    /// yet, so it is nothing to go back to.
    pub fn put(&mut self, version: Arc<Version>) {
        let number = version.number;
        let before = std::mem::replace(&mut self.current, version);
        self.before.retain(|kept| kept.number < number);
        if before.number < number {
            self.keep(before);
        }
    }

    /// Puts a version that was compiled before into force, if `trial` has nothing against it.
    pub fn offer(
        &mut self,
        engine: &Engine,
        running: &Running,
        version: Arc<Version>,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Change {
        if let Err(error) = trial(&version) {
            let files = self.told(&as_compiled(&version));
            let stays = self.stays(Outcome::Rejected(error), "version {} stays in force");
            return Change { files, ..stays };
        }
        let told = self.difference(engine, running, &version.compiled);
        let hash = version.compiled.source.hash.clone();
        let number = version.number;
        self.put(version);
        self.follow(as_compiled(&self.current));
        let (mut functions, note) = (told.names, told.note);
        if functions.is_empty() {
            // The text is the same: what the command line says is not.
            functions.push("other arguments".into());
        }
        let files = BTreeMap::new();
        Change { version: number, hash, outcome: Outcome::InForce, functions, note, files }
    }

    fn difference(&self, engine: &Engine, running: &Running, fresh: &Compiled) -> Difference {
        difference(engine, &self.first, running, &self.current.compiled, fresh)
    }

    /// What files hold, for a journal that names no path of this machine.
    fn told(&self, content: &Content) -> BTreeMap<String, Option<String>> {
        let root = super::session::folder_of(&self.current.compiled.source.file);
        let told = content.iter().map(|(file, hash)| {
            let name = slashed(file.strip_prefix(root).unwrap_or(file));
            (name, hash.map(|hash| hash.to_hex().to_string()))
        });
        told.collect()
    }

    /// Keeps a version to go back to.
    fn keep(&mut self, version: Arc<Version>) {
        self.before.push_back(version);
        if self.before.len() > KEPT {
            self.before.pop_front();
        }
    }

    /// Follows these files from now on, of which so much is known.
    fn follow(&mut self, seen: Content) {
        self.watch.follow(&seen.keys().cloned().collect::<Vec<_>>());
        self.seen = seen;
    }

    /// What the files hold now.
    fn found(&self) -> Content {
        self.seen.keys().map(|file| (file.clone(), on_disk(file))).collect()
    }

    /// Looks for an edit, between two steps. `trial` says whether a version would do for the run; one
    /// that would not is refused, and the version in force stays.
    pub fn look(
        &mut self,
        engine: &Engine,
        running: &Running,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> Option<Change> {
        self.current.survive();
        let at = self.watch.rested()?;
        if self.held.as_ref().is_some_and(|held| held.at == at && !self.watch.is_whole(at)) {
            return None;
        }
        self.watch.done(at);
        let mut found = self.found();
        if let Some(held) = self.held.take() {
            if held.content == found {
                self.seen = found;
                return Some(held.change);
            }
            self.follow(held.before);
            found = self.found();
        }
        if found == self.seen {
            return None;
        }
        let known = as_compiled(&self.current);
        if known.iter().all(|(file, content)| found.get(file) == Some(content)) {
            self.follow(known);
            return Some(self.stays(Outcome::Unchanged, "as version {}, which is in force"));
        }
        match self.prepare(engine, running, trial) {
            Ok((version, change)) => {
                self.replace(Arc::new(version), &change);
                Some(change)
            }
            // What the run's end cut off was neither taken up nor refused.
            Err(refused) if refused.error.kind() == Kind::Interrupted => None,
            Err(refused) => self.refuse(at, &found, *refused),
        }
    }

    fn replace(&mut self, version: Arc<Version>, change: &Change) {
        self.next += 1;
        let before = std::mem::replace(&mut self.current, version);
        // What does the same as the current version, or has failed, is nothing to go back to.
        let is_new = matches!(change.outcome, Outcome::InForce);
        if is_new && !std::mem::take(&mut self.failed) {
            self.before.push_back(before);
        }
        if self.before.len() > KEPT {
            self.before.pop_front();
        }
        self.follow(as_compiled(&self.current));
    }

    /// Refuses an edit: at once, or when it is clear that it is no half of a save.
    fn refuse(&mut self, at: Instant, found: &Content, refused: Refused) -> Option<Change> {
        // What was asked for and was missing or wrong may be mended where it stands.
        let mut content = as_refused(&refused, self.current.files());
        content.iter_mut().for_each(|(file, known)| {
            *known = found.get(file).copied().unwrap_or(*known);
        });
        let stays = self.stays(Outcome::Rejected(refused.error), "version {} stays in force");
        let change = Change { files: self.told(&content), ..stays };
        let before = self.seen.clone();
        self.follow(content.clone());
        if self.watch.is_whole(at) {
            return Some(change);
        }
        self.watch.again(at);
        self.held = Some(Held { at, content, change, before });
        None
    }

    /// A change that leaves, or puts, the current version in force; `{}` in the note is its number.
    fn stays(&self, outcome: Outcome, note: &str) -> Change {
        Change {
            version: self.current.number,
            hash: self.current.compiled.source.hash.clone(),
            outcome,
            functions: Vec::new(),
            note: Some(note.replace("{}", &self.current.number.to_string())),
            files: BTreeMap::new(),
        }
    }

    fn prepare(
        &self,
        engine: &Engine,
        running: &Running,
        trial: impl FnOnce(&Version) -> Result<()>,
    ) -> std::result::Result<(Version, Change), Box<Refused>> {
        let source = Source::read(&self.current.compiled.source.file);
        let compiled = check::read(engine, &self.compiler, source)?;
        let hash = compiled.source.hash.clone();
        let told = self.difference(engine, running, &compiled);
        let alone =
            |error| Box::new(Refused { error, files: Vec::new(), sources: Sources::default() });
        let checked = check::check(self.next, compiled, &self.compiler).map_err(alone)?;
        let version = checked.version();
        trial(version).map_err(|error| Refused::of(&version.compiled, error))?;
        let outcome = match told.names.is_empty() {
            // A version that failed is replaced by whatever passes.
            true if !self.failed => Outcome::Unchanged,
            _ => Outcome::InForce,
        };
        let functions = told.names;
        let known = doubts(&self.compiler, &self.current.compiled);
        let fresh = doubts(&self.compiler, &version.compiled).into_iter();
        let fresh = fresh.filter(|doubt| !known.iter().any(|old| same_doubt(old, doubt)));
        let notes: Vec<String> =
            told.note.into_iter().chain(fresh.map(|doubt| format!("warning: {doubt}"))).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        let files = BTreeMap::new();
        let change = Change { version: self.next, hash, outcome, functions, note, files };
        Ok((checked.into_version(), change))
    }

    /// Brings the version before back after the current one failed, if there is one.
    pub fn revert(&mut self, failure: &Error) -> Option<Change> {
        let Some(before) = self.before.pop_back() else {
            self.failed = true;
            return None;
        };
        let failed = std::mem::replace(&mut self.current, before);
        let note = format!("version {} failed; version {{}} is in force again", failed.number);
        Some(self.stays(Outcome::Reverted(failure.clone()), &note))
    }

    /// What is to be said, at the end of a run, of a save that no step has seen.
    pub fn late(&self) -> Option<String> {
        let found = self.found();
        let known = self.held.as_ref().map_or(&self.seen, |held| &held.before);
        let differs = |file: &&PathBuf| known.get(*file).is_some_and(|old| found[*file] != *old);
        let files: Vec<String> =
            found.keys().filter(differs).map(|file| file.display().to_string()).collect();
        (!files.is_empty()).then(|| {
            format!(
                "{}: saved after the last step; not in force in this run, it counts in the next one",
                files.join(", ")
            )
        })
    }
}

/// Whether two warnings say the same of what may stand in another line by now.
fn same_doubt(one: &str, other: &str) -> bool {
    let text = |doubt: &str| {
        let rest = doubt.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
        rest.map_or(doubt.to_string(), |(_, text)| text.to_string())
    };
    text(one) == text(other)
}

/// What was read of a version's files when it was compiled.
fn as_compiled(version: &Version) -> Content {
    let text = |file: PathBuf| {
        let read = text_of(&version.compiled.sources, &file);
        (file, read)
    };
    version.files().into_iter().map(text).collect()
}

/// What was read of the files of an edit that is refused, and what else is followed holds now.
pub(super) fn as_refused(refused: &Refused, more: Vec<PathBuf>) -> Content {
    let content = more.into_iter().chain(refused.files.clone()).map(|file| {
        let known = text_of(&refused.sources, &file).or_else(|| on_disk(&file));
        (file, known)
    });
    content.collect()
}

fn text_of(sources: &Sources, file: &Path) -> Option<blake3::Hash> {
    sources.text(&file.display().to_string()).map(|text| blake3::hash(text.as_bytes()))
}

/// A fingerprint of what stands in a file now, without the mark that some editors put before it.
pub(super) fn on_disk(file: &Path) -> Option<blake3::Hash> {
    let bytes = std::fs::read(file).ok()?;
    Some(blake3::hash(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)))
}
