//! A run once more, with its edits at their steps, to see whether it gives the same.

use super::session::{Display, run};
use super::setup::{Entry, Setup, Signals};
use crate::error::{Error, Kind, Result};
use crate::run::{Home, Past, version_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What became of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The stage's name.
    pub stage: String,
    /// BLAKE3 of its weights then.
    pub then: String,
    /// BLAKE3 of its weights now; `None` where the stage did not come up.
    pub now: Option<String>,
}

impl Replayed {
    /// Whether both are the same.
    pub fn is_same(&self) -> bool {
        self.now.as_ref() == Some(&self.then)
    }
}

/// Repeats the run in `folder` in a home of its own, with other arguments where `set` names some, and compares the weights of each stage that ended.
///
/// # Errors
/// A run that lacks what is needed, and whatever goes wrong in the repetition.
pub fn replay(
    folder: &Path,
    home: &Path,
    set: &BTreeMap<String, String>,
    workers: usize,
    display: Box<dyn Display>,
    signals: Signals,
) -> Result<Vec<Replayed>> {
    let past = Past::open(folder);
    let operation = format!("replaying {}", past.name());
    let lacks = |what: &str| Error::new(Kind::Data, &operation, what);
    let head = past.head();
    let text = |event: &Value, key: &str| event.get(key)?.as_str().map(String::from);
    let recipe = text(&head, "file").or_else(|| text(&head, "recipe"));
    let recipe = recipe.ok_or_else(|| lacks("its journal does not say which recipe it ran"))?;
    let file = PathBuf::from(recipe).file_name().map(PathBuf::from).unwrap_or_default();
    for event in past.events_of("resumed") {
        let same = |key: &str| event.get(key) == head.get(key);
        let first = event.get("version").and_then(Value::as_u64).unwrap_or(0) == 0;
        if !(same("set") && same("given_seed") && first) {
            return Err(lacks("it was resumed with other arguments or statements")
                .hint("such a run cannot be repeated in one go"));
        }
    }
    let then: Vec<(String, String)> = past
        .stages()
        .into_iter()
        .filter_map(|stage| Some((stage.name, stage.weights_blake3.filter(|_| stage.done)?)))
        .collect();
    if then.is_empty() {
        return Err(lacks("no stage of it came to its end"));
    }
    let others = set;
    let set = head.get("set").and_then(Value::as_object).cloned().unwrap_or_default();
    let set = set.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_string())));
    let mut set: BTreeMap<String, String> = set.collect();
    set.extend(others.clone());
    let seed = head.get("given_seed").and_then(Value::as_u64);
    let setup = Setup {
        set,
        seed,
        workers,
        entry: Entry::Replay(folder.to_path_buf()),
        patient: false,
        ..Setup::new(
            version_of(folder, 0).join(file),
            Home::of(Path::new(""), Some(home.to_path_buf())),
        )
    };
    let results = run(setup, display, signals)?;
    Ok(then
        .into_iter()
        .map(|(stage, then)| {
            let now = results.stages.iter().find(|result| result.name == stage);
            let now = now.map(|result| result.weights_blake3.clone());
            Replayed { stage, then, now }
        })
        .collect())
}
