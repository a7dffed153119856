//! `ctx`: what every hook is given.

use crate::error::{Error, Kind, Result};
use crate::nn::Net;
use crate::tensor::Tensor;
use crate::train::{Moment, Seen, Workbench};
use rhai::{Dynamic, Map};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the stage stands, and a place to log numbers.
#[derive(Clone, Debug)]
pub struct Context {
    moment: Arc<Moment>,
    desk: Desk,
    version: usize,
}

/// Names under which one stage may log numbers: each is a column of `metrics.csv`.
pub const LOGGED_NAMES: usize = 1_000;
/// Numbers that may be logged in one step.
pub const LOGGED_NUMBERS: usize = 100_000;
/// Bytes of the name of a stage or a logged number.
pub const NAME_BYTES: usize = 200;

/// Refuses a name that is no line of a reasonable length.
///
/// # Errors
/// Such a name.
pub fn check_name(operation: &str, name: &str) -> Result<()> {
    if name.len() <= NAME_BYTES && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let shown: String = name.chars().take(40).collect();
    Err(Error::new(Kind::Name, operation, "this cannot be a name")
        .expected(format!("up to {NAME_BYTES} bytes in one line"))
        .received(format!("{} bytes: '{}'", name.len(), shown.escape_debug())))
}

/// What lies on a stage's desk from step to step; clones are the same desk.
#[derive(Clone, Debug, Default)]
pub struct Desk(Arc<Mutex<Papers>>);

#[derive(Debug, Default)]
struct Papers {
    logged: Vec<(String, f64)>,
    /// All names that numbers were logged under.
    names: BTreeSet<String>,
    state: Map,
    nets: Map,
    /// What a standard stage trains.
    student: Option<Net>,
    optimizers: Map,
    /// What the loss of the step that is going on is shown.
    seen: Seen,
    /// Whether it has looked at how much of each clip is taught.
    looked: bool,
    /// Whether a hook has asked for parts, taps or places where there are none.
    missed: bool,
    /// Whether a hook has looked at how long the stage is.
    knew_length: bool,
}

impl Desk {
    /// A desk with the recipe's own map on it.
    pub fn new(state: Map) -> Self {
        Desk(Arc::new(Mutex::new(Papers { state, ..Papers::default() })))
    }

    /// Puts what the recipe's own steps work on there.
    pub fn put(&self, bench: &Workbench) {
        // What has no name lies in the recipe's own map.
        let nets = bench.nets.iter().filter(|(name, _)| !name.is_empty());
        let nets = nets.map(|(name, net)| (name.into(), Dynamic::from(net.called(name)))).collect();
        let all = bench.optimizers.iter().filter(|(name, _)| !name.is_empty());
        let all = all.map(|(name, handle)| (name.into(), Dynamic::from(handle.clone()))).collect();
        let student = bench.nets.first().filter(|(name, _)| name.is_empty());
        let student = student.map(|(_, net)| net.clone());
        self.with(|papers| (papers.nets, papers.optimizers, papers.student) = (nets, all, student));
    }

    /// Lays there what the loss is shown, or takes it away. Gives whether somebody has looked at `taught` of what was
    /// there before.
    pub fn show(&self, seen: Seen) -> bool {
        self.with(|papers| {
            papers.seen = seen;
            std::mem::take(&mut papers.looked)
        })
    }

    /// A hook looks at how much of each clip is taught.
    pub(super) fn look_at_taught(&self) -> Option<Tensor> {
        self.with(|papers| {
            papers.looked = true;
            papers.seen.taught.clone()
        })
    }

    /// Whether a hook has asked for parts, taps or places where there are none.
    pub fn missed(&self) -> bool {
        self.with(|papers| papers.missed)
    }

    /// The networks by name.
    pub(super) fn nets(&self) -> Map {
        self.with(|papers| papers.nets.clone())
    }

    /// The network that a standard stage trains.
    pub(super) fn student(&self) -> Option<Net> {
        self.with(|papers| papers.student.clone())
    }

    /// The optimisers by name.
    pub(super) fn optimizers(&self) -> Map {
        self.with(|papers| papers.optimizers.clone())
    }

    /// What the loss is shown.
    pub(super) fn seen(&self) -> Seen {
        self.with(|papers| papers.seen.clone())
    }

    /// A hook has asked for what is not there.
    pub(super) fn miss(&self) {
        self.with(|papers| papers.missed = true);
    }

