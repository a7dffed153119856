//! Writes down what happens: an observer of training that owns the run's folder.

use super::live;
use super::places::Places;
use super::profile::events_of;
use super::readings;
use super::shelf::{CheckpointPolicy, Clock};
use super::{Folder, Results, StageResult};
use crate::disk;
use crate::error::Result;
use crate::tensor::store;
use crate::tensor::trace::Trace;
use crate::train::{Card, Event, Features, Moment, Observer, Outcome, Plan, Reading, Trained};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The record of a run in progress. A disk that is full does not end the run: what could not be written is told,
/// and tried again.
pub struct Record {
    folder: Folder,
    results: Results,
    rows: Vec<(String, usize, Reading)>,
    clock: Clock,
    live: live::Writer,
    /// Somebody asks for a checkpoint: a scheduler's signal.
    asked: Arc<AtomicBool>,
    warnings: Vec<String>,
    /// What could not be written when it was tried last, and why: the same is not told again.
    troubles: BTreeMap<String, String>,
    lock: Value,
    /// Whole files that a full disk refused: the newest content of each.
    unwritten: BTreeMap<PathBuf, Vec<u8>>,
    /// Whether `metrics.csv` lacks rows.
    stale: bool,
    /// Where the clips are that stages were tested on.
    places: Places,
    /// What the weights of each stage belong to, once it can be said.
    cards: BTreeMap<String, Describe>,
}

/// Says what the weights of a stage belong to, as it stands in their files; asked when the first are written.
pub type Describe = Box<dyn Fn() -> Result<String> + Send + Sync>;

impl Record {
    /// A record in a folder.
    pub fn new(folder: Folder, policy: CheckpointPolicy, asked: Arc<AtomicBool>) -> Self {
        let results = Results { run: folder.name().to_string(), stages: Vec::new() };
        let (clock, lock) = (Clock::new(policy), json!({ "data": {} }));
        let live = live::Writer::new(folder.path());
        Record {
            folder,
            results,
            clock,
            live,
            asked,
            lock,
            rows: Vec::new(),
            warnings: Vec::new(),
            troubles: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            stale: false,
            places: Places::default(),
            cards: BTreeMap::new(),
        }
    }

    /// What is worth a word since this was last asked: writes that failed.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Goes on where a write fails; `what` was not written.
    pub fn tolerate(&mut self, what: &str, outcome: Result<()>) {
        match outcome {
            Ok(()) => drop(self.troubles.remove(what)),
            Err(error) => {
                let text = format!("{what} could not be written: {}", error.headline());
                if self.troubles.insert(what.to_string(), text.clone()).as_ref() != Some(&text) {
                    self.warnings.push(text);
                }
            }
        }
    }

    /// Writes a file, now or when the disk has room again.
    fn write(&mut self, what: &str, path: PathBuf, bytes: Vec<u8>) {
        let written = disk::write_whole(&path, &bytes);
        match &written {
            Ok(()) => drop(self.unwritten.remove(&path)),
            Err(_) => drop(self.unwritten.insert(path, bytes)),
        }
        self.tolerate(what, written);
    }

    /// From now on the files of a stage's weights say what they belong to.
    pub fn describe(&mut self, stage: &str, card: Describe) {
        self.cards.insert(stage.to_string(), card);
    }

    /// Weights as they are written: with what they belong to, where that is known.
    fn described(&mut self, stage: &str, weights: &[u8]) -> Result<Vec<u8>> {
        let Some(card) = self.cards.get(stage) else { return Ok(weights.to_vec()) };
        Card::put(&card()?, weights)
    }

    /// Writes weights of a stage: `which` is `best`, `last` or `averaged`.
    pub fn write_weights(&mut self, stage: &str, which: &str, bytes: Vec<u8>) {
        let path = self.folder.weights(stage, which);
        self.write(&format!("the {which} weights of '{stage}'"), path, bytes);
    }

    /// Writes what a stage's last weights say of the clips that test, encoded.
    pub fn write_predictions(&mut self, stage: &str, bytes: Vec<u8>) {
        let path = self.folder.predictions(stage);
        self.write(&format!("the predictions of '{stage}'"), path, bytes);
    }

