//! The folder that a script writes into, and reads back from.

use crate::disk;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// Files that one run may write.
pub const MOST_FILES: usize = 10_000;
/// Bytes that all files of a run may have; the one that goes beyond is the last one.
pub const MOST_FILE_BYTES: u64 = 16 << 30;

/// One such folder. It is made when something is written.
pub(super) struct Files {
    folder: PathBuf,
    /// What was written by this process, with its length; not known yet while it is written.
    written: Mutex<BTreeMap<PathBuf, Option<u64>>>,
    /// A folder that is gone with this.
    _held: Option<TempDir>,
}

impl Files {
    /// Writes into `folder`.
    pub fn at(folder: PathBuf) -> Self {
        Files { folder, written: Mutex::default(), _held: None }
    }

    /// Writes into a temporary folder.
    ///
    /// # Errors
    /// A system without one.
    pub fn temporary() -> Result<Self> {
        let held = tempfile::tempdir().map_err(|cause| {
            Error::new(Kind::File, "a script's files", "no temporary folder")
                .received(cause.to_string())
        })?;
        Ok(Files { folder: held.path().into(), written: Mutex::default(), _held: Some(held) })
    }

    /// Where a script writes what it calls `path`.
    ///
    /// # Errors
    /// A path that leads elsewhere, by itself or through a link; too many files, or too much in them.
    pub fn place(&self, operation: &str, path: &str) -> Result<PathBuf> {
        let elsewhere = |problem: &str| {
            Error::new(Kind::File, operation, problem)
                .expected("a path without '..' below the run's own folder 'files'")
                .received(format!("'{path}'"))
        };
        let relative = relative(path).ok_or_else(|| elsewhere("the path leads elsewhere"))?;
        let mut at = self.folder.clone();
        for part in relative.components() {
            at.push(part);
            if at.is_symlink() {
                return Err(elsewhere("the path leads through a link"));
            }
        }
        if at.exists() && !at.is_file() {
            return Err(elsewhere("there is something of this name that is no file"));
        }
        self.count(operation, &relative)?;
        disk::make_folder(at.parent().unwrap_or(&self.folder))?;
        Ok(at)
    }

    /// Notes that `relative` is written, and refuses what is too much.
    fn count(&self, operation: &str, relative: &Path) -> Result<()> {
        let mut written = self.written();
        for (name, length) in written.iter_mut().filter(|(_, length)| length.is_none()) {
            *length = self.folder.join(name).metadata().ok().map(|meta| meta.len());
        }
        let bytes = written.values().flatten().fold(0u64, |all, one| all.saturating_add(*one));
        let more = written.len() + usize::from(!written.contains_key(relative));
        if bytes > MOST_FILE_BYTES || more > MOST_FILES {
            return Err(Error::new(Kind::Range, operation, "the run has written too much")
                .expected(format!("{MOST_FILES} files and {} GiB at most", MOST_FILE_BYTES >> 30))
                .received(format!("{} files, {bytes} bytes", written.len())));
        }
        written.insert(relative.to_path_buf(), None);
        Ok(())
    }

    /// What was written under `path`, if it was.
    pub fn find(&self, path: &str) -> Option<PathBuf> {
        let relative = relative(path)?;
        let mut at = self.folder.clone();
        for part in relative.components() {
            at.push(part);
            if at.is_symlink() {
                return None;
            }
        }
        at.is_file().then_some(at)
    }

    /// The same, where it was written by this process: what was there before is no part of what a stage depends on.
    pub fn find_own(&self, path: &str) -> Option<PathBuf> {
        let own = relative(path).is_some_and(|path| self.written().contains_key(&path));
        if own { self.find(path) } else { None }
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Option<u64>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path that goes down only.
fn relative(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(path);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    (inside && !path.as_os_str().is_empty()).then_some(path)
}
