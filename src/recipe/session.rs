//! A run of a recipe, from its text to its results.

use super::access::{Access, Otherwise};
use super::callback::Callback;
use super::check;
use super::checking::Tried;
use super::compile::{Compiled, Compiler};
use super::header::Header;
use super::idle::Serving;
use super::live::Live;
use super::setup::{Entry, Fresh, Setup, Signals};
use super::source::Source;
use super::taking::Receiver;
use super::timeline::Timeline;
use super::trial::Trial;
use super::version::Version;
use super::why::Why;
use crate::data::{Caches, Dataset, FrontEnd};
use crate::error::{Error, Kind, Result};
use crate::nn::pass;
use crate::run::store::Store;
use crate::run::{Past, Record, Results, slug};
use crate::script::{self, Host, Meter, Resolver, Signatures, check_name};
use crate::tensor::trace::Trace;
use crate::train::{Change, Features, Observer};
use rhai::{Position, Scope};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Shows a run to whoever started it.
pub trait Display: Observer + Send {
    /// Something that the recipe prints.
    fn say(&mut self, text: &str);

    /// The table of a report.
    fn report(&mut self, table: &str);

    /// A remark on the recipe.
    fn warn(&mut self, text: &str);

    /// Something was made, or came from the store.
    fn made(&mut self, name: &str, took: Option<Duration>, age: Option<Duration>);

    /// Where a stage's time went, and the file that has it all.
    fn profile(&mut self, _stage: &str, _trace: &Trace, _file: &Path) {}

    /// Whether a stage would come from the store.
    fn why(&mut self, _why: &Why) {}

    /// What trying a stage gave.
    fn tried(&mut self, _stage: &Tried) {}

    /// Something that is no mistake, and good to know.
    fn remark(&mut self, _text: &str) {}

    /// A mistake that does not end what goes on.
    fn finding(&mut self, _error: &Error) {}

    /// The run's folder is there, and its journal says so.
    fn began(&mut self, _folder: &Path) {}

    /// Something was written for the user.
    fn wrote(&mut self, what: &str, path: &Path) {
        self.say(&format!("{what}: {}", path.display()));
    }
}

/// Runs a recipe.
///
/// # Errors
/// Whatever goes wrong, with its place; `Interrupted` when it was asked to stop.
pub fn run(setup: Setup, display: Box<dyn Display>, signals: Signals) -> Result<Results> {
    run_for(setup, display, signals, None)
}

/// The same for somebody who is given the results of stages.
pub(super) fn run_for(
    setup: Setup,
    display: Box<dyn Display>,
    signals: Signals,
    receiver: Option<Receiver>,
) -> Result<Results> {
    let resolver = Resolver::new(folder_of(&setup.recipe));
    let session = Arc::new(Session { receiver, ..Session::new(setup, display, signals) });
    let host: Arc<dyn Host> = session.clone();
    let mut engine = script::engine(&host, resolver.clone());
    let only_tries = session.setup.entry == Entry::Check;
    // A name that stands for nothing is told by reading; the statements around it are tried all the same.
    engine.set_strict_variables(!only_tries);
    let engine = Arc::new(engine);
    let held = Arc::downgrade(&session);
    session.callback.connect(&engine, move || {
        let session = held.upgrade().ok_or_else(not_begun)?;
        let live = session.live.get().ok_or_else(not_begun)?;
        Ok(lock(live).current().callable().clone())
    });
    let calling = session.callback.calling();
    let compiler = Compiler { resolver, signatures: Signatures::of(&engine), calling };
    let source = Source::read(&session.setup.recipe);
    // What cannot be read is told when it is compiled.
    if let Ok(source) = &source {
        session.heed_header(source)?;
    }
    let read = match only_tries {
        true => check::compiled(&engine, &compiler, source),
        false => check::read(&engine, &compiler, source),
    };
    let opening = session.open(&engine, &compiler, read)?;
    let version = opening.first;
    let patience = session.setup.patience;
    opening.timeline.know(version.clone());
    // Statements that ran already stay as they were: a run that goes on runs the same ones again.
    let ran = match opening.statements {
        Some(number) => opening.timeline.version(&engine, number)?,
        None => version.clone(),
    };
    let mut live = Live::new(compiler.clone(), version.clone(), &ran, opening.next, patience);
    if let Some(standing) = opening.standing.filter(|standing| !standing.took_long()) {
        live.saw(standing.content);
    }
    let _ = session.live.set(Mutex::new(live));
    let _ = session.ran.set(ran.clone());
    if opening.is_edit {
        opening.timeline.then(version);
    }
    let _ = session.timeline.set(opening.timeline);
    let compiled = &ran.compiled;
    if only_tries {
        // As in a run, all statements draw from one stream.
        let tried = ran.with_imports(|| {
            pass::during(session.seed(), &[], || {
                session.each_statement(&engine, &compiler, compiled)
            })
        });
        return tried.map(|()| Results::default());
    }
    let outcome = ran.with_imports(|| {
        // What statements draw, e.g. the weights of a network, is that of the seed.
        let outcome = pass::during(session.seed(), &[], || {
            engine.eval_ast_with_scope::<rhai::Dynamic>(&mut Scope::new(), &compiled.ast)
        });
        let knowledge = compiler.knowledge(&compiled.sources);
        outcome.map_err(|cause| knowledge.run_error(cause, &compiled.source.name))
    });
    // A script can catch that it was stopped; it is stopped all the same.
    let caught = || session.signals.stop.load(Ordering::Relaxed).then(stopped);
    session.end(outcome.err().or_else(caught))
}

