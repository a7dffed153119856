//! Augmentations of a clip's samples.

mod clips;
mod filter;
mod level;
mod mix;
mod noise;
mod room;
mod speed;

pub use clips::Clips;
pub use filter::{Pass, PassFilter};
pub use level::{Gain, Polarity, Shift};
pub use mix::WaveMixup;
pub use noise::{Noise, NoiseSource};
pub use room::{ImpulseResponse, convolve};
pub use speed::Speed;
