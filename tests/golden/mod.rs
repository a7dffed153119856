//! Numbers against outside oracles. Each file of numbers was written by the script beside it.

mod augment;
mod convolution;
mod events;
mod fbank;
mod features;
pub mod formula;
mod kd;
mod layers;
mod losses;
mod metrics;
mod metrics_full;
mod models;
mod optim;
mod precision;
mod proportion;
mod random;
mod report;
mod sam;
mod script;
mod tensor;
mod weights;
mod zoo;
mod zoo_cnns;
