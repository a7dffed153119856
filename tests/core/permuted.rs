//! Comparing two models by permutation is what its definition says, whatever the metric.

use stillroom::metrics::{Draws, Metric, NAMES, Predictions, compare};
use stillroom::tensor::random::Stream;

const CLIPS: usize = 30;
const CLASSES: usize = 3;

/// Probabilities with ties, and one label a clip.
fn clips(name: &str) -> (Vec<f64>, Vec<f64>) {
    let mut random = Stream::new(4, name, &[]);
    let mut scores = Vec::new();
    for _ in 0..CLIPS {
        let row: Vec<f64> = (0..CLASSES).map(|_| (1 + random.below(4)) as f64).collect();
        let sum: f64 = row.iter().sum();
        scores.extend(row.iter().map(|own| own / sum));
    }
    let mut random = Stream::new(4, "targets", &[]);
    let mut targets = vec![0.0; CLIPS * CLASSES];
    for clip in 0..CLIPS {
        targets[clip * CLASSES + random.below(CLASSES)] = 1.0;
    }
    (scores, targets)
}

fn swapped(own: &[f64], other: &[f64], swap: &[bool]) -> Vec<f64> {
    let rows = own.chunks(CLASSES).zip(other.chunks(CLASSES)).zip(swap);
    rows.flat_map(|((own, other), swap)| if *swap { other } else { own }).copied().collect()
}

#[test]
fn permutations_swap_the_scores_of_clips() {
    let ((a, targets), (b, _)) = (clips("a"), clips("b"));
    let all = |scores: &[f64]| Predictions::of(scores, &targets, CLASSES).expect("clips");
    let draws = Draws { resamples: 200, ..Draws::default() };
    for name in NAMES {
        let metric = Metric::named("a test", name).expect("a metric");
        let of = |scores: &[f64]| metric.of(&all(scores), None).expect("a number");
        let limit = (of(&a) - of(&b)).abs() - 1e-9;
        let far = (0..draws.resamples)
            .filter(|index| {
                let mut random = Stream::new(draws.seed, "metrics/permutation", &[*index as u64]);
                let swap: Vec<bool> = (0..CLIPS).map(|_| random.below(2) == 1).collect();
                let [one, two] = [swapped(&a, &b, &swap), swapped(&b, &a, &swap)];
                (of(&one) - of(&two)).abs() >= limit
            })
            .count();
        assert!(far < draws.resamples || name == "top_k", "{name}: nothing is tested");
        let found = compare(&all(&a), &all(&b), &metric, &draws).expect("a comparison");
        let expected = (far + 1) as f64 / (draws.resamples + 1) as f64;
        assert_eq!(found.permutation_p, expected, "{name}");
    }
}
