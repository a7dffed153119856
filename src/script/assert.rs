//! Assertions: what a test expects. They are there in every recipe, and a failed one ends it.

use super::Signatures;
use super::compare::{Comparison, shown};
use super::diagnose::{Knowledge, Sources, is_end};
use super::raise::{Raw, raise, raw};
use super::value::{kind_of, number_of};
use crate::error::{Error, Kind, Result};
use rhai::{Dynamic, FnPtr, NativeCallContext};

/// What f32 holds after a few operations.
const TOLERANCE: f64 = 1e-5;

fn failed(operation: &str, problem: impl Into<String>) -> Error {
    Error::new(Kind::Assertion, operation, problem)
}

fn holds(condition: &Dynamic, message: Option<&str>) -> Result<()> {
    match condition.as_bool() {
        Ok(true) => Ok(()),
        Ok(false) => Err(failed("assert", message.unwrap_or("the condition is false"))),
        Err(_) => {
            let error = Error::new(Kind::Type, "assert", "the condition has the wrong type")
                .expected("a bool")
                .received(kind_of(condition));
            let tensor = condition.read_lock::<crate::tensor::Tensor>().is_some();
            Err(if tensor {
                error.hint("read it with .item(), e.g. t.all().item()")
            } else {
                error
            })
        }
    }
}

/// Compares with `==` what is neither a number nor made of numbers.
fn same(call: &NativeCallContext, a: &Dynamic, b: &Dynamic) -> Result<bool> {
    call.call_native_fn::<bool>("==", (a.clone(), b.clone())).map_err(|_| {
        Error::new(Kind::Type, call.fn_name(), "values of this type cannot be compared")
            .received(kind_of(a))
            .hint("compare what can be read from them")
    })
}

fn alike(call: &NativeCallContext, a: &Dynamic, b: &Dynamic, tolerance: f64) -> Result<()> {
    let same = |a: &Dynamic, b: &Dynamic| same(call, a, b);
    match Comparison::of(a, b, tolerance, &same)? {
        None => Ok(()),
        Some(difference) => {
            let error = failed(call.fn_name(), difference.problem)
                .expected(difference.expected)
                .received(difference.received);
            Err(difference.hint.map_or(error.clone(), |hint| error.hint(hint)))
        }
    }
}

fn unlike(call: &NativeCallContext, a: &Dynamic, b: &Dynamic) -> Result<()> {
    let same = |a: &Dynamic, b: &Dynamic| same(call, a, b);
    match Comparison::of(a, b, 0.0, &same)? {
        Some(_) => Ok(()),
        None => Err(failed(call.fn_name(), "the values are equal")
            .expected(format!("anything but {}", shown(b)))
            .received(shown(a))),
    }
}

fn close(call: &NativeCallContext, a: &Dynamic, b: &Dynamic, tolerance: &Dynamic) -> Result<()> {
    let tolerance = number_of(call.fn_name(), "the tolerance", tolerance)?;
    if !(tolerance >= 0.0 && tolerance.is_finite()) {
        return Err(Error::new(Kind::Range, call.fn_name(), "the tolerance is out of range")
            .expected("0 or more")
            .received(tolerance.to_string()));
    }
    alike(call, a, b, tolerance)
}

