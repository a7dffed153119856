//! Bindings of metrics that give maps, tables and tensors.

use super::given::{Settings, map_of, numbers, predictions, table};
use crate::error::{Error, Kind, Result, unknown};
use crate::metrics::{
    self, Average, Draws, Interval, Labelling, Metric, Missing, Normalise, Predictions, Threshold,
};
use crate::script::register::namespaced;
use crate::tensor::{Device, Tensor};
use rhai::{Array, Dynamic, Map, Module};

fn decided(scores: &Tensor, targets: &Tensor, map: Map) -> Result<Map> {
    let operation = "metrics::precision_recall_f1";
    let settings = Settings::new(operation, map)?;
    let all = predictions(operation, scores, targets)?;
    let metric = settings.metric("f1")?;
    let missing = metric.missing.unwrap_or(Missing::Zero);
    let value = metrics::decided(&all, &metric.threshold, metric.average, missing, None)
        .map_err(|error| error.during(operation))?;
    Ok(map_of([
        ("precision", value.precision.into()),
        ("recall", value.recall.into()),
        ("f1", value.f1.into()),
    ]))
}

fn confusion(scores: &Tensor, targets: &Tensor, map: Map) -> Result<Tensor> {
    let operation = "metrics::confusion";
    let settings = Settings::new(operation, map)?;
    let all = predictions(operation, scores, targets)?;
    let (cells, classes) =
        (metrics::confusion(&all).map_err(|error| error.during(operation))?, all.classes());
    let (shape, device) = ([classes, classes], Device::default());
    let normalise = match settings.0.text("normalise")?.as_deref() {
        None => {
            let counts = cells.into_iter().map(|count| count as i64).collect();
            return Tensor::from_integers(counts, &shape, &device);
        }
        Some("true") => Normalise::Truth,
        Some("pred") => Normalise::Found,
        Some("all") => Normalise::All,
        Some(other) => {
            return Err(unknown(operation, "way to normalise", other, &["true", "pred", "all"]));
        }
    };
    let shares = metrics::shares(&cells, classes, normalise);
    Tensor::from_values(shares.into_iter().map(|own| own as f32).collect(), &shape, &device)
}

fn per_class(scores: &Tensor, targets: &Tensor, map: Map) -> Result<Array> {
    let operation = "metrics::per_class";
    let settings = Settings::new(operation, map)?;
    let all = predictions(operation, scores, targets)?;
    let names = settings.0.list("names", crate::script::value::text_of)?;
    if let Some(names) = names.as_ref().filter(|names| names.len() != all.classes()) {
        return Err(Error::new(Kind::Shape, operation, "the names do not fit")
            .expected(format!("one a class, {} in all", all.classes()))
            .received(names.len().to_string()));
    }
    let rows = metrics::per_class(&all, &settings.threshold()?)
        .map_err(|error| error.during(operation))?;
    let row = |row: metrics::ClassRow| {
        let mut map = map_of([
            ("class", (row.class as i64).into()),
            ("positives", (row.positives as i64).into()),
            ("average_precision", row.average_precision.into()),
            ("roc_auc", row.roc_auc.into()),
            ("d_prime", row.d_prime.into()),
            ("lwlrap", row.lwlrap.into()),
            ("precision", row.precision.into()),
            ("recall", row.recall.into()),
            ("f1", row.f1.into()),
            ("best_threshold", row.best_threshold.into()),
            ("best_f1", row.best_f1.into()),
        ]);
        if let Some(name) = names.as_ref().and_then(|names| names.get(row.class)) {
            map.insert("name".into(), name.clone().into());
        }
        Dynamic::from(map)
    };
    Ok(rows.into_iter().map(row).collect())
}

