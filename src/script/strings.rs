//! Functions of strings that would take any amount of memory before Rhai looks at what came of them.

use super::engine::LIMITS;
use super::raise::{Raw, raise};
use crate::error::{Error, Kind};
use rhai::{Engine, ImmutableString};

/// Puts ours before Rhai's own.
pub(super) fn bind(engine: &mut Engine) {
    engine
        .register_fn("replace", |text: &mut ImmutableString, find: &str, by: &str| {
            replace(text, find, by)
        })
        .register_fn("replace", |text: &mut ImmutableString, find: char, by: &str| {
            replace(text, &find.to_string(), by)
        })
        .register_fn("replace", |text: &mut ImmutableString, find: &str, by: char| {
            replace(text, find, &by.to_string())
        });
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
