//! What a fetch tells whoever waits for it.

use crate::error::{Error, Kind, Result};

/// Hears of a fetch as it goes on, and may stop it.
pub trait Watch {
    /// A line worth reading: another try, a beginning anew.
    fn told(&mut self, text: &str);

    /// Work on `what` begins: `at` bytes of `total` (where that is known) are there already.
    fn begin(&mut self, what: &str, total: Option<u64>, at: u64);

    /// So many bytes more are done.
    fn advance(&mut self, bytes: u64);

    /// The work that began last has ended.
    fn end(&mut self);

    /// Whether to stop.
    fn stopped(&self) -> bool;
}

/// Says nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn told(&mut self, _: &str) {}
    fn begin(&mut self, _: &str, _: Option<u64>, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn stopped(&self) -> bool {
        false
    }
}

/// An error once somebody asked to stop.
pub(super) fn go_on(watch: &dyn Watch, doing: &str) -> Result<()> {
    match watch.stopped() {
        false => Ok(()),
        true => Err(Error::new(Kind::Interrupted, doing, "stopped by a signal")
            .hint("what was downloaded is kept: the same command goes on from there")),
    }
}
