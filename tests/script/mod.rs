//! The recipe language.

mod assert;
mod errors;
mod examples;
mod hints;
pub mod host;
mod identity;
mod imports;
mod networks;
mod optim;
mod outline;
mod reference;
mod tensor;
mod truth;
