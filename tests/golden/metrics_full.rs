//! All other metrics against scikit-learn, tests against scipy: within 1e-9, with ties, missing classes and
//! weights, at once and in batches.

use crate::support::golden_json;
use serde::Deserialize;
use std::collections::BTreeMap;
use stillroom::metrics::*;

#[derive(Deserialize)]
struct Numbers {
    cases: Vec<Case>,
    agreement: Vec<Models>,
    paired: Vec<Pairs>,
    binomial: Vec<(usize, usize, f64)>,
    normal: Vec<(f64, f64)>,
    quantile: Vec<(f64, f64)>,
}

type Maybe = Option<f64>;

#[derive(Deserialize)]
struct Averages {
    r#macro: Maybe,
    micro: Maybe,
    weighted: Maybe,
    per_class: Vec<Maybe>,
}

#[derive(Deserialize)]
struct Scores {
    r#macro: [f64; 3],
    micro: [f64; 3],
    weighted: [f64; 3],
    per_class: Vec<[f64; 3]>,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    scores: Vec<f64>,
    targets: Vec<f64>,
    weights: Option<Vec<u32>>,
    average_precision: Averages,
    average_precision_zero: f64,
    roc_auc: Averages,
    d_prime: Maybe,
    lwlrap: f64,
    f1: Scores,
    best: Vec<(Maybe, f64)>,
    multi_ece: f64,
    multi_brier: f64,
    single: Option<Single>,
}

#[derive(Deserialize)]
struct Single {
    accuracy: f64,
    top_k: [f64; 3],
    confusion: Vec<usize>,
    shares: BTreeMap<String, Vec<f64>>,
    argmax: Scores,
    ece: [f64; 3],
    brier: f64,
}

#[derive(Deserialize)]
struct Models {
    classes: usize,
    student: Vec<f64>,
    teacher: Vec<f64>,
    single: [Maybe; 5],
    multi: [Maybe; 5],
}

#[derive(Deserialize)]
struct Pairs {
    a: Vec<f64>,
    b: Vec<f64>,
    t: [f64; 2],
    wilcoxon: [f64; 2],
    sign_flip: Maybe,
}

#[track_caller]
fn close(ours: f64, theirs: impl Into<Maybe>, what: &str) {
    match theirs.into() {
        Some(theirs) => {
            let off = (ours - theirs).abs();
            assert!(off <= 1e-9, "{what}: {ours}, but the oracle has {theirs}");
        }
        None => assert!(ours.is_nan(), "{what}: {ours}, but it is not defined"),
    }
}

fn cases() -> Vec<(String, Case, Predictions)> {
    let numbers: Numbers = golden_json("metrics_full.json");
    let with = |(index, case): (usize, Case)| {
        let all = Predictions::of(&case.scores, &case.targets, case.classes).expect("predictions");
        (format!("case {index}"), case, all)
    };
    numbers.cases.into_iter().enumerate().map(with).collect()
}

