//! Bindings of `train`: the stages.

use super::Host;
use super::raise::{Raw, raised, raw};
use super::register::comments;
use super::stage;
use crate::error::Error;
use crate::train::Trained;
use rhai::{
    Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, Map, Module, NativeCallContext,
};
use std::sync::Arc;

const TRAIN_DOC: &[&str] = &comments! {
    /// Trains a model or a network on labels: a stage. Its result has `accuracy`, `parameters`, `net`, …
    ///
    /// Options: `data` (required), `features` (`audio::fbank(#{})`), `augment` ([]: steps, and as the
    /// last one maybe `Fn("name")`, as the hook `augment`), `sampler` ("shuffled"; "sequential",
    /// "balanced", or a weight for each clip that trains, as an array or a tensor), `batch` (32),
    /// `epochs` (10), `optimizer` (`optim::adam(#{})`), `seed` (what `--seed` says), `name` (the model's
    /// name), `state` (#{}: what `ctx.state` begins with), `parts` (#{}: networks by name that the loss finds in
    /// `ctx.parts`, trained and kept with the model), `taps` (#{}: names of inner outputs as `student`, which the loss
    /// finds in `ctx.taps`), `average` (none: the first and last epoch, counted from 1, whose weights are averaged:
    /// `trained.averaged`), `average_norms` ("averaged": running statistics are averaged like weights, as AST's and
    /// PSLA's code has it; "measured": of the averaged network, over one more epoch, as of SWA), and hooks: `loss`, `lr`, `on_epoch` as `Fn("name")` where the standard names do not do.
    /// Hooks found by name: `augment(ctx, batch)`, `loss(ctx, student, target)`, `lr(ctx)`, `on_epoch(ctx)`.
    /// Without a loss it is `cross_entropy(student, target)`, or `bce(student, target)` where clips have several labels.
    ///
    /// Errors: options that contradict each other, damaged data, a hook that fails.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ optimizer: optim::adamw(#{ lr: 2e-3 }) });
    /// assert(trained.accuracy >= 0.0);
    ///
    /// fn loss(ctx, student, target) {
    ///     cross_entropy(student, target, #{ smoothing: 0.1 })
    /// }
    /// ```
};
const DISTILL_DOC: &[&str] = &comments! {
    /// Trains a student on labels and on a frozen teacher, which sees the very same clips: a stage.
    ///
    /// `teacher` is the result of another stage, a network, or what `kd::stored` found in a file. Options as of `train`, and `lambda`, `tau` as numbers or
    /// functions; `teaching` ("consistent"): how the teacher is shown the clips, "consistent" for the very same batch,
    /// "independent" for other draws of all augmentations but mixing, "clean" for mixing alone, "stored" for what it
    /// says of each clip as it is, computed once; `taps` names inner outputs of the `teacher` as well.
    /// Hooks found by name: `augment(ctx, batch)`, `loss(ctx, student, teacher, target)`, `lambda(ctx)`, `tau(ctx)`, `lr(ctx)`,
    /// `on_epoch(ctx)`. Without a loss it is `kd::cmkd(student, teacher, target, lambda, tau)` with
    /// λ = 0.5 and τ = 1.0 where nothing else is said; `kd::cmkd_multi` where clips have several labels.
    ///
    /// Errors: options that contradict each other, damaged data, a hook that fails.
    ///
    /// ```rhai,stage
    /// let teacher = train(model, common + #{ name: "teacher" });
    /// let student = distill(teacher, model, common + #{ name: "student" });
    /// assert_eq(student.name, "student");
    ///
    /// fn lambda(ctx) { 0.3 }
    ///
    /// fn tau(ctx) { schedule::linear(ctx.epoch, 0, 10, 4.0, 1.0) }
    /// ```
};
const EACH_STEP_DOC: &[&str] = &comments! {
    /// Calls a function `teach(ctx, batch)` for each batch of each epoch: steps of the recipe's own.
    ///
    /// It does the forward passes, makes the loss, calls `optimizer.step(net, loss)`, and gives the loss;
    /// or a map with `loss` and other numbers, which are logged. It finds `ctx.nets`, `ctx.optimizers` and
    /// `ctx.state`, each by name as the options give them. The networks are copies: those of the recipe stay
    /// as they are, and the result has the trained ones as `nets`. A model (`model::cnn(#{ … })`) among them
    /// is built for the data's shape, its weights drawn from the stage's seed and its name in the map: two of a
    /// kind start from different weights, and the same name and seed from the same ones.
    /// Options: `data` (required), `nets` (required), `optimizers` (#{}), `state`, `evaluate` (the name of the
    /// network whose accuracy is measured after each epoch, where there are several), `features`,
    /// `augment` (steps alone: the function that gives batches to train on is the recipe's own), `sampler`, `batch` (32), `epochs` (10), `seed`, `name`, `on_epoch` as of `train`; `teaching` as of
    /// `distill`, for `batch.teacher_input`.
    ///
    /// A step that fails leaves no trace: networks, optimisers and state are as they were before it.
    /// Errors: options that contradict each other, damaged data, a step that fails.
    ///
    /// ```rhai,stage
    /// let taught = each_step(common + #{
    ///     nets: #{ net: model },
    ///     optimizers: #{ net: optim::adam(#{ lr: 1e-3 }) },
    /// }, Fn("teach"));
    /// assert(taught.steps > 0);
    ///
    /// fn teach(ctx, batch) {
    ///     let loss = cross_entropy(ctx.nets.net.forward(batch.input), batch.target);
    ///     ctx.optimizers.net.step(ctx.nets.net, loss);
    ///     loss
    /// }
    /// ```
};
const STAGE_DOC: &[&str] = &comments! {
    /// Anything else that takes long and should not be done twice: calls `make(inputs)` and keeps what it gives.
    ///
    /// The result is found again as long as the inputs, the function with all that it calls, and the seed are
    /// the same. Inputs and result are numbers, strings, arrays, maps, tensors and networks; inputs can be the results
    /// of other stages and data sets, too. A network in the result must be one of the inputs or a copy of one.
    ///
    /// ```rhai,stage
    /// let a = train(model, common + #{ name: "a", seed: 1 });
    /// let b = train(model, common + #{ name: "b", seed: 2 });
    /// let soup = stage("soup", #{ nets: [a.net, b.net] }, Fn("average"));
    /// assert_eq(soup.count, a.net.count);
    ///
    /// fn average(inputs) {
    ///     let net = inputs.nets[0].copy();
    ///     net.lerp(inputs.nets[1], 0.5);
    ///     net
    /// }
    /// ```
};
/// `train`, `distill`, `each_step` and `stage`, which need the host.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let asked = host.clone();
    FuncRegistration::new("train")
        .in_global_namespace()
        .with_comments(TRAIN_DOC)
        .with_params_info(["model: Model", "options: Map", "Trained"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext, model: Dynamic, options: Map| -> Raw<Trained> {
                every_mistake(asked.as_ref(), &call, options, |options| {
                    stage::learn(asked.as_ref(), &call, None, &model, options)
                })
            },
        );
    let asked = host.clone();
    FuncRegistration::new("distill")
        .in_global_namespace()
        .with_comments(DISTILL_DOC)
        .with_params_info(["teacher: Trained", "student: Model", "options: Map", "Trained"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext,
                  teacher: Dynamic,
                  student: Dynamic,
                  options: Map|
                  -> Raw<Trained> {
                every_mistake(asked.as_ref(), &call, options, |options| {
                    stage::learn(asked.as_ref(), &call, Some(&teacher), &student, options)
                })
            },
        );
    let asked = host.clone();
    FuncRegistration::new("each_step")
        .in_global_namespace()
        .with_comments(EACH_STEP_DOC)
        .with_params_info(["options: Map", "step: Fn", "Trained"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext, options: Map, step: FnPtr| -> Raw<Trained> {
                every_mistake(asked.as_ref(), &call, options, |options| {
                    raw(stage::each_step(asked.as_ref(), &call, options, &step))
                })
            },
        );
    let asked = host.clone();
    FuncRegistration::new("stage")
        .in_global_namespace()
        // It does something each time, even where its arguments are known.
        .with_volatility(true)
        .with_comments(STAGE_DOC)
        .with_params_info(["name: &str", "inputs: Dynamic", "make: Fn", "Dynamic"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext,
                  name: &str,
                  inputs: Dynamic,
                  make: FnPtr|
                  -> Raw<Dynamic> { asked.made(&call, name, inputs, &make) },
        );
    engine.register_global_module(module.into());
}

/// A stage; where all of its mistakes are to be told, those of its other options as well. It is built again without
/// the option that is wrong, until nothing is.
fn every_mistake(
    host: &dyn Host,
    call: &NativeCallContext,
    mut options: Map,
    stage: impl Fn(Map) -> Raw<Trained>,
) -> Raw<Trained> {
    host.calls(call);
    let outcome = stage(options.clone());
    let mut wrong = outcome.as_ref().err().and_then(|cause| option_of(cause, &options));
    if wrong.is_none() || !host.builds_only(true) {
        return outcome;
    }
    while let Some((key, _)) = wrong {
        options.remove(key.as_str());
        wrong = stage(options.clone()).err().and_then(|cause| option_of(&cause, &options));
        if let Some((key, error)) = &wrong {
            host.also(key, error.clone());
        }
    }
    host.builds_only(false);
    outcome
}

/// The option that an error is about, where it can be left out.
fn option_of(cause: &EvalAltResult, options: &Map) -> Option<(String, Error)> {
    const NEEDED: [&str; 2] = ["data", "nets"];
    let EvalAltResult::ErrorRuntime(value, _) = cause else { return None };
    let error = raised(value)?;
    let key = {
        let mut quoted = error.report().problem.split('\'');
        let before = quoted.next().unwrap_or_default();
        let named = before.is_empty() || before == "unknown option ";
        // Of 'optimizers.net' or 'augment[1]' all of the option is left out.
        let key = quoted.next().filter(|_| named)?.split(['.', '[']).next()?.to_string();
        Some(key).filter(|key| options.contains_key(key.as_str()))?
    };
    // Without what it needs no stage can be built: its other options are not told then.
    if NEEDED.contains(&key.as_str()) { None } else { Some((key, error)) }
}
