//! Any number of threads gives the same bytes.

use stillroom::kd;
use stillroom::models::{
    CnnOptions, EfficientNetOptions, EfficientNetPadding, InputShape, Spec, VitOptions,
};
use stillroom::nn::Mode;
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Device, Tensor};

/// Logits and all gradients of one training pass, in a pool of so many threads.
fn pass(spec: &Spec, threads: usize) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let device = Device::cpu();
        let input = InputShape { frames: 200, mels: 64 };
        let model = spec.build(input, 5, &device).expect("a model");
        let mut random = Stream::new(0, "threads", &[]);
        let values = (0..9 * 200 * 64).map(|_| random.normal() as f32).collect();
        let batch = Tensor::from_values(values, &[9, 200, 64], &device).expect("a batch");
        let mut labels = vec![0.0; 90];
        (0..9).for_each(|clip| labels[clip * 10 + clip] = 1.0);
        let target = Tensor::from_values(labels, &[9, 10], &device).expect("labels");
        let logits = model.forward(&batch, Mode::Train).expect("logits");
        let gradients = kd::cross_entropy(&logits, &target).unwrap().backward().expect("gradients");
        let mut all = logits.to_values().expect("values");
        for (name, parameter) in model.network().parameters() {
            if let Some(gradient) = parameter.gradient(&gradients) {
                all.extend(gradient.to_values().expect("values"));
            }
            all.extend(parameter.value().to_values().unwrap_or_else(|e| panic!("{name}: {e}")));
        }
        all.iter().map(|value| value.to_bits()).collect()
    })
}

#[test]
fn of_a_cnn() {
    let spec = Spec::Cnn(CnnOptions { classes: 10, channels: vec![8, 16] });
    let one = pass(&spec, 1);
    for threads in [2, 3, 8] {
        assert!(pass(&spec, threads) == one, "{threads} threads");
    }
}

#[test]
fn of_an_efficientnet() {
    let options = EfficientNetOptions::new(0, EfficientNetPadding::Symmetric);
    let spec = Spec::EfficientNet(EfficientNetOptions { classes: 10, ..options });
    let one = pass(&spec, 1);
    assert!(pass(&spec, 3) == one);
}

#[test]
fn of_a_transformer() {
    let spec = Spec::Vit(VitOptions {
        classes: 10,
        width: 96,
        depth: 2,
        stride: [10, 10],
        ..VitOptions::small()
    });
    let one = pass(&spec, 1);
    for threads in [2, 3, 8] {
        assert!(pass(&spec, threads) == one, "{threads} threads");
    }
}
