//! Numbers of reports against SciPy.

use crate::support::golden_json;
use serde::Deserialize;
use stillroom::metrics::{Draws, bootstrap_mean, student_quantile, t_test};

#[derive(Deserialize)]
struct Numbers {
    quantiles: Vec<[f64; 3]>,
    pairs: Vec<Pairs>,
    shares: Vec<Shares>,
    means: Vec<Means>,
}

#[derive(Deserialize)]
struct Pairs {
    a: Vec<f64>,
    b: Vec<f64>,
    p: f64,
    intervals: Vec<[f64; 2]>,
    deviation: f64,
}

#[derive(Deserialize)]
struct Shares {
    right: usize,
    clips: usize,
    below: Vec<f64>,
}

#[derive(Deserialize)]
struct Means {
    values: Vec<f64>,
    low: f64,
    high: f64,
}

#[track_caller]
fn close(own: f64, their: f64, what: &str) {
    assert!((own - their).abs() <= 1e-9 * their.abs().max(1.0), "{what}: {own} but {their}");
}

#[test]
fn quantiles_of_student_equal_scipy() {
    let numbers: Numbers = golden_json("report.json");
    for [p, freedom, value] in numbers.quantiles {
        close(student_quantile(p, freedom), value, &format!("{p} with {freedom}"));
    }
    assert!(student_quantile(1.5, 3.0).is_nan() && student_quantile(0.9, 0.0).is_nan());
    assert_eq!(student_quantile(1.0, 3.0), f64::INFINITY);
}

#[test]
fn intervals_of_pairs_equal_scipy() {
    let numbers: Numbers = golden_json("report.json");
    for pairs in numbers.pairs {
        let count = pairs.a.len() as f64;
        let test = t_test(&pairs.a, &pairs.b).expect("a test");
        close(test.p, pairs.p, "p");
        for ([low, high], level) in pairs.intervals.into_iter().zip([0.95, 0.975]) {
            let reach =
                student_quantile(0.5 + level / 2.0, count - 1.0) * pairs.deviation / count.sqrt();
            close(test.difference - reach, low, "low");
            close(test.difference + reach, high, "high");
        }
    }
}

/// The bootstrap of a share is binomial. The ends of ours must be quantiles of it, up to what so many draws can miss.
#[test]
fn the_bootstrap_of_a_share_is_binomial() {
    let numbers: Numbers = golden_json("report.json");
    let draws = Draws { resamples: 20_000, level: 0.95, seed: 3 };
    let error = 4.0 * (0.025f64 * 0.975 / draws.resamples as f64).sqrt();
    for Shares { right, clips, below } in numbers.shares {
        let values: Vec<f64> = (0..clips).map(|clip| f64::from(u8::from(clip < right))).collect();
        let own = bootstrap_mean(&values, &draws).expect("an interval");
        for (end, share) in [(own.low, 0.025), (own.high, 0.975)] {
            let place = (end * clips as f64).round() as usize;
            let before = place.checked_sub(1).map_or(0.0, |before| below[before]);
            let fits = before <= share + error && below[place] >= share - error;
            assert!(fits, "{right} of {clips}: {end} is between {before} and {}", below[place]);
        }
    }
}

/// Of a mean, by many more draws of SciPy's: the ends differ by what draws scatter.
#[test]
fn the_bootstrap_of_a_mean_is_that_of_scipy() {
    let numbers: Numbers = golden_json("report.json");
    let draws = Draws { resamples: 50_000, level: 0.95, seed: 0 };
    for Means { values, low, high } in numbers.means {
        let own = bootstrap_mean(&values, &draws).expect("an interval");
        // The standard error of a 2.5 % quantile of so many normal draws is 2.67 σ / √n; five of them.
        let scatter = 5.0 * 2.67 * own.deviation / (draws.resamples as f64).sqrt();
        assert!((own.low - low).abs() < scatter, "{} but {low}", own.low);
        assert!((own.high - high).abs() < scatter, "{} but {high}", own.high);
    }
}
