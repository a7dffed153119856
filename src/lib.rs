//! Stillroom: knowledge-distillation experiments for audio, written as recipes that live.
//!
//! Modules stand in the order in which the work flows; each may use only those above it
//! (`tests/tidy.rs` holds the table). What is handed on:
//!
//! ```text
//! learning:  wav ─audio─▶ Samples ─audio─▶ Features ─data, augment─▶ Batch ─models─▶ logits
//!                ─Hooks, i.e. the recipe─▶ loss ─tensor─▶ Gradients ─optim─▶ new weights
//!                ─metrics─▶ Reading ─run─▶ results.json
//! editing:   file ─watch─▶ text ─compile─▶ Compiled ─check─▶ Checked ─swap between steps─▶ Live
//! ```

pub mod error;

pub mod disk;

pub mod tensor;

pub mod audio;
pub mod metrics;
pub mod nn;

pub mod data;
pub mod kd;
pub mod models;
pub mod optim;

pub mod augment;

pub mod train;

pub mod run;

pub mod script;

pub mod recipe;

pub mod cli;