fn agreement(student: &Tensor, teacher: &Tensor, map: Map) -> Result<Map> {
    let operation = "metrics::agreement";
    let settings = Settings::new(operation, map)?;
    let (_, classes) = table(operation, "logits of the student", student)?;
    if teacher.shape() != student.shape() {
        return Err(Error::new(Kind::Shape, operation, "the logits do not fit")
            .expected(student.describe())
            .received(teacher.describe()));
    }
    let labelling = settings.labelling()?;
    let found = metrics::agreement(&numbers(student)?, &numbers(teacher)?, classes, labelling)
        .map_err(|error| error.during(operation))?;
    Ok(map_of([
        ("agreement", found.agreement.into()),
        ("kappa", found.kappa.into()),
        ("kl", found.kl.into()),
        ("correlation", found.correlation.into()),
        ("rank_correlation", found.rank_correlation.into()),
    ]))
}

/// An interval as a map.
pub(super) fn interval_map(own: &Interval) -> Map {
    map_of([
        ("value", own.value.into()),
        ("low", own.low.into()),
        ("high", own.high.into()),
        ("deviation", own.deviation.into()),
        ("undefined", (own.undefined as i64).into()),
    ])
}

/// Everything that the targets allow, with the interval of the main metric.
fn report(scores: &Tensor, targets: &Tensor, map: Map) -> Result<Map> {
    let operation = "metrics::report";
    let settings = Settings::new(operation, map)?;
    let all = predictions(operation, scores, targets)?;
    let chances = settings.probabilities(all.clone())?;
    whole(operation, &all, &chances, settings.labelling()?, &settings.draws()?)
        .map_err(|error| error.during(operation))
}

