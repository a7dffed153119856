//! A metric as a value: for intervals and comparisons, which measure many times.

use super::average::{Average, Missing};
use super::calibration::{Labelling, brier, ece};
use super::decisions::{Threshold, decided};
use super::predictions::{Predictions, Weights};
use super::ranking::{average_precision, d_prime, lwlrap, roc_auc};
use super::single::{accuracy_of, top_k};
use crate::error::{Result, unknown};

/// The names of metrics that give one number.
pub const NAMES: [&str; 11] = [
    "accuracy",
    "top_k",
    "average_precision",
    "roc_auc",
    "d_prime",
    "lwlrap",
    "precision",
    "recall",
    "f1",
    "ece",
    "brier",
];

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Accuracy,
    TopK,
    AveragePrecision,
    RocAuc,
    DPrime,
    Lwlrap,
    Precision,
    Recall,
    F1,
    Ece,
    Brier,
}

/// A metric with its settings; those that it has no use for are not looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    name: Name,
    /// Of `top_k`: 5.
    pub k: usize,
    /// Of those that average over classes: macro.
    pub average: Average,
    /// What classes without a value count as; `None` for the metric's own way.
    pub missing: Option<Missing>,
    /// Of precision, recall and F1: 0.5.
    pub threshold: Threshold,
    /// Of `ece`: 15.
    pub bins: usize,
    /// Of `ece` and `brier`: one label a clip.
    pub labelling: Labelling,
}

impl Metric {
    /// By its name in [`NAMES`], with the settings that it has by itself.
    ///
    /// # Errors
    /// A name that is not known.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let name = match name {
            "accuracy" => Name::Accuracy,
            "top_k" => Name::TopK,
            "average_precision" => Name::AveragePrecision,
            "roc_auc" => Name::RocAuc,
            "d_prime" => Name::DPrime,
            "lwlrap" => Name::Lwlrap,
            "precision" => Name::Precision,
            "recall" => Name::Recall,
            "f1" => Name::F1,
            "ece" => Name::Ece,
            "brier" => Name::Brier,
            other => return Err(unknown(operation, "metric", other, &NAMES)),
        };
        Ok(Metric {
            name,
            k: 5,
            average: Average::Macro,
            missing: None,
            threshold: Threshold::At(0.5),
            bins: 15,
            labelling: Labelling::Single,
        })
    }

    /// Whether it is about probabilities.
    pub fn of_probabilities(&self) -> bool {
        matches!(self.name, Name::Ece | Name::Brier)
    }

    /// The metric of clips that count so often; NaN where it is not defined.
    ///
    /// # Errors
    /// As of the metric itself.
    pub fn of(&self, all: &Predictions, weights: Weights) -> Result<f64> {
        let skip = self.missing.unwrap_or(Missing::Skip);
        let zero = self.missing.unwrap_or(Missing::Zero);
        let decided = || decided(all, &self.threshold, self.average, zero, weights);
        match self.name {
            Name::Accuracy => accuracy_of(all, weights),
            Name::TopK => top_k(all, self.k, weights),
            Name::AveragePrecision => {
                average_precision(all, self.average, skip, weights).map(|own| own.value)
            }
            Name::RocAuc => roc_auc(all, self.average, skip, weights).map(|own| own.value),
            Name::DPrime => roc_auc(all, self.average, skip, weights).map(|own| d_prime(own.value)),
            Name::Lwlrap => lwlrap(all, weights).map(|own| own.value),
            Name::Precision => decided().map(|own| own.precision),
            Name::Recall => decided().map(|own| own.recall),
            Name::F1 => decided().map(|own| own.f1),
            Name::Ece => ece(all, self.labelling, self.bins, weights),
            Name::Brier => brier(all, self.labelling, weights),
        }
    }
}
