//! The parts of a split archive, read as if they were one file; nothing is copied.

use crate::disk;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Several files, one behind the other.
pub(super) struct Joined {
    parts: Vec<(PathBuf, u64)>,
    /// The part that is open, and how far in the whole it begins.
    open: Option<(usize, File)>,
    at: u64,
}

impl Joined {
    /// The parts in their order.
    ///
    /// # Errors
    /// A part that cannot be read.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut parts = Vec::new();
        for path in paths {
            let file = disk::open_regular(path)?;
            let meta = file.metadata().map_err(|cause| Error::io("reading", path, &cause))?;
            parts.push((path.clone(), meta.len()));
        }
        Ok(Joined { parts, open: None, at: 0 })
    }

    /// Where a part begins, counted from 0; `None` where there is no such part.
    pub fn start(&self, part: usize) -> Option<u64> {
        (part < self.parts.len())
            .then(|| self.parts.iter().take(part).map(|(_, length)| length).sum())
    }

    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    pub fn length(&self) -> u64 {
        self.parts.iter().map(|(_, length)| length).sum()
    }

    /// The last part, whose name an archive goes by.
    pub fn path(&self) -> &Path {
        self.parts.last().map_or(Path::new(""), |(path, _)| path)
    }
}

impl Read for Joined {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut start = 0;
        for (index, (path, length)) in self.parts.iter().enumerate() {
            if self.at >= start + length {
                start += length;
                continue;
            }
            if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(self.at - start))?;
                self.open = Some((index, file));
            }
            let left = usize::try_from(start + length - self.at).unwrap_or(usize::MAX);
            let most = left.min(into.len());
            let Some((_, file)) = &mut self.open else { return Ok(0) };
            let count = file.read(into.get_mut(..most).unwrap_or_default())?;
            self.at += count as u64;
            return Ok(count);
        }
        Ok(0)
    }
}

impl Seek for Joined {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from = |start: u64, by: i64| start.checked_add_signed(by);
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => from(self.length(), by),
            SeekFrom::Current(by) => from(self.at, by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.open = None;
        Ok(self.at)
    }
}
