//! Augmentations of features: steps of the loader's chain. Each draws only from the stream it is given, so a
//! teacher and a student that get the same batch see the very same clips.

mod mix;
mod spectrogram;

pub use mix::Mixup;
pub use spectrogram::{FreqMask, TimeMask, TimeRoll};
