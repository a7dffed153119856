//! Which run it is: a new one, or one that was cut off and goes on.

use super::check::{check, tried};
use super::compile::{Compiled, Compiler};
use super::inspect::doubts;
use super::outline::Outline;
use super::session::Session;
use super::setup::Entry;
use super::standing::{Read, Standing};
use super::timeline::Timeline;
use super::version::Version;
use crate::error::{Error, Kind, Result};
use crate::run::{Folder, NUMERICS, Past, Record, State, slug, version_of};
use crate::script::Host;
use crate::script::names::unclosed_comment;
use crate::tensor::Precision;
use rhai::Engine;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How a run begins.
pub(super) struct Opening {
    /// What is in force at first: the recipe as it stands in its file, where that can be.
    pub first: Arc<Version>,
    /// Whether the run that goes on has not seen it yet: an edit.
    pub is_edit: bool,
    /// The number of the next version.
    pub next: usize,
    /// What was in force when, where the run goes on or is repeated.
    pub timeline: Timeline,
    /// The version whose statements run, where it is another one.
    pub statements: Option<usize>,
    /// What stands in the files instead, where that cannot come into force.
    pub standing: Option<Standing>,
}

impl Opening {
    /// Nothing was there before.
    fn new(first: Arc<Version>, timeline: Timeline) -> Self {
        Opening { first, is_edit: false, next: 1, timeline, statements: None, standing: None }
    }
}

/// A run that was cut off, and what keeps the recipe's text from going on with it.
type CutOff = (Past, Folder, Option<Standing>);

impl Session {
    /// Opens the run's folder. Nothing is written for a recipe that does not compile.
    pub(super) fn open(&self, engine: &Engine, compiler: &Compiler, read: Read) -> Result<Opening> {
        let (cut_off, changed) = match self.setup.entry {
            Entry::Run => self.cut_off(engine, &read)?,
            _ => (None, None),
        };
        let cut_off = match cut_off {
            Some((past, folder, Some(standing))) => {
                return self.go_on_without(engine, compiler, read, past, folder, standing);
            }
            Some((past, folder, None)) => Some((past, folder)),
            None => None,
        };
        let compiled = read.map_err(|refused| refused.error)?;
        compiled.arguments.check(&self.setup.set)?;
        // A check says so with the place.
        if self.setup.entry != Entry::Check {
            doubts(compiler, &compiled).iter().for_each(|doubt| self.display().warn(doubt));
        }
        if let Some((error, at)) = unclosed_comment(&compiled.source.text)
            && self.setup.entry != Entry::Check
        {
            return Err(error.at(compiled.source.place(at.line, Some(at.column + 1))));
        }
        if self.setup.entry.is_a_question() {
            let (number, timeline) = match &self.setup.entry {
                // Edits came into force while it ran.
                Entry::Take(run, number) => {
                    let (past, file) = (Past::open(run), &compiled.source.file);
                    (*number, Timeline::of(&past, file, true, compiler))
                }
                _ => (0, Timeline::default()),
            };
            let version = match self.setup.entry {
                Entry::Check => Arc::new(tried(compiled, compiler)),
                _ => version(number, compiled, compiler)?,
            };
            return Ok(Opening::new(version, timeline));
        }
        self.setup.home.ready()?;
        match &self.setup.entry {
            Entry::Replay(repeat) => {
                let told = Past::open(&repeat.run);
                let timeline = Timeline::of(&told, &compiled.source.file, true, compiler);
                let Some(on) = &repeat.on else { return self.begin(compiler, compiled, timeline) };
                let mut record = self.recording(Folder::open(on)?)?;
                record.event("resumed", self.describe(&compiled));
                let _ = self.past.set(Past::open(on));
                let _ = self.record.set(Mutex::new(record));
                Ok(Opening::new(version(repeat.version, compiled, compiler)?, timeline))
            }
            Entry::Resume(run) => {
                // Nobody else writes there from now on.
                let folder = Folder::open(run)?;
                let past = Past::open(run);
                self.go_on(engine, compiler, compiled, past, folder)
            }
            Entry::Run | Entry::New | Entry::Ask | Entry::Check | Entry::Take(..) => {
                if let Some((past, folder)) = cut_off {
                    return self.go_on(engine, compiler, compiled, past, folder);
                }
                if let Some(text) = changed {
                    self.display().say(&text);
                }
                self.begin(compiler, compiled, Timeline::default())
            }
        }
    }

    /// Makes the run's folder.
    fn begin(
        &self,
        compiler: &Compiler,
        compiled: Compiled,
        timeline: Timeline,
    ) -> Result<Opening> {
        let source = &compiled.source;
        let stem = source.file.file_stem().map(|stem| stem.to_string_lossy().to_string());
        let mut folder = Folder::create(&self.setup.home, &stem.unwrap_or_default())?;
        folder.keep_recipe(0, &self.texts(&compiled))?;
        folder.write_origin(&absolute(&compiled.source.file))?;
        let mut record = self.recording(folder)?;
        let mut fields = self.describe(&compiled);
        fields["run"] = json!(record.folder().name());
        record.event("run", fields);
        self.display().began(record.folder().path());
        let _ = self.record.set(Mutex::new(record));
        Ok(Opening::new(version(0, compiled, compiler)?, timeline))
    }