/// Calls `act`, which must fail with a message that holds `part`. That the script is to end at once is no
/// failure of `act`, and passes through.
fn throws(call: &NativeCallContext, act: &FnPtr, part: &str) -> Raw<()> {
    if part.is_empty() {
        let error = Error::new(Kind::Range, call.fn_name(), "the part of the message is empty");
        return raw(Err(error.hint("every message has an empty part: name some words of it")));
    }
    let cause = match act.call_within_context::<Dynamic>(call, ()) {
        Ok(value) => {
            return raw(Err(failed(call.fn_name(), "nothing was thrown")
                .expected(format!("an error with \"{part}\""))
                .received(shown(&value))));
        }
        Err(cause) if is_end(&cause) => return Err(cause),
        Err(cause) => cause,
    };
    let signatures = Signatures::of(call.engine());
    let knowledge = Knowledge { sources: &Sources::default(), signatures: &signatures };
    let text = knowledge.run_error(cause, "").to_string();
    if text.contains(part) {
        return Ok(());
    }
    Err(raise(
        failed(call.fn_name(), "another error was thrown")
            .expected(format!("an error with \"{part}\""))
            .received(text.replace('\n', "\n   ")),
    ))
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::{Raw, raw};
    use rhai::{Dynamic, FnPtr, NativeCallContext};

    /// Fails unless the condition is true.
    ///
    /// ```rhai
    /// assert(1 + 1 == 2);
    /// true
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert(condition: Dynamic) -> Raw<()> {
        raw(super::holds(&condition, None))
    }

    /// Fails with a message of one's own unless the condition is true.
    ///
    /// ```rhai
    /// assert(tensor([1, 2]).shape == [2], "a list has one dimension");
    /// true
    /// ```
    #[rhai_fn(name = "assert", return_raw)]
    pub fn assert_message(condition: Dynamic, message: &str) -> Raw<()> {
        raw(super::holds(&condition, Some(message)))
    }

    /// Fails unless both values are equal: numbers, strings, bools, tensors, arrays and maps of them.
    ///
    /// The first value is what was found, the second what is expected. An integer equals the same float;
    /// NaN equals NaN. Tensors are equal in type, shape and every element. A failure shows the first
    /// element that differs, how many do, and the largest difference.
    ///
    /// ```rhai
    /// assert_eq([1, #{ name: "a" }], [1.0, #{ name: "a" }]);
    /// true
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_eq(call: NativeCallContext, value: Dynamic, expected: Dynamic) -> Raw<()> {
        raw(super::alike(&call, &value, &expected, 0.0))
    }

    /// Fails where both values are equal in the sense of `assert_eq`.
    ///
    /// ```rhai
    /// assert_ne(tensor([1, 2]), tensor([1, 3]));
    /// true
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_ne(call: NativeCallContext, value: Dynamic, other: Dynamic) -> Raw<()> {
        raw(super::unlike(&call, &value, &other))
    }

    /// As `assert_close(value, expected, tolerance)` with the tolerance 1e-5.
    ///
    /// ```rhai
    /// assert_close(tensor([0]).exp(), tensor([1.000001]));
    /// true
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_close(call: NativeCallContext, value: Dynamic, expected: Dynamic) -> Raw<()> {
        raw(super::close(&call, &value, &expected, &super::TOLERANCE.into()))
    }

    /// Fails unless every number is as near as |value − expected| ≤ tolerance · max(1, |expected|):
    /// the tolerance is absolute up to 1, and relative beyond.
    ///
    /// Takes what `assert_eq` takes, and everything else must be equal as there: lengths, keys, shapes,
    /// types of tensors, strings. NaN equals NaN, an infinity itself only.
    ///
    /// ```rhai
    /// assert_close([100.0, 0.1], [101, 0.1], 0.01);
    /// true
    /// ```
    #[rhai_fn(name = "assert_close", return_raw)]
    pub fn assert_close_within(
        call: NativeCallContext,
        value: Dynamic,
        expected: Dynamic,
        tolerance: Dynamic,
    ) -> Raw<()> {
        raw(super::close(&call, &value, &expected, &tolerance))
    }

    /// Fails unless the function fails, with a message that holds these words.
    ///
    /// The message is the whole text that a user would see, without the places in the file.
    ///
    /// ```rhai
    /// assert_throws(|| tensor([1, 2]).reshape([3]), "another number of elements");
    /// true
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_throws(call: NativeCallContext, act: FnPtr, part: &str) -> Raw<()> {
        super::throws(&call, &act, part)
    }
}
