//! Files that are written bit by bit and that keep what they have when the process ends.

use super::{faults, refused};
use crate::error::Result;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A file that grows at its end. What was written stays when it is dropped, unlike with [`super::Whole`].
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Growing {
    /// Opens `path` to go on at its end; it is made where it is not there.
    ///
    /// # Errors
    /// A file that cannot be opened or made.
    pub fn open(path: &Path) -> Result<Self> {
        let opened = faults::strike().and_then(|()| {
            let mut file =
                OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|cause| refused("opening", path, &cause))?;
        Ok(Growing { path: path.into(), file, length })
    }

    /// Makes a file that must not be there yet; links are not followed.
    ///
    /// # Errors
    /// A file that is there already or cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let made = faults::strike().and_then(|()| File::create_new(path));
        let file = made.map_err(|cause| refused("writing", path, &cause))?;
        Ok(Growing { path: path.into(), file, length: 0 })
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// A full disk; a part of the bytes may have been written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = faults::write_all(&mut self.file, bytes);
        written.map_err(|cause| refused("writing", &self.path, &cause))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Empties it.
    ///
    /// # Errors
    /// A file that cannot be changed.
    pub fn clear(&mut self) -> Result<()> {
        let cleared = faults::strike().and_then(|()| {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))
        });
        cleared.map_err(|cause| refused("writing", &self.path, &cause))?;
        self.length = 0;
        Ok(())
    }

    /// Makes what was written last through a power failure.
    ///
    /// # Errors
    /// A disk that is full or broken.
    pub fn sync(&self) -> Result<()> {
        let done = faults::strike().and_then(|()| self.file.sync_data());
        done.map_err(|cause| refused("writing", &self.path, &cause))
    }
}
