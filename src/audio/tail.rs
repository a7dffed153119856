//! Tags that other programs put behind a stream: a reader of FLAC would take them for a part of the last frame.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use symphonia::core::io::MediaSource;

/// Bytes of an ID3v1 tag, which stands at the very end.
const ID3: u64 = 128;
/// Bytes of the last part of an APEv2 tag, and of its first part where it has one.
const APE: u64 = 32;

/// A file up to the tags at its end.
pub(super) struct Untagged {
    file: File,
    at: u64,
    end: u64,
}

impl Untagged {
    /// The file from its beginning.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn of(mut file: File) -> Result<Self> {
        let mut end = file.metadata()?.len();
        if part(&mut file, end, ID3)?.is_some_and(|tag| tag.starts_with(b"TAG")) {
            end -= ID3;
        }
        // Four bytes of a version, the size without the first part, four of a count, then whether it has that part.
        if let Some(tag) = part(&mut file, end, APE)?
            && let Some(fields) = tag.strip_prefix(b"APETAGEX")
            && let Some((size, rest)) = fields.get(4..).and_then(<[u8]>::split_first_chunk)
            && let Some(flags) = rest.get(7)
        {
            let first = if flags & 0x80 == 0 { 0 } else { APE };
            let size = u64::from(u32::from_le_bytes(*size)) + first;
            end = end.checked_sub(size).unwrap_or(end);
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Untagged { file, at: 0, end })
    }

    /// Bytes of the frames of a FLAC that begins at `start`: what follows its blocks of metadata.
    ///
    /// # Errors
    /// What the operating system refuses, and a file that ends within the metadata.
    pub fn frames(&mut self, start: u64) -> Result<u64> {
        // Behind "fLaC".
        let mut at = start + 4;
        loop {
            self.file.seek(SeekFrom::Start(at))?;
            let mut head = [0; 4];
            self.file.read_exact(&mut head)?;
            let [kind, a, b, c] = head;
            at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
            // The highest bit says that it is the last block.
            if kind & 0x80 != 0 {
                break;
            }
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        Ok(self.end.saturating_sub(at))
    }
}

/// The `length` bytes before `end`, if there are as many.
fn part(file: &mut File, end: u64, length: u64) -> Result<Option<Vec<u8>>> {
    let Some(start) = end.checked_sub(length) else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

impl Read for Untagged {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let rest = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = into.len().min(rest);
        let read = self.file.read(into.get_mut(..length).unwrap_or_default())?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Untagged {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let to = match to {
            SeekFrom::End(offset) => SeekFrom::Start(self.end.saturating_add_signed(offset)),
            other => other,
        };
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

impl MediaSource for Untagged {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end)
    }
}
