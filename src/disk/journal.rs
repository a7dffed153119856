//! A file that only grows, one line a write.

use super::{faults, refused};
use crate::error::{Error, Result};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A journal that is open for writing: each line is one write at the file's end.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// The file ends within a line: a full disk or a kill cut it.
    torn: bool,
}

impl Journal {
    /// Opens a journal, or begins one. What is in it stays.
    ///
    /// # Errors
    /// A folder that is not there, a file that cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            faults::strike()?;
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
            let mut last = [b'\n'];
            if file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            Ok((file, last != [b'\n']))
        };
        let (file, torn) = open().map_err(|cause| refused("opening", path, &cause))?;
        Ok(Journal { path: path.to_path_buf(), file, torn })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line, in one write. After a line that was cut, it begins on a new one.
    ///
    /// # Errors
    /// A full disk. What was written of the line is taken back; where that cannot be, a part of it is in the
    /// file, which readers skip.
    pub fn append(&mut self, line: &Value) -> Result<()> {
        let start = if self.torn { "\n" } else { "" };
        let text = format!("{start}{line}\n");
        let length = self.file.metadata().map(|meta| meta.len());
        let written = faults::write_all(&mut self.file, text.as_bytes());
        self.torn = match (&written, length) {
            (Ok(()), _) => false,
            // Else each new try would leave another part.
            (Err(_), Ok(length)) => self.torn || self.file.set_len(length).is_err(),
            (Err(_), Err(_)) => true,
        };
        written.map_err(|cause| refused("writing", &self.path, &cause))
    }

    /// Makes all lines so far last through a power failure.
    ///
    /// # Errors
    /// A disk that is full or broken.
    pub fn sync(&self) -> Result<()> {
        let done = faults::strike().and_then(|()| self.file.sync_data());
        done.map_err(|cause| refused("writing", &self.path, &cause))
    }
}

/// The lines of a journal that are whole JSON values; what was cut or is no JSON is skipped.
///
/// # Errors
/// A file that cannot be read.
pub fn read_lines(path: &Path) -> Result<Vec<Value>> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("reading", path, &cause))?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}
