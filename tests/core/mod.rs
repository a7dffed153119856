//! The library from Rust, without any script.

mod augment;
mod caches;
mod chain;
mod decode;
mod disk;
mod gc;
mod hostile;
mod index;
mod layers;
mod layouts;
mod loader;
pub mod onnx;
mod optim;
mod pack;
mod pattern;
mod random;
mod resample;
mod sets;
mod store;
mod sweep;
mod synth;
mod threads;
mod train;
mod wav;
mod waves;
