//! Notices saves: file-system events where there are any, and a look at the files now and then for
//! file systems that have none.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
    last_event: Arc<Mutex<Option<Instant>>>,
    looked: Instant,
    seen: Vec<Option<(SystemTime, u64)>>,
}

impl Watch {
    /// Watches `files`. A machine that offers no events is looked at instead.
    pub fn new(files: Vec<PathBuf>) -> Self {
        let last_event: Arc<Mutex<Option<Instant>>> = Arc::default();
        let noted = last_event.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
        });
        let mut watch = Watch {
            files: Vec::new(),
            folders: BTreeSet::new(),
            watcher: watcher.ok(),
            last_event,
            looked: Instant::now(),
            seen: Vec::new(),
        };
        watch.follow(files);
        watch
    }

    /// Watches these files from now on.
    pub fn follow(&mut self, files: Vec<PathBuf>) {
        // Folders are watched, not files: an editor that renames would take a watched file away.
        for file in &files {
            let folder = match file.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            if self.folders.insert(folder.to_path_buf())
                && let Some(watcher) = &mut self.watcher
            {
                // Where it cannot be watched, it is looked at.
                let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
            }
        }
        self.seen = files.iter().map(|file| stamp(file)).collect();
        self.files = files;
    }

    /// Whether the files may have changed and have been quiet since.
    pub fn due(&mut self) -> bool {
        let mut event = self.last_event.lock().unwrap_or_else(PoisonError::into_inner);
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let seen: Vec<_> = self.files.iter().map(|file| stamp(file)).collect();
            if seen != self.seen {
                self.seen = seen;
                event.get_or_insert_with(Instant::now);
            }
        }
        match *event {
            Some(at) if at.elapsed() >= QUIET => {
                *event = None;
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
