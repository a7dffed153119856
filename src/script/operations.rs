//! Operators and indices between things that they do not fit: what was meant.

use super::diagnose::word;
use crate::error::{Error, Kind};

/// An operator between two things that it does not know together, or before one.
pub(super) fn no_operation(operator: &str, types: &str) -> Error {
    let received = match types.split_once(", ") {
        Some((left, right)) => format!("{left} {operator} {right}"),
        None => format!("{operator}{types}"),
    };
    let error = Error::new(Kind::Type, operator, "these cannot be put together");
    let error = error.received(received);
    let words: Vec<&str> = types.split(", ").collect();
    if words.contains(&"nothing") {
        return error.hint(
            "one side has no value: a function gives the value of its last line, and a key is there once it was set, as \
             in state: #{ n: 0 }",
        );
    }
    match (operator, words.as_slice()) {
        ("==" | "!=", _) => error,
        ("^", _) => error.hint("a power is written x ** 2"),
        (_, [.., "function"] | ["function", ..]) => error.hint("call the function: f.call(…)"),
        ("+" | "%", ["string", _] | [_, "string"]) => {
            error.hint("a text with values is written with back-ticks: `loss ${x}`")
        }
        (_, ["string", _] | [_, "string"]) => error.hint(
            "a text becomes a number by parse_int(x) or parse_float(x), an argument of the recipe by its default: \
             arg(\"epochs\", 10)",
        ),
        (_, ["array", "Tensor"] | ["Tensor", "array"]) => {
            error.hint("make the array a tensor first: tensor([…])")
        }
        _ => error,
    }
}

/// `what` is Rhai's: `Tensor [i64] = f64`.
pub(super) fn no_index(what: &str) -> Error {
    let (index, assigned) = match what.split_once(" = ") {
        Some((index, _)) => (index, true),
        None => (what, false),
    };
    let (owner, key) = index.split_once(" [").unwrap_or((index, ""));
    let (owner, key) = (word(owner), word(key.trim_end_matches(']')));
    if assigned {
        let error = Error::new(Kind::Type, owner, "its elements cannot be assigned to");
        return match owner {
            "Tensor" => error.hint(
                "tensors are never changed: make another one with where(…), masked_fill(…), \
                 scatter(…) or cat(…)",
            ),
            _ => error,
        };
    }
    Error::new(Kind::Type, owner, "it has no such index").received(key)
}
