//! All tests, in one binary: linking Burn once is enough. `cargo test --release golden::` selects.

mod golden;
mod support;
