//! A run as its folder tells it. Read tolerantly: older runs lack some of it, and a run may have been
//! cut off anywhere.

use super::{Home, State, grants};
use crate::disk::{self, Lock};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

/// A stage as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PastStage {
    /// Its name.
    pub name: String,
    /// `train`, `distill`, `each_step`.
    pub kind: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// Accuracy on the test clips after the last epoch, 0 to 1.
    pub accuracy: Option<f64>,
    /// The best accuracy after any epoch.
    pub best_accuracy: Option<f64>,
    /// Wall time.
    pub seconds: Option<f64>,
    /// Steps that were done.
    pub steps: Option<u64>,
    /// Trained numbers.
    pub parameters: Option<u64>,
    /// BLAKE3 of the last weights.
    pub weights_blake3: Option<String>,
    /// BLAKE3 of the mean of the weights of several epochs, where it made one.
    pub averaged_blake3: Option<String>,
    /// Its key in the store.
    pub key: Option<String>,
    /// Whether it came from the store.
    pub from_store: bool,
    /// Whether it came to its end.
    pub done: bool,
}

/// A version of the recipe that was saved while the run lived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edit {
    /// The stage that was running.
    pub stage: Option<String>,
    /// The step at which it came, from which on it was in force.
    pub step: Option<u64>,
    /// Its number: that of its folder in `recipe/`.
    pub version: Option<u64>,
    /// `in_force`, `unchanged`, `rejected` or `reverted`.
    pub outcome: String,
    /// Functions that changed.
    pub functions: Vec<String>,
}

/// A run that was written down.
#[derive(Clone, Debug)]
pub struct Past {
    path: PathBuf,
    name: String,
    events: Vec<Value>,
    results: Value,
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_string)
}

fn json_of(path: &Path) -> Value {
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
        self.time(self.events.first()?)
    }

    /// When the last thing happened.
    pub fn last(&self) -> Option<SystemTime> {
        self.events.iter().rev().find_map(|event| self.time(event))
    }

    fn time(&self, event: &Value) -> Option<SystemTime> {
        humantime::parse_rfc3339(event.get("at")?.as_str()?).ok()
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        let lives = Lock::held(&self.path.join(RUN_LOCK));
        let mut state = if lives { State::Running } else { State::Stopped };
        for event in &self.events {
            state = match (event.get("event").and_then(Value::as_str), lives) {
                (Some("paused"), true) => State::Paused,
                (Some("continued" | "resumed" | "epoch"), true) => State::Running,
                (Some("end"), false) => State::Ended,
                (Some("failed"), false) => State::Failed,
                (Some("interrupted"), false) => State::Interrupted,
                (Some("run" | "resumed"), false) => State::Stopped,
                _ => state,
            };
        }
        state
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
        let mut stages: Vec<PastStage> = Vec::new();
        for event in &self.events {
            let Some(stage) = text(event, "stage").or_else(|| text(event, "name")) else {
                continue;
            };
            match event.get("event").and_then(Value::as_str) {
                // A run that goes on tells of its stage again.
                Some("stage") => stage_of(&mut stages, &stage).begin(event),
                Some("epoch") => stage_of(&mut stages, &stage).reached(event),
                Some("store_hit") => {
                    let stage = stage_of(&mut stages, &stage);
                    let from_store = event.get("from_store").and_then(Value::as_bool);
                    (stage.from_store, stage.done) = (from_store.unwrap_or(true), true);
                    stage.key = text(event, "key");
                }
                Some("stage_end") => stage_of(&mut stages, &stage).end(event),
                _ => {}
            }
        }
        let results = self.results.get("stages").and_then(Value::as_array);
        for result in results.into_iter().flatten() {
            if let Some(name) = text(result, "name") {
                stage_of(&mut stages, &name).end(result);
            }
        }
        stages
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
        let edit = |event: &Value| Edit {
            stage: text(event, "stage"),
            step: event.get("step").and_then(Value::as_u64),
            version: event.get("version").and_then(Value::as_u64),
            outcome: text(event, "outcome").unwrap_or_else(|| "unknown".into()),
            functions: strings(event.get("functions")),
        };
        self.events_of("edit").map(edit).collect()
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

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_string)).collect()
}

fn stage_of<'a>(stages: &'a mut Vec<PastStage>, name: &str) -> &'a mut PastStage {
    let index = stages.iter().position(|stage| stage.name == name).unwrap_or_else(|| {
        stages.push(PastStage { name: name.to_string(), ..PastStage::default() });
        stages.len() - 1
    });
    &mut stages[index]
}

impl PastStage {
    fn begin(&mut self, event: &Value) {
        self.kind = text(event, "kind").or(self.kind.take());
        let spec = event.get("spec");
        // A network that a recipe built says what it is itself.
        let model = spec.and_then(|spec| text(spec, "kind").or_else(|| text(spec, "model")));
        self.model = model.or(self.model.take());
        self.parameters = event.get("parameters").and_then(Value::as_u64).or(self.parameters);
    }

    fn reached(&mut self, event: &Value) {
        self.accuracy = event.get("accuracy").and_then(Value::as_f64).or(self.accuracy);
        let best = [self.best_accuracy, self.accuracy].into_iter().flatten();
        self.best_accuracy = best.max_by(f64::total_cmp);
        self.steps = event.get("step").and_then(Value::as_u64).or(self.steps);
    }

    fn end(&mut self, event: &Value) {
        let number = |key: &str| event.get(key).and_then(Value::as_f64);
        let count = |key: &str| event.get(key).and_then(Value::as_u64);
        self.done = true;
        self.kind = text(event, "kind").or(self.kind.take());
        self.model = text(event, "model").or(self.model.take());
        self.accuracy = number("accuracy").or(self.accuracy);
        self.best_accuracy = number("best_accuracy").or(self.best_accuracy);
        self.seconds = number("seconds").or(self.seconds);
        self.steps = count("steps").or(self.steps);
        self.parameters = count("parameters").or(self.parameters);
        self.weights_blake3 = text(event, "weights_blake3").or(self.weights_blake3.take());
        let averaged = event.get("averaged").and_then(|own| text(own, "weights_blake3"));
        self.averaged_blake3 = averaged.or(self.averaged_blake3.take());
        self.key = text(event, "key").or(self.key.take());
        let from_store = event.get("from_store");
        self.from_store |= from_store.is_some_and(|v| v.as_bool().unwrap_or(!v.is_null()));
    }
}