fn whole(
    operation: &str,
    all: &Predictions,
    chances: &Predictions,
    labelling: Labelling,
    draws: &Draws,
) -> Result<Map> {
    let single = labelling == Labelling::Single;
    let precision = metrics::average_precision(all, Average::Macro, Missing::Skip, None)?;
    let auc = metrics::roc_auc(all, Average::Macro, Missing::Skip, None)?;
    let main = if single { "accuracy" } else { "average_precision" };
    let interval = metrics::bootstrap(all, &Metric::named(operation, main)?, draws)?;
    let mut map = map_of([
        ("clips", (all.clips() as i64).into()),
        ("classes", (all.classes() as i64).into()),
        ("average_precision", precision.value.into()),
        ("classes_without_positives", (precision.missing as i64).into()),
        ("roc_auc", auc.value.into()),
        ("classes_without_auc", (auc.missing as i64).into()),
        ("d_prime", metrics::d_prime(auc.value).into()),
        ("lwlrap", metrics::lwlrap(all, None)?.value.into()),
        ("ece", metrics::ece(chances, labelling, 15, None)?.into()),
        ("brier", metrics::brier(chances, labelling, None)?.into()),
        ("main", main.into()),
        ("interval", interval_map(&interval).into()),
    ]);
    let threshold = if single { Threshold::Argmax } else { Threshold::At(0.5) };
    let f1 = metrics::decided(chances, &threshold, Average::Macro, Missing::Zero, None)?;
    map.insert("f1".into(), f1.f1.into());
    if single {
        map.insert("accuracy".into(), metrics::accuracy_of(all, None)?.into());
        if all.classes() >= metrics::TOP_FIVE_CLASSES {
            map.insert("top_5".into(), metrics::top_k(all, 5, None)?.into());
        }
    }
    Ok(map)
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// Precision, recall and F1 as a map, as scikit-learn's `precision_recall_fscore_support` with
        /// `zero_division=0`.
        ///
        /// Options: `threshold` (0.5: a clip is said to have a class where its score is at least that; one a class as an
        /// array, "argmax" for the first of the largest scores, or "best" for each class's best on these very clips),
        /// `average` ("macro", "micro", "weighted"), `missing` ("zero": classes without positives count as 0; "skip"
        /// leaves them out).
        /// Shapes: as of `metrics::average_precision`.
        ///
        /// ```rhai
        /// let s = tensor([[0.9, 0.2], [0.6, 0.7]]);
        /// let t = tensor([[1, 0], [0, 1]]);
        /// metrics::precision_recall_f1(s, t, #{ average: "micro" }).recall == 1.0
        /// ```
        fn "precision_recall_f1"(scores: Tensor, targets: Tensor, options: Map) -> Map {
            decided(&scores, &targets, options)
        }

        /// How often each class (row) was taken for each class (column): i64 `[classes, classes]`.
        ///
        /// Shapes: as of `metrics::accuracy`.
        ///
        /// ```rhai
        /// metrics::confusion(tensor([[2.0, 1.0], [0.5, 3.0]]), tensor([0, 0])).sum(1)[0].item() == 2
        /// ```
        fn "confusion"(scores: Tensor, targets: Tensor) -> Tensor {
            confusion(&scores, &targets, Map::new())
        }

        /// As `metrics::confusion(scores, targets)`, as shares. Option: `normalise` ("true" divides by the clips of the
        /// true class, "pred" by those of the found class, "all" by all clips).
        ///
        /// ```rhai
        /// let c = metrics::confusion(tensor([[2.0, 1.0], [0.5, 3.0]]), tensor([0, 0]), #{ normalise: "true" });
        /// c[0][1].item() == 0.5
        /// ```
        fn "confusion"(scores: Tensor, targets: Tensor, options: Map) -> Tensor {
            confusion(&scores, &targets, options)
        }

        /// One map a class: `class`, `positives`, `average_precision`, `roc_auc`, `d_prime`, `lwlrap`, `precision`, `recall`,
        /// `f1`, `best_threshold`, `best_f1`. NaN where a class has no value.
        ///
        /// Options: `threshold` as of `metrics::precision_recall_f1`, `names` (an array of strings: each map gets its
        /// `name`). Shapes: as of `metrics::average_precision`.
        ///
        /// ```rhai
        /// let rows = metrics::per_class(tensor([[0.9], [0.1]]), tensor([[1], [0]]), #{ names: ["dog"] });
        /// rows[0].name == "dog" && rows[0].average_precision == 1.0
        /// ```
        fn "per_class"(scores: Tensor, targets: Tensor, options: Map) -> Array {
            per_class(&scores, &targets, options)
        }

        /// How far a student says what its teacher says: `agreement` (share of equal decisions), `kappa` (Cohen's),
        /// `kl` (teacher to student), `correlation` (Pearson's, of all logits), `rank_correlation` (Spearman's).
        ///
        /// Options: `multi` (false: decisions are largest logits, KL is of softmax; true: whether a logit is above 0, KL
        /// of a Bernoulli variable a class). Shapes: both `[clips, classes]`.
        ///
        /// ```rhai
        /// let logits = tensor([[1.0, 2.0], [3.0, 0.0]]);
        /// metrics::agreement(logits, logits, #{}).kl == 0.0
        /// ```
        fn "agreement"(student: Tensor, teacher: Tensor, options: Map) -> Map {
            agreement(&student, &teacher, options)
        }

        /// Everything at once, as a map: `average_precision`, `roc_auc`, `d_prime`, `lwlrap`, `f1`, `ece`, `brier`, how many
        /// classes were left out, for one label a clip `accuracy` (and `top_5` from 10 classes on), and the bootstrap
        /// `interval` of the `main` one, accuracy or average precision.
        ///
        /// Options: `logits`, `multi` as of `metrics::ece`; `resamples`, `level`, `seed` as of `metrics::bootstrap`.
        /// Ranks are taken of the scores as given, calibration and F1 of probabilities.
        ///
        /// ```rhai
        /// let r = metrics::report(tensor([[2.0, 1.0], [0.5, 3.0]]), tensor([0, 1]), #{ logits: true });
        /// r.accuracy == 1.0 && r.interval.low == 1.0
        /// ```
        fn "report"(scores: Tensor, targets: Tensor, options: Map) -> Map {
            report(&scores, &targets, options)
        }
    }
}
