//! What a recipe's statements ask of whoever runs them.

use super::Meter;
use super::raise::Raw;
use crate::data::{Caches, Dataset, FrontEnd};
use crate::error::{Error, Result};
use crate::report;
use crate::tensor::Device;
use crate::train::{Features, Plan, Trained};
use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};
use std::path::PathBuf;
use std::sync::Arc;

/// Where a stage's hook comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum HookSource {
    /// The function with the hook's own name, if the recipe has one.
    #[default]
    Standard,
    /// Another function, by name: `loss: Fn("my_loss")`.
    Named(String),
    /// No function but a number: `tau: 2.0`.
    Constant(f64),
}

/// Where each hook of a stage comes from.
#[derive(Clone, Debug, Default)]
pub struct HookSources {
    /// `step(ctx, batch)`, where steps are the recipe's own.
    pub step: HookSource,
    /// `augment(ctx, batch)`.
    pub augment: HookSource,
    /// `loss(ctx, student, teacher, target)`, or `loss(ctx, student, target)` without a teacher.
    pub loss: HookSource,
    /// `lambda(ctx)`.
    pub lambda: HookSource,
    /// `tau(ctx)`.
    pub tau: HookSource,
    /// `lr(ctx)`.
    pub lr: HookSource,
    /// `on_epoch(ctx)`.
    pub on_epoch: HookSource,
    /// What `ctx.state` begins with.
    pub state: Map,
}

/// A function of the recipe, to be called with any arguments.
pub type Callable = Arc<dyn Fn(Vec<Dynamic>) -> Result<Dynamic> + Send + Sync>;

/// Runs what a recipe declares.
pub trait Host: Send + Sync {
    /// The text that the command line gives for an argument of the recipe.
    fn argument(&self, name: &str) -> Option<String>;

    /// Notes that the recipe has asked for an argument, and its default, if it has one.
    fn asked(&self, name: &str, default: Option<&Dynamic>) {
        let _ = (name, default);
    }

    /// The seed of stages that name none.
    fn seed(&self) -> u64;

    /// Threads of each stage's loader.
    fn workers(&self) -> usize;

    /// Refuses stages where none can run, before anything is made for them.
    fn may_train(&self, operation: &str) -> Result<()> {
        let _ = operation;
        Ok(())
    }

    /// Where stages compute.
    fn device(&self) -> Device;

    /// The folder of the built-in example data.
    fn example_data(&self) -> Result<PathBuf>;

    /// The file that a recipe reads under `path`: refused where nobody allowed it. Nothing may open a file for a
    /// script that did not come from here.
    fn readable(&self, operation: &str, path: &str) -> Result<PathBuf>;

    /// As `readable`, for a folder.
    fn readable_folder(&self, operation: &str, path: &str) -> Result<PathBuf>;

    /// The file that a recipe writes under `path`.
    fn writable(&self, operation: &str, path: &str) -> Result<PathBuf>;

    /// What is kept between runs about audio files.
    fn caches(&self) -> Arc<Caches>;

    /// The features of a data set, made once for all stages.
    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features>;

    /// Runs a stage with the recipe's hooks.
    fn stage(&self, engine: &Engine, plan: &Plan, hooks: &HookSources) -> Result<Trained>;

    /// Says where the stage that comes next is called.
    fn calls(&self, call: &NativeCallContext) {
        let _ = call;
    }

    /// From now on a stage is built only, so that each option that is wrong can be told; `false` where one
    /// mistake is enough.
    fn builds_only(&self, on: bool) -> bool {
        let _ = on;
        false
    }

    /// A mistake beside the one that ends the call: in the option `key`.
    fn also(&self, key: &str, error: Error) {
        let _ = (key, error);
    }

    /// What `make(inputs)` gives, or gave before. Where nothing runs, nothing is kept.
    fn made(
        &self,
        call: &NativeCallContext,
        name: &str,
        inputs: Dynamic,
        make: &FnPtr,
    ) -> Raw<Dynamic> {
        let _ = name;
        make.call_within_context(call, (inputs,))
    }

    /// A way to call a function that `call` was given: one of the recipe's by name in the version that is in
    /// force at the time of the call, a closure or a function of an imported module as it was written. What it
    /// has captured must come first among the arguments.
    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable>;

    /// Shows stages side by side.
    fn report(&self, stages: &[Trained], options: &report::Options) -> Result<()>;

    /// Counts what scripts do for this host.
    fn meter(&self) -> &Meter;

    /// What `print` and `debug` say.
    fn say(&self, text: &str);

    /// Something that a user should know, though nothing fails.
    fn warn(&self, text: &str) {
        self.say(&format!("warning: {text}"));
    }

    /// Why a script that is running should end at once, if it should.
    fn interruption(&self) -> Option<Error>;
}
