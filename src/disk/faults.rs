//! Full disks and kills on purpose, for tests. Every operation of [`super`] asks here first, and so does the
//! index of runs between its own.
//!
//! The environment variable `STILL_TEST_WRITE_FAULT` of a child process counts the operations of all its
//! threads: with `5` the fifth finds the disk full, with `5+` so do all after it, and with `5!` the process
//! dies in it. [`fail_after`] counts those of the calling thread alone, since tests share a process. A disk that
//! stays full has the room again that [`super::Reserve`] gives back, and no more.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Result, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The variable that is read once, at the first write.
pub const VARIABLE: &str = "STILL_TEST_WRITE_FAULT";

/// What happens at the operation that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full, once.
    Full,
    /// The disk is full, and stays so.
    FullFromThere,
    /// The process dies, as by `kill -9`.
    Kill,
}

/// Nothing is armed: the only thing that a program without tests ever reads.
static QUIET: AtomicBool = AtomicBool::new(false);
/// Threads that armed a fault; changed and looked at with the lock held, so that `QUIET` is right.
static ARMED: AtomicUsize = AtomicUsize::new(0);
static LOCK: Mutex<()> = Mutex::new(());

static PROCESS: LazyLock<Option<(AtomicU64, Fault)>> = LazyLock::new(|| {
    let text = std::env::var(VARIABLE).ok()?;
    let (digits, fault) = match text.strip_suffix('+') {
        Some(digits) => (digits, Fault::FullFromThere),
        None => match text.strip_suffix('!') {
            Some(digits) => (digits, Fault::Kill),
            None => (text.as_str(), Fault::Full),
        },
    };
    Some((AtomicU64::new(digits.parse().ok()?), fault))
});

thread_local! {
    static THREAD: Cell<Option<(u64, Fault)>> = const { Cell::new(None) };
    static THREADS_ROOM: Cell<u64> = const { Cell::new(0) };
}

/// Bytes that were given back on a disk that is full; those of the process, unless a thread is armed.
static ROOM: AtomicU64 = AtomicU64::new(0);
/// What a file system takes at once.
const BLOCK: u64 = 4096;

fn room(changed: impl Fn(u64) -> Option<u64>) -> bool {
    if THREAD.get().is_none() {
        return ROOM.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed).is_ok();
    }
    let room = changed(THREADS_ROOM.get());
    room.inspect(|left| THREADS_ROOM.set(*left)).is_some()
}

/// So many bytes are free again.
pub(super) fn freed(bytes: u64) {
    if !QUIET.load(Ordering::Relaxed) {
        room(|free| Some(free + bytes));
    }
}

/// Whether what was given back has room for it.
fn fits(bytes: usize) -> bool {
    let blocks = (bytes as u64).div_ceil(BLOCK).max(1) * BLOCK;
    room(|free| free.checked_sub(blocks))
}

/// Arms a fault until it is dropped.
pub struct Armed(());

/// Makes the `n`-th operation from now (the first is 1) of this thread fail.
pub fn fail_after(n: u64, fault: Fault) -> Armed {
    THREAD.set(Some((n, fault)));
    THREADS_ROOM.set(0);
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    ARMED.fetch_add(1, Ordering::Relaxed);
    QUIET.store(false, Ordering::Relaxed);
    Armed(())
}

impl Armed {
    /// Whether the operation has come; a walk through all of them ends where it has not.
    pub fn struck(&self) -> bool {
        THREAD.get().is_some_and(|(left, _)| left == 0)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        THREAD.set(None);
        ARMED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What happens to an operation that writes so many bytes, if anything.
fn due(bytes: usize) -> Option<Fault> {
    counted().filter(|fault| *fault != Fault::FullFromThere || !fits(bytes))
}

/// What is armed for this operation.
fn counted() -> Option<Fault> {
    if QUIET.load(Ordering::Relaxed) {
        return None;
    }
    if let Some((left, fault)) = &*PROCESS {
        let counted = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        return match (counted, fault) {
            (Ok(1), fault) | (Err(_), fault @ Fault::FullFromThere) => Some(*fault),
            _ => None,
        };
    }
    let Some((left, fault)) = THREAD.get() else {
        let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        QUIET.store(ARMED.load(Ordering::Relaxed) == 0, Ordering::Relaxed);
        return None;
    };
    THREAD.set(Some((left.saturating_sub(1), fault)));
    match (left, fault) {
        (1, fault) | (0, fault @ Fault::FullFromThere) => Some(fault),
        _ => None,
    }
}

fn land(fault: Fault) -> Error {
    if fault == Fault::Kill {
        // No destructor runs, as with `kill -9`.
        std::process::abort();
    }
    Error::new(ErrorKind::StorageFull, "No space left on device (on purpose)")
}

/// Before an operation that is done or not done.
pub(crate) fn strike() -> Result<()> {
    due(0).map_or(Ok(()), |fault| Err(land(fault)))
}

/// Writes all bytes; a fault comes after the first half of them, as a disk fills up.
pub(super) fn write_all(file: &mut impl Write, bytes: &[u8]) -> Result<()> {
    let Some(fault) = due(bytes.len()) else { return file.write_all(bytes) };
    let _ = file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default());
    let _ = file.flush();
    Err(land(fault))
}
