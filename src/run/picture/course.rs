//! A stage as its events tell it: what it is, and what its epochs gave.

use crate::run::said::{count, number, text, time_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::SystemTime;

/// So many points of a curve stand in a summary.
const POINTS: usize = 64;
/// So many epochs tell the speed.
const EPOCHS: usize = 5;

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
    /// Mean average precision instead, where clips have several labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<f64>,
    /// The best one after any epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_map: Option<f64>,
    /// So many clips test.
    #[serde(default)]
    pub test_clips: Option<u64>,
    /// Wall time.
    pub seconds: Option<f64>,
    /// Steps that were done.
    pub steps: Option<u64>,
    /// Trained numbers.
    pub parameters: Option<u64>,
    /// BLAKE3 of the last weights.
    pub weights_blake3: Option<String>,
    /// BLAKE3 of the mean of the weights of several epochs, where it made one.
    #[serde(default)]
    pub averaged_blake3: Option<String>,
    /// Its key in the store.
    pub key: Option<String>,
    /// Whether it came from the store.
    pub from_store: bool,
    /// Whether it came to its end.
    pub done: bool,
    /// The main metric after each epoch; of many epochs only some, the first and the last among them.
    #[serde(default)]
    pub curve: Vec<f64>,
}

impl PastStage {
    /// The main metric: mean average precision where clips have several labels, else accuracy.
    pub fn main(&self) -> Option<f64> {
        self.map.or(self.accuracy)
    }

    /// The main metric of the best epoch.
    pub fn best_main(&self) -> Option<f64> {
        if self.map.is_some() { self.best_map } else { self.best_accuracy }
    }

    /// How many test clips were found right, of how many; not known where clips have several labels.
    pub fn found(&self) -> Option<(u64, u64)> {
        let (accuracy, clips) = (self.accuracy?, self.test_clips?);
        let known = self.map.is_none() && clips > 0 && (0.0..=1.0).contains(&accuracy);
        known.then(|| ((accuracy * clips as f64).round() as u64, clips))
    }
}

/// What an epoch gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PastEpoch {
    /// When it was written down, in UTC.
    #[serde(skip)]
    pub at: Option<SystemTime>,
    /// Steps of the stage at its end.
    pub step: u64,
    /// Its number, from 1.
    pub epoch: u64,
    /// Mean training loss.
    pub loss: Option<f64>,
    /// Loss on the clips that judge epochs.
    pub test_loss: Option<f64>,
    /// Accuracy there, 0 to 1.
    pub accuracy: Option<f64>,
    /// Mean average precision there, where clips have several labels.
    pub map: Option<f64>,
    /// Learning rate of its last step.
    pub lr: Option<f64>,
    /// λ of its last step, where there is one.
    pub lambda: Option<f64>,
    /// τ of its last step, where there is one.
    pub tau: Option<f64>,
    /// Training clips a second.
    pub clips_per_second: Option<f64>,
    /// The share of the steps' time that was spent waiting for data.
    pub waiting: Option<f64>,
    /// Seconds, evaluation included.
    pub seconds: Option<f64>,
    /// Means of what hooks logged, by name.
    pub logged: Vec<(String, f64)>,
}

impl PastEpoch {
    /// What epochs are compared by.
    pub fn main(&self) -> Option<f64> {
        self.map.or(self.accuracy)
    }

    fn of(event: &Value) -> Option<Self> {
        let value = |key: &str| number(event, key);
        let pair = |pair: &Value| {
            let (name, value) = (pair.get(0)?.as_str()?, pair.get(1)?);
            let value = value.as_f64().or_else(|| value.as_str()?.parse().ok());
            Some((name.to_string(), value?))
        };
        let logged = event.get("logged").and_then(Value::as_array);
        Some(PastEpoch {
            at: time_of(event),
            step: count(event, "step")?,
            epoch: count(event, "epoch").unwrap_or(0),
            loss: value("loss"),
            test_loss: value("test_loss"),
            accuracy: value("accuracy"),
            map: value("map"),
            lr: value("lr"),
            lambda: value("lambda"),
            tau: value("tau"),
            clips_per_second: value("clips_per_second"),
            waiting: value("waiting"),
            seconds: value("seconds"),
            logged: logged.into_iter().flatten().filter_map(pair).collect(),
        })
    }
}

/// A stage with all its epochs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// What it is, and what it gave; its curve is empty here.
    pub stage: PastStage,
    /// The name of its teacher.
    pub teacher: Option<String>,
    /// Epochs that it shall have.
    pub epochs_planned: Option<u64>,
    /// Steps that it shall have.
    pub steps_planned: Option<u64>,
    /// Clips that train.
    pub train_clips: Option<u64>,
    /// The share of its time that was spent waiting for data.
    pub waiting: Option<f64>,
    /// When it began, or went on.
    pub began: Option<SystemTime>,
    /// What its epochs gave.
    pub epochs: Vec<PastEpoch>,
}

impl Course {
    pub(super) fn new(name: &str) -> Self {
        let stage = PastStage { name: name.to_string(), ..PastStage::default() };
        Course { stage, ..Course::default() }
    }

    /// The stage with its curve.
    pub fn summary(&self) -> PastStage {
        let curve: Vec<f64> = self.epochs.iter().filter_map(PastEpoch::main).collect();
        PastStage { curve: thinned(&curve, POINTS), ..self.stage.clone() }
    }

