//! Which run it is: a new one, or one that was cut off and goes on.

use super::compile::{Compiled, Compiler};
use super::outline::Outline;
use super::session::Session;
use super::setup::Entry;
use super::timeline::Timeline;
use crate::error::{Error, Kind, Result};
use crate::run::{Folder, NUMERICS, Past, Record, State, slug, version_of};
use crate::script::Host;
use rhai::Engine;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How a run begins.
pub(super) struct Opening {
    /// The number of the recipe as it stands in its file.
    pub number: usize,
    /// Whether the run that goes on has not seen it yet: an edit.
    pub is_edit: bool,
    /// The number of the next version.
    pub next: usize,
    /// What was in force when, where the run goes on or is repeated.
    pub timeline: Timeline,
    /// The version whose statements run, where it is another one.
    pub statements: Option<usize>,
}

impl Session {
    /// Opens the run's folder. Nothing is written for a recipe that does not compile.
    pub(super) fn open(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        compiled: &Compiled,
    ) -> Result<Opening> {
        if self.setup.entry == Entry::Ask {
            let timeline = Timeline::default();
            return Ok(Opening { number: 0, is_edit: false, next: 1, timeline, statements: None });
        }
        self.setup.home.ready()?;
        let file = &compiled.source.file;
        match &self.setup.entry {
            Entry::New | Entry::Ask => self.begin(compiled, Timeline::default()),
            Entry::Replay(repeat) => {
                let told = Past::open(&repeat.run);
                let timeline = Timeline::of(&told, file, true, compiler);
                let Some(on) = &repeat.on else { return self.begin(compiled, timeline) };
                let mut record = self.recording(Folder::open(on)?)?;
                record.event("resumed", self.describe(compiled));
                let _ = self.past.set(Past::open(on));
                let _ = self.record.set(Mutex::new(record));
                Ok(Opening { number: 0, is_edit: false, next: 1, timeline, statements: None })
            }
            Entry::Resume(run) => {
                // Nobody else writes there from now on.
                let folder = Folder::open(run)?;
                let past = Past::open(run);
                self.go_on(engine, compiler, compiled, past, folder)
            }
            Entry::Run => {
                if let Some((past, folder)) = self.cut_off(engine, compiled)? {
                    return self.go_on(engine, compiler, compiled, past, folder);
                }
                self.begin(compiled, Timeline::default())
            }
        }
    }

    /// Makes the run's folder.
    fn begin(&self, compiled: &Compiled, timeline: Timeline) -> Result<Opening> {
        let source = &compiled.source;
        let stem = source.file.file_stem().map(|stem| stem.to_string_lossy().to_string());
        let folder = Folder::create(&self.setup.home, &stem.unwrap_or_default())?;
        folder.keep_recipe(0, &self.texts(compiled))?;
        folder.write_origin(&absolute(&compiled.source.file))?;
        let mut record = self.recording(folder)?;
        let mut fields = self.describe(compiled);
        fields["run"] = json!(record.folder().name());
        record.event("run", fields);
        let _ = self.record.set(Mutex::new(record));
        Ok(Opening { number: 0, is_edit: false, next: 1, timeline, statements: None })
    }