/// The folder that a recipe's imports are found in.
pub(super) fn folder_of(recipe: &Path) -> &Path {
    recipe.parent().unwrap_or(Path::new(""))
}

/// Stages of one run.
pub const MOST_STAGES: usize = 10_000;

/// A data set with a front end, and what came of them.
type Made = (Arc<Dataset>, FrontEnd, Features);

pub(super) struct Session {
    pub setup: Setup,
    display: Mutex<Box<dyn Display>>,
    pub signals: Signals,
    pub live: OnceLock<Mutex<Live>>,
    /// The version whose statements run.
    pub ran: OnceLock<Arc<Version>>,
    pub timeline: OnceLock<Timeline>,
    /// What the run had come to before this process went on with it.
    pub past: OnceLock<Past>,
    pub store: Store,
    pub callback: Callback,
    pub access: Access,
    pub meter: Meter,
    pub record: OnceLock<Mutex<Record>>,
    pub made: Mutex<Vec<Made>>,
    pub caches: Arc<Caches>,
    pub names: Mutex<Vec<String>>,
    /// What stands for them in the names of files, each with its name.
    slugs: Mutex<BTreeMap<String, String>>,
    /// What was asked for and is not made.
    pub unmade: Mutex<Vec<String>>,
    pub busy: AtomicBool,
    /// Calls of functions that `stage(…)` was given, one within the other.
    pub making: AtomicUsize,
    pub trial: Trial,
    /// Changes between two stages, told at the first step that follows.
    pub pending: Mutex<Vec<Change>>,
    /// Functions that serve hooks of the stages that were tried.
    pub serving: Mutex<Serving>,
    /// Where the stage is called that runs, by the name of the source.
    pub call: Mutex<(String, Position)>,
    /// Whether stages are only built, to find what is wrong with their options.
    pub builds_only: AtomicBool,
    /// Who is given the results of stages.
    pub receiver: Option<Receiver>,
    /// When a statement that is only tried is given up.
    pub until: Mutex<Option<Instant>>,
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    fn new(setup: Setup, display: Box<dyn Display>, signals: Signals) -> Self {
        let callback = Callback::default();
        let trial = callback.calling().trial();
        trial.set_standard(setup.hook_seconds);
        let caches = match setup.entry.is_a_question() {
            true => setup.home.caches_read(),
            false => setup.home.caches(setup.cache_bytes),
        };
        Session {
            store: Store::at(&setup.home),
            caches: Arc::new(caches),
            display: Mutex::new(display),
            signals,
            live: OnceLock::new(),
            ran: OnceLock::new(),
            timeline: OnceLock::new(),
            past: OnceLock::new(),
            callback,
            access: Access::new(setup.readable(), Otherwise::Temporary),
            meter: Meter::new(setup.max_operations),
            record: OnceLock::new(),
            made: Mutex::default(),
            names: Mutex::default(),
            slugs: Mutex::default(),
            unmade: Mutex::default(),
            busy: AtomicBool::new(false),
            making: AtomicUsize::new(0),
            trial,
            pending: Mutex::default(),
            serving: Mutex::default(),
            call: Mutex::new((String::new(), Position::NONE)),
            builds_only: AtomicBool::new(false),
            receiver: None,
            until: Mutex::default(),
            setup,
        }
    }

