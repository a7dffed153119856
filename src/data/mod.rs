//! From a folder of clips to batches: manifests, the front end, order, and worker threads.

mod augmentation;
mod dataset;
mod esc50;
mod fingerprint;
mod frontend;
mod loader;
mod source;
pub mod synth;

pub use augmentation::{Augmentation, HostBatch};
pub use dataset::{Dataset, Record, Split};
pub use esc50::{Esc50Options, esc50, esc50_checked};
pub use fingerprint::{FilePrint, Fingerprint};
pub use frontend::FrontEnd;
pub use loader::{Batch, Loader, LoaderOptions};
pub use source::ClipSource;
