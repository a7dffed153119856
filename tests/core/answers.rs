//! A teacher that has said something of some clips only.

use stillroom::kd;
use stillroom::tensor::{Device, Tensor};

fn table(values: &[f32]) -> Tensor {
    Tensor::from_values(values.to_vec(), &[3, 4], &Device::default()).expect("a table")
}

fn number(tensor: Tensor) -> f64 {
    tensor.item().expect("a number")
}

#[test]
fn each_clip_counts_by_its_share() {
    let student = table(&[0.5, -1.0, 2.0, 0.1, 1.5, 0.3, -0.2, 0.0, 0.7, 0.9, -1.1, 0.4]);
    let teacher = table(&[1.5, -2.0, 0.0, 0.3, 0.2, 0.1, 0.9, -0.7, 2.0, 1.0, 0.0, -1.0]);
    let target = table(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let shares = |values: [f32; 3]| {
        Tensor::from_values(values.to_vec(), &[3], &Device::default()).expect("shares")
    };
    let (lambda, tau) = (0.3, 2.5);
    for multi in [false, true] {
        let some = |taught: [f32; 3]| {
            let pair = [&student, &teacher];
            number(
                kd::cmkd_of_some(pair, &target, &shares(taught), [lambda, tau], multi)
                    .expect("a loss"),
            )
        };
        let whole = match multi {
            false => kd::cmkd(&student, &teacher, &target, lambda, tau),
            true => kd::cmkd_multi(&student, &teacher, &target, lambda, tau),
        };
        let whole = number(whole.expect("a loss"));
        assert!((some([1.0; 3]) - whole).abs() < 1e-6, "all of it: {multi}");
        let label = some([0.0; 3]);
        let plain = match multi {
            false => kd::cross_entropy(&student, &target),
            true => kd::bce(&student, &target, kd::Reduction::Mean),
        };
        assert!((label - lambda * number(plain.expect("a loss"))).abs() < 1e-6, "nothing: {multi}");
        // Each clip by itself, and shares of them, add up.
        let own = |clip: usize| {
            let mut taught = [0.0; 3];
            taught[clip] = 1.0;
            some(taught) - label
        };
        let sum = own(0) + 0.25 * own(1);
        assert!((some([1.0, 0.25, 0.0]) - label - sum).abs() < 1e-6, "shares: {multi}");
        assert!(((0..3).map(own).sum::<f64>() - (whole - label)).abs() < 1e-6, "sum: {multi}");
    }
}
