//! Bindings of intervals, and of tests over clips, folds and seeds.

use super::given::{Settings, list, map_of, predictions};
use super::results::interval_map;
use crate::error::{Error, Result};
use crate::metrics::{self, Tested};
use crate::script::register::namespaced;
use crate::tensor::Tensor;
use rhai::{Dynamic, Map, Module};

fn told(operation: &str, tested: Result<Tested>) -> Result<Map> {
    let own = tested.map_err(|error: Error| error.during(operation))?;
    Ok(map_of([
        ("statistic", own.statistic.into()),
        ("p", own.p.into()),
        ("difference", own.difference.into()),
        ("exact", own.exact.into()),
    ]))
}

fn both(operation: &str, a: &Dynamic, b: &Dynamic) -> Result<(Vec<f64>, Vec<f64>)> {
    Ok((list(operation, "a", a)?, list(operation, "b", b)?))
}

fn bootstrap(name: &str, scores: &Tensor, targets: &Tensor, map: Map) -> Result<Map> {
    let operation = "metrics::bootstrap";
    let settings = Settings::new(operation, map)?;
    let metric = settings.metric(name)?;
    let mut all = predictions(operation, scores, targets)?;
    if metric.of_probabilities() {
        all = settings.probabilities(all)?;
    }
    let interval = metrics::bootstrap(&all, &metric, &settings.draws()?);
    interval.map(|own| interval_map(&own)).map_err(|error| error.during(operation))
}

fn interval(values: &Dynamic, map: Map) -> Result<Map> {
    let operation = "metrics::interval";
    let settings = Settings::new(operation, map)?;
    let values = list(operation, "the values", values)?;
    let interval = metrics::bootstrap_mean(&values, &settings.draws()?);
    interval.map(|own| interval_map(&own)).map_err(|error| error.during(operation))
}

fn compare(name: &str, [a, b, targets]: [&Tensor; 3], map: Map) -> Result<Map> {
    let operation = "metrics::compare";
    let settings = Settings::new(operation, map)?;
    let metric = settings.metric(name)?;
    let mut both = [predictions(operation, a, targets)?, predictions(operation, b, targets)?];
    if metric.of_probabilities() {
        let [a, b] = both;
        both = [settings.probabilities(a)?, settings.probabilities(b)?];
    }
    let found = metrics::compare(&both[0], &both[1], &metric, &settings.draws()?)
        .map_err(|error| error.during(operation))?;
    Ok(map_of([
        ("a", found.a.into()),
        ("b", found.b.into()),
        ("difference", interval_map(&found.difference).into()),
        ("bootstrap_p", found.bootstrap_p.into()),
        ("permutation_p", found.permutation_p.into()),
    ]))
}

fn sign_flip(a: &Dynamic, b: &Dynamic, map: Map) -> Result<Map> {
    let operation = "metrics::sign_flip";
    let settings = Settings::new(operation, map)?;
    let (mut resamples, mut seed) = (10_000, 0);
    settings.0.count("resamples", &mut resamples)?;
    settings.0.count("seed", &mut seed)?;
    let (a, b) = both(operation, a, b)?;
    told(operation, metrics::sign_flip(&a, &b, resamples, seed as u64))
}

