//! Edits while a recipe runs. A display edits the file at given steps, so that each test knows at which
//! step an edit must be seen.

mod augment;
mod edits;
mod endless;
mod files;
mod imports;
mod many;
mod moments;
mod own;
mod paused;
mod refused;
pub mod runner;
mod told;
