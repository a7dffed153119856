//! Bindings of `schedule`: functions of a position to a number, for λ, τ and learning rates.

use super::options::Options;
use super::raise::{Raw, placed};
use super::value::{self, list_of, number_of};
use crate::error::{Error, Kind, Result, unknown};
use crate::optim::schedule::{self, OneCycle};
use rhai::{Dynamic, EvalAltResult, FnPtr, FuncRegistration, Map, Module, NativeCallContext};

/// Functions whose parameters are all numbers: one line each for its call, all of the rest follows from
/// the names.
macro_rules! shapes {
    ($module:ident: $(
        $(#[doc = $doc:literal])*
        $name:ident($($parameter:ident),*) => $value:expr;
    )*) => { $(
        FuncRegistration::new(stringify!($name))
            .with_comments([$(concat!("///", $doc)),*])
            .with_params_info([$(concat!(stringify!($parameter), ": number"),)* "f64"])
            .set_into_module(
                &mut $module,
                |call: NativeCallContext, $($parameter: Dynamic),*| -> Raw<f64> {
                    let operation = concat!("schedule::", stringify!($name));
                    $(let $parameter = number(&call, operation, stringify!($parameter), $parameter)?;)*
                    placed(&call, $value)
                },
            );
    )* };
}

fn number(call: &NativeCallContext, operation: &str, what: &str, value: Dynamic) -> Raw<f64> {
    placed(call, number_of(operation, what, &value))
}

/// Everything of the noun.
pub(super) fn module() -> Module {
    let mut module = rhai::exported_module!(bindings);
    shapes! { module:
        /// The same number everywhere.
        ///
        /// ```rhai
        /// schedule::constant(5, 0.1) == 0.1
        /// ```
        constant(at, value) => Ok(schedule::constant(at, value));

        /// In a straight line from `from` at `start` to `to` at `end`, and level outside.
        ///
        /// ```rhai
        /// schedule::linear(5, 0, 10, 4, 1) == 2.5
        /// ```
        linear(at, start, end, from, to) => Ok(schedule::linear(at, start, end, from, to));

        /// Along half a cosine from `from` at `start` to `to` at `end`, and level outside.
        ///
        /// ```rhai
        /// schedule::cosine(5, 0, 10, 1, 0) == 0.5
        /// ```
        cosine(at, start, end, from, to) => Ok(schedule::cosine(at, start, end, from, to));

        /// From `from` at `start` to `to` at `end`, and level outside: what is left of the way to the power
        /// of `power`.
        ///
        /// Errors: a power of 0 or less.
        ///
        /// ```rhai
        /// schedule::polynomial(5, 0, 10, 1, 0, 2) == 0.25
        /// ```
        polynomial(at, start, end, from, to, power) =>
            schedule::polynomial(at, start, end, from, to, power);

        /// `from`, multiplied by `factor` once for every full `every` that `at` has passed.
        ///
        /// Errors: an `every` of 0 or less.
        ///
        /// ```rhai
        /// schedule::step(25, 10, 1, 0.5) == 0.25
        /// ```
        step(at, every, from, factor) => schedule::step(at, every, from, factor);

        /// `from`, multiplied by `factor` with every 1 that `at` grows by.
        ///
        /// ```rhai
        /// schedule::exponential(2, 1, 0.5) == 0.25
        /// ```
        exponential(at, from, factor) => Ok(schedule::exponential(at, from, factor));

        /// From 0 at 0 in a straight line up to `to` at `length`, then level.
        ///
        /// ```rhai
        /// schedule::warmup(50, 100, 0.001) == 0.0005
        /// ```
        warmup(at, length, to) => Ok(schedule::warmup(at, length, to));

        /// Along half a cosine from `from` to `to` within `length`, then from `from` again, and so on.
        ///
        /// ```rhai
        /// schedule::cosine_restarts(15, 10, 1, 0) == 0.5
        /// ```
        cosine_restarts(at, length, from, to) =>
            schedule::cosine_restarts(at, length, from, to, 1.0);

        /// The same, but each time takes `factor` times as long as the one before.
        ///
        /// Errors: a length of 0 or less, a factor below 1.
        ///
        /// ```rhai
        /// schedule::cosine_restarts(20, 10, 1, 0, 2) == 0.5
        /// ```
        cosine_restarts(at, length, from, to, factor) =>
            schedule::cosine_restarts(at, length, from, to, factor);
    }
    module
}

fn one_cycle(at: &Dynamic, total: &Dynamic, highest: &Dynamic, map: Map) -> Result<f64> {
    let operation = "schedule::one_cycle";
    let number = |what: &str, value: &Dynamic| number_of(operation, what, value);
    let options = Options::new(operation, map)?;
    let mut own = OneCycle::default();
    options.number("pct_start", &mut own.pct_start)?;
    options.number("div_factor", &mut own.div_factor)?;
    options.number("final_div_factor", &mut own.final_div_factor)?;
    options.flag("three_phase", &mut own.three_phase)?;
    if let Some(name) = options.text("anneal_strategy")? {
        own.linear = match name.as_str() {
            "linear" => true,
            "cos" => false,
            _ => return Err(unknown(operation, "anneal_strategy", &name, &["cos", "linear"])),
        };
    }
    let (at, total) = (number("at", at)?, number("total", total)?);
    schedule::one_cycle(at, total, number("highest", highest)?, &own)
}

/// `[position, value]`: a position, and whatever belongs to it.
fn pair(operation: &str, what: &str, given: &Dynamic) -> Result<(f64, Dynamic)> {
    let pair = list_of(operation, what, given, |_, _, value: &Dynamic| Ok(value.clone()))?;
    match <[Dynamic; 2]>::try_from(pair) {
        Ok([at, value]) => Ok((number_of(operation, &format!("{what}[0]"), &at)?, value)),
        Err(pair) => Err(Error::new(Kind::Type, operation, format!("{what} is no pair"))
            .expected("[position, value]")
            .received(format!("{} elements", pair.len()))),
    }
}

fn piecewise(at: &Dynamic, points: &Dynamic) -> Result<f64> {
    let operation = "schedule::piecewise";
    let point = |operation: &str, what: &str, given: &Dynamic| {
        let (position, value) = pair(operation, what, given)?;
        Ok((position, number_of(operation, &format!("{what}[1]"), &value)?))
    };
    let points = list_of(operation, "points", points, point)?;
    schedule::piecewise(number_of(operation, "at", at)?, &points)
}

/// The part that is in force, and the position that it is to be asked for.
fn part(at: &Dynamic, parts: &Dynamic) -> Result<(Dynamic, f64)> {
    let operation = "schedule::join";
    let mut parts = list_of(operation, "parts", parts, pair)?;
    let boundaries: Vec<f64> = parts.iter().map(|(boundary, _)| *boundary).collect();
    let (index, since) = schedule::join(number_of(operation, "at", at)?, &boundaries)?;
    Ok((parts.swap_remove(index).1, since))
}

/// What a part gives for a position.
fn ask(call: &NativeCallContext, part: &FnPtr, since: f64) -> Raw<Dynamic> {
    part.call_within_context::<Dynamic>(call, (since,)).or_else(|cause| match &*cause {
        EvalAltResult::ErrorFunctionNotFound(form, _) if form.starts_with(part.fn_name()) => {
            let problem = "a part is no function of one number";
            let error = Error::new(Kind::Type, "schedule::join", problem)
                .expected("|t| …, where t is the position since the boundary");
            placed(call, Err(error))
        }
        _ => Err(cause),
    })
}

#[rhai::export_module]
mod bindings {
    use super::{Dynamic, FnPtr, Map, NativeCallContext, Raw, number, placed, value};
    use crate::optim::schedule;

    /// `from`, multiplied by `factor` once for each of `milestones` that `at` has come to.
    ///
    /// ```rhai
    /// schedule::multi_step(20, [10, 20, 30], 1, 0.5) == 0.25
    /// ```
    #[rhai_fn(return_raw)]
    pub fn multi_step(
        call: NativeCallContext,
        at: Dynamic,
        milestones: Dynamic,
        from: Dynamic,
        factor: Dynamic,
    ) -> Raw<f64> {
        let operation = "schedule::multi_step";
        let list = value::list_of(operation, "milestones", &milestones, value::number_of);
        let milestones = placed(&call, list)?;
        let at = number(&call, operation, "at", at)?;
        let from = number(&call, operation, "from", from)?;
        let factor = number(&call, operation, "factor", factor)?;
        Ok(schedule::multi_step(at, &milestones, from, factor))
    }

    /// Up to `highest` and down to almost nothing within `total` steps, along cosines, as PyTorch's
    /// `OneCycleLR`.
    ///
    /// ```rhai
    /// schedule::one_cycle(29, 100, 0.1) == 0.1
    /// ```
    #[rhai_fn(name = "one_cycle", return_raw)]
    pub fn one_cycle(
        call: NativeCallContext,
        at: Dynamic,
        total: Dynamic,
        highest: Dynamic,
    ) -> Raw<f64> {
        placed(&call, super::one_cycle(&at, &total, &highest, Map::new()))
    }

    /// The same with options: `pct_start` (0.3, the share of the steps in which it rises),
    /// `anneal_strategy` ("cos", or "linear"), `div_factor` (25: it begins at highest / 25),
    /// `final_div_factor` (1e4: it ends at so much less than it began), `three_phase` (false; true: falls as
    /// fast as it rose, and then on).
    ///
    /// Errors: a total or factors of 0 or less, a share outside of 0 to 1.
    ///
    /// ```rhai
    /// schedule::one_cycle(0, 100, 0.1, #{ div_factor: 10, anneal_strategy: "linear" }) == 0.01
    /// ```
    #[rhai_fn(name = "one_cycle", return_raw)]
    pub fn one_cycle_with(
        call: NativeCallContext,
        at: Dynamic,
        total: Dynamic,
        highest: Dynamic,
        options: Map,
    ) -> Raw<f64> {
        placed(&call, super::one_cycle(&at, &total, &highest, options))
    }

    /// Straight lines from point to point, `[position, number]` each, and level outside. Of two points at
    /// one position, the second counts from there on.
    ///
    /// Errors: no points, or points out of order.
    ///
    /// ```rhai
    /// schedule::piecewise(5, [[0, 0.1], [10, 0.5], [20, 0]]) == 0.3
    /// ```
    #[rhai_fn(return_raw)]
    pub fn piecewise(call: NativeCallContext, at: Dynamic, points: Dynamic) -> Raw<f64> {
        placed(&call, super::piecewise(&at, &points))
    }

    /// One schedule after another: of `[boundary, part]` pairs, the last one whose boundary `at` has come
    /// to. A part is a number, or a function of the position since its boundary.
    ///
    /// Errors: no parts, boundaries out of order, a part that gives no number.
    ///
    /// ```rhai
    /// let parts = [[0, |t| schedule::warmup(t, 10, 1)], [10, |t| schedule::exponential(t, 1, 0.5)]];
    /// schedule::join(5, parts) == 0.5 && schedule::join(12, parts) == 0.25
    /// ```
    #[rhai_fn(return_raw)]
    pub fn join(call: NativeCallContext, at: Dynamic, parts: Dynamic) -> Raw<f64> {
        let (part, since) = placed(&call, super::part(&at, &parts))?;
        let value = match part.read_lock::<FnPtr>().map(|pointer| pointer.clone()) {
            Some(pointer) => super::ask(&call, &pointer, since)?,
            None => part,
        };
        number(&call, "schedule::join", "what the part gives", value)
    }
}
