//! Notices saves: a thread of its own looks at the files every few hundredths of a second, and at once where
//! an event of the file system tells of something. What counts is what a look finds.

use super::doorbell::Doorbell;
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
/// Where the thread has not looked for so long, training does: the machine may be busy, and reading a file may
/// have to wait for others that write.
const STALE: Duration = Duration::from_millis(100);

/// Between two looks there is a rest, however much happens.
const REST: Duration = Duration::from_millis(2);

/// Watches a recipe's files.
pub(super) struct Watch {
    shared: Arc<Shared>,
    patience: Patience,
    /// The thread that looks; without one the training thread does.
    thread: Option<Thread>,
    bell: Option<Doorbell>,
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
    looked: Option<Instant>,
    /// How often other files were followed: a look at those before does not count.
    round: usize,
    /// The first and the last change that nobody has dealt with.
    changed: Option<(Instant, Instant)>,
    /// Until when contents are compared.
    close_until: Option<Instant>,
}

/// How closely a look looks.
#[derive(Clone, Copy, PartialEq)]
enum Depth {
    Stat,
    Open,
    Read,
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
                own.look(if round % OPEN_EVERY == 0 { Depth::Open } else { Depth::Stat });
                own.look_closely();
                std::thread::park_timeout(look);
                // A folder in which much happens must not keep it busy.
                std::thread::sleep(REST);
            }
        };
        let thread = Builder::new().name("still watch".into()).spawn(watching);
        let thread = thread.ok().map(|handle| handle.thread().clone());
        let bell = thread.clone().map(Doorbell::new);
        Watch { shared, patience, thread, bell }
    }

    /// Watches these files from now on.
    pub fn follow(&mut self, files: &[PathBuf]) {
        let mut noted = self.shared.lock();
        if *noted.files == *files {
            return;
        }
        if let Some(bell) = &mut self.bell {
            bell.follow(files);
        }
        let now = Instant::now();
        noted.files = files.into();
        noted.seen = files.iter().map(|file| Found::at(file, Depth::Stat)).collect();
        noted.looked = Some(now);
        noted.round += 1;
        noted.close_until = Some(now + COARSE);
        // What was saved between reading and following would be missed; one more look costs little.
        noted.changed = Some((now, now));
    }

    /// When the files last changed, if nobody has dealt with it and they have rested since.
    pub fn rested(&mut self) -> Option<Instant> {
        let limit = if self.thread.is_some() { STALE } else { self.patience.look };
        if self.shared.lock().looked.is_some_and(|looked| looked.elapsed() >= limit) {
            self.shared.look(Depth::Stat);
            if self.thread.is_none() {
                self.shared.look_closely();
            }
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

    /// Compares contents as well, for a while after a change.
    fn look_closely(&self) {
        if self.lock().close_until.is_some_and(|until| Instant::now() < until) {
            self.look(Depth::Read);
        }
    }

    /// Looks at the files, without the lock: a file system may take its time.
    fn look(&self, depth: Depth) {
        let (files, round) = {
            let noted = self.lock();
            (noted.files.clone(), noted.round)
        };
        let found: Vec<Found> = files.iter().map(|file| Found::at(file, depth)).collect();
        let mut noted = self.lock();
        if noted.round != round {
            return;
        }
        let now = Instant::now();
        noted.looked = Some(now);
        if noted.seen.iter().zip(&found).any(|(old, new)| old.differs(new)) {
            noted.close_until = Some(now + COARSE);
            let first = noted.changed.map_or(now, |(first, _)| first);
            noted.changed = Some((first, now));
        }
        for (seen, found) in noted.seen.iter_mut().zip(found) {
            seen.update(found);
        }
    }
}

impl Found {
    fn at(file: &Path, depth: Depth) -> Found {
        let Ok(mut meta) = std::fs::metadata(file) else { return Found::Nothing };
        // A pipe would wait for its other end.
        if depth != Depth::Stat
            && meta.is_file()
            && let Ok(opened) = std::fs::File::open(file).and_then(|file| file.metadata())
        {
            meta = opened;
        }
        let read = || std::fs::read(file).ok().map(|bytes| blake3::hash(&bytes));
        let content = if depth == Depth::Read && meta.is_file() { read() } else { None };
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

    /// Takes what a later look found; what is known of the content stays, while it is the same file.
    fn update(&mut self, later: Found) {
        let known = match (&*self, &later) {
            (Found::File(before, known), Found::File(after, None)) if before == after => *known,
            _ => None,
        };
        *self = later;
        if let (Found::File(_, content @ None), Some(_)) = (self, known) {
            *content = known;
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
