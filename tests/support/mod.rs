//! What several tests need.

pub mod browser;
pub mod made;
pub mod named;
pub mod past;
mod sandbox;

pub use sandbox::{Ran, Sandbox};

use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use stillroom::tensor::{Device, Tensor, store};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `tests/golden`.
pub fn golden(name: &str) -> PathBuf {
    root().join("tests/golden").join(name)
}

/// The numbers of a JSON file of `tests/golden`.
pub fn golden_json<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(golden(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

/// The tensors of a safetensors file of `tests/golden`, by name.
pub struct Golden(BTreeMap<String, Tensor>);

impl Golden {
    /// Reads `tests/golden/<name>`.
    pub fn load(name: &str) -> Self {
        let tensors = store::load(&golden(name), &Device::default()).expect(name);
        Golden(tensors.into_iter().collect())
    }

    /// The tensor called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name)
    }

    /// The tensor called `name`.
    #[track_caller]
    pub fn tensor(&self, name: &str) -> &Tensor {
        self.get(name).unwrap_or_else(|| panic!("the golden file has no '{name}'"))
    }

    /// The numbers of the tensor called `name`.
    #[track_caller]
    pub fn values(&self, name: &str) -> Vec<f32> {
        self.tensor(name).to_values().expect(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The tensors whose names begin with `prefix`, without it.
    pub fn under(&self, prefix: &str) -> Vec<(String, Tensor)> {
        let rest = |(name, tensor): (&String, &Tensor)| {
            name.strip_prefix(prefix).map(|rest| (rest.to_string(), tensor.clone()))
        };
        self.0.iter().filter_map(rest).collect()
    }
}

/// Weights of this shape that run through −1.25, −0.75, … 1.75, as in the scripts of the golden files.
pub fn weights(like: &Tensor) -> Tensor {
    let values = (0..like.count()).map(|index| (index % 7) as f32 * 0.5 - 1.25).collect();
    Tensor::from_values(values, &like.shape(), &Device::default()).expect("weights")
}

/// The folder of 400 real clips that is not part of the repository; says so when it is not there.
pub fn esc10() -> Option<PathBuf> {
    let folder = root().join("../shared/data/esc10");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: ../shared/data/esc10 is not there");
    None
}

/// The built-in example data, made once for all tests.
pub fn example() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
        stillroom::data::synth::example(home).expect("the example data")
    })
}

/// Two small stages that run in a second. `data` must be given; functions can be put after it.
pub const TINY: &str = r#"//! A tiny recipe.
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data,
    features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }),
    augment: [augment::time_roll(), augment::freq_mask(4), augment::time_mask(8), augment::mixup(0.5)],
    batch: 8,
    epochs: arg("epochs", 2),
};
let teacher = train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{ name: "teacher" });
let net = model::ast(#{ classes: data.classes, width: 16, depth: 1, heads: 2, stride: 16 });
let student = distill(teacher, net, common + #{ name: "student" });
report([teacher, student]);
"#;

/// Fails where any pair differs by more than `absolute + relative · |expected|`, naming the worst one.
#[track_caller]
pub fn close(what: &str, found: &[f32], expected: &[f32], absolute: f32, relative: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: another number of values");
    let excess = |(a, b): (&f32, &f32)| match a == b || a.is_nan() && b.is_nan() {
        // Infinities have no difference.
        true => f32::NEG_INFINITY,
        false => (a - b).abs() - (absolute + relative * b.abs()),
    };
    let worst =
        found.iter().zip(expected).enumerate().map(|(index, pair)| (index, excess(pair))).fold(
            (0, f32::NEG_INFINITY),
            |worst, next| {
                // NaN counts as worst of all.
                if next.1 > worst.1 || next.1.is_nan() { next } else { worst }
            },
        );
    assert!(
        worst.1 <= 0.0,
        "{what}: value {} is {} instead of {}",
        worst.0,
        found[worst.0],
        expected[worst.0]
    );
}
