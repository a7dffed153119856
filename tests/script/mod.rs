//! The recipe language.

mod assert;
mod errors;
mod examples;
mod hints;
pub mod host;
mod hostile_memory;
mod hostile_names;
mod hostile_text;
mod identity;
mod imports;
mod names;
mod networks;
mod optim;
mod options;
mod outline;
mod reference;
mod tensor;
mod truth;
