//! What a run gave, as `results.json` and `--json` have it.

use crate::error::{Error, Kind, Result};
use crate::models::weights::Report;
use crate::train::{Averaged, StageKind, Stint, Trained};
use serde::Serialize;

/// One stage's outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageResult {
    /// The stage's name.
    pub name: String,
    /// Trained from labels, or distilled from a teacher.
    pub kind: StageKind,
    /// The model's name.
    pub model: String,
    /// Accuracy on the test clips with the last weights.
    pub accuracy: f64,
    /// The accuracy of the best epoch; where no clips validate, chosen on the test clips, so optimistic.
    pub best_accuracy: f64,
    /// Mean average precision on the test clips, where clips have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<f64>,
    /// That of the best epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_map: Option<f64>,
    /// The mean of the weights of several epochs, where the stage makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub averaged: Option<AveragedResult>,
    /// So many clips test.
    pub test_clips: usize,
    /// The share of the time that was spent waiting for data.
    pub waiting: f64,
    /// Wall time.
    pub seconds: f64,
    /// Optimiser steps.
    pub steps: usize,
    /// Trained numbers.
    pub parameters: usize,
    /// BLAKE3 of the last weights: of their file without its description.
    pub weights_blake3: String,
    /// What names it in the store.
    pub key: String,
    /// Whether it came from the store.
    pub from_store: bool,
    /// Which version of the recipe was in force from which step on.
    pub history: Vec<Stint>,
    /// What became of the file's weights that its model began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<Report>,
}

impl From<&Trained> for StageResult {
    fn from(trained: &Trained) -> Self {
        StageResult {
            name: trained.name.clone(),
            kind: trained.kind,
            model: trained.model.spec().name().to_string(),
            accuracy: trained.accuracy,
            best_accuracy: trained.best_accuracy,
            map: trained.map,
            best_map: trained.best_map,
            averaged: trained.averaged.as_ref().map(AveragedResult::from),
            test_clips: trained.features.test.len(),
            waiting: (trained.waiting * 1e4).round() / 1e4,
            seconds: (trained.seconds * 1000.0).round() / 1000.0,
            steps: trained.steps,
            parameters: trained.parameters,
            weights_blake3: trained.weights_blake3.clone(),
            key: trained.key.clone(),
            from_store: false,
            history: trained.history.clone(),
            pretrained: trained.model.weights().cloned(),
        }
    }
}

/// What the mean of the weights of several epochs is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AveragedResult {
    /// The first and the last epoch, counted from 1.
    pub epochs: [usize; 2],
    /// Accuracy on the test clips.
    pub accuracy: f64,
    /// Mean average precision there, where clips have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<f64>,
    /// BLAKE3 of the weights: of their file without its description.
    pub weights_blake3: String,
}

impl From<&Averaged> for AveragedResult {
    fn from(averaged: &Averaged) -> Self {
        AveragedResult {
            epochs: averaged.epochs,
            accuracy: averaged.score.accuracy,
            map: averaged.score.map,
            weights_blake3: averaged.weights_blake3.clone(),
        }
    }
}

/// A whole run's outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Results {
    /// The run's name: its folder's.
    pub run: String,
    /// Its stages, in the order in which they ended.
    pub stages: Vec<StageResult>,
}

impl Results {
    /// One line of JSON.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(failed)
    }

    /// JSON for a reader.
    pub fn to_json_pretty(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(failed)
    }
}

fn failed(cause: serde_json::Error) -> Error {
    Error::new(Kind::Internal, "writing results", cause.to_string())
}
