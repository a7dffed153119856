//! Functions of strings that would take any amount of memory before Rhai looks at what came of them.

use super::engine::LIMITS;
use super::raise::{Raw, raise};
use super::register::property;
use crate::error::{Error, Kind};
use rhai::{Engine, FuncRegistration, ImmutableString, Module};

/// Puts ours before Rhai's own.
pub(super) fn bind(engine: &mut Engine) {
    let mut module = Module::new();
    let named = |find: &'static str, by: &'static str| {
        FuncRegistration::new("replace")
            .in_global_namespace()
            .with_comments(property([
                "Replaces every occurrence of `find` in a text, which is changed.",
                "let text = \"tau, tau\"; text.replace(\"tau\", \"t\"); text == \"t, t\"",
            ]))
            .with_params_info(["text: &mut ImmutableString", find, by, "()"])
    };
    type Text = ImmutableString;
    named("find: &str", "by: &str")
        .set_into_module(&mut module, |text: &mut Text, find: &str, by: &str| -> Raw<()> {
            replace(text, find, by)
        });
    named("find: char", "by: &str")
        .set_into_module(&mut module, |text: &mut Text, find: char, by: &str| -> Raw<()> {
            replace(text, &find.to_string(), by)
        });
    named("find: &str", "by: char")
        .set_into_module(&mut module, |text: &mut Text, find: &str, by: char| -> Raw<()> {
            replace(text, find, &by.to_string())
        });
    engine.register_global_module(module.into());
}

/// Replaces all occurrences, where the result is no longer than a string may be.
fn replace(text: &mut ImmutableString, find: &str, by: &str) -> Raw<()> {
    if text.is_empty() {
        return Ok(());
    }
    let longer = by.len().saturating_sub(find.len());
    let more = if longer == 0 { 0 } else { text.matches(find).count().saturating_mul(longer) };
    if text.len().saturating_add(more) > LIMITS.string {
        return Err(raise(
            Error::new(Kind::Range, "replace", "the string would be too long")
                .expected(format!("{} bytes at most", LIMITS.string)),
        ));
    }
    *text = text.replace(find, by).into();
    Ok(())
}
