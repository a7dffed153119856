//! A file below a zip archive that keeps its troubles to itself: `ZipWriter` prints on standard error when
//! it is dropped over a file that cannot be written.

use crate::disk::Whole;
use std::io::{Error, ErrorKind, Result, Seek, SeekFrom, Write};

/// A file that is being written; the first failure is held until the end.
pub(super) struct Held {
    whole: Whole,
    failure: Option<Error>,
    at: u64,
    end: u64,
}

impl Held {
    pub(super) fn new(whole: Whole) -> Self {
        Held { whole, failure: None, at: 0, end: 0 }
    }

    /// The file, if all of it could be written.
    pub(super) fn into_whole(self) -> Result<Whole> {
        self.failure.map_or(Ok(self.whole), Err)
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.failure.is_none() {
            self.failure = self.whole.write_all(bytes).err();
        }
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Seek for Held {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
        if self.failure.is_none() {
            self.failure = self.whole.seek(SeekFrom::Start(self.at)).err();
        }
        Ok(self.at)
    }
}
