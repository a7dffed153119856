//! A stage of a run, as far as its folder tells of it.

use super::answers::Answers;
use super::names;
use crate::data::Logits;
use crate::run::{Course, PREDICTIONS, Past, PastEpoch, PastStage, slug};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// An edit that came into force while a stage ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The step from which on it was in force.
    pub step: usize,
    /// The version's number.
    pub version: u64,
    /// Functions that changed.
    pub functions: Vec<String>,
}

/// A stage.
pub struct Stage {
    /// What its record says.
    pub past: PastStage,
    /// Its name without seed and fold.
    pub label: String,
    /// Its seed and fold, where its name has them.
    pub repetition: String,
    /// Its mean average precision, where clips have several labels.
    pub map: Option<f64>,
    /// That of its best epoch.
    pub best_map: Option<f64>,
    /// The stage that taught it.
    pub teacher: Option<String>,
    /// Its seed.
    pub seed: Option<u64>,
    /// Clips that train, and clips that test.
    pub clips: Option<[u64; 2]>,
    /// What its epochs gave.
    pub epochs: Vec<PastEpoch>,
    /// When its end was written down.
    pub ended: Option<SystemTime>,
    /// Edits that came into force.
    pub edits: Vec<Mark>,
    /// What it says of the clips that test; or why that is not known.
    pub answers: Result<Answers, String>,
    /// The file of its weights.
    pub weights: PathBuf,
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_string)
}

pub fn time_of(event: &Value) -> Option<SystemTime> {
    humantime::parse_rfc3339(event.get("at")?.as_str()?).ok()
}

impl Stage {
    /// Whichever measure its data have: mean average precision, or accuracy.
    pub fn score(&self) -> Option<f64> {
        self.map.or(self.past.accuracy)
    }

    /// The same of its best epoch.
    pub fn best(&self) -> Option<f64> {
        match self.map {
            Some(_) => self.best_map,
            None => self.past.best_accuracy,
        }
    }

    /// What tells its result from others: its key, which says what it was tested on as well, with its weights.
    pub fn result(&self) -> Option<String> {
        let (key, weights) = (self.past.key.as_deref(), self.past.weights_blake3.as_deref());
        let known = key.is_some() || weights.is_some();
        known.then(|| format!("{}/{}", key.unwrap_or_default(), weights.unwrap_or_default()))
    }

    /// Steps of an epoch.
    pub fn steps_an_epoch(&self) -> Option<f64> {
        let last = self.epochs.last()?;
        (last.epoch > 0 && last.step > 0).then(|| last.step as f64 / last.epoch as f64)
    }
}

/// The stages of a run, in the order in which they began.
pub fn stages(past: &Past) -> Vec<Stage> {
    past.picture().courses().iter().map(|course| stage(past, course)).collect()
}

fn stage(past: &Past, course: &Course) -> Stage {
    let own = course.summary();
    let mine = |event: &&Value| {
        text(event, "stage").or_else(|| text(event, "name")).as_ref() == Some(&own.name)
    };
    let begun: Vec<&Value> = past.events_of("stage").filter(mine).collect();
    let ends = past.events().iter().filter(|event| {
        matches!(event.get("event").and_then(Value::as_str), Some("stage_end" | "store_hit"))
    });
    let ends: Vec<&Value> = ends.filter(mine).collect();
    let said = |key: &str| {
        let all = ends.iter().rev().chain(begun.iter().rev());
        all.into_iter().filter_map(|event| event.get(key)).find(|value| !value.is_null())
    };
    let number = |key: &str| said(key).and_then(Value::as_f64);
    let clips = said("clips")
        .and_then(|clips| Some([clips.get("train")?.as_u64()?, clips.get("test")?.as_u64()?]));
    let edit = |event: &Value| {
        let edit = Mark {
            step: event.get("step")?.as_u64()? as usize,
            version: event.get("version")?.as_u64()?,
            functions: event
                .get("functions")
                .and_then(Value::as_array)
                .map(|all| all.iter().filter_map(Value::as_str).map(str::to_string).collect())
                .unwrap_or_default(),
        };
        (text(event, "outcome").as_deref() == Some("in_force")).then_some(edit)
    };
    let mut edits: Vec<Mark> = Vec::new();
    // A run that goes on tells of them again.
    for mark in past.events_of("edit").filter(mine).filter_map(edit) {
        if !edits.contains(&mark) {
            edits.push(mark);
        }
    }
    let map = number("map");
    let (label, repetition) = names::parts(&own.name);
    let best = past.path().join("weights").join(format!("{}.best.safetensors", slug(&own.name)));
    Stage {
        label,
        repetition,
        map,
        best_map: number("best_map"),
        teacher: said("teacher").and_then(Value::as_str).map(str::to_string),
        seed: said("seed").and_then(Value::as_u64),
        clips,
        epochs: course.epochs.clone(),
        ended: ends.last().and_then(|event| time_of(event)),
        edits,
        answers: answers(past.path(), &own.name, map.is_some()),
        weights: best,
        past: own,
    }
}

/// What the run in a folder keeps of what its stage said; or why that is not known.
pub fn answers(run: &Path, stage: &str, multi: bool) -> Result<Answers, String> {
    let path = run.join(PREDICTIONS).join(format!("{}.safetensors", slug(stage)));
    if !path.is_file() {
        return Err("the run's folder does not have what it said of each clip".into());
    }
    let file = Logits::read(&path).map_err(|error| error.headline())?;
    Answers::of(&file, multi)
}