    /// Logs numbers by name.
    ///
    /// # Errors
    /// A name that is no name of a column, too many names, too many numbers for one step.
    pub fn log(&self, told: Vec<(String, f64)>) -> Result<()> {
        self.with(|papers| {
            let too_many = |what: &str, most: usize| {
                Error::new(Kind::Range, "ctx.log", format!("too many {what}"))
                    .expected(format!("{most} at most"))
            };
            for (name, _) in &told {
                if papers.names.contains(name) {
                    continue;
                }
                check_name("ctx.log", name)?;
                if papers.names.len() >= LOGGED_NAMES {
                    return Err(too_many("names in one stage", LOGGED_NAMES));
                }
                papers.names.insert(name.clone());
            }
            if papers.logged.len() + told.len() > LOGGED_NUMBERS {
                return Err(too_many("numbers in one step", LOGGED_NUMBERS));
            }
            papers.logged.extend(told);
            Ok(())
        })
    }

    /// What was logged since this was last asked.
    pub fn take_logged(&self) -> Vec<(String, f64)> {
        self.with(|papers| std::mem::take(&mut papers.logged))
    }

    /// The recipe's own map as it is.
    pub fn state(&self) -> Map {
        self.with(|papers| papers.state.clone())
    }

    /// Whether a hook has looked at how long the stage is.
    pub fn knew_length(&self) -> bool {
        self.with(|papers| papers.knew_length)
    }

    /// A hook has looked, perhaps before the stage went on from a checkpoint.
    pub fn set_knew_length(&self, knew: bool) {
        self.with(|papers| papers.knew_length = knew);
    }