#[test]
fn metrics_of_order_equal_scikit_learn() {
    for (name, case, all) in cases() {
        let weights = case.weights.as_deref();
        type Measure =
            fn(&Predictions, Average, Missing, Weights) -> stillroom::error::Result<Averaged>;
        let both: [(&str, Measure, &Averages); 2] = [
            ("average precision", average_precision, &case.average_precision),
            ("roc auc", roc_auc, &case.roc_auc),
        ];
        for (metric, measure, oracle) in both {
            let what = format!("{name}: {metric}");
            let of = |average| measure(&all, average, Missing::Skip, weights).expect("a value");
            close(of(Average::Macro).value, oracle.r#macro, &what);
            close(of(Average::Micro).value, oracle.micro, &what);
            close(of(Average::Weighted).value, oracle.weighted, &what);
            for (ours, theirs) in of(Average::Macro).per_class.iter().zip(&oracle.per_class) {
                close(*ours, *theirs, &what);
            }
            let missing = oracle.per_class.iter().filter(|own| own.is_none()).count();
            assert_eq!(of(Average::Macro).missing, missing, "{what}");
        }
        let zero =
            average_precision(&all, Average::Macro, Missing::Zero, weights).expect("a value");
        close(zero.value, case.average_precision_zero, &format!("{name}: missing as 0"));
        let auc = roc_auc(&all, Average::Macro, Missing::Skip, weights).expect("a value").value;
        close(d_prime(auc), case.d_prime, &format!("{name}: d'"));
        close(
            lwlrap(&all, weights).expect("a value").value,
            case.lwlrap,
            &format!("{name}: lwlrap"),
        );
    }
}

fn same_scores(
    all: &Predictions,
    threshold: &Threshold,
    weights: Weights,
    oracle: &Scores,
    name: &str,
) {
    let values = |own: &Decided| [own.precision, own.recall, own.f1];
    let averages = [
        (Average::Macro, oracle.r#macro),
        (Average::Micro, oracle.micro),
        (Average::Weighted, oracle.weighted),
    ];
    for (average, theirs) in averages {
        let ours = decided(all, threshold, average, Missing::Zero, weights).expect("values");
        values(&ours).iter().zip(theirs).for_each(|(own, their)| close(*own, their, name));
    }
    let each = decided_per_class(all, threshold, weights).expect("values");
    assert_eq!(each.len(), oracle.per_class.len());
    for (ours, theirs) in each.iter().zip(&oracle.per_class) {
        values(ours).iter().zip(theirs).for_each(|(own, their)| close(*own, *their, name));
    }
}

#[test]
fn decisions_equal_scikit_learn() {
    for (name, case, all) in cases() {
        let weights = case.weights.as_deref();
        same_scores(&all, &Threshold::At(0.5), weights, &case.f1, &name);
        if let Some(single) = &case.single {
            same_scores(&all, &Threshold::Argmax, weights, &single.argmax, &name);
        }
        if weights.is_some() {
            continue;
        }
        let best = best_thresholds(&all, None).expect("thresholds");
        assert_eq!(best.len(), case.best.len());
        for (ours, theirs) in best.iter().zip(&case.best) {
            close(ours.0, theirs.0, &format!("{name}: best threshold"));
            close(ours.1, theirs.1, &format!("{name}: best F1"));
        }
        let each = decided_per_class(&all, &Threshold::Best, None).expect("values");
        for (ours, theirs) in each.iter().zip(&case.best) {
            close(ours.f1, theirs.1, &format!("{name}: F1 at the best threshold"));
        }
    }
}

#[test]
fn calibration_and_single_labels_equal_scikit_learn() {
    for (name, case, all) in cases() {
        let weights = case.weights.as_deref();
        let chances = all.probabilities(Labelling::Multi);
        let multi = Labelling::Multi;
        close(ece(&chances, multi, 15, weights).expect("ECE"), case.multi_ece, &name);
        close(brier(&chances, multi, weights).expect("Brier"), case.multi_brier, &name);
        let Some(single) = case.single else {
            assert!(!all.is_single() && accuracy_of(&all, None).is_err(), "{name}");
            continue;
        };
        close(accuracy_of(&all, weights).expect("accuracy"), single.accuracy, &name);
        for (k, theirs) in (1..).zip(single.top_k) {
            close(top_k(&all, k, weights).expect("top k"), theirs, &format!("{name}: top {k}"));
        }
        let chances = all.probabilities(Labelling::Single);
        for (bins, theirs) in [1, 10, 15].into_iter().zip(single.ece) {
            let ours = ece(&chances, Labelling::Single, bins, weights).expect("ECE");
            close(ours, theirs, &format!("{name}: ECE with {bins} bins"));
        }
        close(brier(&chances, Labelling::Single, weights).expect("Brier"), single.brier, &name);
        if weights.is_some() {
            continue;
        }
        let cells = confusion(&all).expect("a matrix");
        assert_eq!(cells, single.confusion, "{name}");
        let kinds = [Normalise::Truth, Normalise::Found, Normalise::All];
        for (kind, oracle) in kinds.into_iter().zip(["true", "pred", "all"]) {
            let ours = shares(&cells, case.classes, kind);
            for (own, their) in ours.iter().zip(&single.shares[oracle]) {
                close(*own, *their, &format!("{name}: by {oracle}"));
            }
        }
    }
}

#[test]
fn agreement_equals_scikit_learn_and_scipy() {
    let numbers: Numbers = golden_json("metrics_full.json");
    for models in numbers.agreement {
        for (labelling, oracle) in
            [(Labelling::Single, models.single), (Labelling::Multi, models.multi)]
        {
            let ours = agreement(&models.student, &models.teacher, models.classes, labelling);
            let ours = ours.expect("a comparison");
            let values =
                [ours.agreement, ours.kappa, ours.kl, ours.correlation, ours.rank_correlation];
            values.iter().zip(oracle).for_each(|(own, their)| close(*own, their, "agreement"));
        }
    }
}

#[test]
fn tests_of_pairs_equal_scipy() {
    let numbers: Numbers = golden_json("metrics_full.json");
    for (index, pairs) in numbers.paired.iter().enumerate() {
        let what = |test: &str| format!("pairs {index}: {test}");
        let t = t_test(&pairs.a, &pairs.b).expect("a test");
        close(t.statistic, pairs.t[0], &what("t"));
        close(t.p, pairs.t[1], &what("p of t"));
        let rank = wilcoxon(&pairs.a, &pairs.b).expect("a test");
        close(rank.p, pairs.wilcoxon[1], &what("p of Wilcoxon"));
        close(rank.statistic, pairs.wilcoxon[0], &what("Wilcoxon"));
        let flip = sign_flip(&pairs.a, &pairs.b, 2000, 0).expect("a test");
        match pairs.sign_flip {
            Some(p) => close(flip.p, p, &what("sign flip")),
            // Drawn: about what the t test says, for so many pairs.
            None => assert!(!flip.exact && (flip.p - t.p).abs() < 0.03, "{flip:?} {t:?}"),
        }
    }
    for (hits, count, p) in numbers.binomial {
        close(binomial_two_sided(hits, count), p, "binomial");
        // So many clips that only one of the two has right.
        let a: Vec<bool> = (0..count).map(|clip| clip < hits).collect();
        let b: Vec<bool> = a.iter().map(|right| !right).collect();
        close(mcnemar(&a, &b).expect("a test").p, p, "McNemar");
    }
    for (p, z) in numbers.normal {
        let off = (normal_quantile(p) - z).abs();
        assert!(off <= 1e-13 * z.abs() + 1e-15, "{p}: {} but {z}", normal_quantile(p));
    }
    for (share, value) in numbers.quantile {
        close(quantile(&[1.0, 2.0, 4.0, 4.5, 9.0], share), value, "quantile");
    }
}

#[test]
fn batches_give_the_bytes_of_all_at_once() {
    for (name, case, all) in cases() {
        for clips in [1, 3, 7] {
            let mut parts = Predictions::new(case.classes);
            let rows = case.scores.chunks(clips * case.classes);
            for (scores, targets) in rows.zip(case.targets.chunks(clips * case.classes)) {
                parts.add(scores, targets).expect("a batch");
                // Measured in between, which must leave nothing behind.
                average_precision(&parts, Average::Macro, Missing::Skip, None).expect("a value");
            }
            for metric in NAMES {
                let metric = Metric::named("test", metric).expect("a metric");
                let of = |own: &Predictions| {
                    let own = match metric.of_probabilities() {
                        true => &own.probabilities(Labelling::Single),
                        false => own,
                    };
                    metric.of(own, None).map(f64::to_bits).ok()
                };
                assert_eq!(of(&parts), of(&all), "{name}: {metric:?}");
            }
        }
    }
}
