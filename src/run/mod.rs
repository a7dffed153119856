//! Runs: where they are kept, what is written down of them, and the store of what they gave.

pub mod find;
mod folder;
mod following;
mod grants;
mod home;
mod identity;
pub mod index;
mod live;
mod means;
pub mod pack;
mod past;
mod picture;
mod places;
mod profile;
mod readings;
mod record;
mod results;
mod said;
mod shelf;
mod state;
pub mod store;
mod weights;

pub use folder::{Folder, PREDICTIONS, slug, version_of};
pub use following::Following;
pub use home::{HOME_VARIABLE, Home};
pub use identity::{Identity, NUMERICS, Part, net as net_identity};
pub use live::Live;
pub use means::Means;
pub use past::{Past, RUN_LOCK};
pub use picture::{Course, Edit, Entry, Happening, PastEpoch, PastStage, Pause, Picture};
pub use readings::COLUMNS;
pub use record::Record;
pub use results::{Results, StageResult};
pub use shelf::{CheckpointPolicy, FoundCheckpoint};
pub use state::State;
pub use weights::Which;
