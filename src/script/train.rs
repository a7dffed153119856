//! Bindings of `train`: the stages, and the report on them.

use super::augment::Step;
use super::data::Handle;
use super::options::Options;
use super::raise::{Raw, raw};
use super::value::{self, native_of};
use super::{Hook, HookSource, HookSources, Host};
use crate::data::FrontEnd;
use crate::error::{Error, Kind, Result};
use crate::models::Spec;
use crate::optim::OptimizerHandle;
use crate::train::{Plan, TeacherModel, Trained};
use rhai::{Array, Engine, FnPtr, FuncRegistration, Map, Module, NativeCallContext};
use std::sync::Arc;

const SETTINGS: [&str; 8] =
    ["name", "data", "features", "augment", "batch", "epochs", "optimizer", "seed"];

const BATCH: usize = 32;
const EPOCHS: usize = 10;

const TRAIN_DOC: [&str; 9] = [
    "/// Trains a model on labels: a stage. Its result has `accuracy`, `best_accuracy`, `parameters`, …",
    "///",
    "/// Options: `data` (required), `features` (`audio::fbank(#{})`), `augment` ([]), `batch` (32),",
    "/// `epochs` (10), `optimizer` (`optim::adam(#{})`), `seed` (what `--seed` says), `name` (the model's",
    "/// name), and hooks: `loss`, `lr`, `on_epoch` as `Fn(\"name\")` where the standard names do not do.",
    "/// Hooks found by name: `loss(ctx, student, target)`, `lr(ctx)`, `on_epoch(ctx)`.",
    "/// Without a loss it is `cross_entropy(student, target)`.",
    "///",
    "/// Errors: options that contradict each other, damaged data, a hook that fails.",
];
const DISTILL_DOC: [&str; 9] = [
    "/// Trains a student on labels and on a frozen teacher, which sees the very same clips: a stage.",
    "///",
    "/// `teacher` is the result of another stage. Options as of `train`, and `lambda`, `tau` as numbers or",
    "/// functions.",
    "/// Hooks found by name: `loss(ctx, student, teacher, target)`, `lambda(ctx)`, `tau(ctx)`, `lr(ctx)`,",
    "/// `on_epoch(ctx)`. Without a loss it is `kd::cmkd(student, teacher, target, lambda, tau)` with",
    "/// λ = 0.5 and τ = 1.0 where nothing else is said.",
    "///",
    "/// Errors: options that contradict each other, damaged data, a hook that fails.",
];
const REPORT_DOC: [&str; 1] = ["/// Prints a table of stages: accuracy, best, parameters, time."];

/// `train`, `distill` and `report`, which need the host.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let asked = host.clone();
    FuncRegistration::new("train")
        .in_global_namespace()
        .with_comments(TRAIN_DOC)
        .with_params_info(["model: Model", "options: Map", "Trained"])
        .set_into_module(
            &mut module,
            move |ctx: NativeCallContext, spec: Spec, options: Map| -> Raw<Trained> {
                raw(stage(asked.as_ref(), ctx.engine(), None, spec, options))
            },
        );
    let asked = host.clone();
    FuncRegistration::new("distill")
        .in_global_namespace()
        .with_comments(DISTILL_DOC)
        .with_params_info(["teacher: Trained", "student: Model", "options: Map", "Trained"])
        .set_into_module(
            &mut module,
            move |ctx: NativeCallContext,
                  teacher: Trained,
                  spec: Spec,
                  options: Map|
                  -> Raw<Trained> {
                raw(stage(asked.as_ref(), ctx.engine(), Some(teacher), spec, options))
            },
        );
    let asked = host.clone();
    FuncRegistration::new("report")
        .in_global_namespace()
        .with_comments(REPORT_DOC)
        .with_params_info(["stages: Array", "()"])
        .set_into_module(&mut module, move |stages: Array| -> Raw<()> {
            raw(report(asked.as_ref(), &stages))
        });
    engine.register_global_module(module.into());
}

fn report(host: &dyn Host, stages: &Array) -> Result<()> {
    let trained = |(index, stage)| {
        let what = format!("stages[{index}]");
        native_of::<Trained>("report", &what, "what train(…) or distill(…) gave", stage)
    };
    host.report(&stages.iter().enumerate().map(trained).collect::<Result<Vec<_>>>()?)
}

