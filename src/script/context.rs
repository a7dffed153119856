//! `ctx`: what every hook is given.

use crate::train::{Moment, Reading};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the stage stands, and a place to log numbers.
#[derive(Clone, Debug)]
pub struct Context {
    moment: Arc<Moment>,
    logged: Arc<Mutex<Vec<(String, f64)>>>,
}

impl Context {
    /// A context for one moment; numbers are logged into `logged`.
    pub fn new(moment: &Moment, logged: Arc<Mutex<Vec<(String, f64)>>>) -> Self {
        Context { moment: Arc::new(moment.clone()), logged }
    }

    fn log(&self, name: &str, value: f64) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.push((name.to_string(), value));
    }
}

fn reading_map(reading: &Reading) -> rhai::Map {
    let mut map = rhai::Map::new();
    map.insert("epoch".into(), (reading.epoch as i64).into());
    let numbers = [
        ("loss", Some(reading.loss)),
        ("test_loss", Some(reading.test_loss)),
        ("accuracy", Some(reading.accuracy)),
        ("lr", Some(reading.lr)),
        ("lambda", reading.lambda),
        ("tau", reading.tau),
        ("seconds", Some(reading.seconds)),
    ];
    for (name, value) in numbers {
        map.insert(name.into(), value.map_or(rhai::Dynamic::UNIT, Into::into));
    }
    for (name, value) in &reading.logged {
        map.insert(name.as_str().into(), (*value).into());
    }
    map
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::Context;
    use crate::error::{Error, Kind};
    use crate::script::raise::{Raw, raw};
    use crate::script::value;
    use rhai::{Array, Dynamic};

    /// The name of the stage that calls the hook.
    #[rhai_fn(get = "stage", pure)]
    pub fn stage(ctx: &mut Context) -> String {
        ctx.moment.stage.to_string()
    }

    /// The epoch, counted from 0.
    #[rhai_fn(get = "epoch", pure)]
    pub fn epoch(ctx: &mut Context) -> i64 {
        ctx.moment.epoch as i64
    }

    /// The number of epochs of the stage.
    #[rhai_fn(get = "epochs", pure)]
    pub fn epochs(ctx: &mut Context) -> i64 {
        ctx.moment.epochs as i64
    }

    /// Optimiser steps done in the stage.
    #[rhai_fn(get = "step", pure)]
    pub fn step(ctx: &mut Context) -> i64 {
        ctx.moment.step as i64
    }

    /// Optimiser steps of the whole stage.
    #[rhai_fn(get = "steps", pure)]
    pub fn steps(ctx: &mut Context) -> i64 {
        ctx.moment.steps as i64
    }

    /// How much of the stage is done, 0.0 to 1.0.
    #[rhai_fn(get = "progress", pure)]
    pub fn progress(ctx: &mut Context) -> f64 {
        ctx.moment.progress()
    }

    /// The optimiser's base learning rate.
    #[rhai_fn(get = "lr", pure)]
    pub fn lr(ctx: &mut Context) -> f64 {
        ctx.moment.lr
    }

    /// What the finished epochs gave: maps with `epoch`, `loss`, `test_loss`, `accuracy`, `lr`, `lambda`,
    /// `tau`, `seconds`, and whatever hooks logged.
    #[rhai_fn(get = "metrics", pure)]
    pub fn metrics(ctx: &mut Context) -> Array {
        ctx.moment.readings.iter().map(|reading| super::reading_map(reading).into()).collect()
    }

    /// Logs a number under a name: its mean over the epoch becomes a column of `metrics.csv`.
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
        ctx.log(name, number);
        Ok(())
    }
}
