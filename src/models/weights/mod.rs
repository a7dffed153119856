//! Weights of others: a checkpoint file, whose names they are, what fits a network as it is, and what is made to fit.
//!
//! ```text
//! file ─checkpoint─▶ entries ─map, layouts─▶ places ─fit─▶ plan ─adapt─▶ numbers in the network, and a report
//! ```

mod adapt;
mod checkpoint;
mod digest;
mod fit;
mod head;
mod layouts;
mod load;
mod map;
mod options;
mod pickle;
mod positions;
mod report;
mod safe;
mod sentry;

pub use checkpoint::{Checkpoint, Entry, Format};
pub use digest::digest_of;
pub use load::load;
pub use map::Renaming;
pub use options::{Head, LoadOptions, Stem};
pub use positions::{Positions, fitted_positions};
pub use report::{Adapted, Report};