    /// The steps that are known to be done.
    pub fn steps(&self) -> u64 {
        let last = self.epochs.last().map_or(0, |epoch| epoch.step);
        self.stage.steps.unwrap_or(0).max(last)
    }

    /// What is left of it in seconds, at the speed of its last epochs.
    pub fn seconds_left(&self) -> Option<f64> {
        let recent = self.epochs.len().saturating_sub(EPOCHS);
        let seconds: Vec<f64> = self.epochs[recent..].iter().filter_map(|it| it.seconds).collect();
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        let left = self.epochs_planned?.saturating_sub(self.epochs.last()?.epoch);
        (!seconds.is_empty() && !self.stage.done).then_some(mean * left as f64)
    }

    pub(super) fn begin(&mut self, event: &Value) {
        let stage = &mut self.stage;
        stage.kind = text(event, "kind").or(stage.kind.take());
        let spec = event.get("spec");
        // A network that a recipe built says what it is itself.
        let model = spec.and_then(|spec| text(spec, "kind").or_else(|| text(spec, "model")));
        stage.model = model.or(stage.model.take());
        stage.parameters = count(event, "parameters").or(stage.parameters);
        let clips = event.get("clips");
        let clips = |which: &str| clips.and_then(|clips| count(clips, which));
        stage.test_clips = clips("test").or(stage.test_clips);
        self.train_clips = clips("train").or(self.train_clips);
        self.teacher = text(event, "teacher").or(self.teacher.take());
        self.epochs_planned = count(event, "epochs").or(self.epochs_planned);
        self.steps_planned = count(event, "steps").or(self.steps_planned);
        self.began = time_of(event);
        // A run that goes on tells again what came after its checkpoint.
        if let Some(step) = count(event, "step") {
            self.epochs.retain(|epoch| epoch.step <= step);
        }
    }

    pub(super) fn reached(&mut self, event: &Value) {
        let stage = &mut self.stage;
        stage.accuracy = number(event, "accuracy").or(stage.accuracy);
        stage.best_accuracy = larger(stage.best_accuracy, stage.accuracy);
        stage.map = number(event, "map").or(stage.map);
        stage.best_map = larger(stage.best_map, stage.map);
        stage.steps = count(event, "step").or(stage.steps);
        if let Some(epoch) = PastEpoch::of(event) {
            self.put(epoch);
        }
    }

    /// Adds an epoch; where one stands there already, the last one counts.
    fn put(&mut self, epoch: PastEpoch) {
        self.epochs.retain(|known| known.step < epoch.step);
        self.epochs.push(epoch);
    }

    pub(super) fn end(&mut self, event: &Value) {
        let stage = &mut self.stage;
        stage.done = true;
        stage.kind = text(event, "kind").or(stage.kind.take());
        stage.model = text(event, "model").or(stage.model.take());
        stage.accuracy = number(event, "accuracy").or(stage.accuracy);
        stage.best_accuracy = number(event, "best_accuracy").or(stage.best_accuracy);
        stage.map = number(event, "map").or(stage.map);
        stage.best_map = number(event, "best_map").or(stage.best_map);
        stage.test_clips = count(event, "test_clips").or(stage.test_clips);
        stage.seconds = number(event, "seconds").or(stage.seconds);
        stage.steps = count(event, "steps").or(stage.steps);
        stage.parameters = count(event, "parameters").or(stage.parameters);
        stage.weights_blake3 = text(event, "weights_blake3").or(stage.weights_blake3.take());
        let averaged = event.get("averaged").and_then(|own| text(own, "weights_blake3"));
        stage.averaged_blake3 = averaged.or(stage.averaged_blake3.take());
        stage.key = text(event, "key").or(stage.key.take());
        let from_store = event.get("from_store");
        stage.from_store |= from_store.is_some_and(|v| v.as_bool().unwrap_or(!v.is_null()));
        self.waiting = number(event, "waiting").or(self.waiting);
    }

    pub(super) fn recall(&mut self, event: &Value) {
        let from_store = event.get("from_store").and_then(Value::as_bool);
        self.end(event);
        self.stage.from_store = from_store.unwrap_or(true);
    }

    /// Takes an epoch from a row of `metrics.csv`, by the names of its columns.
    pub(super) fn take_row(
        &mut self,
        cell: &dyn Fn(&str) -> Option<f64>,
        logged: Vec<(String, f64)>,
    ) {
        // Counts are written as they are, and are exact in a float.
        let whole = |key: &str| cell(key).filter(|value| *value >= 0.0).map(|value| value as u64);
        let Some(step) = whole("step") else { return };
        self.put(PastEpoch {
            at: None,
            step,
            epoch: whole("epoch").unwrap_or(0),
            loss: cell("loss"),
            test_loss: cell("test_loss"),
            accuracy: cell("accuracy"),
            map: cell("map"),
            lr: cell("lr"),
            lambda: cell("lambda"),
            tau: cell("tau"),
            clips_per_second: cell("clips_per_second"),
            waiting: cell("waiting"),
            seconds: cell("seconds"),
            logged,
        });
    }
}

fn larger(best: Option<f64>, next: Option<f64>) -> Option<f64> {
    [best, next].into_iter().flatten().max_by(f64::total_cmp)
}

/// At most so many of the values, the first and the last among them.
fn thinned(values: &[f64], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.to_vec();
    }
    let at = |index: usize| values[index * (values.len() - 1) / (most - 1)];
    (0..most).map(at).collect()
}
