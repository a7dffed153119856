//! Graphs that are dropped are freed without any harm to those that are not.

use stillroom::tensor::{Device, Tensor};

fn leaf(values: &[f32]) -> Tensor {
    let tensor = Tensor::from_values(values.to_vec(), &[values.len()], &Device::default());
    tensor.and_then(|tensor| tensor.tracked()).expect("a leaf")
}

#[test]
fn a_graph_that_is_held_survives_any_number_of_sweeps() {
    let (a, b) = (leaf(&[1.0, 2.0, 3.0]), leaf(&[4.0, 5.0, 6.0]));
    // Σ (a · b)² in pieces, with dropped graphs of the same leaves in between.
    let product = a.mul(&b).expect("a product");
    let waste = || {
        for _ in 0..60_000 {
            a.mul(&b).and_then(|dropped| dropped.sweep()).expect("a sweep");
        }
    };
    waste();
    let loss = product.mul(&product).and_then(|square| square.sum()).expect("a loss");
    waste();
    let gradients = loss.backward().expect("gradients");
    let of = |leaf: &Tensor| gradients.of(leaf).expect("one").to_values().expect("numbers");
    assert_eq!(of(&a), [2.0 * 16.0, 2.0 * 2.0 * 25.0, 2.0 * 3.0 * 36.0]);
    assert_eq!(of(&b), [2.0 * 4.0, 2.0 * 4.0 * 5.0, 2.0 * 9.0 * 6.0]);
    // The leaves can be used again.
    let again = a.mul(&b).and_then(|product| product.sum()).expect("a loss");
    assert_eq!(
        again.backward().expect("gradients").of(&a).expect("one").to_values().expect("numbers"),
        [4.0, 5.0, 6.0]
    );
}

#[test]
fn a_long_graph_that_stays_alive_survives_them_too() {
    // Burn follows a graph by calls within calls.
    let work = || {
        let step = leaf(&[1.0]);
        let mut sum = step.clone();
        for _ in 0..100_000 {
            sum = sum.add(&step).expect("a sum");
            sum.sweep().expect("a sweep");
        }
        assert_eq!(sum.to_values().expect("numbers"), [100_001.0]);
        let gradients = sum.backward().expect("gradients");
        let of_step = gradients.of(&step).expect("one").to_values().expect("numbers");
        assert_eq!(of_step, [100_001.0]);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(work).expect("a thread");
    thread.join().expect("no panic");
}