    fn recording(&self, folder: Folder) -> Result<Record> {
        folder.write_granted(&self.access.granted(|granted| granted.told()))?;
        self.access.write_into(folder.files());
        let asked = self.signals.checkpoint.clone();
        let mut record = Record::new(folder, self.setup.checkpoints, asked);
        record.write_lock(json!({
            "still": env!("CARGO_PKG_VERSION"), "numerics": NUMERICS,
            "device": self.device().name(), "seed": self.seed(), "set": self.setup.set,
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
            "device": self.device().name(),
        })
    }

    /// Goes on with a run.
    fn go_on(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        compiled: &Compiled,
        past: Past,
        folder: Folder,
    ) -> Result<Opening> {
        let told = |event: &Value| event.get("version")?.as_u64();
        let statements = past.events_of("resumed").filter_map(told).next_back().unwrap_or(0);
        let statements = statements as usize;
        let timeline = Timeline::of(&past, &compiled.source.file, false, compiler);
        let next = folder.next_version();
        // Other arguments make another version of the same text: steps before and after differ.
        let changed = self.is_changed(&past);
        let known = known_version(engine, compiled, &past).filter(|_| !changed);
        let (number, next) = known.map_or((next, next + 1), |known| (known, next));
        if known.is_none() {
            folder.keep_recipe(number, &self.texts(compiled))?;
        }
        let is_edit = !Timeline::judged(&past, number);
        let unchanged =
            !changed && same_statements(engine, compiled, &version_of(past.path(), statements));
        let statements = if unchanged { statements } else { number };
        folder.write_origin(&absolute(&compiled.source.file))?;
        // What was allowed when the run began goes on being allowed.
        self.access.granted(|granted| granted.add_told(&past.granted()));
        let mut record = self.recording(folder)?;
        let mut fields = self.describe(compiled);
        fields["version"] = json!(statements);
        fields["files"] = json!(number);
        record.event("resumed", fields);
        self.display().say(&format!("going on with run {}", past.name()));
        let _ = self.past.set(past);
        let _ = self.record.set(Mutex::new(record));
        let statements = Some(statements).filter(|statements| *statements != number);
        Ok(Opening { number, is_edit, next, timeline, statements })
    }

    /// Whether the command line says something else than it did.
    fn is_changed(&self, past: &Past) -> bool {
        let told = past.start();
        let told = told.cloned().unwrap_or_default();
        told.get("set") != Some(&json!(self.setup.set))
            || told.get("given_seed") != Some(&json!(self.setup.seed))
    }

    /// The newest run of this recipe, as it is now, that was cut off. One whose code was another is told.
    fn cut_off(&self, engine: &Engine, compiled: &Compiled) -> Result<Option<(Past, Folder)>> {
        let file = absolute(&compiled.source.file);
        let stem = compiled.source.file.file_stem().unwrap_or_default().to_string_lossy();
        let mut changed = None;
        for path in Past::folders(&self.setup.home)?.into_iter().rev() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_string();
            if !name.contains(&slug(&stem)) {
                continue;
            }
            let past = Past::open(&path);
            let told = past.start();
            let same_file = past.origin().as_deref() == Some(Path::new(&file));
            let same_code_of_numbers =
                told.and_then(|event| event.get("numerics")) == Some(&json!(NUMERICS));
            if !same_file || self.is_changed(&past) || past.state().lives() {
                continue;
            }
            if past.state() == State::Ended {
                // What came before the newest run that ended is over.
                break;
            }
            if !same_code_of_numbers || known_version(engine, compiled, &past).is_none() {
                // Where no stage had begun, nothing is lost.
                if past.events_of("stage").next().is_some() {
                    changed.get_or_insert(name);
                }
                continue;
            }
            match Folder::open(&path) {
                Ok(folder) => {
                    // Another process may have gone on with it just now.
                    let past = Past::open(&path);
                    if past.came_to_its_end() {
                        break;
                    }
                    return Ok(Some((past, folder)));
                }
                Err(error) if error.kind() == Kind::Usage => {}
                Err(error) => return Err(unwritable(error)),
            }
        }
        if let Some(name) = changed {
            self.display().say(&format!(
                "run {name} was cut off, and the recipe has changed since: this is a new run \
                 (`still resume {name}` goes on with that one)"
            ));
        }
        Ok(None)
    }
}

fn unwritable(error: Error) -> Error {
    error.hint("`still run --new` begins a new run")
}

fn absolute(file: &Path) -> String {
    let path = file.canonicalize().or_else(|_| std::path::absolute(file));
    path.unwrap_or_else(|_| file.to_path_buf()).display().to_string()
}

/// Whether the statements of a version that a run kept are those that stand in the file now.
fn same_statements(engine: &Engine, compiled: &Compiled, folder: &Path) -> bool {
    let name = compiled.source.file.file_name().unwrap_or_default();
    let kept = crate::disk::read_text(&folder.join(name));
    kept.is_ok_and(|text| compiled.outline.same_statements(&Outline::of(engine, &text)))
}

/// The version of a run that stands in the files now: the one that was in force last, or the one that was
/// seen last, which may have failed.
fn known_version(engine: &Engine, compiled: &Compiled, past: &Past) -> Option<usize> {
    let versions = [Timeline::last(past), Timeline::seen(past)];
    let same = |number: &usize| same_code(engine, compiled, &version_of(past.path(), *number));
    versions.into_iter().find(same)
}

/// Whether a version that a run kept in `folder` does the same as what stands in the files now.
fn same_code(engine: &Engine, compiled: &Compiled, folder: &Path) -> bool {
    let root = super::session::folder_of(&compiled.source.file);
    let own = std::iter::once(&compiled.source.file).chain(&compiled.imports.files);
    let same = |file: &PathBuf| {
        let now = compiled.sources.text(&file.display().to_string());
        let kept = crate::disk::read_text(&folder.join(file.strip_prefix(root).unwrap_or(file)));
        let (Some(now), Ok(kept)) = (now, kept) else { return false };
        let [now, kept] = [now, kept.as_str()].map(|text| Outline::of(engine, text));
        now.same_statements(&kept) && now.changed(&kept).is_empty()
    };
    own.into_iter().all(same)
}