    fn recording(&self, folder: Folder) -> Result<Record> {
        folder.write_granted(&self.access.granted(|granted| granted.told()))?;
        self.access.write_into(folder.files());
        let asked = self.signals.checkpoint.clone();
        let mut record = Record::new(folder, self.setup.checkpoints, asked);
        record.write_lock(json!({
            "still": env!("CARGO_PKG_VERSION"), "numerics": NUMERICS,
            "device": self.device().name(), "precision": Precision::now().name(), "seed": self.seed(),
            "set": self.setup.set,
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }));
        Ok(record)
    }

    fn describe(&self, compiled: &Compiled) -> Value {
        let source = &compiled.source;
        json!({
            "recipe": source.name, "blake3": source.hash,
            "still": env!("CARGO_PKG_VERSION"), "numerics": NUMERICS, "seed": self.seed(),
            "given_seed": self.setup.seed, "set": self.setup.set, "workers": self.setup.workers,
            "device": self.device().name(), "precision": Precision::now().name(),
            "hook_seconds": self.setup.hook_seconds, "max_operations": self.setup.max_operations,
        })
    }

    /// Goes on with a run.
    fn go_on(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        compiled: Compiled,
        past: Past,
        mut folder: Folder,
    ) -> Result<Opening> {
        let statements = statements(&past);
        let timeline = Timeline::of(&past, &compiled.source.file, false, compiler);
        let next = folder.next_version();
        // Other arguments make another version of the same text: steps before and after differ.
        let changed = self.is_changed(&past);
        let known = known_version(engine, &compiled, &past).filter(|_| !changed);
        let (number, next) = known.map_or((next, next + 1), |known| (known, next));
        if known.is_none() {
            folder.keep_recipe(number, &self.texts(&compiled))?;
        }
        let is_edit = !Timeline::judged(&past, number);
        let unchanged = !changed && same_statements(engine, &compiled, &past, statements);
        let statements = if unchanged { statements } else { number };
        let first = version(number, compiled, compiler)?;
        self.resumed(past, folder, &first, statements)?;
        let statements = Some(statements).filter(|statements| *statements != number);
        Ok(Opening { first, is_edit, next, timeline, statements, standing: None })
    }

    /// Goes on with a run as if nothing had been saved: what stands in the files cannot come into force.
    fn go_on_without(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        read: Read,
        past: Past,
        folder: Folder,
        standing: Standing,
    ) -> Result<Opening> {
        let recipe = &self.setup.recipe;
        let (number, statements) = (Timeline::last(&past), statements(&past));
        let timeline = Timeline::of(&past, recipe, false, compiler);
        let first = timeline.version(engine, number).map_err(|error| match read {
            Ok(_) => unwritable(error),
            Err(refused) => refused.error,
        })?;
        let next = folder.next_version();
        let told = standing.told(recipe, number);
        self.resumed(past, folder, &first, statements)?;
        self.warn(&told);
        let (statements, standing) = (Some(statements), Some(standing));
        let statements = statements.filter(|statements| *statements != number);
        Ok(Opening { first, is_edit: false, next, timeline, statements, standing })
    }

    /// Writes down that a run goes on: with which version, and with whose statements.
    fn resumed(
        &self,
        past: Past,
        folder: Folder,
        first: &Version,
        statements: usize,
    ) -> Result<()> {
        folder.write_origin(&absolute(&self.setup.recipe))?;
        // What was allowed when the run began goes on being allowed.
        self.access.granted(|granted| granted.add_told(&past.granted()));
        let mut record = self.recording(folder)?;
        let mut fields = self.describe(&first.compiled);
        fields["version"] = json!(statements);
        fields["files"] = json!(first.number);
        record.event("resumed", fields);
        self.display().began(record.folder().path());
        self.display().say(&format!("going on with run {}", past.name()));
        let _ = self.past.set(past);
        let _ = self.record.set(Mutex::new(record));
        Ok(())
    }

    /// Whether the command line says something else than it did.
    fn is_changed(&self, past: &Past) -> bool {
        let told = past.start();
        let told = told.cloned().unwrap_or_default();
        told.get("set") != Some(&json!(self.setup.set))
            || told.get("given_seed") != Some(&json!(self.setup.seed))
    }

