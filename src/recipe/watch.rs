//! Notices saves: a thread of its own looks at the files every few hundredths of a second.
//!
//! Events of the file system are not used. Code comes into force between two steps only, so looking is early
//! enough; and events die with their folder, run out, follow no links, and never come from another machine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Thread};
use std::time::{Duration, Instant, SystemTime};

/// How long a save is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often the files are looked at.
    pub look: Duration,
    /// A save counts when nothing has changed for so long: editors write in pieces and rename.
    pub rest: Duration,
    /// What would be refused is told when nothing has changed for so long: it may be half of a save whose
    /// other half is late, and nothing is lost by waiting.
    pub refuse: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Patience { look: millis(25), rest: millis(80), refuse: millis(180) }
    }
}

/// Files that never rest are taken as they are after so long.
const LONGEST: Duration = Duration::from_secs(1);
/// Times of files may be as coarse as this: so long after a change its content is compared as well.
const COARSE: Duration = Duration::from_millis(2500);
/// Every so many looks the files are opened: a network file system answers from memory otherwise.
const OPEN_EVERY: usize = 4;

/// Watches a recipe's files.
pub(super) struct Watch {
    shared: Arc<Shared>,
    patience: Patience,
    /// The thread that looks; without one the training thread does.
    thread: Option<Thread>,
    looked: Instant,
}

/// What the watching thread shares.
#[derive(Default)]
struct Shared {
    noted: Mutex<Noted>,
    over: AtomicBool,
}

#[derive(Default)]
struct Noted {
    files: Arc<[PathBuf]>,
    seen: Vec<Found>,
    /// How often other files were followed: a look at those before does not count.
    round: usize,
    /// The first and the last change that nobody has dealt with.
    changed: Option<(Instant, Instant)>,
    /// Until when contents are compared.
    close_until: Option<Instant>,
}

/// What a look finds of a file.
#[derive(Clone, PartialEq)]
enum Found {
    Nothing,
    File(Stamp, Option<blake3::Hash>),
}

/// Which file it is, how long, and when it changed: a save by rename, a link that leads elsewhere and an old
/// file put back with its times all show.
#[derive(Clone, PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: [i64; 4],
}

impl Watch {
    /// Watches nothing yet.
    pub fn new(patience: Patience) -> Self {
        let shared: Arc<Shared> = Arc::default();
        let (own, look) = (shared.clone(), patience.look);
        let watching = move || {
            for round in 0.. {
                if own.over.load(Ordering::Relaxed) {
                    break;
                }
                own.look(round % OPEN_EVERY == 0);
                std::thread::park_timeout(look);
            }
        };
        let thread = Builder::new().name("still watch".into()).spawn(watching);
        let thread = thread.ok().map(|handle| handle.thread().clone());
        Watch { shared, patience, thread, looked: Instant::now() }
    }

    /// Watches these files from now on.
    pub fn follow(&mut self, files: &[PathBuf]) {
        let mut noted = self.shared.lock();
        if *noted.files == *files {
            return;
        }
        let now = Instant::now();
        noted.files = files.into();
        noted.seen.clear();
        noted.round += 1;
        noted.close_until = Some(now + COARSE);
        // What was saved between reading and following would be missed; one more look costs little.
        noted.changed = Some((now, now));
    }

    /// When the files last changed, if nobody has dealt with it and they have rested since.
    pub fn rested(&mut self) -> Option<Instant> {
        if self.thread.is_none() && self.looked.elapsed() >= self.patience.look {
            self.shared.look(true);
            self.looked = Instant::now();
        }
        let (first, last) = self.shared.lock().changed?;
        (last.elapsed() >= self.patience.rest || first.elapsed() >= LONGEST).then_some(last)
    }

    /// Whether what changed at `last` has rested for so long that it is no half of a save.
    pub fn is_whole(&self, last: Instant) -> bool {
        last.elapsed() >= self.patience.refuse
    }

    /// Has the change at `last` looked at once more.
    pub fn again(&self, last: Instant) {
        let mut noted = self.shared.lock();
        noted.changed.get_or_insert((last, last));
    }

    /// The change at `last` has been dealt with.
    pub fn done(&self, last: Instant) {
        let mut noted = self.shared.lock();
        match &mut noted.changed {
            Some((first, newest)) if *newest > last => *first = *newest,
            changed => *changed = None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Nobody waits for it: it may hang on a file system that has gone away.
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the files, without the lock: a file system may take its time.
    fn look(&self, open: bool) {
        let (files, round, close) = {
            let noted = self.lock();
            let close = noted.close_until.is_some_and(|until| Instant::now() < until);
            (noted.files.clone(), noted.round, close)
        };
        let found: Vec<Found> = files.iter().map(|file| Found::at(file, open, close)).collect();
        let mut noted = self.lock();
        if noted.round != round {
            return;
        }
        let first_look = noted.seen.is_empty();
        if !first_look && noted.seen.iter().zip(&found).any(|(old, new)| old.differs(new)) {
            let now = Instant::now();
            noted.close_until = Some(now + COARSE);
            let first = noted.changed.map_or(now, |(first, _)| first);
            noted.changed = Some((first, now));
        }
        noted.seen = found;
    }
}

impl Found {
    fn at(file: &Path, open: bool, close: bool) -> Found {
        let Ok(mut meta) = std::fs::metadata(file) else { return Found::Nothing };
        // A pipe would wait for its other end.
        if open
            && meta.is_file()
            && let Ok(opened) = std::fs::File::open(file).and_then(|file| file.metadata())
        {
            meta = opened;
        }
        let read = || std::fs::read(file).ok().map(|bytes| blake3::hash(&bytes));
        let content = if close && meta.is_file() { read() } else { None };
        Found::File(Stamp::of(&meta), content)
    }

    fn differs(&self, other: &Found) -> bool {
        match (self, other) {
            (Found::File(before, old), Found::File(after, new)) => {
                before != after || (old.is_some() && new.is_some() && old != new)
            }
            (before, after) => before != after,
        }
    }
}

impl Stamp {
    fn of(meta: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            [meta.dev() as i64, meta.ino() as i64, meta.ctime(), meta.ctime_nsec()]
        };
        #[cfg(not(unix))]
        let identity = [0; 4];
        Stamp { modified: meta.modified().ok(), length: meta.len(), identity }
    }
}
