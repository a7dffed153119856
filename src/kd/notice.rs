//! What losses are given while a stage is tried: numbers that cannot be what a loss takes. Nobody looks at them in a run,
//! which such a loss trains badly without a word.

use crate::tensor::Tensor;
use std::cell::RefCell;

/// Fewer numbers than these lie within 0 to 1 by chance.
const LEAST: usize = 8;

/// What makes numbers from 0 to 1 of logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Squashed {
    /// Each row sums to 1.
    Softmax,
    /// Each number lies between 0 and 1.
    Sigmoid,
}

impl Squashed {
    /// What a table `[batch, class]` seems to have come of; `None` where it may be logits.
    pub fn seen(table: &Tensor) -> Option<Self> {
        let [_, classes] = table.shape().try_into().ok()?;
        let values = table.to_values().ok()?;
        let inside =
            values.len() >= LEAST && values.iter().all(|value| (0.0..=1.0).contains(value));
        if !inside {
            return None;
        }
        let mut sums = values.chunks(classes).map(|row| row.iter().sum::<f32>());
        if classes > 1 && sums.all(|sum| (sum - 1.0).abs() < 1e-3) {
            return Some(Squashed::Softmax);
        }
        // Numbers that an untrained network gives are as often below 0, and zeros come of a ReLU.
        values.iter().all(|value| *value > 0.0 && *value < 1.0).then_some(Squashed::Sigmoid)
    }

    /// The method that does it.
    pub fn name(self) -> &'static str {
        match self {
            Squashed::Softmax => "softmax",
            Squashed::Sigmoid => "sigmoid",
        }
    }
}

/// A loss that was given something else than it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Probabilities where the loss makes them itself.
    Probabilities {
        /// The loss.
        of: &'static str,
        /// How they seem to have been made.
        made_by: Squashed,
    },
    /// Numbers below 0 where probabilities belong.
    NoShares {
        /// The loss.
        of: &'static str,
    },
    /// Numbers above 0 where logarithms of probabilities belong.
    NoLogarithms {
        /// The loss.
        of: &'static str,
    },
}

impl Noticed {
    /// The loss.
    pub fn operation(&self) -> &'static str {
        match self {
            Noticed::Probabilities { of, .. }
            | Noticed::NoLogarithms { of }
            | Noticed::NoShares { of } => of,
        }
    }
}

thread_local! {
    static SEEN: RefCell<Option<Vec<Noticed>>> = const { RefCell::new(None) };
}

/// Does `act`, and gives what losses were given there that they do not take, each once.
pub fn noticing<T>(act: impl FnOnce() -> T) -> (T, Vec<Noticed>) {
    let before = SEEN.replace(Some(Vec::new()));
    let outcome = act();
    (outcome, SEEN.replace(before).unwrap_or_default())
}

fn note(look: impl FnOnce() -> Option<Noticed>) {
    if SEEN.with_borrow(Option::is_none) {
        return;
    }
    if let Some(found) = look() {
        SEEN.with_borrow_mut(|seen| {
            if let Some(seen) = seen.as_mut().filter(|seen| !seen.contains(&found)) {
                seen.push(found);
            }
        });
    }
}

/// Looks at what should be logits of one class a clip.
pub(super) fn logits_of_one(of: &'static str, table: &Tensor) {
    note(|| {
        let made_by = Squashed::seen(table).filter(|by| *by == Squashed::Softmax)?;
        Some(Noticed::Probabilities { of, made_by })
    });
}

/// Looks at what should be logits of several classes a clip.
pub(super) fn logits_of_several(of: &'static str, table: &Tensor) {
    note(|| Some(Noticed::Probabilities { of, made_by: Squashed::seen(table)? }));
}

/// Looks at what should be probabilities.
pub(super) fn shares(of: &'static str, values: &Tensor) {
    note(|| {
        let values = values.to_values().ok()?;
        values.iter().any(|value| *value < -1e-3).then_some(Noticed::NoShares { of })
    });
}

/// Looks at what should be logarithms of probabilities.
pub(super) fn logarithms(of: &'static str, values: &Tensor) {
    note(|| {
        let values = values.to_values().ok()?;
        // Sums of shares are off by a few roundings.
        values.iter().any(|value| *value > 1e-3).then_some(Noticed::NoLogarithms { of })
    });
}
