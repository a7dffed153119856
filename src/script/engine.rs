//! The engine: strict names, limits, no way to files, and the bindings.

use super::meter::TOO_MUCH;
use super::raise::{Raw, raw};
use super::register::property;
use super::{Host, Resolver, Said, bind};
use crate::error::{Error, Kind, Result};
use rhai::{
    Dynamic, Engine, FLOAT, FuncRegistration, INT, LexError, Module, OptimizationLevel, Token,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Operations after which a script is asked whether it is to end.
const ASK_EVERY: u64 = 4;
/// Bytes of a recipe or a module.
pub const SOURCE_BYTES: u64 = 1_000_000;

/// The limits of every script, in every build.
pub struct Limits {
    /// Calls within calls; a recipe that needs more has lost its way.
    pub call_levels: usize,
    /// Nesting of expressions at the top level.
    pub expression_depth: usize,
    /// Nesting of expressions in functions.
    pub function_depth: usize,
    /// Elements of an array with all that is in it, or entries of such a map. Samples belong in tensors.
    pub collection: usize,
    /// Bytes of a string, or of all strings in an array or a map.
    pub string: usize,
    /// Modules that a recipe may import, directly or not.
    pub modules: usize,
    /// Functions of one file.
    pub functions: usize,
    /// Variables at one moment.
    pub variables: usize,
}

/// The limits of every script, in every build.
pub const LIMITS: Limits = Limits {
    call_levels: 64,
    expression_depth: 128,
    function_depth: 64,
    collection: 1_000_000,
    string: 4_000_000,
    modules: 256,
    functions: 2_000,
    variables: 2_000,
};

/// Sets the rules that hold for every recipe, run or only read.
pub fn limit(engine: &mut Engine) {
    engine
        .set_optimization_level(OptimizationLevel::Simple)
        // A meter counts instead, which knows of progress and of calls through native functions.
        .set_max_operations(0)
        .set_max_call_levels(LIMITS.call_levels)
        .set_max_expr_depths(LIMITS.expression_depth, LIMITS.function_depth)
        .set_max_array_size(LIMITS.collection)
        .set_max_map_size(LIMITS.collection)
        .set_max_string_size(LIMITS.string)
        .set_max_modules(LIMITS.modules)
        .set_max_functions(LIMITS.functions)
        .set_max_variables(LIMITS.variables)
        .disable_symbol("eval");
    // Rhai keeps words back that it has no use for; statistics needs this one: `t.var()`. And where `eval`
    // follows a dot it means the mode of a network, and nothing is evaluated.
    let after_dot = AtomicBool::new(false);
    #[allow(deprecated)] // no release is planned to change it, says its documentation
    engine.on_parse_token(move |token, _, _| {
        let is_dot = matches!(token, Token::Period | Token::Elvis);
        let follows = after_dot.swap(is_dot, Ordering::Relaxed);
        match token {
            Token::Reserved(word) if *word == "var" => Token::Identifier(word),
            Token::LexError(error) if follows && is_eval(&error) => {
                // Bound in `nets`: the word itself stays Rhai's.
                Token::Identifier(Box::new("eval_mode".into()))
            }
            other => other,
        }
    });
}

/// The error for an expression within expressions.
pub(super) fn nested_too_deep() -> Error {
    Error::new(Kind::Script, "the recipe", "the expression is nested too deeply")
        .expected(format!(
            "{} levels of brackets, blocks and operators at most, in a function {}",
            LIMITS.expression_depth, LIMITS.function_depth
        ))
        .hint("give what is inside a name of its own, or write a function for it")
}

/// The error for calls within calls.
pub(super) fn too_deep() -> Error {
    Error::new(Kind::Script, "the recipe", "functions call each other too deeply")
        .expected(format!("{} calls within each other at most", LIMITS.call_levels))
}

/// The error for a value that grew beyond its limit; `what` is Rhai's: "length of string", "size of object map".
pub(super) fn too_large(what: &str) -> Error {
    let most = match what {
        _ if what.contains("string") => {
            format!("{} bytes at most, with all that is in it", LIMITS.string)
        }
        _ if what.contains("map") => {
            format!("{} entries at most, with all that is in it", LIMITS.collection)
        }
        _ => format!("{} elements at most, with all that is in it", LIMITS.collection),
    };
    Error::new(Kind::Script, "the recipe", format!("{what} too large")).expected(most)
}

/// Whether it is about the word that is disabled.
fn is_eval(error: &LexError) -> bool {
    matches!(error, LexError::ImproperSymbol(word, _) if word == "eval")
}

/// An engine whose recipes ask `host` and import through `resolver`.
pub fn engine(host: &Arc<dyn Host>, resolver: Resolver) -> Engine {
    let mut engine = Engine::new();
    limit(&mut engine);
    engine
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_module_resolver(resolver);
    let printer = host.clone();
    engine.on_print(move |text| say(printer.as_ref(), text));
    let printer = host.clone();
    engine.on_debug(move |text, source, at| {
        say(printer.as_ref(), &format!("{}:{at}: {text}", source.unwrap_or("")));
    });
    let watched = host.clone();
    engine.on_progress(move |_| {
        // Asking whether to end costs as much as an operation; a few of them more do no harm.
        let (done, end) = watched.meter().tick();
        let asks = done.is_multiple_of(ASK_EVERY);
        end.or_else(|| if asks { watched.interruption() } else { None }).map(Dynamic::from)
    });
    bind_timestamp(&mut engine);
    super::strings::bind(&mut engine);
    bind_sleep(&mut engine, host);
    bind(&mut engine, host);
    engine
}

/// Says what a script prints, up to a size.
fn say(host: &dyn Host, text: &str) {
    match host.meter().say(text.len()) {
        Said::Shown => host.say(text),
        Said::Last => host.say(TOO_MUCH),
        Said::Dropped => {}
    }
}

/// What depends on the clock is not the same twice.
fn bind_timestamp(engine: &mut Engine) {
    let mut module = Module::new();
    FuncRegistration::new("timestamp")
        .in_global_namespace()
        .with_volatility(true)
        .with_comments(property([
            "An error: a recipe has no clock, since it could not be repeated with one.",
            "assert_throws(|| timestamp(), \"no clock\"); true",
        ]))
        .with_params_info(["?"])
        .set_into_module(&mut module, || -> Raw<Dynamic> {
            let error = Error::new(Kind::Script, "timestamp", "a recipe has no clock");
            raw(Err(error
                .hint("how long things took stands in events.jsonl and metrics.csv of the run")))
        });
    engine.register_global_module(module.into());
}

fn bind_sleep(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let named = |kind: &'static str| {
        FuncRegistration::new("sleep")
            .in_global_namespace()
            .with_volatility(true)
            .with_comments(property([
                "Waits for so many seconds, a day at most.",
                "sleep(0.01); true",
            ]))
            .with_params_info([kind, "()"])
    };
    let sleeper = host.clone();
    named("seconds: f64")
        .set_into_module(&mut module, move |seconds: FLOAT| raw(sleep(sleeper.as_ref(), seconds)));
    let sleeper = host.clone();
    named("seconds: i64").set_into_module(&mut module, move |seconds: INT| {
        raw(sleep(sleeper.as_ref(), seconds as FLOAT))
    });
    engine.register_global_module(module.into());
}

/// Sleeps in small pieces, so that it can be interrupted; Rhai's own cannot, and panics where the number
/// is no time.
fn sleep(host: &dyn Host, seconds: f64) -> Result<()> {
    const LONGEST: f64 = 86_400.0;
    if !(0.0..=LONGEST).contains(&seconds) {
        return Err(Error::new(Kind::Range, "sleep", "the time is out of range")
            .expected(format!("0 to {LONGEST} seconds"))
            .received(seconds.to_string()));
    }
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        if let Some(error) = host.interruption() {
            return Err(error);
        }
        let part = left.min(Duration::from_millis(20));
        std::thread::sleep(part);
        if let Some(error) = host.meter().slept(part) {
            return Err(error);
        }
    }
}