fn stage(
    host: &dyn Host,
    engine: &Engine,
    teacher: Option<Trained>,
    spec: Spec,
    options: Map,
) -> Result<Trained> {
    let operation = if teacher.is_some() { "distill" } else { "train" };
    let hooks = Hook::ALL.into_iter().filter(|hook| hook.of_stage(teacher.is_some()));
    let known: Vec<&str> = SETTINGS.into_iter().chain(hooks.map(Hook::name)).collect();
    let options = Options::new(operation, options, &known)?;
    let data: Handle = options
        .native("data", "a data set: dataset::esc50(…)")?
        .ok_or_else(|| options.missing("data", "a data set: dataset::esc50(…)"))?;
    let front = options.native("features", "a front end: audio::fbank(…)")?;
    let step = |operation: &str, what: &str, value: &rhai::Dynamic| {
        native_of::<Step>(operation, what, "an augmentation: augment::time_roll()", value)
    };
    let chain = options.list("augment", step)?.unwrap_or_default();
    let (mut batch, mut epochs) = (BATCH, EPOCHS);
    options.count("batch", &mut batch)?;
    options.count("epochs", &mut epochs)?;
    let optimizer: Option<OptimizerHandle> =
        options.native("optimizer", "an optimiser: optim::adam(#{ lr: 1e-3 })")?;
    let mut seed = host.seed() as usize;
    options.count("seed", &mut seed)?;
    let sources = HookSources {
        loss: source(operation, &options, Hook::Loss)?,
        lambda: source(operation, &options, Hook::Lambda)?,
        tau: source(operation, &options, Hook::Tau)?,
        lr: source(operation, &options, Hook::Lr)?,
        on_epoch: source(operation, &options, Hook::OnEpoch)?,
    };
    let plan = Plan {
        name: options.text("name")?.unwrap_or_else(|| spec.name().to_string()),
        features: host.features(&data, &front.unwrap_or_else(FrontEnd::standard))?,
        teacher: teacher.map(|stage| TeacherModel { name: stage.name, model: stage.model }),
        spec,
        chain,
        batch,
        epochs,
        optimizer: optimizer.map(|own| own.options()).unwrap_or_default(),
        seed: seed as u64,
        workers: host.workers(),
        device: host.device(),
    };
    host.stage(engine, &plan, &sources)
}

/// A hook's source: a function's name, or a number where a number makes sense.
fn source(operation: &str, options: &Options, hook: Hook) -> Result<HookSource> {
    let key = hook.name();
    let Some(given) = options.get(key) else { return Ok(HookSource::Standard) };
    let wrong = |problem: &str, hint: String| {
        Err(Error::new(Kind::Type, operation, format!("'{key}' {problem}"))
            .received(value::kind_of(given))
            .hint(hint))
    };
    if let Some(pointer) = given.read_lock::<FnPtr>() {
        if pointer.is_anonymous() || pointer.is_curried() {
            let hint = format!("write `fn my_{key}(…)` and give {key}: Fn(\"my_{key}\")");
            return wrong("is a closure, which could not be edited while it runs", hint);
        }
        return Ok(HookSource::Named(pointer.fn_name().to_string()));
    }
    match value::number_of(operation, key, given) {
        Ok(number) if hook.takes_number() => Ok(HookSource::Constant(number)),
        _ if hook.takes_number() => {
            wrong("has the wrong type", format!("a number, or Fn(\"my_{key}\")"))
        }
        _ => wrong("has the wrong type", format!("give a function: {key}: Fn(\"my_{key}\")")),
    }
}

#[rhai::export_module]
pub(super) mod getters {
    use crate::train::Trained;

    /// The stage's name.
    #[rhai_fn(get = "name", pure)]
    pub fn name(trained: &mut Trained) -> String {
        trained.name.clone()
    }

    /// Accuracy on the test clips with the last weights.
    #[rhai_fn(get = "accuracy", pure)]
    pub fn accuracy(trained: &mut Trained) -> f64 {
        trained.accuracy
    }

    /// The best accuracy after any epoch; chosen on the test clips, so optimistic.
    #[rhai_fn(get = "best_accuracy", pure)]
    pub fn best_accuracy(trained: &mut Trained) -> f64 {
        trained.best_accuracy
    }

    /// The number of trained parameters.
    #[rhai_fn(get = "parameters", pure)]
    pub fn parameters(trained: &mut Trained) -> i64 {
        trained.parameters as i64
    }

    /// Optimiser steps.
    #[rhai_fn(get = "steps", pure)]
    pub fn steps(trained: &mut Trained) -> i64 {
        trained.steps as i64
    }

    /// Wall time.
    #[rhai_fn(get = "seconds", pure)]
    pub fn seconds(trained: &mut Trained) -> f64 {
        trained.seconds
    }
}
