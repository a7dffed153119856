//! Optimisers and schedules.
//!
//! [`OptimizerOptions`] say what to do, an [`Optimizer`] does it and keeps its state by the names of the
//! parameters, and an [`OptimizerHandle`] shares one. Each algorithm has a file of its own: its options,
//! and one update of one parameter.

mod adam;
mod adan;
mod clip;
mod descend;
mod handle;
mod lion;
mod muon;
mod optimizer;
mod options;
pub mod schedule;
mod sgd;
mod state;

pub use adam::AdamOptions;
pub use adan::AdanOptions;
pub use descend::{Looked, check_loss};
pub use handle::OptimizerHandle;
pub use lion::LionOptions;
pub use muon::{AdjustLr, AuxiliaryOptions, MuonOptions};
pub use optimizer::Optimizer;
pub use options::{Algorithm, Group, OptimizerOptions};
pub use sgd::SgdOptions;
pub use state::Snapshot;
