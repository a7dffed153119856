//! Optimisers and schedules.

mod adam;
pub mod schedule;

pub use adam::{Adam, AdamOptions};
