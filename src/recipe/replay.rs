//! A run once more, with its edits at their steps, to see whether it gives the same.

use super::session::{Display, run};
use super::setup::{Entry, Repeat, Setup, Signals};
use crate::error::{Error, Kind, Result};
use crate::run::{Means, Past, version_of};
use crate::tensor::{Device, Precision};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

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

/// A part of a run: as long as arguments and statements were the same.
#[derive(Clone, Default)]
pub(super) struct Part {
    pub set: BTreeMap<String, String>,
    pub seed: Option<u64>,
    /// The version whose statements ran.
    pub statements: usize,
    pub means: Means,
    pub until: Option<(String, usize)>,
}

/// Repeats the run in `folder` in the home of `like`, which is its own, with other arguments where its `set` names
/// some, by other means where `means` says some, and compares the weights of each stage that ended.
///
/// # Errors
/// A run that lacks what is needed, and whatever goes wrong in the repetition.
pub fn replay(
    folder: &Path,
    like: &Setup,
    means: &Means,
    display: impl Fn() -> Box<dyn Display>,
    signals: &Signals,
) -> Result<Vec<Replayed>> {
    let past = Past::open(folder);
    let operation = format!("replaying {}", past.name());
    let lacks = |what: &str| Error::new(Kind::Data, &operation, what);
    let head = past.head();
    if head.get("recipe").is_none_or(|named| !named.is_string()) {
        return Err(lacks("its journal does not say which recipe it ran"));
    }
    let then: Vec<(String, String)> = past
        .stages()
        .into_iter()
        .filter(|stage| stage.done)
        .flat_map(|stage| {
            let averaged = stage.averaged_blake3.map(|own| (of_averaged(&stage.name), own));
            stage.weights_blake3.map(|own| (stage.name, own)).into_iter().chain(averaged)
        })
        .collect();
    if then.is_empty() {
        return Err(lacks("no stage of it came to its end"));
    }
    let home = &like.home;
    let mut on = None;
    let mut results = None;
    for part in parts(&past) {
        let repeat = Repeat {
            run: folder.to_path_buf(),
            on: on.take(),
            version: part.statements,
            until: part.until.clone(),
        };
        let mut all = part.set;
        all.extend(like.set.clone());
        let means = means.or(&part.means);
        if let Some(name) = &means.precision {
            let chosen = Precision::named(name)?.choose(&Device::default());
            chosen.map_err(|error| {
                error.hint(format!(
                    "{} was computed so; --precision f32 repeats it with other last digits",
                    past.name()
                ))
            })?;
        }
        let setup = Setup {
            set: all,
            seed: part.seed,
            entry: Entry::Replay(repeat),
            patient: false,
            hook_seconds: means.hook_seconds.unwrap_or(like.hook_seconds),
            max_operations: means.max_operations.unwrap_or(like.max_operations),
            recipe: version_of(folder, part.statements).join(past.main_of(part.statements)),
            ..like.clone()
        };
        match run(setup, display(), signals.clone()) {
            Ok(all) => results = Some(all),
            // It was to end here; else somebody wants all of it to end.
            Err(error)
                if error.kind() == Kind::Interrupted
                    && signals.over.swap(false, Ordering::Relaxed) =>
            {
                signals.stop.store(false, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
        on = Past::folders(home)?.pop();
    }
    let results = results.unwrap_or_default();
    let now = |stage: &str| {
        results.stages.iter().find_map(|result| match &result.averaged {
            _ if result.name == stage => Some(result.weights_blake3.clone()),
            Some(own) if of_averaged(&result.name) == stage => Some(own.weights_blake3.clone()),
            _ => None,
        })
    };
    Ok(then.into_iter().map(|(stage, then)| Replayed { now: now(&stage), stage, then }).collect())
}

/// What the averaged weights of a stage are called.
fn of_averaged(stage: &str) -> String {
    format!("{stage}, averaged")
}

/// The parts of a run. One ends where the next one took its first stage up, if it was cut off at all.
pub(super) fn parts(past: &Past) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut ended = false;
    let mut begins = false;
    for event in past.events() {
        let count = |key: &str| event.get(key).and_then(Value::as_u64);
        match event.get("event").and_then(Value::as_str).unwrap_or_default() {
            name @ ("run" | "resumed") => {
                let set = event.get("set").and_then(Value::as_object).cloned().unwrap_or_default();
                let set = set
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.as_str()?.to_string())));
                let means = past.means_of(event);
                let part = Part {
                    set: set.collect(),
                    seed: count("given_seed"),
                    statements: count("version").unwrap_or(0) as usize,
                    means,
                    until: None,
                };
                let same = parts.last().is_some_and(|last| {
                    (&last.set, last.seed, last.statements, &last.means.precision)
                        == (&part.set, part.seed, part.statements, &part.means.precision)
                });
                if let (true, Some(last)) = (same, parts.last_mut()) {
                    last.means.allow(&part.means);
                }
                begins = !same && name == "resumed" && !ended;
                if !same {
                    parts.push(part);
                }
                ended = false;
            }
            "stage" if std::mem::take(&mut begins) => {
                let at = event.get("stage").and_then(Value::as_str).zip(count("step"));
                let before = parts.len().checked_sub(2).and_then(|place| parts.get_mut(place));
                if let (Some(before), Some((stage, step))) = (before, at) {
                    before.until = Some((stage.to_string(), step as usize));
                }
            }
            "end" => ended = true,
            _ => {}
        }
    }
    parts
}
