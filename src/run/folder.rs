//! The folder of one run. Files are written whole or not at all; the journal only grows.

use super::past::{GRANTED, ORIGIN};
use super::{Home, RUN_LOCK, Results, grants};
use crate::disk::{self, Journal, Lock, Reserve};
use crate::error::{Error, Kind, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The folder of a run with what its stages say of the clips that test.
pub const PREDICTIONS: &str = "predictions";

/// The folder of one run: `recipe/`, `weights/`, `checkpoints/`, `events.jsonl`, `metrics.csv`, `results.json`,
/// `still.lock`. While this lives, no other process takes the run.
pub struct Folder {
    path: PathBuf,
    name: String,
    journal: Journal,
    /// Lines that a full disk refused; they are written before the next one.
    waiting: Vec<Value>,
    /// For the journal and the versions of the recipe: without them a run cannot go on as it was.
    reserve: Reserve,
    _held: Lock,
}

impl Folder {
    /// Makes a new folder in `home`, named after the time (UTC) and the recipe. Names are in the order in which
    /// runs began: where the clock was set back, or another run began in this second, a later second is taken.
    ///
    /// # Errors
    /// A home that cannot be written.
    pub fn create(home: &Home, recipe: &str) -> Result<Self> {
        let runs = home.path().join("runs");
        disk::make_folder(&runs)?;
        for _ in 0..1000 {
            let after = newest(&runs).map(|newest| newest + Duration::from_secs(1));
            let time = after.map_or(disk::now(), |after| after.max(disk::now()));
            let time = humantime::format_rfc3339_seconds(time).to_string();
            let time = time.trim_end_matches('Z').replace(':', "-").replace('T', "_");
            let path = runs.join(format!("{time}_{}", slug(recipe)));
            if disk::claim_folder(&path)? {
                return Folder::open(&path);
            }
        }
        Err(Error::new(Kind::File, "making the run folder", "too many runs began in this second"))
    }

    /// Opens the folder of a run that nobody runs just now.
    ///
    /// # Errors
    /// A run that lives, a folder that cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_string());
        let name = name.unwrap_or_default();
        let Some(held) = Lock::try_take(&path.join(RUN_LOCK))? else {
            return Err(Error::new(
                Kind::Usage,
                format!("opening the run '{name}'"),
                "it is running",
            ));
        };
        for folder in ["recipe", "weights", PREDICTIONS] {
            disk::make_folder(&path.join(folder))?;
        }
        let journal = Journal::open(&path.join("events.jsonl"))?;
        let (path, reserve) = (path.to_path_buf(), Reserve::within(path));
        Ok(Folder { path, name, journal, waiting: Vec::new(), reserve, _held: held })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds one line to `events.jsonl`: the time, the event's name, and its fields.
    ///
    /// # Errors
    /// A disk that is full; the line is kept, and written with the next one.
    pub fn event(&mut self, name: &str, fields: Value) -> Result<()> {
        let now = humantime::format_rfc3339_millis(disk::now()).to_string();
        let mut line = json!({ "at": now, "event": name });
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        self.waiting.push(line);
        self.catch_up()
    }

    /// Writes the lines that were refused before.
    ///
    /// # Errors
    /// A disk that is still full.
    pub fn catch_up(&mut self) -> Result<()> {
        while let Some(line) = self.waiting.first() {
            let written = self.journal.append(line);
            if written.is_err() && self.reserve.give(line.to_string().len() as u64) {
                continue;
            }
            written?;
            self.waiting.remove(0);
        }
        Ok(())
    }

    /// Keeps the texts of a recipe's version in a folder named by its number; `events.jsonl` says from
    /// which step it was in force.
    pub fn keep_recipe(&mut self, version: usize, texts: &[(PathBuf, Arc<str>)]) -> Result<()> {
        let written = self.write_recipe(version, texts);
        let bytes = texts.iter().map(|(_, text)| text.len() as u64).sum();
        match written.is_err() && self.reserve.give(bytes) {
            true => self.write_recipe(version, texts),
            false => written,
        }
    }

    fn write_recipe(&self, version: usize, texts: &[(PathBuf, Arc<str>)]) -> Result<()> {
        let folder = self.version(version);
        for (file, text) in texts {
            let path = folder.join(file);
            disk::make_folder(path.parent().unwrap_or(&folder))?;
            disk::write_whole(&path, text.as_bytes())?;
        }
        Ok(())
    }

    /// The folder of a version of the recipe.
    pub fn version(&self, version: usize) -> PathBuf {
        version_of(&self.path, version)
    }

    /// The texts of a version by their files' names.
    pub fn texts_of(&self, version: usize) -> Value {
        let root = self.version(version);
        let (mut texts, mut folders) = (serde_json::Map::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = disk::read_text(&path) {
                    let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
                    texts.insert(name, text.into());
                }
            }
        }
        texts.sort_keys();
        texts.into()
    }

    /// The number after those of all versions that were kept.
    pub fn next_version(&self) -> usize {
        let entries = std::fs::read_dir(self.path.join("recipe")).into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<usize>().ok());
        numbers.max().map_or(0, |last| last + 1)
    }

    /// Writes `results.json`.
    pub fn write_results(&self, results: &Results) -> Result<()> {
        let text = results.to_json_pretty()?;
        disk::write_whole(&self.path.join("results.json"), text.as_bytes())
    }

    /// Writes `still.lock`: what the run was computed with.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_lock(&self, lock: &Value) -> Result<()> {
        disk::write_whole(&self.path.join("still.lock"), format!("{lock:#}\n").as_bytes())
    }

    /// Writes down where the recipe is on this machine. It stands in no file that leaves the machine.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_origin(&self, file: &str) -> Result<()> {
        disk::write_whole(&self.path.join(ORIGIN), file.as_bytes())
    }

    /// Writes down what the recipe may read on this machine, sealed: nobody else can write such a file. It stands in no file that leaves the machine.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_granted(&self, granted: &Value) -> Result<()> {
        let sealed = grants::sealed(&self.path, granted);
        disk::write_whole(&self.path.join(GRANTED), format!("{sealed}\n").as_bytes())
    }

    /// Where files go that the recipe writes.
    pub fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Where checkpoints of a stage go.
    pub fn checkpoints(&self, stage: &str) -> PathBuf {
        self.path.join("checkpoints").join(slug(stage))
    }

    /// Where weights of a stage go: `which` is `best` or `last`.
    pub fn weights(&self, stage: &str, which: &str) -> PathBuf {
        self.path.join("weights").join(format!("{}.{which}.safetensors", slug(stage)))
    }

    /// Where it stands what a stage's last weights say of the clips that test.
    pub fn predictions(&self, stage: &str) -> PathBuf {
        self.path.join(PREDICTIONS).join(format!("{}.safetensors", slug(stage)))
    }

    /// Where the time of a stage is told.
    pub fn profile(&self, stage: &str) -> PathBuf {
        self.path.join("profile").join(format!("{}.json", slug(stage)))
    }
}

/// The newest time that a run in this folder is named after.
fn newest(runs: &Path) -> Option<SystemTime> {
    let time = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let (date, clock) = name.get(..19)?.split_once('_')?;
        humantime::parse_rfc3339(&format!("{date}T{}Z", clock.replace('-', ":"))).ok()
    };
    std::fs::read_dir(runs).ok()?.flatten().filter_map(time).max()
}

/// The folder of a version of the recipe in the folder of a run.
pub fn version_of(run: &Path, version: usize) -> PathBuf {
    run.join("recipe").join(format!("{version:04}"))
}

/// `name` with everything that is awkward in a file name replaced.
pub fn slug(name: &str) -> String {
    let tame = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let mut tamed = String::new();
    for letter in name.chars().map(tame) {
        // Bytes, not characters: a file name may have 255 of them, and an ending follows.
        if tamed.len() + letter.len_utf8() <= 120 {
            tamed.push(letter);
        }
    }
    if tamed.is_empty() { "unnamed".into() } else { tamed }
}