    /// Writes where a stage's time went, and says into which file.
    pub fn write_trace(&mut self, stage: &str, traced: &Trace) -> PathBuf {
        let path = self.folder.profile(stage);
        if let Some(folder) = path.parent() {
            let made = disk::make_folder(folder);
            self.tolerate("the folder of profiles", made);
        }
        self.write(&format!("the profile of '{stage}'"), path.clone(), events_of(traced));
        path
    }

    /// The weights of the best epoch of a stage, where there are any.
    pub fn best_weights(&self, stage: &str) -> Option<Vec<u8>> {
        let path = self.folder.weights(stage, "best");
        self.unwritten.get(&path).cloned().or_else(|| std::fs::read(&path).ok())
    }

    /// Keeps the texts of a version, now or when the disk has room again.
    pub fn keep_version(&mut self, version: usize, texts: &[(PathBuf, Arc<str>)]) {
        let kept = self.folder.keep_recipe(version, texts);
        if kept.is_err() {
            let folder = self.folder.version(version);
            let files =
                texts.iter().map(|(file, text)| (folder.join(file), text.as_bytes().into()));
            self.unwritten.extend(files);
        }
        self.tolerate(&format!("version {version} of the recipe"), kept);
    }

    /// Writes what a full disk refused before.
    ///
    /// # Errors
    /// A disk that is still full.
    pub fn catch_up(&mut self) -> Result<()> {
        while let Some((path, bytes)) = self.unwritten.first_key_value() {
            path.parent().map_or(Ok(()), disk::make_folder)?;
            disk::write_whole(path, bytes)?;
            self.unwritten.pop_first();
        }
        if std::mem::take(&mut self.stale) {
            self.write_metrics()?;
        }
        self.folder.catch_up()
    }

    /// Adds a line to the journal, now or when the disk has room again.
    pub fn event(&mut self, name: &str, fields: Value) {
        let outcome = self.folder.event(name, fields);
        self.tolerate("events.jsonl", outcome);
    }

    /// Writes down what the run is computed with.
    pub fn write_lock(&mut self, fields: Value) {
        if let (Some(lock), Value::Object(fields)) = (self.lock.as_object_mut(), fields) {
            lock.extend(fields);
        }
        let outcome = self.folder.write_lock(&self.lock);
        self.tolerate("still.lock", outcome);
    }

    /// Writes down which data a stage used.
    pub fn note_data(&mut self, name: &str, blake3: &str) {
        if let Some(data) = self.lock.get_mut("data").and_then(Value::as_object_mut) {
            data.insert(name.to_string(), json!(blake3));
        }
        self.write_lock(json!({}));
    }

    /// Writes down where the clips of a stage are, for those who show them later.
    fn note_places(&mut self, features: &Features) {
        if self.places.add(features) {
            let outcome = self.folder.write_places(&self.places);
            self.tolerate("clips.json", outcome);
        }
    }

    /// Takes a result in.
    fn add(&mut self, result: StageResult) {
        self.results.stages.push(result);
        let outcome = self.folder.write_results(&self.results);
        self.tolerate("results.json", outcome);
    }

    /// The run's folder.
    pub fn folder(&mut self) -> &mut Folder {
        &mut self.folder
    }

    /// What the stages that ended gave.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Rewrites `metrics.csv`, now or when the disk has room again.
    fn put_metrics(&mut self) {
        let written = self.write_metrics();
        self.stale = written.is_err();
        self.tolerate("metrics.csv", written);
    }

    fn write_metrics(&self) -> Result<()> {
        disk::write_whole(&self.folder.path().join("metrics.csv"), &readings::csv(&self.rows)?)
    }
}

