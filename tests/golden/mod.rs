//! Numbers against outside oracles. Each file of numbers was written by the script beside it.

mod convolution;
mod fbank;
mod features;
mod layers;
mod losses;
mod metrics;
mod models;
mod optim;
mod random;
mod sam;
mod script;
mod tensor;
