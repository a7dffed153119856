//! The engine: strict names, limits, no way to files, and the bindings.

use super::raise::raw;
use super::register::property;
use super::{Host, Resolver, bind};
use crate::error::{Error, Kind, Result};
use rhai::{
    Dynamic, Engine, FLOAT, FuncRegistration, INT, LexError, Module, OptimizationLevel, Token,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Calls within calls; a recipe that needs more has lost its way.
const CALL_LEVELS: usize = 64;
/// Nesting of expressions: at the top level, and in functions.
const EXPRESSION_DEPTHS: (usize, usize) = (128, 64);
/// Elements of an array or entries of a map. Samples belong in tensors.
const COLLECTION: usize = 1_000_000;
/// Bytes of a string.
const STRING: usize = 16_000_000;
/// Modules that a recipe may import, directly or not.
const MODULES: usize = 256;

/// Sets the rules that hold for every recipe, run or only read.
pub fn limit(engine: &mut Engine) {
    engine
        .set_optimization_level(OptimizationLevel::Simple)
        .set_max_call_levels(CALL_LEVELS)
        .set_max_expr_depths(EXPRESSION_DEPTHS.0, EXPRESSION_DEPTHS.1)
        .set_max_array_size(COLLECTION)
        .set_max_map_size(COLLECTION)
        .set_max_string_size(STRING)
        .set_max_modules(MODULES)
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
    engine.on_print(move |text| printer.say(text));
    let printer = host.clone();
    engine.on_debug(move |text, source, at| {
        printer.say(&format!("{}:{at}: {text}", source.unwrap_or("")));
    });
    let watched = host.clone();
    engine.on_progress(move |_| watched.interruption().map(Dynamic::from));
    bind_sleep(&mut engine, host);
    bind(&mut engine, host);
    engine
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
        std::thread::sleep(left.min(Duration::from_millis(20)));
    }
}
