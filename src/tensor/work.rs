//! How many multiply-adds an act does: matrix products and convolutions, which are nearly all of a network's work.

use std::cell::Cell;

thread_local! {
    static COUNTED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Does `act`, and counts the multiply-adds of the products and convolutions that this thread asks for on the way
/// (forward only; those of a backward pass are not seen).
pub fn counting<T>(act: impl FnOnce() -> T) -> (T, u64) {
    let before = COUNTED.replace(Some(0));
    let outcome = act();
    let own = COUNTED.replace(before).unwrap_or(0);
    // An outer count has those of the inner one, too.
    add(own);
    (outcome, own)
}

/// So many more, where somebody counts.
pub(super) fn add(count: u64) {
    COUNTED.set(COUNTED.get().map(|all| all.saturating_add(count)));
}

/// The product of lengths.
pub(super) fn product(lengths: &[usize]) -> u64 {
    lengths.iter().fold(1, |all, length| all.saturating_mul(*length as u64))
}
