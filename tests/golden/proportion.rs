//! Intervals of shares against scipy, and against the table of the article.

use crate::support::golden_json;
use serde::Deserialize;
use stillroom::metrics::{newcombe, wilson};

#[derive(Deserialize)]
struct Numbers {
    wilson: Vec<(u64, u64, f64, f64, f64)>,
    newcombe: Vec<(u64, u64, u64, u64, f64, f64)>,
}

#[test]
fn shares_have_scipys_intervals() {
    let numbers: Numbers = golden_json("proportion.json");
    assert!(numbers.wilson.len() >= 20);
    for (found, count, level, low, high) in numbers.wilson {
        let (own_low, own_high) = wilson(found, count, level);
        let near = (own_low - low).abs() < 1e-12 && (own_high - high).abs() < 1e-12;
        assert!(near, "{found} of {count}: {own_low} to {own_high} instead of {low} to {high}");
    }
    assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
}

#[test]
fn differences_of_shares_have_newcombes_intervals() {
    let numbers: Numbers = golden_json("proportion.json");
    assert!(numbers.newcombe.len() >= 8);
    for (a, of_a, b, of_b, low, high) in numbers.newcombe {
        let (own_low, own_high) = newcombe((a, of_a), (b, of_b), 0.95);
        // The article has four digits.
        let near = (own_low - low).abs() <= 5.1e-5 && (own_high - high).abs() <= 5.1e-5;
        assert!(near, "{a}/{of_a} - {b}/{of_b}: {own_low} to {own_high}, not {low} to {high}");
    }
}
