//! All tests, in one binary: linking Burn once is enough. `cargo test --release golden::` selects.

mod cli;
mod core;
mod docs;
mod faults;
mod fetch;
mod findings;
mod golden;
mod inside;
mod live;
mod lsp;
mod pages;
mod script;
mod support;
mod tidy;
mod wrong;
