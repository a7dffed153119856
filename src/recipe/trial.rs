//! How long a script may take where nobody waits for it: a new version's hooks are tried between two
//! steps, and one that never ends must not stop the run.

use crate::error::{Error, Kind};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Hooks take microseconds; what takes so long does not end.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether a trial is going on, and since when.
#[derive(Default)]
pub(super) struct Trial {
    on: AtomicBool,
    since: Mutex<Option<Instant>>,
}

impl Trial {
    /// Does `act`, which is over time after a while.
    pub fn during<T>(&self, act: impl FnOnce() -> T) -> T {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.on.store(true, Ordering::Relaxed);
        let outcome = act();
        self.on.store(false, Ordering::Relaxed);
        outcome
    }

    /// Whether a trial is going on.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// The error for a trial that takes too long.
    pub fn over_time(&self) -> Option<Error> {
        if !self.is_on() {
            return None;
        }
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.filter(|since| since.elapsed() > LIMIT).map(|_| {
            Error::new(Kind::Script, "a hook", "it does not end")
                .expected(format!("an answer within {} s", LIMIT.as_secs()))
        })
    }
}