    /// Puts the recipe's own map back.
    pub fn set_state(&self, state: Map) {
        self.with(|papers| papers.state = state);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Papers) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Context {
    /// A context for one moment of the stage at this desk, in that version of the recipe.
    pub fn new(moment: &Moment, desk: &Desk, version: usize) -> Self {
        Context { moment: Arc::new(moment.clone()), desk: desk.clone(), version }
    }

    /// The desk of its stage.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::Context;
    use crate::error::{Error, Kind};
    use crate::script::raise::{Raw, raw};
    use crate::script::trained::reading_map;
    use crate::script::value;
    use rhai::{Array, Dynamic, Map};

    /// The name of the stage that calls the hook.
    ///
    /// ```rhai,stage
    /// fn on_epoch(ctx) {
    ///     assert(["teacher", "student"].contains(ctx.stage));
    /// }
    /// ```
    #[rhai_fn(get = "stage", pure)]
    pub fn stage(ctx: &mut Context) -> String {
        ctx.moment.stage.to_string()
    }

    /// The epoch, counted from 0.
    ///
    /// ```rhai,stage
    /// fn on_epoch(ctx) {
    ///     assert(ctx.epoch < ctx.epochs);
    /// }
    /// ```
    #[rhai_fn(get = "epoch", pure)]
    pub fn epoch(ctx: &mut Context) -> i64 {
        ctx.moment.epoch as i64
    }

    /// The number of epochs of the stage.
    ///
    /// ```rhai,stage
    /// fn tau(ctx) {
    ///     assert_eq(ctx.epochs, 2);
    ///     schedule::linear(ctx.epoch, 0, ctx.epochs, 4.0, 1.0)
    /// }
    /// ```
    #[rhai_fn(get = "epochs", pure)]
    pub fn epochs(ctx: &mut Context) -> i64 {
        ctx.desk.set_knew_length(true);
        ctx.moment.epochs as i64
    }

    /// Optimiser steps done in the stage.
    ///
    /// ```rhai,stage
    /// fn lr(ctx) {
    ///     assert(ctx.step < ctx.steps);
    ///     schedule::warmup(ctx.step, 50, ctx.lr)
    /// }
    /// ```
    #[rhai_fn(get = "step", pure)]
    pub fn step(ctx: &mut Context) -> i64 {
        ctx.moment.step as i64
    }

    /// Optimiser steps of the whole stage.
    ///
    /// ```rhai,stage
    /// fn lr(ctx) {
    ///     assert(ctx.steps % ctx.epochs == 0);
    ///     schedule::cosine(ctx.step, 0, ctx.steps, ctx.lr, 0.0)
    /// }
    /// ```
    #[rhai_fn(get = "steps", pure)]
    pub fn steps(ctx: &mut Context) -> i64 {
        ctx.desk.set_knew_length(true);
        ctx.moment.steps as i64
    }

    /// How much of the stage is done, 0.0 to 1.0.
    ///
    /// ```rhai,stage
    /// fn lambda(ctx) {
    ///     assert(ctx.progress >= 0.0 && ctx.progress <= 1.0);
    ///     schedule::linear(ctx.progress, 0, 1, 1.0, 0.5)
    /// }
    /// ```
    #[rhai_fn(get = "progress", pure)]
    pub fn progress(ctx: &mut Context) -> f64 {
        ctx.desk.set_knew_length(true);
        ctx.moment.progress()
    }

    /// The number of the version of the recipe that is in force: 0 is what the run began with, and each edit
    /// that comes into force counts one on. While an edit is tried it is the number that it would get.
    ///
    /// ```rhai,stage
    /// fn on_epoch(ctx) {
    ///     assert_eq(ctx.version, 0);
    /// }
    /// ```
    #[rhai_fn(get = "version", pure)]
    pub fn version(ctx: &mut Context) -> i64 {
        ctx.version as i64
    }

    /// The optimiser's base learning rate.
    ///
    /// ```rhai,stage
    /// fn lr(ctx) {
    ///     assert_eq(ctx.lr, 0.001);
    ///     if ctx.epoch < 1 { ctx.lr } else { ctx.lr / 10.0 }
    /// }
    /// ```
    #[rhai_fn(get = "lr", pure)]
    pub fn lr(ctx: &mut Context) -> f64 {
        ctx.moment.lr
    }

    /// What the finished epochs gave: maps with `epoch` (counted from 1), `loss`, `test_loss`, `accuracy`, `lr`, `lambda`,
    /// `tau`, `seconds`, and whatever hooks logged. `lr`, `lambda` and `tau` are those of the epoch's last step; `loss` and
    /// what hooks logged are means over the epoch.
    ///
    /// ```rhai,stage
    /// fn on_epoch(ctx) {
    ///     let last = ctx.metrics[-1];
    ///     assert_eq(last.epoch, ctx.epoch + 1);
    ///     assert(last.loss > 0.0);
    /// }
    /// ```
    #[rhai_fn(get = "metrics", pure)]
    pub fn metrics(ctx: &mut Context) -> Array {
        ctx.moment.readings.iter().map(|reading| reading_map(reading).into()).collect()
    }

    /// Logs a number under a name: its mean over the epoch becomes a column of `metrics.csv`.
    ///
    /// ```rhai,stage
    /// fn lr(ctx) {
    ///     ctx.log("half_way", ctx.progress);
    ///     ctx.lr
    /// }
    ///
    /// fn on_epoch(ctx) {
    ///     assert(ctx.metrics[-1].half_way < 1.0);
    /// }
    /// ```
    #[rhai_fn(name = "log", return_raw)]
    pub fn log_number(ctx: &mut Context, name: &str, value: Dynamic) -> Raw<()> {
        if crate::run::COLUMNS.contains(&name) {
            let error = Error::new(Kind::Name, "ctx.log", format!("'{name}' is a column already"));
            return raw(Err(error.hint("log it under another name")));
        }
        let number = match value.read_lock::<crate::tensor::Tensor>() {
            Some(tensor) => raw(tensor.item().map_err(|error| error.during("ctx.log")))?,
            None => raw(value::number_of("ctx.log", "the value", &value))?,
        };
        raw(ctx.desk.log(vec![(name.to_string(), number)]))
    }

    /// A map of the recipe's own, which stays from step to step: `ctx.state.best = 0.7`. It begins as the
    /// stage's option `state` says, empty without it.
    ///
    /// ```rhai,stage
    /// let taught = each_step(common + #{ nets: #{ net: model }, state: #{ steps: 0 } }, Fn("teach"));
    ///
    /// fn teach(ctx, batch) {
    ///     ctx.state.steps += 1;
    ///     assert_eq(ctx.state.steps, ctx.step + 1);
    ///     cross_entropy(ctx.nets.net.forward(batch.input), batch.target)
    /// }
    /// ```
    #[rhai_fn(get = "state", pure)]
    pub fn state(ctx: &mut Context) -> Map {
        ctx.desk.state()
    }

    /// Puts another map of the recipe's own there.
    ///
    /// ```rhai,stage
    /// fn on_epoch(ctx) {
    ///     ctx.state = #{ last: ctx.epoch };
    ///     assert_eq(ctx.state.last, ctx.epoch);
    /// }
    /// ```
    #[rhai_fn(set = "state")]
    pub fn set_state(ctx: &mut Context, state: Map) {
        ctx.desk.set_state(state);
    }
}
