//! What several tests need.

use std::path::{Path, PathBuf};

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

/// Fails where any pair differs by more than `absolute + relative · |expected|`, naming the worst one.
#[track_caller]
pub fn close(what: &str, found: &[f32], expected: &[f32], absolute: f32, relative: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: another number of values");
    let excess = |(a, b): (&f32, &f32)| (a - b).abs() - (absolute + relative * b.abs());
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
