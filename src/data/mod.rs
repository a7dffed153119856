//! From a folder of clips to batches: readers of the published layouts, sets as values, the front end, order, and
//! worker threads.

mod augmentation;
mod cache;
mod clip;
mod dataset;
mod draws;
pub mod fetch;
mod fingerprint;
mod fit;
mod frontend;
mod health;
mod index;
mod layouts;
mod loader;
mod logits;
mod making;
mod ontology;
mod sampler;
mod sets;
mod shares;
mod shelf;
mod source;
mod statistics;
mod summary;
pub mod synth;
mod table;
mod unlabelled;

pub use augmentation::{Augmentation, HostBatch, Level, Mix, Normal, Pool, Spectrogram, Wave};
pub use cache::{Caches, FeatureCache, STANDARD_BYTES, Width};
pub use clip::{Clip, Row, Span, Split};
pub use dataset::{Dataset, Labelling, LeftOut};
pub use draws::Draws;
pub use fingerprint::{FilePrint, Fingerprint};
pub use fit::{Crop, Fit, Pad, PadAt};
pub use frontend::{FrontEnd, Normalize};
pub use health::{Health, health};
pub use index::{Facts, FileIndex};
pub use layouts::{
    AudioSetOptions, CsvOptions, Esc50Options, FoldersOptions, Folds, Fsd50kOptions, JsonOptions,
    OnBad, Reach, ReadOptions, Segments, audioset, csv, esc50, folders, fsd50k, is_audio, json,
    layout_of, speech_commands, urbansound8k,
};
pub use loader::{Batch, Batches, Loader, LoaderOptions, Teaching};
pub use logits::Logits;
pub use ontology::Ontology;
pub use sampler::{Sampler, balanced};
pub use shares::Draw;
pub use source::ClipSource;
pub use summary::{Double, Summary};
pub use unlabelled::audio_files;
