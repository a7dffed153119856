//! Bindings of `schedule`: functions of a position to a number, for λ, τ and learning rates.

use super::raise::{Raw, placed};
use super::value;
use rhai::{Dynamic, NativeCallContext};

fn numbers<const N: usize>(
    call: &NativeCallContext,
    operation: &str,
    values: [(&str, Dynamic); N],
) -> Raw<[f64; N]> {
    let mut numbers = [0.0; N];
    for (number, (what, value)) in numbers.iter_mut().zip(values) {
        *number = placed(call, value::number_of(operation, what, &value))?;
    }
    Ok(numbers)
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::numbers;
    use crate::optim::schedule;
    use crate::script::raise::Raw;
    use rhai::{Dynamic, NativeCallContext};

    /// In a straight line from `from` at `start` to `to` at `end`, and level outside.
    ///
    /// ```rhai
    /// schedule::linear(5, 0, 10, 4, 1) == 2.5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn linear(
        call: NativeCallContext,
        at: Dynamic,
        start: Dynamic,
        end: Dynamic,
        from: Dynamic,
        to: Dynamic,
    ) -> Raw<f64> {
        let given = [("at", at), ("start", start), ("end", end), ("from", from), ("to", to)];
        let [at, start, end, from, to] = numbers(&call, "schedule::linear", given)?;
        Ok(schedule::linear(at, start, end, from, to))
    }

    /// Along half a cosine from `from` at `start` to `to` at `end`, and level outside.
    ///
    /// ```rhai
    /// schedule::cosine(5, 0, 10, 1, 0) == 0.5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cosine(
        call: NativeCallContext,
        at: Dynamic,
        start: Dynamic,
        end: Dynamic,
        from: Dynamic,
        to: Dynamic,
    ) -> Raw<f64> {
        let given = [("at", at), ("start", start), ("end", end), ("from", from), ("to", to)];
        let [at, start, end, from, to] = numbers(&call, "schedule::cosine", given)?;
        Ok(schedule::cosine(at, start, end, from, to))
    }

    /// `from`, multiplied by `factor` once for every full `every` that `at` has passed.
    ///
    /// ```rhai
    /// schedule::step(25, 10, 1, 0.5) == 0.25
    /// ```
    #[rhai_fn(return_raw)]
    pub fn step(
        call: NativeCallContext,
        at: Dynamic,
        every: Dynamic,
        from: Dynamic,
        factor: Dynamic,
    ) -> Raw<f64> {
        let given = [("at", at), ("every", every), ("from", from), ("factor", factor)];
        let [at, every, from, factor] = numbers(&call, "schedule::step", given)?;
        Ok(schedule::step(at, every, from, factor))
    }

    /// From 0 at 0 in a straight line up to `to` at `length`, then level.
    ///
    /// ```rhai
    /// schedule::warmup(50, 100, 0.001) == 0.0005
    /// ```
    #[rhai_fn(return_raw)]
    pub fn warmup(call: NativeCallContext, at: Dynamic, length: Dynamic, to: Dynamic) -> Raw<f64> {
        let given = [("at", at), ("length", length), ("to", to)];
        let [at, length, to] = numbers(&call, "schedule::warmup", given)?;
        Ok(schedule::warmup(at, length, to))
    }
}
