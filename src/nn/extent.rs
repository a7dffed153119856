//! How large a network made of others is, known when it is made: what goes through its parts calls itself for each.

use super::{Net, Network};
use crate::error::{Error, Kind, Result};

/// Networks within each other. Each takes a piece of the stack, in a pass and when it is dropped.
const DEEPEST: usize = 1_000;
/// Parts in all, as often as they stand: a part that stands twice is gone through twice.
const MOST: usize = 100_000;

/// How large a network is.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Networks within each other.
    depth: usize,
    /// Its parts, and theirs, as often as they stand.
    parts: usize,
}

impl Extent {
    /// From those of its parts.
    pub(super) fn of(network: &dyn Network) -> Self {
        let mut all = Extent { depth: 1, parts: 1 };
        for (_, part) in network.parts() {
            let own = part.extent();
            all.depth = all.depth.max(own.depth.saturating_add(1));
            all.parts = all.parts.saturating_add(own.parts);
        }
        all
    }
}

impl Net {
    /// The network, unless it is too deep or has too many parts to be gone through.
    ///
    /// # Errors
    /// Such a network, in the name of `operation`.
    pub fn in_bounds(self, operation: &str) -> Result<Self> {
        let Extent { depth, parts } = self.extent();
        let wrong = |problem: &str, most: usize, found: String| {
            Err(Error::new(Kind::Range, operation, problem)
                .expected(format!("{most} at most"))
                .received(found))
        };
        match () {
            () if depth > DEEPEST => {
                wrong("networks stand too deeply within each other", DEEPEST, depth.to_string())
            }
            () if parts > MOST => {
                let found = if parts == usize::MAX {
                    "more than can be counted".into()
                } else {
                    parts.to_string()
                };
                wrong("the network has too many parts", MOST, found)
                    .map_err(|error| error.hint("a part that stands twice counts twice"))
            }
            () => Ok(self),
        }
    }
}
