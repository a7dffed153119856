//! Vectors of the kernels.

use stillroom::tensor::inside::{Once, Twice, exp, width};

#[test]
fn powers_are_right_over_the_whole_range() {
    for exp in [exp::<Once>, exp::<Twice>] {
        let mut x = -86.9f32;
        while x < 88.7 {
            let (found, expected) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found - expected).abs() <= 2.5e-7 * expected, "{x}: {found} {expected}");
            x += 0.003_7;
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((exp(-87.0), exp(-1000.0), exp(1000.0)), (0.0, 0.0, f32::INFINITY));
        assert!(exp(f32::NAN).is_nan());
    }
}

/// A level that a feature of the crate leaves out is as slow as none.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_processor_gets_the_vectors_that_it_has() {
    let wanted = match (is_x86_feature_detected!("avx512f"), is_x86_feature_detected!("fma")) {
        (true, _) => 16,
        (false, true) => 8,
        (false, false) => 1,
    };
    assert_eq!(width(), wanted);
}
