//! Files that are read whole: only regular ones, and up to a length.

use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The longest text that is read where nothing else is said.
const LONGEST_TEXT: u64 = 1 << 30;

/// Opens a regular file. A pipe would wait for ever, and a device has no end.
///
/// # Errors
/// A file that cannot be opened, or that is no regular one.
pub fn open_regular(path: &Path) -> Result<File> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let doing = || format!("reading {}", path.display());
    // Before it is opened: that alone can wait.
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        return Err(Error::new(Kind::File, doing(), "it is a folder, no file"));
    }
    if !meta.is_file() {
        return Err(Error::new(Kind::File, doing(), "it is no regular file")
            .expected("a file, no pipe and no device"));
    }
    File::open(path).map_err(io)
}

/// The content of a regular file of at most so many bytes.
///
/// # Errors
/// As [`open_regular`]; a file that is longer.
pub fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let file = open_regular(path)?;
    let too_long = |length: u64| {
        Error::new(Kind::Range, format!("reading {}", path.display()), "the file is too long")
            .expected(format!("{most} bytes at most"))
            .received(format!("{length} bytes"))
    };
    let length = file.metadata().map_err(io)?.len();
    if length > most {
        return Err(too_long(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // It may grow meanwhile, and some files have no length.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

/// The text of a file that must be UTF-8.
///
/// # Errors
/// A file that cannot be read, or that is no UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    read_text_up_to(path, LONGEST_TEXT)
}

/// As [`read_text`], of at most so many bytes.
///
/// # Errors
/// As `read_text`; a file that is longer.
pub fn read_text_up_to(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read_regular(path, most)?).map_err(|cause| {
        let right = cause.utf8_error().valid_up_to();
        let bytes = cause.as_bytes();
        let line = 1 + bytes.iter().take(right).filter(|byte| **byte == b'\n').count();
        let byte = bytes.get(right).copied().unwrap_or_default();
        Error::new(Kind::Data, format!("reading {}", path.display()), "the file is not UTF-8 text")
            .received(format!("the byte {byte:02x} in line {line}"))
    })
}

/// BLAKE3 of a file's bytes, as hexadecimal digits.
///
/// # Errors
/// A file that cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let opened = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
    opened.map_err(|cause| Error::io("reading", path, &cause))?;
    Ok(hasher.finalize().to_hex().to_string())
}
