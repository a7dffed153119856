//! Writes down what happens: an observer of training that owns the run's folder.

use super::{Folder, Results, StageResult};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::store;
use crate::train::{Event, Observer, Outcome, Reading};
use serde_json::{Value, json};

/// Columns of `metrics.csv` that every run has; what hooks log comes after them.
pub const COLUMNS: [&str; 11] = [
    "stage",
    "epoch",
    "step",
    "loss",
    "test_loss",
    "accuracy",
    "lr",
    "lambda",
    "tau",
    "clips_per_second",
    "seconds",
];

/// The record of a run in progress.
pub struct Record {
    folder: Folder,
    results: Results,
    rows: Vec<(String, usize, Reading)>,
}

impl Record {
    /// A record in a new folder.
    pub fn new(folder: Folder) -> Self {
        let results = Results { run: folder.name().to_string(), stages: Vec::new() };
        Record { folder, results, rows: Vec::new() }
    }

    /// The run's folder.
    pub fn folder(&mut self) -> &mut Folder {
        &mut self.folder
    }

    /// What the stages that ended gave.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Rewrites `metrics.csv`: its columns depend on what hooks log, and it must be whole at any time.
    fn write_metrics(&self) -> Result<()> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.rows.iter().flat_map(|(_, _, reading)| &reading.logged) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut table = csv::Writer::from_writer(Vec::new());
        let failed = |cause: csv::Error| {
            Error::new(Kind::Internal, "writing metrics.csv", cause.to_string())
        };
        table.write_record(COLUMNS.iter().chain(&names)).map_err(failed)?;
        for (stage, step, reading) in &self.rows {
            let maybe = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
            let mut cells = vec![
                stage.clone(),
                reading.epoch.to_string(),
                step.to_string(),
                reading.loss.to_string(),
                reading.test_loss.to_string(),
                reading.accuracy.to_string(),
                reading.lr.to_string(),
                maybe(reading.lambda),
                maybe(reading.tau),
                format!("{:.1}", reading.clips_per_second),
                format!("{:.3}", reading.seconds),
            ];
            for name in &names {
                let logged = reading.logged.iter().find(|(known, _)| known == name);
                cells.push(maybe(logged.map(|(_, value)| *value)));
            }
            table.write_record(cells).map_err(failed)?;
        }
        let bytes = table.into_inner().map_err(|cause| {
            Error::new(Kind::Internal, "writing metrics.csv", cause.error().to_string())
        })?;
        disk::write_whole(&self.folder.path().join("metrics.csv"), &bytes)
    }
}

impl Observer for Record {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Started { plan, parameters, steps } => self.folder.event(
                "stage",
                json!({
                    "stage": plan.name, "kind": plan.kind(), "spec": plan.spec,
                    "teacher": plan.teacher.as_ref().map(|teacher| &teacher.name),
                    "input": plan.features.shape(), "statistics": plan.features.train.statistics(),
                    "clips": { "train": plan.features.train.len(), "test": plan.features.test.len() },
                    "augment": plan.chain.iter().map(|stage| stage.describe()).collect::<Vec<_>>(),
                    "batch": plan.batch, "epochs": plan.epochs, "optimizer": plan.optimizer,
                    "seed": plan.seed, "device": plan.device.name(),
                    "parameters": parameters, "steps": steps,
                }),
            ),
            Event::Stepped { .. } => Ok(()),
            Event::Changed { moment, change } => {
                let (outcome, message) = match &change.outcome {
                    Outcome::InForce => ("in_force", None),
                    Outcome::Unchanged => ("unchanged", None),
                    Outcome::Rejected(error) => ("rejected", Some(error.to_string())),
                    Outcome::Reverted(error) => ("reverted", Some(error.to_string())),
                };
                self.folder.event(
                    "edit",
                    json!({
                        "stage": &*moment.stage, "step": moment.step, "version": change.version,
                        "blake3": change.hash, "outcome": outcome, "functions": change.functions,
                        "note": change.note, "message": message,
                    }),
                )
            }
            Event::Epoch { stage, reading, step, state, best } => {
                self.rows.push((stage.to_string(), *step, (*reading).clone()));
                let mut fields = serde_json::to_value(reading).unwrap_or(Value::Null);
                if let Some(fields) = fields.as_object_mut() {
                    fields.insert("stage".into(), json!(stage));
                    fields.insert("step".into(), json!(step));
                }
                self.folder.event("epoch", fields)?;
                self.write_metrics()?;
                let weights = store::encode(state)?;
                disk::write_whole(&self.folder.weights(stage, "last"), &weights)?;
                if *best {
                    disk::write_whole(&self.folder.weights(stage, "best"), &weights)?;
                }
                Ok(())
            }
            Event::Ended { trained } => {
                let result = StageResult::from(*trained);
                let fields = serde_json::to_value(&result).unwrap_or(Value::Null);
                self.folder.event("stage_end", fields)?;
                self.results.stages.push(result);
                self.folder.write_results(&self.results)
            }
        }
    }
}
