//! A run as its folder tells it. Read tolerantly: older runs lack some of it, and a run may have been
//! cut off anywhere.

use super::picture::{Course, Edit, PastStage, Picture};
use super::said::{strings, text, time_of, word};
use super::state::Turns;
use super::{Home, State, grants};
use crate::disk::{self, Lock};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file whose lock a run holds as long as its process lives.
pub const RUN_LOCK: &str = "run.lock";
const TAGS: &str = "tags.json";
/// Files of a run that are about this machine.
pub(super) const LOCAL: [&str; 3] = [ORIGIN, GRANTED, CLIPS];
/// The file that says what the recipe may read on this machine.
pub(super) const GRANTED: &str = "granted.json";
/// The file that says where clips are on this machine.
pub(super) const CLIPS: &str = "clips.json";
/// The file that says where the recipe is on this machine.
pub(super) const ORIGIN: &str = "origin";

/// A run that was written down.
#[derive(Clone, Debug)]
pub struct Past {
    path: PathBuf,
    name: String,
    events: Vec<Value>,
    results: Value,
}

pub(super) fn json_of(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

impl Past {
    /// The folders of all runs of a home, the oldest first.
    ///
    /// # Errors
    /// A folder that may not be read; one that is not there has no runs.
    pub fn folders(home: &Home) -> Result<Vec<PathBuf>> {
        let runs = home.path().join("runs");
        let read = match std::fs::read_dir(&runs) {
            Ok(read) => read.collect::<std::io::Result<Vec<_>>>(),
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => Err(cause),
        };
        let read = read.map_err(|cause| Error::io("reading", &runs, &cause))?;
        let mut folders: Vec<PathBuf> = read
            .into_iter()
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        Ok(folders)
    }

    /// Whether a folder looks like that of a run.
    pub fn is_run(path: &Path) -> bool {
        path.join("events.jsonl").is_file() || path.join("results.json").is_file()
    }

    /// Reads a run; what cannot be read is as if it were not there.
    pub fn open(path: &Path) -> Self {
        let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let name = absolute.file_name().map(|name| name.to_string_lossy().to_string());
        Past {
            path: path.to_path_buf(),
            name: name.unwrap_or_default(),
            events: disk::read_lines(&path.join("events.jsonl")).unwrap_or_default(),
            results: json_of(&path.join("results.json")),
        }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name: its folder's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All lines of `events.jsonl` that can be read.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    /// The events of that name.
    pub fn events_of<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Value> {
        self.events
            .iter()
            .filter(move |event| event.get("event").and_then(Value::as_str) == Some(name))
    }

    /// What its first event says: recipe, seed, arguments; null where there is none.
    pub fn head(&self) -> Value {
        self.events_of("run").next().cloned().unwrap_or_default()
    }

    /// What was told when a process last began with it, or went on.
    pub fn start(&self) -> Option<&Value> {
        self.events_of("resumed").next_back().or_else(|| self.events_of("run").next_back())
    }

    /// Where the recipe is on this machine; unknown of a run that came from another one.
    pub fn origin(&self) -> Option<PathBuf> {
        disk::read_text(&self.path.join(ORIGIN)).ok().map(PathBuf::from)
    }

    /// What this user has allowed its recipe to read; nothing where the run came from somewhere else.
    pub fn granted(&self) -> Value {
        grants::opened(&self.path, &json_of(&self.path.join(GRANTED)))
    }

    /// The recipe as the command line named it.
    pub fn recipe(&self) -> Option<String> {
        let resumed = self.events_of("resumed").rev().find_map(|event| text(event, "recipe"));
        resumed.or_else(|| text(&self.head(), "recipe"))
    }

    /// The recipe's own file in each version that the journal names: a run may go on with one of another name.
    pub fn mains(&self) -> BTreeMap<usize, PathBuf> {
        let mut mains = BTreeMap::new();
        let mut name = PathBuf::new();
        for event in &self.events {
            let kind = word(event, "event").unwrap_or_default();
            if matches!(kind, "run" | "resumed")
                && let Some(recipe) = word(event, "recipe")
            {
                name = Path::new(recipe).file_name().map(PathBuf::from).unwrap_or_default();
            }
            let number = match kind {
                "run" => Some(0),
                "resumed" => event.get("files").and_then(Value::as_u64),
                "edit" => event.get("version").and_then(Value::as_u64),
                _ => None,
            };
            if let Some(number) = number {
                mains.entry(number as usize).or_insert_with(|| name.clone());
            }
        }
        mains
    }

    /// The same in one version.
    pub fn main_of(&self, version: usize) -> PathBuf {
        self.mains().remove(&version).unwrap_or_default()
    }

    /// The arguments that were given, those of a later start included.
    pub fn set(&self) -> serde_json::Map<String, Value> {
        let mut all = serde_json::Map::new();
        for event in self.events_of("run").chain(self.events_of("resumed")) {
            if let Some(set) = event.get("set").and_then(Value::as_object) {
                all.extend(set.clone());
            }
        }
        all
    }

    /// When it began, in UTC.
    pub fn started(&self) -> Option<SystemTime> {
        time_of(self.events.first()?)
    }

    /// When the last thing happened.
    pub fn last(&self) -> Option<SystemTime> {
        self.events.iter().rev().find_map(time_of)
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        let mut turns = Turns::default();
        self.events.iter().filter_map(|event| word(event, "event")).for_each(|it| turns.take(it));
        turns.state(Lock::held(&self.path.join(RUN_LOCK)))
    }

    /// Whether it came to its end, whoever holds it just now.
    pub fn came_to_its_end(&self) -> bool {
        self.turned("end")
    }

    /// Whether a mistake ended it last, whoever holds it just now.
    pub fn failed(&self) -> bool {
        self.turned("failed")
    }

    fn turned(&self, name: &str) -> bool {
        let last = self
            .events
            .iter()
            .rev()
            .find_map(|event| text(event, "event").filter(|name| is_turn(name)));
        last.as_deref() == Some(name)
    }

    /// Its stages, in the order in which they began.
    pub fn stages(&self) -> Vec<PastStage> {
        self.picture().courses().iter().map(Course::summary).collect()
    }

    /// What all its events tell together.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        self.events.iter().for_each(|event| picture.take(event));
        let results = self.results.get("stages").and_then(Value::as_array);
        results.into_iter().flatten().for_each(|result| picture.take_result(result));
        picture.take_metrics(&self.path);
        picture
    }

    /// The number of the version that was in force last: that of its folder in `recipe/`.
    pub fn version(&self) -> u64 {
        // Each edit names the version that was in force after it, also one that was refused.
        self.edits().iter().rev().find_map(|edit| edit.version).unwrap_or(0)
    }

    /// The texts of a version, by their names in its folder, sorted.
    pub fn texts(&self, version: u64) -> Vec<(String, String)> {
        let folder = self.path.join("recipe").join(format!("{version:04}"));
        let text = |name: String| {
            let bytes = std::fs::read(folder.join(&name)).ok()?;
            Some((name, String::from_utf8_lossy(&bytes).to_string()))
        };
        disk::files_in(&folder).into_iter().filter_map(text).collect()
    }

    /// What ended it, where that was a mistake or a signal.
    pub fn message(&self) -> Option<String> {
        let ended = |event: &&Value| {
            let name = event.get("event").and_then(Value::as_str);
            matches!(name, Some("end" | "failed" | "interrupted"))
        };
        text(self.events.iter().rev().find(ended)?, "message")
    }

    /// Its edits, in the order in which they came.
    pub fn edits(&self) -> Vec<Edit> {
        self.events_of("edit").map(Edit::of).collect()
    }

    /// Its tags, sorted.
    pub fn tags(&self) -> Vec<String> {
        Past::tags_of(&self.path)
    }

    /// The tags of the run in that folder, sorted.
    pub fn tags_of(path: &Path) -> Vec<String> {
        let mut tags = strings(Some(&json_of(&path.join(TAGS))));
        tags.sort();
        tags.dedup();
        tags
    }

    /// Writes its tags.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_tags(&self, tags: &[String]) -> Result<()> {
        let path = self.path.join(TAGS);
        if tags.is_empty() {
            return disk::remove_file(&path);
        }
        disk::write_whole(&path, format!("{}\n", serde_json::json!(tags)).as_bytes())
    }
}

/// Events after which a run is in another state.
fn is_turn(name: &str) -> bool {
    matches!(name, "run" | "resumed" | "end" | "failed" | "interrupted")
}