    /// The newest run of this recipe, as it is now, that was cut off; else what is to be told of one whose code
    /// was another.
    fn cut_off(&self, engine: &Engine, read: &Read) -> Result<(Option<CutOff>, Option<String>)> {
        let recipe = &self.setup.recipe;
        let file = absolute(recipe);
        let stem = recipe.file_stem().unwrap_or_default().to_string_lossy();
        let mut changed = None;
        let home = &self.setup.home;
        // One that may not be read may not be written either, which says more.
        let folders = Past::folders(home).map_err(|error| home.ready().err().unwrap_or(error))?;
        for path in folders.into_iter().rev() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_string();
            if !name.contains(&slug(&stem)) {
                continue;
            }
            let past = Past::open(&path);
            let told = past.start();
            let same_file = past.origin().as_deref() == Some(Path::new(&file));
            let same_code_of_numbers =
                told.and_then(|event| event.get("numerics")) == Some(&json!(NUMERICS));
            // Stages of another precision are other ones.
            let precision = past.means().precision;
            let same_precision = precision.is_none_or(|then| then == Precision::now().name());
            let same = same_file && same_precision && !self.is_changed(&past);
            if !same || past.state().lives() {
                continue;
            }
            if past.state() == State::Ended {
                // What came before the newest run that ended is over.
                break;
            }
            let fit = Fit::of(engine, recipe, read, &past).filter(|_| same_code_of_numbers);
            let Some(fit) = fit else {
                // Where no stage had begun, nothing is lost.
                if past.events_of("stage").next().is_some() {
                    changed.get_or_insert(name);
                }
                continue;
            };
            match Folder::open(&path) {
                Ok(folder) => {
                    // Another process may have gone on with it just now.
                    let past = Past::open(&path);
                    if past.came_to_its_end() {
                        break;
                    }
                    let standing = match fit {
                        Fit::Same => None,
                        Fit::Without(standing) => Some(standing),
                    };
                    return Ok((Some((past, folder, standing)), None));
                }
                Err(error) if error.kind() == Kind::Usage => {}
                Err(error) => return Err(unwritable(error)),
            }
        }
        let told = changed.map(|name| {
            format!(
                "run {name} was cut off, and the recipe has changed since: this is a new run \
                 (`still resume {name}` goes on with that one)"
            )
        });
        Ok((None, told))
    }
}

/// Why a run that was cut off is the one to go on with.
enum Fit {
    /// The recipe's text is a version of it.
    Same,
    /// The recipe's text cannot come into force in it.
    Without(Standing),
}

impl Fit {
    fn of(engine: &Engine, recipe: &Path, read: &Read, past: &Past) -> Option<Self> {
        let compiled = read.as_ref().ok();
        let known = compiled.and_then(|compiled| known_version(engine, compiled, past));
        // A version that was refused when a run was resumed was kept as well.
        if known == Some(Timeline::last(past)) {
            return Some(Fit::Same);
        }
        let standing = Standing::refused(past, recipe, read);
        let standing = standing.or_else(|| Standing::broken(past, recipe, read));
        standing.map(Fit::Without).or(known.map(|_| Fit::Same))
    }
}

/// The first version of a run, or of a part of it.
fn version(number: usize, compiled: Compiled, compiler: &Compiler) -> Result<Arc<Version>> {
    Ok(Arc::new(check(number, compiled, compiler)?.into_version()))
}

/// The version whose statements a run went through last.
fn statements(past: &Past) -> usize {
    let told = |event: &Value| event.get("version")?.as_u64();
    past.events_of("resumed").filter_map(told).next_back().unwrap_or(0) as usize
}

fn unwritable(error: Error) -> Error {
    error.hint("`still run --new` begins a new run")
}

fn absolute(file: &Path) -> String {
    let path = file.canonicalize().or_else(|_| std::path::absolute(file));
    path.unwrap_or_else(|_| file.to_path_buf()).display().to_string()
}

/// Whether the statements of a version that a run kept are those that stand in the file now.
fn same_statements(engine: &Engine, compiled: &Compiled, past: &Past, number: usize) -> bool {
    let folder = version_of(past.path(), number);
    let kept = crate::disk::read_text(&folder.join(past.main_of(number)));
    kept.is_ok_and(|text| compiled.outline.same_statements(&Outline::of(engine, &text)))
}

/// The version of a run that stands in the files now: the one that was in force last, or the one that was
/// seen last, which may have failed.
fn known_version(engine: &Engine, compiled: &Compiled, past: &Past) -> Option<usize> {
    let versions = [Timeline::last(past), Timeline::seen(past)];
    let same = |number: &usize| same_code(engine, compiled, past, *number);
    versions.into_iter().find(same)
}

/// Whether a version that a run kept does the same as what stands in the files now.
fn same_code(engine: &Engine, compiled: &Compiled, past: &Past, number: usize) -> bool {
    let (folder, main) = (version_of(past.path(), number), past.main_of(number));
    let root = super::session::folder_of(&compiled.source.file);
    let own = std::iter::once(&compiled.source.file).chain(&compiled.imports.files);
    let same = |file: &PathBuf| {
        let now = compiled.sources.text(&file.display().to_string());
        let name = match *file == compiled.source.file {
            true => main.as_path(),
            false => file.strip_prefix(root).unwrap_or(file),
        };
        let kept = crate::disk::read_text(&folder.join(name));
        let (now, kept) = match (now, kept) {
            (Some(now), Ok(kept)) => (now, kept),
            // The standard library's own module: no file has stood in its place.
            (None, Err(_)) => return true,
            _ => return false,
        };
        let [now, kept] = [now, kept.as_str()].map(|text| Outline::of(engine, text));
        now.same_statements(&kept) && now.changed(&kept).is_empty()
    };
    own.into_iter().all(same)
}
