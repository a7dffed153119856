//! How long a script may take: a new version's hooks are tried between two steps, and a hook that never
//! ends must not stop the run.
//!
//! A script is cut off between two of its operations, never within one.

use crate::error::{Error, Kind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Seconds of a hook where the command line says nothing. Hooks take microseconds.
pub const HOOK_SECONDS: f64 = 60.0;
/// What computes may take so many times as long: see [`Span::Work`].
const WORK: f64 = 10.0;
/// What a rehearsal may take, or a share of a hook's time, or a few steps, whichever is most: hooks take
/// microseconds, and the run waits.
const REHEARSAL: Duration = Duration::from_secs(5);
const SHARE: u64 = 12;
const STEPS: u32 = 3;
/// A version that is new gets as many times the longest step so far, but no less than this.
const NEW: (u32, Duration) = (20, Duration::from_secs(10));
/// What is running when the run shall stop is given so long.
const GRACE: Duration = Duration::from_secs(2);
/// The clock is read once in so many operations.
const SAMPLE: u64 = 16;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// A hook that looks and decides.
    Hook,
    /// A step of the recipe's own, the end of an epoch, or a network's function.
    Work,
}

/// The clocks of a run; clones are the same ones.
#[derive(Clone)]
pub(super) struct Trial(Arc<Inner>);

/// Times are nanoseconds since `base`, and 0 is never.
struct Inner {
    base: Instant,
    on: AtomicBool,
    rehearsal_ends: AtomicU64,
    rehearsal_limit: AtomicU64,
    call_began: AtomicU64,
    call_limit: AtomicU64,
    hook_limit: AtomicU64,
    work_limit: AtomicU64,
    /// The limit of `Span::Hook` by the command line.
    standard: AtomicU64,
    asked: AtomicU64,
}

impl Default for Trial {
    fn default() -> Self {
        let never = || AtomicU64::new(u64::MAX);
        Trial(Arc::new(Inner {
            base: Instant::now(),
            on: AtomicBool::new(false),
            rehearsal_ends: never(),
            rehearsal_limit: never(),
            call_began: AtomicU64::new(0),
            call_limit: never(),
            hook_limit: never(),
            work_limit: never(),
            standard: never(),
            asked: AtomicU64::new(0),
        }))
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Inner {
    /// Now; never 0.
    fn now(&self) -> u64 {
        nanos(self.base.elapsed()).max(1)
    }
}

/// What is said of what takes too long.
pub(super) const NEVER_ENDS: &str = "it does not end";

fn does_not_end(what: &str, limit: u64) -> Error {
    let seconds = Duration::from_nanos(limit).as_secs_f64();
    Error::new(Kind::Script, what, NEVER_ENDS)
        .expected(format!("an answer within {} s", (seconds * 10.0).round() / 10.0))
}

impl Trial {
    /// Sets what hooks may take; 0 seconds is no limit.
    pub fn set_standard(&self, hook_seconds: f64) {
        let limit = Duration::try_from_secs_f64(hook_seconds).ok().filter(|span| !span.is_zero());
        self.0.standard.store(limit.map_or(u64::MAX, nanos), Ordering::Relaxed);
        self.allow(None);
    }

    /// Sets the limits of the version that is in force. One that has not proved itself gets less; `pace` is
    /// the longest step so far.
    pub fn allow(&self, unproved: Option<Duration>) {
        let hook = self.0.standard.load(Ordering::Relaxed);
        let work = (hook as f64 * WORK) as u64; // as large as it can be, where there is no limit
        let most = unproved.map_or(u64::MAX, |pace| nanos(pace.saturating_mul(NEW.0).max(NEW.1)));
        self.0.hook_limit.store(hook.min(most), Ordering::Relaxed);
        self.0.work_limit.store(work.min(most), Ordering::Relaxed);
    }

    /// Rehearses a version; `pace` is the longest step so far.
    pub fn during<T>(&self, pace: Duration, act: impl FnOnce() -> T) -> T {
        let share = match self.0.standard.load(Ordering::Relaxed) {
            u64::MAX => 0,
            hook => hook / SHARE,
        };
        let limit = nanos(REHEARSAL.max(pace.saturating_mul(STEPS))).max(share);
        self.0.rehearsal_limit.store(limit, Ordering::Relaxed);
        self.0.rehearsal_ends.store(self.0.now().saturating_add(limit), Ordering::Relaxed);
        self.0.on.store(true, Ordering::Relaxed);
        let outcome = act();
        self.0.on.store(false, Ordering::Relaxed);
        outcome
    }

    /// Whether a rehearsal is going on.
    pub fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    /// Does `act`, a call into the recipe, against the clock. Calls within it belong to it.
    pub fn within<T>(&self, span: Span, act: impl FnOnce() -> T) -> T {
        let (began, relaxed) = (&self.0.call_began, Ordering::Relaxed);
        let outermost = began.compare_exchange(0, self.0.now(), relaxed, relaxed).is_ok();
        if outermost {
            let limit = match span {
                Span::Hook => &self.0.hook_limit,
                Span::Work => &self.0.work_limit,
            };
            self.0.call_limit.store(limit.load(relaxed), relaxed);
        }
        let outcome = act();
        if outermost {
            began.store(0, relaxed);
        }
        outcome
    }

    /// Whether a call has been going on for so long that a stop need not wait for it.
    pub fn is_long(&self) -> bool {
        let began = self.0.call_began.load(Ordering::Relaxed);
        began != 0 && self.0.now().saturating_sub(began) > nanos(GRACE)
    }

    /// The error for a script that takes too long. Cheap enough to be asked at every operation.
    pub fn over_time(&self) -> Option<Error> {
        let inner = &self.0;
        if !inner.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLE) {
            return None;
        }
        let (now, relaxed) = (inner.now(), Ordering::Relaxed);
        if self.is_on() && now > inner.rehearsal_ends.load(relaxed) {
            let limit = inner.rehearsal_limit.load(relaxed);
            return Some(does_not_end("a hook", limit).hint(
                "a new version is tried on two clips while the run waits; where that needs longer: \
                 --hook-seconds SECONDS, of which it gets a twelfth",
            ));
        }
        let (began, limit) = (inner.call_began.load(relaxed), inner.call_limit.load(relaxed));
        (began != 0 && now.saturating_sub(began) > limit).then(|| {
            does_not_end("a hook", limit).hint(
                "where a hook needs longer: --hook-seconds SECONDS; a new version gets less than one \
                 that has done some steps",
            )
        })
    }
}
