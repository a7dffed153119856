//! Notices saves: file-system events where there are any, and a look at the files now and then for
//! file systems that have none.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A save counts when nothing has happened for so long: editors write in pieces and rename.
const QUIET: Duration = Duration::from_millis(60);
/// How often the files are looked at without an event.
const LOOK: Duration = Duration::from_millis(400);

/// Watches a recipe's files.
pub(super) struct Watch {
    files: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    watcher: Option<RecommendedWatcher>,
    noted: Arc<Mutex<Noted>>,
    looked: Instant,
    seen: Vec<Option<(SystemTime, u64)>>,
}

/// What the watching thread shares.
#[derive(Default)]
struct Noted {
    /// Names of the files that matter; others in their folders do not.
    names: BTreeSet<OsString>,
    last_event: Option<Instant>,
}

fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Watches nothing yet. A machine that offers no events is looked at instead.
    pub fn new() -> Self {
        let noted: Arc<Mutex<Noted>> = Arc::default();
        let shared = noted.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let mut noted = lock(&shared);
            let names = event.paths.iter().filter_map(|path| path.file_name());
            if !event.kind.is_access() && names.into_iter().any(|name| noted.names.contains(name)) {
                noted.last_event = Some(Instant::now());
            }
        });
        Watch {
            files: Vec::new(),
            folders: BTreeSet::new(),
            watcher: watcher.ok(),
            noted,
            looked: Instant::now(),
            seen: Vec::new(),
        }
    }

    /// Watches these files from now on.
    pub fn follow(&mut self, files: &[PathBuf]) {
        // Folders are watched, not files: an editor that renames would take a watched file away.
        for file in files {
            let folder = match file.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            if !self.folders.contains(folder)
                && let Some(watcher) = &mut self.watcher
                && watcher.watch(folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.folders.insert(folder.to_path_buf());
            }
        }
        self.seen = files.iter().map(|file| stamp(file)).collect();
        self.files = files.to_vec();
        let mut noted = lock(&self.noted);
        noted.names = files.iter().filter_map(|file| file.file_name()).map(Into::into).collect();
        // What was saved between reading and following would be missed; one more look costs little.
        noted.last_event = Some(Instant::now());
    }

    /// Whether the files may have changed and have been quiet since.
    pub fn due(&mut self) -> bool {
        let mut noted = lock(&self.noted);
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let seen: Vec<_> = self.files.iter().map(|file| stamp(file)).collect();
            if seen != self.seen {
                self.seen = seen;
                noted.last_event.get_or_insert_with(Instant::now);
            }
        }
        match noted.last_event {
            Some(at) if at.elapsed() >= QUIET => {
                noted.last_event = None;
                true
            }
            _ => false,
        }
    }
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
