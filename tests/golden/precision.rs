//! Intervals of mean average precision against scikit-learn and SciPy.

use crate::support::golden_json;
use serde::Deserialize;
use stillroom::metrics::{Draws, Interval, Metric, Predictions, bootstrap, bootstrap_difference};

#[derive(Deserialize)]
struct Numbers {
    truth: Vec<Vec<f64>>,
    scores: Vec<Vec<Vec<f64>>>,
    single: Vec<[f64; 3]>,
    gain: [f64; 3],
}

/// What SciPy drew for its intervals.
const THEIRS: f64 = 4_000.0;

/// The ends differ by what draws of both scatter.
#[track_caller]
fn close(own: Interval, [value, low, high]: [f64; 3], draws: &Draws) {
    assert!((own.value - value).abs() < 1e-12, "{} but {value}", own.value);
    // The standard error of a 2.5 % quantile of n normal draws is 2.67 σ / √n; five of them.
    let draws = 1.0 / (1.0 / draws.resamples as f64 + 1.0 / THEIRS);
    let scatter = 5.0 * 2.67 * own.deviation / draws.sqrt();
    assert!(scatter < 0.25 * (high - low), "the test would let anything pass");
    assert!((own.low - low).abs() < scatter, "{} but {low}", own.low);
    assert!((own.high - high).abs() < scatter, "{} but {high}", own.high);
}

#[test]
fn the_bootstrap_of_precision_is_that_of_scipy() {
    let numbers: Numbers = golden_json("precision.json");
    let metric = Metric::named("test", "average_precision").expect("a metric");
    let draws = Draws { resamples: 20_000, level: 0.95, seed: 0 };
    let said = |model: usize| {
        let mut all = Predictions::new(3);
        for (scores, truth) in numbers.scores[model].iter().zip(&numbers.truth) {
            all.add(scores, truth).expect("a clip");
        }
        all
    };
    let [a, b] = [said(0), said(1)];
    for (all, expected) in [(&a, numbers.single[0]), (&b, numbers.single[1])] {
        close(bootstrap(all, &metric, &draws).expect("an interval"), expected, &draws);
    }
    let gain = bootstrap_difference(&a, &b, &metric, &draws).expect("an interval");
    close(gain, numbers.gain, &draws);
}
