//! What several tests need.

mod sandbox;

pub use sandbox::{Ran, Sandbox};

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `tests/golden`.
pub fn golden(name: &str) -> PathBuf {
    root().join("tests/golden").join(name)
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
    features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 32 }),
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
    let excess = |(a, b): (&f32, &f32)| (a - b).abs() - (absolute + relative * b.abs());
    let worst = found
        .iter()
        .zip(expected)
        .enumerate()
        .map(|(index, pair)| (index, excess(pair)))
        .fold((0, f32::NEG_INFINITY), |worst, next| {
            // NaN counts as worst of all.
            if next.1 > worst.1 || next.1.is_nan() { next } else { worst }
        });
    assert!(
        worst.1 <= 0.0,
        "{what}: value {} is {} instead of {}",
        worst.0,
        found[worst.0],
        expected[worst.0]
    );
}