impl Observer for Record {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Started { plan, parameters, steps, step, version, readings, pretrained } => {
                self.clock.begin(*step);
                self.note_places(&plan.features);
                self.live.begin(*step);
                self.rows.retain(|(stage, ..)| *stage != plan.name);
                let before = readings.iter();
                self.rows.extend(before.map(|(at, row)| (plan.name.clone(), *at, row.clone())));
                let mut told = json!({
                        "stage": plan.name, "kind": plan.kind(), "spec": plan.spec,
                        "teacher": plan.taught_by(),
                        "input": plan.features.shape(),
                        "statistics": plan.features.train.statistics()?,
                        "clips": {
                            "train": plan.features.train.len(), "test": plan.features.test.len()
                        },
                        "augment":
                            plan.chain.iter().map(|stage| stage.describe()).collect::<Vec<_>>(),
                        "batch": plan.batch, "epochs": plan.epochs, "optimizer": plan.optimizer,
                        "seed": plan.seed, "device": plan.device.name(),
                        "parameters": parameters, "steps": steps, "step": step,
                        "version": version, "ground": plan.identity,
                });
                if let (Some(own), Some(told)) = (pretrained, told.as_object_mut()) {
                    told.insert("pretrained".to_string(), json!(own));
                }
                self.event("stage", told);
            }
            Event::Stepped { moment, report, so_far, .. } => self.live.step(moment, report, so_far),
            Event::Changed { moment, change } => {
                let (outcome, message) = match &change.outcome {
                    Outcome::InForce => ("in_force", None),
                    Outcome::Unchanged => ("unchanged", None),
                    Outcome::Rejected(error) => ("rejected", Some(error.to_string())),
                    Outcome::Reverted(error) => ("reverted", Some(error.to_string())),
                };
                let mut fields = json!({
                    "stage": &*moment.stage, "step": moment.step, "phase": moment.phase,
                    "version": change.version, "blake3": change.hash, "outcome": outcome,
                    "functions": change.functions, "note": change.note, "message": message,
                });
                if !change.files.is_empty() {
                    fields["files"] = json!(change.files);
                }
                self.event("edit", fields);
            }
            Event::Paused { moment, failure } => {
                self.live.wait();
                let message = failure.to_string();
                self.event(
                    "paused",
                    json!({ "stage": &*moment.stage, "step": moment.step, "message": message }),
                );
            }
            Event::Continued { moment } => {
                self.live.go_on();
                self.event("continued", json!({ "stage": &*moment.stage, "step": moment.step }));
            }
            Event::Checkpoint { moment, checkpoint } => {
                let begun = Instant::now();
                let written = self.folder.keep_checkpoint(&moment.stage, checkpoint);
                self.tolerate(&format!("the checkpoint of step {}", moment.step), written);
                self.clock.written(moment.step, begun.elapsed());
            }
            Event::Epoch { stage, reading, step, state, best } => {
                self.rows.push((stage.to_string(), *step, (*reading).clone()));
                let mut fields = serde_json::to_value(reading).unwrap_or(Value::Null);
                if let Some(fields) = fields.as_object_mut() {
                    fields.insert("stage".into(), json!(stage));
                    fields.insert("step".into(), json!(step));
                }
                self.event("epoch", fields);
                self.put_metrics();
                let weights = self.described(stage, &store::encode(state)?)?;
                if *best {
                    self.write_weights(stage, "best", weights.clone());
                }
                self.write_weights(stage, "last", weights);
            }
            Event::Ended { trained } => {
                if let Some(averaged) = &trained.averaged {
                    let weights = store::encode(&averaged.model.network().state())?;
                    let weights = self.described(&trained.name, &weights)?;
                    self.write_weights(&trained.name, "averaged", weights);
                }
                self.live.end();
                let result = StageResult::from(*trained);
                self.event("stage_end", serde_json::to_value(&result).unwrap_or(Value::Null));
                self.add(result);
            }
            Event::Recalled { plan, trained, own, .. } => {
                self.note_places(&plan.features);
                self.rows.retain(|(stage, ..)| *stage != trained.name);
                let rows = trained.readings.iter();
                self.rows.extend(rows.map(|(at, row)| (trained.name.clone(), *at, row.clone())));
                self.put_metrics();
                let result = StageResult { from_store: !own, ..StageResult::from(*trained) };
                let mut fields = serde_json::to_value(&result).unwrap_or(Value::Null);
                if let Some(fields) = fields.as_object_mut() {
                    let told = told_of(plan, trained);
                    fields.extend(told.as_object().cloned().unwrap_or_default());
                }
                self.event("store_hit", fields);
                self.add(result);
            }
        }
        Ok(())
    }

    fn wants_checkpoint(&mut self, moment: &Moment) -> bool {
        self.asked.swap(false, Ordering::Relaxed) || self.clock.due(moment.step)
    }
}

/// What the journal says of a stage that came from the store beside its result, as it does of one that begins.
fn told_of(plan: &Plan, trained: &Trained) -> Value {
    json!({
        "stage": trained.name, "teacher": plan.teacher.as_ref().map(|teacher| &teacher.name), "seed": plan.seed,
        "clips": { "train": plan.features.train.len(), "test": plan.features.test.len() },
    })
}