    pub fn display(&self) -> MutexGuard<'_, Box<dyn Display>> {
        lock(&self.display)
    }

    /// The record of the run.
    pub fn record(&self) -> Result<MutexGuard<'_, Record>> {
        self.record.get().map(lock).ok_or_else(not_begun)
    }

    fn end(&self, failure: Option<Error>) -> Result<Results> {
        if self.setup.entry.is_a_question() {
            let Some(failure) = failure else { return Ok(Results::default()) };
            let unmade = lock(&self.unmade);
            let asks = !unmade.is_empty() && failure.kind() != Kind::Interrupted;
            return Err(if asks { not_yet(&unmade, &failure) } else { failure });
        }
        let mut record = self.record()?;
        match failure {
            None => {
                let results = record.results().clone();
                if let Fresh::Named(names) = &self.setup.fresh {
                    let known = lock(&self.names);
                    for name in names.iter().filter(|name| !known.contains(name)) {
                        self.display().warn(&format!("--fresh {name}: there is no such stage"));
                    }
                }
                if let Some(late) = self.live.get().and_then(|live| lock(live).late()) {
                    record.event("edit", json!({ "outcome": "late", "note": late }));
                    self.display().warn(&late);
                }
                // Now nothing is left that could be tried again later; what fails here fails before the run has
                // ended, so that it can go on.
                record.catch_up()?;
                record.folder().write_results(&results)?;
                record.event("end", json!({}));
                record.catch_up()?;
                // What a replay writes is gone at its end.
                if !matches!(self.setup.entry, Entry::Replay(_)) {
                    self.display().wrote("run folder", record.folder().path());
                }
                self.write_report(&mut record);
                Ok(results)
            }
            Some(error) => {
                let name = if error.kind() == Kind::Interrupted { "interrupted" } else { "failed" };
                // The run's own error matters more than one in telling of it.
                record.event(name, json!({ "message": error.to_string() }));
                Err(error)
            }
        }
    }

    /// The texts of a version: the recipe and the files that it imports, by their paths within its folder.
    pub fn texts(&self, compiled: &Compiled) -> Vec<(PathBuf, Arc<str>)> {
        let root = folder_of(&compiled.source.file);
        let own = std::iter::once(&compiled.source.file).chain(&compiled.imports.files);
        let text = |file: &PathBuf| {
            let text = compiled.sources.text(&file.display().to_string())?.clone();
            Some((file.strip_prefix(root).unwrap_or(file).to_path_buf(), text))
        };
        own.filter_map(text).collect()
    }

    /// The line of the recipe, and of no file that it imports, that calls the stage that runs.
    pub fn line_of_stage(&self, version: &Version) -> Option<usize> {
        let call = lock(&self.call);
        let is_own = call.0 == version.compiled.source.name;
        call.1.line().filter(|_| is_own)
    }

    /// A remark, shown and written down.
    pub fn warn(&self, text: &str) {
        if let Some(record) = self.record.get() {
            lock(record).event("warning", json!({ "message": text }));
        }
        self.display().warn(text);
    }

    /// Ends a run that the recipe's header does not allow, and tells what looks wrong in it.
    fn heed_header(&self, source: &Source) -> Result<()> {
        let header = Header::of(source);
        header.may_run()?;
        // A check tells it among the other mistakes.
        for slip in header.findings().iter().filter(|_| self.setup.entry != Entry::Check) {
            self.display().warn(&slip.render(false));
        }
        Ok(())
    }

    /// Stages so far.
    pub fn claimed(&self) -> usize {
        lock(&self.names).len()
    }

    pub fn claim(&self, name: &str) -> Result<()> {
        if name.trim().is_empty() {
            return Err(Error::new(Kind::Name, "stage", "its name is empty"));
        }
        check_name("stage", name)?;
        let mut names = lock(&self.names);
        if names.len() >= MOST_STAGES {
            return Err(Error::new(Kind::Range, "stage", "the recipe has too many stages")
                .expected(format!("{MOST_STAGES} at most")));
        }
        // Names that differ only in what a file name cannot hold would share their weights' files.
        let known = lock(&self.slugs).insert(slug(name), name.to_string());
        if let Some(known) = known {
            let wrong = |problem: String| Error::new(Kind::Name, "stage", problem);
            return Err(match known == name {
                true => wrong(format!("there is a stage '{name}' already")).hint(
                    "give each stage a name of its own; in a loop e.g. name: `student, fold ${fold}, seed ${seed}`: \
                     reports put those together",
                ),
                false => wrong(format!("'{name}' and the stage '{known}' would have the same files"))
                    .hint("let their names differ in letters or digits"),
            });
        }
        names.push(name.to_string());
        Ok(())
    }
}

pub(super) fn not_begun() -> Error {
    Error::new(Kind::Script, "stage", "a const cannot train")
        .hint("consts are evaluated again at every edit: write `let`")
}

/// The error for a statement that fails where something is not made yet.
fn not_yet(unmade: &[String], failure: &Error) -> Error {
    let names: Vec<String> = unmade.iter().map(|name| format!("'{name}'")).collect();
    let place = failure.report().places.first();
    let line = place.map_or("a statement".to_string(), |place| format!("line {}", place.line));
    let problem = format!("{line} needs what is not made yet ({})", names.join(", "));
    Error::new(Kind::Script, "still why", problem).hint("what comes after it cannot be asked for")
}

pub(super) fn stopped() -> Error {
    Error::new(Kind::Interrupted, "the recipe", "stopped by a signal")
}
