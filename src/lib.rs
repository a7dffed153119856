//! Stillroom: knowledge-distillation experiments for audio, written as recipes that live.
//!
//! Modules stand in the order in which the work flows; each may use only those above it
//! (`tests/tidy.rs` holds the table). What is handed on:
//!
//! ```text
//! learning:  wav ─audio─▶ Samples ─audio─▶ Features ─data, augment─▶ Batch ─models─▶ logits
//!                ─Hooks, i.e. the recipe─▶ loss ─tensor─▶ Gradients ─optim─▶ new weights
//!                ─metrics─▶ Reading ─run─▶ results.json
//! editing:   file ─watch─▶ Source ─compile─▶ Compiled ─check─▶ Checked ─between steps─▶ Live
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | `error` | the one error type, and how it looks |
//! | `disk` | every write: whole files, journals, folders, locks |
//! | `tensor` | the rank-erased tensor, autodiff, kernels of our own, random streams |
//! | `audio` | WAV files, windows, filter banks |
//! | `metrics` | what a model is worth |
//! | `nn` | layers and the tree of their parameters |
//! | `data` | manifests, the front end, the loader, the built-in example |
//! | `kd` | losses against labels and teachers |
//! | `models` | named models |
//! | `optim` | optimisers and schedules |
//! | `augment` | augmentations, steps of the loader |
//! | `train` | the step, the loop, evaluation; knows the trait `Hooks` |
//! | `run` | run folders, records, the store, the index, packed runs |
//! | `report` | what runs gave, as pages, tables and event files |
//! | `script` | the Rhai engine, its bindings, diagnoses |
//! | `recipe` | the editing flow: watch, compile, check, swap; implements `Hooks` |
//! | `editor` | the language server |
//! | `cli` | one file a verb |

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

pub mod report;

pub mod script;

pub mod recipe;

pub mod editor;

pub mod cli;
