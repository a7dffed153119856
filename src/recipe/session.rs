//! A run of a recipe, from its text to its results.

use super::callback::Callback;
use super::check::{check, near_hooks};
use super::compile::{Compiled, Compiler};
use super::header::Header;
use super::live::Live;
use super::setup::{Entry, Fresh, Setup, Signals};
use super::source::Source;
use super::timeline::Timeline;
use super::trial::Trial;
use super::why::Why;
use crate::data::{Dataset, FrontEnd, synth};
use crate::error::{Error, Kind, Result};
use crate::nn::pass;
use crate::run::store::Store;
use crate::run::{Past, Record, Results, StageResult, slug, table};
use crate::script::{self, Callable, HookSources, Host, Raw, Resolver, Signatures, raw};
use crate::tensor::Device;
use crate::train::{Change, Features, Observer, Plan, Trained};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext, Scope};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

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

    /// Whether a stage would come from the store.
    fn why(&mut self, _why: &Why) {}
}

/// Runs a recipe.
///
/// # Errors
/// Whatever goes wrong, with its place; `Interrupted` when it was asked to stop.
pub fn run(setup: Setup, display: Box<dyn Display>, signals: Signals) -> Result<Results> {
    let resolver = Resolver::new(folder_of(&setup.recipe));
    let session = Arc::new(Session::new(setup, display, signals));
    let host: Arc<dyn Host> = session.clone();
    let engine = Arc::new(script::engine(&host, resolver.clone()));
    let held = Arc::downgrade(&session);
    session.callback.connect(&engine, move || {
        let session = held.upgrade().ok_or_else(not_begun)?;
        let live = session.live.get().ok_or_else(not_begun)?;
        Ok(lock(live).current().callable().clone())
    });
    let calling = session.callback.calling();
    let compiler = Compiler { resolver, signatures: Signatures::of(&engine), calling };
    let source = Source::read(&session.setup.recipe)?;
    let header = Header::of(&source);
    header.may_run()?;
    for slip in header.findings() {
        session.display().warn(&slip.render(false));
    }
    let compiled = compiler.compile(&engine, source).map_err(|refused| refused.error)?;
    compiled.arguments.check(&session.setup.set)?;
    for (name, hook) in near_hooks(&compiled) {
        let text = format!("nothing calls '{name}': did you mean the hook '{hook}'?");
        session.display().warn(&text);
    }
    let opening = session.open(&engine, &compiler, &compiled)?;
    let first = check(opening.number, compiled, &compiler)?;
    let live = Live::new(compiler.clone(), first, opening.next, session.setup.patience);
    let version = live.current();
    let _ = session.live.set(Mutex::new(live));
    opening.timeline.know(version.clone());
    if opening.is_edit {
        opening.timeline.then(version.clone());
    }
    // Statements that ran already stay as they were: a run that goes on runs the same ones again.
    let version = match opening.statements {
        Some(number) => opening.timeline.version(&engine, number)?,
        None => version,
    };
    let _ = session.timeline.set(opening.timeline);
    let compiled = &version.compiled;
    let outcome = version.with_imports(|| {
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

/// A data set with a front end, and what came of them.
type Made = (Arc<Dataset>, FrontEnd, Features);

pub(super) struct Session {
    pub setup: Setup,
    display: Mutex<Box<dyn Display>>,
    pub signals: Signals,
    pub live: OnceLock<Mutex<Live>>,
    pub timeline: OnceLock<Timeline>,
    /// What the run had come to before this process went on with it.
    pub past: OnceLock<Past>,
    pub store: Store,
    callback: Callback,
    pub record: OnceLock<Mutex<Record>>,
    made: Mutex<Vec<Made>>,
    names: Mutex<Vec<String>>,
    busy: AtomicBool,
    pub trial: Trial,
    /// Changes between two stages, told at the first step that follows.
    pub pending: Mutex<Vec<Change>>,
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    fn new(setup: Setup, display: Box<dyn Display>, signals: Signals) -> Self {
        let callback = Callback::default();
        let trial = callback.calling().trial();
        trial.set_standard(setup.hook_seconds);
        Session {
            store: Store::at(&setup.home),
            setup,
            display: Mutex::new(display),
            signals,
            live: OnceLock::new(),
            timeline: OnceLock::new(),
            past: OnceLock::new(),
            callback,
            record: OnceLock::new(),
            made: Mutex::default(),
            names: Mutex::default(),
            busy: AtomicBool::new(false),
            trial,
            pending: Mutex::default(),
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
        if self.setup.entry == Entry::Ask {
            return failure.map_or_else(|| Ok(Results::default()), Err);
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
                let path = record.folder().path().display().to_string();
                // What a replay writes is gone at its end.
                if !matches!(self.setup.entry, Entry::Replay(_)) {
                    self.display().say(&format!("run folder: {path}"));
                }
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

    /// A remark, shown and written down.
    pub fn warn(&self, text: &str) {
        if let Some(record) = self.record.get() {
            lock(record).event("warning", json!({ "message": text }));
        }
        self.display().warn(text);
    }

    fn claim(&self, name: &str) -> Result<()> {
        if name.trim().is_empty() {
            return Err(Error::new(Kind::Name, "stage", "its name is empty"));
        }
        let mut names = lock(&self.names);
        // Names that differ only in what a file name cannot hold would share their weights' files.
        if names.iter().any(|known| slug(known) == slug(name)) {
            return Err(Error::new(
                Kind::Name,
                "stage",
                format!("there is a stage '{name}' already"),
            )
            .hint("give each stage a name of its own: name: \"…\""));
        }
        names.push(name.to_string());
        Ok(())
    }
}

pub(super) fn not_begun() -> Error {
    Error::new(Kind::Script, "stage", "a const cannot train")
        .hint("consts are evaluated again at every edit: write `let`")
}

pub(super) fn stopped() -> Error {
    Error::new(Kind::Interrupted, "the recipe", "stopped by a signal")
}

impl Host for Session {
    fn argument(&self, name: &str) -> Option<String> {
        let given = self.setup.set.get(name).cloned();
        given.or_else(|| match (name, self.setup.seed) {
            ("seed", Some(seed)) => Some(seed.to_string()),
            _ => None,
        })
    }

    fn seed(&self) -> u64 {
        self.setup.seed.unwrap_or(0)
    }

    fn workers(&self) -> usize {
        self.setup.workers
    }

    fn device(&self) -> Device {
        Device::cpu()
    }

    fn example_data(&self) -> Result<PathBuf> {
        self.setup.home.ready()?;
        synth::example(self.setup.home.path())
    }

    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features> {
        let mut made = lock(&self.made);
        let known = made.iter().find(|(set, end, _)| set == data && end == front);
        if let Some((.., features)) = known {
            return Ok(features.clone());
        }
        let features = Features::of(data, front)?;
        let frames = features.train.frames();
        let cut = features.train.longest_frames().saturating_sub(frames);
        if cut > 0 {
            let longest = frames + cut;
            self.display().warn(&format!("clips of up to {longest} frames are cut to {frames}"));
        }
        made.push((data.clone(), front.clone(), features.clone()));
        Ok(features)
    }

    fn stage(&self, engine: &Engine, plan: &Plan, sources: &HookSources) -> Result<Trained> {
        if self.busy.swap(true, Ordering::SeqCst) {
            return Err(Error::new(Kind::Script, plan.operation(), "a stage cannot run in a hook"));
        }
        let outcome = self.claim(&plan.name).and_then(|()| match self.setup.entry {
            Entry::Ask => self.ask(engine, plan, sources),
            _ => self.result_of(engine, plan, sources),
        });
        self.busy.store(false, Ordering::SeqCst);
        outcome
    }

    fn made(
        &self,
        call: &NativeCallContext,
        name: &str,
        inputs: Dynamic,
        make: &FnPtr,
    ) -> Raw<Dynamic> {
        raw(self.claim(name))?;
        self.made_of(call, name, inputs, make)
    }

    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        self.callback.function(call, pointer)
    }

    fn report(&self, stages: &[Trained]) -> Result<()> {
        if self.setup.entry == Entry::Ask {
            return Ok(());
        }
        let results: Vec<StageResult> = stages.iter().map(StageResult::from).collect();
        self.display().report(&table(&results));
        Ok(())
    }

    fn say(&self, text: &str) {
        // What a version says that is only tried would be taken for the run's.
        if !self.trial.is_on() {
            self.display().say(text);
        }
    }

    fn interruption(&self) -> Option<Error> {
        if let Some(error) = self.trial.over_time() {
            return Some(error);
        }
        // A stage stops by itself, after a whole step; only a hook that takes long is cut off.
        let at_once =
            || !self.busy.load(Ordering::Relaxed) || self.trial.is_on() || self.trial.is_long();
        (self.signals.stop.load(Ordering::Relaxed) && at_once()).then(stopped)
    }
}
