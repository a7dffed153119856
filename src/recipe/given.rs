//! What hooks are given, and what they give.

use super::version::Version;
use crate::data::Batch;
use crate::error::{Error, Kind, Result, unknown};
use crate::run::COLUMNS;
use crate::script::{Context, Desk, Hook, number_of};
use crate::tensor::Tensor;
use crate::train::Moment;
use rhai::{Dynamic, Engine, Map};

pub(super) fn tensors(student: &Tensor, teacher: Option<&Tensor>, target: &Tensor) -> Vec<Dynamic> {
    let all = [Some(student), teacher, Some(target)];
    all.into_iter().flatten().map(|tensor| Dynamic::from(tensor.clone())).collect()
}

pub(super) fn call(
    engine: &Engine,
    version: &Version,
    name: &str,
    moment: &Moment,
    desk: &Desk,
    more: Vec<Dynamic>,
) -> Result<Dynamic> {
    let mut arguments = vec![Dynamic::from(Context::new(moment, desk, version.number))];
    arguments.extend(more);
    version.call(engine, name, arguments)
}

fn wrong_result(hook: Hook, expected: &str, value: &Dynamic) -> Error {
    let error = Error::new(Kind::Type, hook.name(), "the hook gave something of the wrong type")
        .expected(expected)
        .received(crate::script::kind_of(value));
    if hook == Hook::Step && value.is_bool() {
        return error
            .hint("step(…) says whether weights have changed; end the function with the loss");
    }
    match value.is_unit() {
        true => error.hint(
            "a function gives the value of its last line: an assignment, a loop, `try`, or an `if` without \
             `else` has none",
        ),
        false => error,
    }
}

pub(super) fn as_number(hook: Hook, value: &Dynamic) -> Result<f64> {
    number_of(hook.name(), "what the hook gave", value)
        .map_err(|_| wrong_result(hook, "a number", value))
}

pub(super) fn as_loss(value: &Dynamic) -> Result<Tensor> {
    let loss = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    match loss {
        Some(loss) if loss.is_float() && loss.count() == 1 => Ok(loss),
        Some(_) => Err(wrong_result(Hook::Loss, "tensor f32 [1]: end with .mean()", value)),
        None if value.is_float() => Err(wrong_result(Hook::Loss, "tensor f32 [1]", value)
            .hint("a loss keeps what it was made of: leave .item() out")),
        None => Err(wrong_result(Hook::Loss, "tensor f32 [1]", value)),
    }
}

/// The error for a loss that takes what a teacher did not say for its word.
pub(super) fn overlooked() -> Error {
    Error::new(
        Kind::Script,
        Hook::Loss.name(),
        "the teacher has said nothing of some of these clips",
    )
    .expected("a loss that weighs the teacher's term of each clip by ctx.taught")
    .hint("e.g. (kd::kl(student, teacher, #{ reduction: \"none\" }).sum(1) * ctx.taught).mean()")
}

/// The batch that an augmentation gives: other inputs, and maybe other labels, of the same shapes.
pub(super) fn as_batch(value: &Dynamic, batch: &Batch) -> Result<Batch> {
    let wrong = || {
        let expected = "the inputs as a tensor, #{ input: …, target: … }, or the batch itself";
        wrong_result(Hook::Augment, expected, value)
    };
    let tensor = |value: &Dynamic| value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    let whole = value.read_lock::<Batch>().map(|own| (own.input.clone(), Some(own.target.clone())));
    let (input, target) = match value.read_lock::<Map>() {
        _ if whole.is_some() => whole.ok_or_else(wrong)?,
        None => (tensor(value).ok_or_else(wrong)?, None),
        Some(map) => {
            if let Some(key) = map.keys().find(|key| !["input", "target"].contains(&key.as_str())) {
                return Err(unknown(Hook::Augment.name(), "key", key, &["input", "target"]));
            }
            let part =
                |name: &str| map.get(name).map(|own| tensor(own).ok_or_else(wrong)).transpose();
            (part("input")?.unwrap_or_else(|| batch.input.clone()), part("target")?)
        }
    };
    let target = target.unwrap_or_else(|| batch.target.clone());
    for (what, own, before) in
        [("inputs", &input, &batch.input), ("labels", &target, &batch.target)]
    {
        if own.shape() != before.shape() || own.dtype() != before.dtype() {
            let problem = format!("the hook gave {what} of another shape or type");
            return Err(Error::new(Kind::Shape, Hook::Augment.name(), problem)
                .expected(before.describe())
                .received(own.describe()));
        }
    }
    Ok(Batch { input: input.detached()?, target: target.detached()?, ..batch.clone() })
}

/// The loss of a step, and what it logs beside.
pub(super) fn as_step(value: &Dynamic) -> Result<(f64, Vec<(String, f64)>)> {
    let number = |value: &Dynamic| match value.read_lock::<Tensor>() {
        Some(tensor) if tensor.count() == 1 => tensor.item(),
        _ => as_number(Hook::Step, value),
    };
    let wrong = || wrong_result(Hook::Step, "the loss, or #{ loss: …, other numbers }", value);
    let Some(map) = value.read_lock::<Map>() else {
        return number(value).map(|loss| (loss, Vec::new())).map_err(|_| wrong());
    };
    let mut told = Vec::new();
    for (name, value) in map.iter() {
        let told_of = |_| {
            wrong().hint(format!("'{name}' is no number: it is {}", crate::script::kind_of(value)))
        };
        // What the stage itself says of the epoch has these names.
        if name != "loss" && COLUMNS.contains(&name.as_str()) {
            let error =
                Error::new(Kind::Name, "each_step", format!("'{name}' is a column already"));
            return Err(error.hint("give it another name"));
        }
        told.push((name.to_string(), number(value).map_err(told_of)?));
    }
    let lacking = || {
        let keys: Vec<&str> = map.keys().map(|key| key.as_str()).collect();
        wrong().hint(format!("it has no key 'loss', but {}", keys.join(", ")))
    };
    let place = told.iter().position(|(name, _)| name == "loss").ok_or_else(lacking)?;
    Ok((told.swap_remove(place).1, told))
}
