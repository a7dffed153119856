//! The library from Rust, without any script.

mod augment;
mod hostile;
mod layers;
mod loader;
mod optim;
mod pattern;
mod random;
mod sweep;
mod synth;
mod threads;
mod train;
mod wav;
