//! Random streams: named, independent, and with the right distribution.

use stillroom::tensor::random::Stream;

#[test]
fn a_stream_is_its_name() {
    let draw = |seed, purpose: &str, indices: &[u64]| Stream::new(seed, purpose, indices).bits();
    assert_eq!(draw(1, "order", &[2, 3]), draw(1, "order", &[2, 3]));
    let others = [
        draw(2, "order", &[2, 3]),
        draw(1, "mask", &[2, 3]),
        draw(1, "order", &[3, 2]),
        draw(1, "order", &[2]),
    ];
    for other in others {
        assert_ne!(other, draw(1, "order", &[2, 3]));
    }
}

#[test]
fn means_and_deviations() {
    let count = 20_000;
    let mut stream = Stream::new(0, "moments", &[]);
    let mut moments = |draw: &dyn Fn(&mut Stream) -> f64| {
        let values: Vec<f64> = (0..count).map(|_| draw(&mut stream)).collect();
        let mean = values.iter().sum::<f64>() / count as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64;
        (mean, variance)
    };
    let near = |found: f64, expected: f64| (found - expected).abs() < 0.02;
    let (mean, variance) = moments(&|stream| stream.uniform());
    assert!(near(mean, 0.5) && near(variance, 1.0 / 12.0), "uniform {mean} {variance}");
    let (mean, variance) = moments(&|stream| stream.normal());
    assert!(near(mean, 0.0) && near(variance, 1.0), "normal {mean} {variance}");
    let (mean, variance) = moments(&|stream| stream.beta(10.0));
    assert!(near(mean, 0.5) && (variance * 84.0 - 1.0).abs() < 0.05, "beta {mean} {variance}");
    let (mean, variance) = moments(&|stream| stream.beta(0.3));
    // αβ / ((α + β)² (α + β + 1)) = 0.15625: a shape below 1.
    assert!(near(mean, 0.5) && (variance / 0.15625 - 1.0).abs() < 0.05, "beta {mean} {variance}");
    let (mean, _) = moments(&|stream| stream.below(7) as f64 / 6.0);
    assert!(near(mean, 0.5), "below {mean}");
}

#[test]
fn a_permutation_has_each_once() {
    let mut order = Stream::new(0, "order", &[]).permutation(100);
    assert_ne!(order, (0..100).collect::<Vec<_>>());
    order.sort_unstable();
    assert_eq!(order, (0..100).collect::<Vec<_>>());
}
