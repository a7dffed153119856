//! What a script may do between two signs of progress: so many operations, so much memory, so many words.

use crate::error::{Error, Kind};
use crate::tensor::memory::{self, Memory};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Operations without any progress, where the command line says nothing: half a minute to two minutes of nothing but script.
pub const MAX_OPERATIONS: u64 = 2_000_000_000;
/// Bytes that a script may print before it has done anything else.
pub const PRINTED_BYTES: u64 = 10_000_000;
/// Bytes more that it may print for each training step, batch and stage.
pub const PRINTED_BYTES_A_STEP: u64 = 10_000;
/// Lines that count as progress before anything else is done: a loop that only prints must end some day.
pub const PRINTED_LINES: u64 = 1_000;
/// Bytes that the values of a script, tensors aside, may grow by without progress. What it counts itself is far
/// less; this is for what Rhai does not count, such as values that functions hold.
pub const SCRIPT_BYTES: u64 = 4 << 30;
/// Seconds of sleep that count as much as all operations that are allowed.
const SLEEP_SECONDS: f64 = 100.0;
/// Seconds between operations, within functions of ours, that count as much as all operations: a loop of large products
/// does few operations, and must end some day.
const SPENT_SECONDS: f64 = 3600.0;
/// One call counts so long at most, since it may be a stage that trains for days.
const SPENT_AT_ONCE: Duration = Duration::from_secs(60);
/// The clock is read once in so many operations.
const SAMPLE: u64 = 16;
/// Memory is looked at no more often than this.
const LOOK: Duration = Duration::from_millis(50);

/// Counts what a script does.
pub struct Meter {
    limit: u64,
    base: Instant,
    /// Operations in all, and how many they were at the last progress.
    done: AtomicU64,
    since: AtomicU64,
    /// When memory was looked at, in nanoseconds since `base`.
    looked: AtomicU64,
    /// What the process had at the last progress, and all tensors' bytes until then.
    own: AtomicU64,
    tensors: AtomicU64,
    /// Bytes that may still be printed.
    words: AtomicU64,
    /// Lines that were printed since anything else was done.
    lines: AtomicU64,
}

/// What becomes of something printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is shown.
    Shown,
    /// It is left out, and that is to be told.
    Last,
    /// It is left out.
    Dropped,
}

/// What is said once where printed text is left out.
pub const TOO_MUCH: &str = "… the recipe prints too much: what follows is left out";

/// Set in `words` when that was said.
const TOLD: u64 = 1 << 63;

impl Default for Meter {
    fn default() -> Self {
        Meter::new(MAX_OPERATIONS)
    }
}

impl Meter {
    /// Allows so many operations between two signs of progress; 0 is any number.
    pub fn new(limit: u64) -> Self {
        Meter {
            limit: if limit == 0 { u64::MAX } else { limit },
            base: Instant::now(),
            done: AtomicU64::new(0),
            since: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            own: AtomicU64::new(0),
            tensors: AtomicU64::new(0),
            words: AtomicU64::new(PRINTED_BYTES),
            lines: AtomicU64::new(0),
        }
    }

    /// Something came of it: a stage began or ended, a step was done, a batch was drawn.
    pub fn progress(&self) {
        self.reset();
        self.lines.store(0, Ordering::Relaxed);
        self.own.store(0, Ordering::Relaxed);
        let more = |words: u64| {
            let own = (words & !TOLD).saturating_add(PRINTED_BYTES_A_STEP).min(PRINTED_BYTES);
            Some(own | words & TOLD)
        };
        let _ = self.words.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn reset(&self) {
        self.since.store(self.done.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// One operation more: how many there were, and why no other may follow. Cheap enough for every one.
    #[inline]
    pub fn tick(&self) -> (u64, Option<Error>) {
        // Only one thread runs a script at a time: no other adds to it meanwhile.
        let done = self.done.load(Ordering::Relaxed) + 1;
        self.done.store(done, Ordering::Relaxed);
        if done.saturating_sub(self.since.load(Ordering::Relaxed)) > self.limit {
            return (done, Some(self.no_progress()));
        }
        let end = if done.is_multiple_of(SAMPLE) { self.look() } else { None };
        (done, end)
    }

    /// Whether the script's values, or all of the program, take too much memory.
    fn look(&self) -> Option<Error> {
        self.look_at(self.base.elapsed())
    }

    pub fn look_at(&self, now: Duration) -> Option<Error> {
        let now = now.as_nanos() as u64;
        let looked = self.looked.load(Ordering::Relaxed);
        if now.saturating_sub(looked) < LOOK.as_nanos() as u64 {
            return None;
        }
        self.looked.store(now, Ordering::Relaxed);
        let spent = Duration::from_nanos(now.saturating_sub(looked)).min(SPENT_AT_ONCE);
        if let Some(error) = self.passed(spent, SPENT_SECONDS) {
            return Some(error);
        }
        let memory = Memory::now()?;
        let (own, made) = (self.own.load(Ordering::Relaxed), memory::made());
        if own == 0 {
            self.own.store(memory.own, Ordering::Relaxed);
            self.tensors.store(made, Ordering::Relaxed);
            return memory::exhausted(&memory);
        }
        // A tensor may bring others along, such as what a gradient needs.
        let tensors = made.saturating_sub(self.tensors.load(Ordering::Relaxed)).saturating_mul(4);
        if memory.own.saturating_sub(own).saturating_sub(tensors) > SCRIPT_BYTES {
            let hint = "keep less in arrays, maps and functions; numbers belong in tensors";
            return Some(
                Error::new(Kind::Range, "the recipe", "its values take too much memory")
                    .expected(format!("{} GiB at most, tensors aside", SCRIPT_BYTES >> 30))
                    .hint(hint),
            );
        }
        memory::exhausted(&memory)
    }

    fn no_progress(&self) -> Error {
        Error::new(Kind::Script, "the recipe", "it goes on and on without any progress")
            .expected(format!(
                "a step, a batch, a stage or something printed within {} operations",
                self.limit
            ))
            .hint(
                "does a loop never end? Where it needs more: --max-operations N, 0 for any number",
            )
    }

    /// Time that was slept away counts, too.
    pub fn slept(&self, span: Duration) -> Option<Error> {
        self.passed(span, SLEEP_SECONDS)
    }

    /// A span, of which `most` seconds count as much as all operations.
    fn passed(&self, span: Duration, most: f64) -> Option<Error> {
        if self.limit == u64::MAX {
            return None;
        }
        let share = self.limit as f64 * span.as_secs_f64() / most;
        let done = self.done.fetch_add(share as u64, Ordering::Relaxed) + share as u64;
        let over = done.saturating_sub(self.since.load(Ordering::Relaxed)) > self.limit;
        over.then(|| self.no_progress())
    }

    /// So many bytes are to be printed. What is shown is progress, as long as it is not all that ever comes.
    pub fn say(&self, bytes: usize) -> Said {
        let cost = bytes as u64 + 1;
        let take = |words: u64| match words & !TOLD {
            own if own >= cost => Some(own - cost),
            own => Some(own | TOLD),
        };
        let words = self.words.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let words = words.unwrap_or_default();
        if words & !TOLD >= cost {
            if self.lines.fetch_add(1, Ordering::Relaxed) < PRINTED_LINES {
                self.reset();
            }
            return Said::Shown;
        }
        if words & TOLD == 0 { Said::Last } else { Said::Dropped }
    }
}
