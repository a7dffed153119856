//! Locks between processes, which the system gives back when a process dies.

use super::{faults, refused};
use crate::error::Result;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A held lock on a file; dropping it gives the lock back, and so does the death of the process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// None where the file system has no locks: then there is nothing to wait for.
    file: Option<File>,
}

impl Lock {
    /// Takes the lock of the file `path`, which is made where it is not there; None while another one
    /// has it, in this process or another.
    ///
    /// # Errors
    /// A file that cannot be made.
    pub fn try_take(path: &Path) -> Result<Option<Self>> {
        let mut tries = 0;
        loop {
            let opened = faults::strike().and_then(|()| {
                OpenOptions::new().create(true).truncate(false).write(true).open(path)
            });
            let file = opened.map_err(|cause| refused("opening", path, &cause))?;
            match file.try_lock() {
                Ok(()) if !is_file_of(&file, path) => continue,
                Ok(()) => return Ok(Some(Lock { path: path.into(), file: Some(file) })),
                // `held` has it for a moment.
                Err(TryLockError::WouldBlock) if tries < 3 => tries += 1,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(_)) => {
                    return Ok(Some(Lock { path: path.into(), file: None }));
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether somebody has the lock of `path`. A file that is not there, or a file system without locks:
    /// no.
    pub fn held(path: &Path) -> bool {
        // Opened for reading: asking changes nothing, and needs no right to write.
        let Ok(file) = File::open(path) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Removes the lock's file, and gives the lock back. Whoever waits for it notices.
    pub fn remove(self) {
        // Elsewhere, whoever opened the file before would hold a lock that nobody else sees.
        if cfg!(unix) && self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, but for a process that another thread is starting right now: it has all
        // files open for a moment.
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

/// Whether `path` still leads to `file`: it may have been removed before it was locked.
#[cfg(unix)]
fn is_file_of(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(own), Ok(named)) => own.dev() == named.dev() && own.ino() == named.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_file_of(_: &File, _: &Path) -> bool {
    true
}
