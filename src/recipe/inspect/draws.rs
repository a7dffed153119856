//! Random numbers that are the same each time where they are meant to differ: warnings.

use super::Read;
use crate::error::{Error, Kind};

/// Streams of random numbers that begin anew where they are given no index.
const DRAWS: [&str; 4] =
    ["tensor::normal", "tensor::uniform", "tensor::bernoulli", "tensor::permutation"];

/// Draws without an index in functions that are given the context: the same numbers in each step.
pub(super) fn same_draws(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    let hooks = read.names.functions().map(|(_, own)| own);
    for own in hooks.filter(|own| own.parameters.first().is_some_and(|first| first == "ctx")) {
        let within = (own.extent.0)..(own.extent.1);
        let calls = read.names.calls().iter().filter(|call| within.contains(&call.span.start));
        for call in
            calls.filter(|call| DRAWS.contains(&call.full_name().as_str()) && call.count() == 2)
        {
            let name = call.full_name();
            let error = Error::new(Kind::Script, &name, "it draws the same numbers in each step")
                .expected(format!("an index as well: {name}(…, \"noise\", [ctx.step])"))
                .hint("what shall stay the same is a const")
                .as_warning();
            found.push(error.at(read.source.place(call.span.line, Some(call.span.column + 1))));
        }
    }
    found
}
