//! Bindings of metrics that give one number.

use super::given::{Settings, predictions};
use crate::error::{Error, Kind, Result};
use crate::metrics::{self, Average, Averaged, Missing, Predictions, Weights};
use crate::script::register::namespaced;
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, Map, Module};

/// A metric by its name, with its options.
fn measure(
    operation: &str,
    name: &str,
    scores: &Tensor,
    targets: &Tensor,
    map: Map,
) -> Result<f64> {
    let settings = Settings::new(operation, map)?;
    let mut all = predictions(operation, scores, targets)?;
    let metric = settings.metric(name)?;
    if metric.of_probabilities() {
        all = settings.probabilities(all)?;
    }
    defined(operation, metric.of(&all, None).map_err(|error| error.during(operation))?)
}

/// Fails where there is no number.
fn defined(operation: &str, value: f64) -> Result<f64> {
    match value.is_nan() {
        true => {
            Err(Error::new(Kind::Range, operation, "the metric is not defined for these targets")
                .expected("a class with clips that have it; for ROC AUC also clips that do not"))
        }
        false => Ok(value),
    }
}

type Measure = fn(&Predictions, Average, Missing, Weights) -> Result<Averaged>;

/// An average over classes, or with `average: "none"` the array of what is averaged.
fn averaged(
    operation: &str,
    of: Measure,
    scores: &Tensor,
    targets: &Tensor,
    map: Map,
) -> Result<Dynamic> {
    let settings = Settings::new(operation, map)?;
    let all = predictions(operation, scores, targets)?;
    let missing = settings.missing()?.unwrap_or(Missing::Skip);
    let name = settings.0.text("average")?;
    let average = match name.as_deref() {
        None | Some("none") => Average::Macro,
        Some(name) => Average::named(operation, name)?,
    };
    let value = of(&all, average, missing, None).map_err(|error| error.during(operation))?;
    if name.as_deref() == Some("none") {
        return Ok(value.per_class.into_iter().map(Dynamic::from).collect::<Array>().into());
    }
    defined(operation, value.value).map(Dynamic::from)
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// The share of clips whose largest score, the first of equal ones, is that of their class.
        ///
        /// Shapes: scores `[clips, classes]`; targets the same with one 1 in each row, or i64 classes `[clips]`.
        ///
        /// ```rhai
        /// metrics::accuracy(tensor([[2.0, 1.0], [0.5, 3.0]]), tensor([0, 0])) == 0.5
        /// ```
        fn "accuracy"(scores: Tensor, targets: Tensor) -> f64 {
            measure("metrics::accuracy", "accuracy", &scores, &targets, Map::new())
        }

        /// The share of clips whose class is among their `k` largest scores; of equal scores the larger index comes
        /// first, as in scikit-learn.
        ///
        /// Shapes: as of `metrics::accuracy`. Errors: a `k` below 1.
        ///
        /// ```rhai
        /// metrics::top_k(tensor([[3.0, 2.0, 1.0]]), tensor([1]), 2) == 1.0
        /// ```
        fn "top_k"(scores: Tensor, targets: Tensor, k: i64) -> f64 {
            let options = [("k".into(), Dynamic::from(k))].into_iter().collect();
            measure("metrics::top_k", "top_k", &scores, &targets, options)
        }

        /// Mean average precision (mAP): the mean over classes of step-wise average precision, as scikit-learn's. Classes
        /// without positives are left out.
        ///
        /// Shapes: scores and targets `[clips, classes]`, targets 0 or 1; or i64 classes `[clips]`.
        /// Errors: no class has a positive; scores that are not finite.
        ///
        /// ```rhai
        /// let map = metrics::average_precision(tensor([[0.9], [0.8], [0.1]]), tensor([[1], [0], [1]]));
        /// (map - 5.0 / 6.0).abs() < 1e-12
        /// ```
        fn "average_precision"(scores: Tensor, targets: Tensor) -> f64 {
            measure("metrics::average_precision", "average_precision", &scores, &targets, Map::new())
        }

        /// As `metrics::average_precision(scores, targets)`. Options: `average` ("macro", "micro", "weighted" by positives,
        /// or "none" for an array with NaN for classes that have no positives), `missing` ("skip"; "zero"
        /// counts classes without positives as 0, as scikit-learn does).
        ///
        /// ```rhai
        /// let s = tensor([[0.9, 0.1], [0.8, 0.2]]);
        /// let t = tensor([[1, 0], [0, 0]]);
        /// metrics::average_precision(s, t, #{ missing: "zero" }) == 0.5
        /// ```
        fn "average_precision"(scores: Tensor, targets: Tensor, options: Map) -> Dynamic {
            averaged("metrics::average_precision", metrics::average_precision, &scores, &targets, options)
        }

        /// The mean over classes of the area under the ROC curve, as scikit-learn's; equal scores count half. Classes
        /// without positives or without negatives are left out.
        ///
        /// Shapes and errors: as of `metrics::average_precision`.
        ///
        /// ```rhai
        /// metrics::roc_auc(tensor([[0.9], [0.9], [0.1]]), tensor([[1], [0], [0]])) == 0.75
        /// ```
        fn "roc_auc"(scores: Tensor, targets: Tensor) -> f64 {
            measure("metrics::roc_auc", "roc_auc", &scores, &targets, Map::new())
        }

        /// As `metrics::roc_auc(scores, targets)`, with the options of `metrics::average_precision`.
        ///
        /// ```rhai
        /// metrics::roc_auc(tensor([[0.9], [0.1]]), tensor([[1], [0]]), #{ average: "none" }) == [1.0]
        /// ```
        fn "roc_auc"(scores: Tensor, targets: Tensor, options: Map) -> Dynamic {
            averaged("metrics::roc_auc", metrics::roc_auc, &scores, &targets, options)
        }

        /// d′ = √2 · Φ⁻¹(the mean ROC AUC), as AST and PSLA give it; infinite where the area is 1.
        ///
        /// Shapes and errors: as of `metrics::average_precision`.
        ///
        /// ```rhai
        /// let d = metrics::d_prime(tensor([[0.9], [0.9], [0.1]]), tensor([[1], [0], [0]]));
        /// (d - 0.953872552).abs() < 1e-8
        /// ```
        fn "d_prime"(scores: Tensor, targets: Tensor) -> f64 {
            measure("metrics::d_prime", "d_prime", &scores, &targets, Map::new())
        }

        /// Label-weighted label-ranking average precision, as DCASE 2019's task 2 defines it: the mean over all labels
        /// of all clips of the share of labels among the classes that score at least as high.
        ///
        /// Shapes and errors: as of `metrics::average_precision`.
        ///
        /// ```rhai
        /// metrics::lwlrap(tensor([[0.9, 0.5, 0.1]]), tensor([[0, 1, 0]])) == 0.5
        /// ```
        fn "lwlrap"(scores: Tensor, targets: Tensor) -> f64 {
            measure("metrics::lwlrap", "lwlrap", &scores, &targets, Map::new())
        }

        /// Expected calibration error. The scores are probabilities, or logits where the option says so.
        ///
        /// Options: `logits` (false: true makes softmax or, for several labels, sigmoids of the scores), `multi`
        /// (false: the clip's largest probability; true: every class's probability by itself), `bins` (15, equally wide).
        /// Shapes: as of `metrics::accuracy`. Errors: scores that are no probabilities.
        ///
        /// ```rhai
        /// (metrics::ece(tensor([[0.75, 0.25]]), tensor([0]), #{ bins: 10 }) - 0.25).abs() < 1e-12
        /// ```
        fn "ece"(scores: Tensor, targets: Tensor, options: Map) -> f64 {
            measure("metrics::ece", "ece", &scores, &targets, options)
        }

        /// Brier's score: the mean square of probability minus target, summed over classes; averaged over them with
        /// `multi: true`.
        ///
        /// Options: `logits`, `multi` as of `metrics::ece`. Shapes and errors: as of `metrics::ece`.
        ///
        /// ```rhai
        /// metrics::brier(tensor([[0.5, 0.5]]), tensor([0]), #{}) == 0.5
        /// ```
        fn "brier"(scores: Tensor, targets: Tensor, options: Map) -> f64 {
            measure("metrics::brier", "brier", &scores, &targets, options)
        }
    }
}
