//! Augmentations: steps of the loader's chain, on samples, on features, and on batches. Each draws only from the
//! streams it is given, so a teacher and a student that get the same batch see the very same clips.

mod band;
mod chain;
mod crop;
mod cut;
mod mask;
mod mix;
mod preview;
mod range;
mod style;
mod texture;
mod wave;

pub use band::{BandFilter, BandShape};
pub use chain::{Chance, Pick, Shuffled};
pub use crop::ResizedCrop;
pub use cut::CutMix;
pub use mask::{Fill, FreqMask, TimeMask, mask_span};
pub use mix::Mixup;
pub use preview::{Look, Preview};
pub use range::Range;
pub use style::FreqMixStyle;
pub use texture::{BinNoise, TimeRoll};
pub use wave::{
    Clips, Gain, ImpulseResponse, Noise, NoiseSource, Pass, PassFilter, Polarity, Shift, Speed,
    WaveMixup, convolve,
};
