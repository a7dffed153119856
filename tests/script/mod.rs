//! The recipe language.

mod errors;
mod examples;
pub mod host;
mod imports;
mod optim;