fn mcnemar(a: &Tensor, b: &Tensor, targets: &Tensor) -> Result<Map> {
    let operation = "metrics::mcnemar";
    let right = |scores: &Tensor| -> Result<Vec<bool>> {
        let all = predictions(operation, scores, targets)?;
        let labels = all.labels().map_err(|error| error.during(operation))?;
        Ok(all.found().iter().zip(&labels).map(|(found, label)| found == label).collect())
    };
    told(operation, metrics::mcnemar(&right(a)?, &right(b)?))
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// A metric with its bootstrap interval over clips: `value`, `low`, `high`, `deviation`, and how many resamples
        /// were `undefined` and left out. The ends are percentiles of resamples of the clips with replacement.
        ///
        /// `metric` is "accuracy", "top_k", "average_precision", "roc_auc", "d_prime", "lwlrap", "precision", "recall",
        /// "f1", "ece" or "brier". Options: `resamples` (1000), `level` (0.95), `seed` (0), and those of the metric: `k` (5),
        /// `average` ("macro"), `missing` ("skip"; "zero" for F1 and its kin), `threshold` (0.5), `bins` (15), `logits` (false),
        /// `multi` (false). The same seed gives the same interval.
        ///
        /// ```rhai
        /// let s = tensor([[2.0, 1.0], [0.5, 3.0], [1.0, 0.0]]);
        /// let i = metrics::bootstrap("accuracy", s, tensor([0, 1, 1]), #{ resamples: 200, seed: 1 });
        /// i.low <= i.value && i.value <= i.high
        /// ```
        fn "bootstrap"(metric: &str, scores: Tensor, targets: Tensor, options: Map) -> Map {
            bootstrap(metric, &scores, &targets, options)
        }

        /// The mean of numbers, e.g. of folds or seeds, with its bootstrap interval; a map as of `metrics::bootstrap`.
        ///
        /// Options: `resamples`, `level`, `seed` as of `metrics::bootstrap`. `values` is an array or a tensor `[count]`.
        ///
        /// ```rhai
        /// let i = metrics::interval([0.8, 0.9, 0.85], #{});
        /// i.low >= 0.8 && i.high <= 0.9
        /// ```
        fn "interval"(values: Dynamic, options: Map) -> Map {
            interval(&values, options)
        }

        /// Two models on the same clips: the metric of each (`a`, `b`), the `difference` with its interval over resamples
        /// that draw the same clips for both, `bootstrap_p`, and `permutation_p` of swapping their scores of clips.
        ///
        /// `metric` and options: as of `metrics::bootstrap`. Shapes: both scores `[clips, classes]`, targets as of
        /// `metrics::average_precision`.
        ///
        /// ```rhai
        /// let s = tensor([[2.0, 1.0], [0.5, 3.0], [1.0, 0.0]]);
        /// metrics::compare("accuracy", s, s, tensor([0, 1, 1]), #{ resamples: 50 }).permutation_p == 1.0
        /// ```
        fn "compare"(metric: &str, a: Tensor, b: Tensor, targets: Tensor, options: Map) -> Map {
            compare(metric, [&a, &b, &targets], options)
        }

        /// Student's paired t test of two lists of numbers, e.g. of folds or seeds: `statistic`, two-sided `p`, mean
        /// `difference`, and whether p is `exact`, which is false.
        ///
        /// Errors: lists of different lengths, fewer than two pairs.
        ///
        /// ```rhai
        /// let t = metrics::t_test([1.0, 2.0, 4.0], [0.0, 0.0, 1.0]);
        /// (t.p - 0.0741799).abs() < 1e-6
        /// ```
        fn "t_test"(a: Dynamic, b: Dynamic) -> Map {
            let (a, b) = both("metrics::t_test", &a, &b)?;
            told("metrics::t_test", metrics::t_test(&a, &b))
        }

        /// Wilcoxon's signed rank test of paired numbers; a map as of `metrics::t_test`. Exact up to 50 pairs that differ.
        ///
        /// ```rhai
        /// metrics::wilcoxon([1.0, 2.0, 4.0], [0.0, 0.0, 1.0]).p == 0.25
        /// ```
        fn "wilcoxon"(a: Dynamic, b: Dynamic) -> Map {
            let (a, b) = both("metrics::wilcoxon", &a, &b)?;
            told("metrics::wilcoxon", metrics::wilcoxon(&a, &b))
        }

        /// The permutation test of paired numbers, which flips signs of differences; a map as of `metrics::t_test`. All
        /// ways are tried up to 20 pairs that differ.
        ///
        /// Options: `resamples` (10000, where there are more pairs), `seed` (0).
        ///
        /// ```rhai
        /// metrics::sign_flip([1.0, 2.0, 4.0], [0.0, 0.0, 1.0], #{}).p == 0.25
        /// ```
        fn "sign_flip"(a: Dynamic, b: Dynamic, options: Map) -> Map {
            sign_flip(&a, &b, options)
        }

        /// McNemar's exact test of the accuracies of two models on the same clips; a map as of `metrics::t_test`.
        ///
        /// Shapes: both scores `[clips, classes]`, targets as of `metrics::accuracy`.
        ///
        /// ```rhai
        /// let s = tensor([[2.0, 1.0], [0.5, 3.0]]);
        /// metrics::mcnemar(s, s, tensor([0, 1])).p == 1.0
        /// ```
        fn "mcnemar"(a: Tensor, b: Tensor, targets: Tensor) -> Map {
            mcnemar(&a, &b, &targets)
        }
    }
}
