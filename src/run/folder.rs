//! The folder of one run. Files are written whole or not at all; the journal only grows.

use super::{Home, Results};
use crate::disk;
use crate::error::{Error, Kind, Result};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The folder of one run: `recipe/`, `weights/`, `events.jsonl`, `metrics.csv`, `results.json`.
pub struct Folder {
    path: PathBuf,
    name: String,
    journal: File,
}

impl Folder {
    /// Makes a new folder in `home`, named after the time (UTC) and the recipe.
    ///
    /// # Errors
    /// A home that cannot be written.
    pub fn create(home: &Home, recipe: &str) -> Result<Self> {
        let runs = home.path().join("runs");
        disk::make_folder(&runs)?;
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let time = time.trim_end_matches('Z').replace(':', "-").replace('T', "_");
        for attempt in 1..1000 {
            let suffix = if attempt > 1 { format!("-{attempt}") } else { String::new() };
            let name = format!("{time}_{}{suffix}", slug(recipe));
            let path = runs.join(&name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Folder::open(path, name),
                Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(Error::io("making the run folder", &path, &cause)),
            }
        }
        Err(Error::new(Kind::File, "making the run folder", "too many runs began in this second"))
    }

    fn open(path: PathBuf, name: String) -> Result<Self> {
        disk::make_folder(&path.join("recipe"))?;
        disk::make_folder(&path.join("weights"))?;
        let events = path.join("events.jsonl");
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&events)
            .map_err(|cause| Error::io("making", &events, &cause))?;
        Ok(Folder { path, name, journal })
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
    pub fn event(&mut self, name: &str, fields: Value) -> Result<()> {
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let mut line = json!({ "at": now, "event": name });
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        // One write a line: a reader never sees half of one, nor does a killed run leave it.
        self.journal
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|cause| Error::io("writing", self.path.join("events.jsonl"), &cause))
    }

    /// Keeps the texts of a recipe's version in a folder named by its number; `events.jsonl` says from
    /// which step it was in force.
    pub fn keep_recipe(&self, version: usize, texts: &[(PathBuf, Arc<str>)]) -> Result<()> {
        let folder = self.path.join("recipe").join(format!("{version:04}"));
        for (file, text) in texts {
            let path = folder.join(file);
            disk::make_folder(path.parent().unwrap_or(&folder))?;
            disk::write_whole(&path, text.as_bytes())?;
        }
        Ok(())
    }

    /// Writes `results.json`.
    pub fn write_results(&self, results: &Results) -> Result<()> {
        let text = results.to_json_pretty()?;
        disk::write_whole(&self.path.join("results.json"), text.as_bytes())
    }

    /// Where weights of a stage go: `which` is `best` or `last`.
    pub fn weights(&self, stage: &str, which: &str) -> PathBuf {
        self.path.join("weights").join(format!("{}.{which}.safetensors", slug(stage)))
    }
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
