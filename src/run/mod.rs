//! Runs: where they are kept, what is written down of them, and the store of what they gave.

pub mod find;
mod folder;
mod grants;
mod home;
mod identity;
pub mod index;
pub mod pack;
mod past;
mod places;
mod profile;
mod record;
mod results;
mod shelf;
mod state;
pub mod store;
mod weights;

pub use folder::{Folder, PREDICTIONS, slug, version_of};
pub use home::{HOME_VARIABLE, Home};
pub use identity::{Identity, NUMERICS, Part, net as net_identity};
pub use past::{Edit, Past, PastStage, RUN_LOCK};
pub use record::{COLUMNS, Record};
pub use results::{Results, StageResult};
pub use shelf::{CheckpointPolicy, FoundCheckpoint};
pub use state::State;
pub use weights::Which;
