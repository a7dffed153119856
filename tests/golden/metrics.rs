//! Accuracy against scikit-learn.

use crate::support::golden_json;
use serde::Deserialize;
use stillroom::metrics::{accuracy, argmax_rows};

#[derive(Deserialize)]
struct Numbers {
    ties: Case,
    coarse: Case,
    fine: Case,
    soft: Case,
    one_class: Case,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    scores: Vec<f32>,
    targets: Vec<f32>,
    argmax: Vec<usize>,
    accuracy: f64,
}

#[test]
fn accuracy_equals_scikit_learn_and_ties_go_to_the_first() {
    let numbers: Numbers = golden_json("metrics.json");
    let cases = [
        ("ties", numbers.ties),
        ("coarse", numbers.coarse),
        ("fine", numbers.fine),
        ("soft", numbers.soft),
        ("one class", numbers.one_class),
    ];
    for (name, case) in cases {
        assert_eq!(argmax_rows(&case.scores, case.classes), case.argmax, "{name}: argmax");
        assert_eq!(accuracy(&case.scores, &case.targets, case.classes), case.accuracy, "{name}");
    }
}
