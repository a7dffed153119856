//! Room set aside while a disk has some, for the few bytes without which the rest is worth nothing.

use super::{DRAFT, faults};
use std::fs::OpenOptions;
use std::io::Result as IoResult;
use std::path::{Path, PathBuf};

/// What is set aside, in bytes: some thousand lines of a journal.
const SIZE: u64 = 512 * 1024;
/// What a write may need beside its own bytes: the entries of files and folders.
const SLACK: u64 = 32 * 1024;

/// A file that only takes up room, and gives some of it back where the disk is full. It is gone when this is dropped.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    left: u64,
}

impl Reserve {
    /// Sets room aside in a folder; none where there is none.
    pub fn within(folder: &Path) -> Self {
        let path = folder.join(format!("{DRAFT}reserve"));
        let left = fill(&path).map_or(0, |()| SIZE);
        let reserve = Reserve { path, left };
        if left == 0 {
            reserve.remove();
        }
        reserve
    }

    /// Makes room for a write of so many bytes that the disk refused; `false` where nothing is left to give.
    pub fn give(&mut self, bytes: u64) -> bool {
        if self.left == 0 {
            return false;
        }
        let given = bytes.saturating_add(SLACK).min(self.left);
        self.left -= given;
        let file = OpenOptions::new().write(true).open(&self.path);
        let shrunk = file.and_then(|file| file.set_len(self.left)).is_ok();
        if shrunk {
            faults::freed(given);
        }
        shrunk
    }

    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Takes the room up: with bytes that no file system can store in fewer.
fn fill(path: &Path) -> IoResult<()> {
    faults::strike()?;
    let mut bytes = vec![0; SIZE as usize];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    faults::write_all(&mut file, &bytes)
}
