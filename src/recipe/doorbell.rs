//! Rings when something happens in the folders of some files. Events of the file system are quick but not to be
//! relied upon: they die with their folder, run out, follow no links, and never come from another machine. So
//! they only say that it is worth a look.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::Thread;

/// Wakes a thread at events.
pub(super) struct Doorbell {
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl Doorbell {
    /// A bell that wakes `thread`; a silent one where the machine offers no events.
    pub fn new(thread: Thread) -> Self {
        let ring = move |event: notify::Result<notify::Event>| {
            // Looking at a file is an event as well.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                thread.unpark();
            }
        };
        Doorbell { watcher: notify::recommended_watcher(ring).ok(), folders: BTreeSet::new() }
    }

    /// Listens to the folders of these files from now on, and to those that links lead to.
    pub fn follow(&mut self, files: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut folders = BTreeSet::new();
        for file in files {
            folders.insert(folder_of(file));
            folders.extend(file.canonicalize().ok().map(|real| folder_of(&real)));
        }
        for gone in self.folders.difference(&folders) {
            // It may have died with its folder.
            let _ = watcher.unwatch(gone);
        }
        for fresh in folders.difference(&self.folders) {
            let _ = watcher.watch(fresh, RecursiveMode::NonRecursive);
        }
        self.folders = folders;
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
