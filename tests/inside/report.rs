//! Words, scales and colours of reports.

use stillroom::report::inside::{
    Measure, Scale, bin_of, brief, cut, listed, p, parts, shared, signed, time,
};
use stillroom::report::viridis;

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!(Measure::Accuracy.gain(0.05), "+5.0 points");
    assert_eq!(Measure::Map.gains([-0.01, 0.0204]), "−0.010 to +0.020");
    assert_eq!(Measure::Accuracy.values([0.5, 0.75]), "50.0 to 75.0 %");
    assert_eq!([signed(-0.04, 1), signed(0.04, 1), signed(-2.0, 0)], ["0.0", "0.0", "−2"]);
    assert_eq!([p(0.0004), p(0.0123), p(0.5)], ["p < 0.001", "p = 0.012", "p = 0.50"]);
    assert_eq!(
        [time(0.44), time(59.9), time(200.0), time(7500.0)],
        ["0.4 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
    );
    assert_eq!(
        [brief(0.001), brief(5e-5), brief(1.25), brief(0.0), brief(1200.0)],
        ["0.001", "5e−5", "1.25", "0", "1200"]
    );
    assert_eq!(cut("a long name", 6), "a lon…");
    assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
}

#[test]
fn seeds_and_folds_are_no_part_of_a_label() {
    let of = |name: &str| {
        let (label, told) = parts(name);
        format!("{label}|{told}")
    };
    assert_eq!(of("taught, fold 2, seed 0"), "taught|fold 2, seed 0");
    assert_eq!(of("student (seed=3)"), "student|seed 3");
    assert_eq!(of("alone fold1"), "alone|fold 1");
    assert_eq!(of("seed 3"), "seed 3|");
    assert_eq!(of("taught, first, tau 1.0"), "taught, first, tau 1.0|");
    assert_eq!(of("seedling"), "seedling|");
    assert_eq!((shared("taught, 0.1", "alone, 0.1"), shared("taught, 0.1", "alone, 1.0")), (1, 0));
}

#[test]
fn values_find_their_places_and_ticks_are_round() {
    let scale = Scale::over([0.0, 10.0], [100.0, 300.0]);
    assert_eq!((scale.at(0.0), scale.at(2.5), scale.at(10.0)), (100.0, 150.0, 300.0));
    assert_eq!(scale.ticks(6), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    let one = Scale::over([3.0, 3.0], [0.0, 1.0]);
    assert_eq!((one.low, one.high), (1.5, 4.5));
    assert!(Scale::over([f64::NAN, f64::NAN], [0.0, 1.0]).ticks(4).len() > 1);
    for odd in [[1e16, 1e16 + 2.0], [f64::MAX, f64::MAX], [f64::MIN, f64::MAX], [5e-324, 1e-323]] {
        let scale = Scale::over(odd, [0.0, 1.0]).roomy([0.0, 1.0]);
        assert!(scale.low < scale.high && scale.ticks(6).len() < 100, "{odd:?}");
    }
    assert_eq!(Scale::over([0.2, 0.9], [0.0, 1.0]).roomy([0.0, 0.92]).high, 0.92);
}

#[test]
fn edges_belong_to_the_bin_below() {
    assert_eq!([bin_of(0.0), bin_of(1.0 / 15.0), bin_of(0.07), bin_of(1.0)], [0, 0, 1, 14]);
}

#[test]
fn ends_and_middle_are_those_of_viridis() {
    assert_eq!(viridis(0.0), [68, 1, 84]);
    assert_eq!(viridis(1.0), [253, 231, 37]);
    assert_eq!(viridis(0.5), [33, 144, 141]);
    assert_eq!(viridis(f32::NAN), [68, 1, 84]);
}
