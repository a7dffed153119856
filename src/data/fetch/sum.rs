//! Checksums as archives are published with them.

use super::Watch;
use super::watch::go_on;
use crate::error::{Error, Kind, Result};
use md5::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// A published checksum, as hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sum {
    /// MD5, which tells damage, not malice.
    Md5(String),
    /// SHA-256.
    Sha256(String),
}

impl Sum {
    /// The digits, and how many there must be.
    fn digits(&self) -> (&str, usize) {
        match self {
            Sum::Md5(digits) => (digits, 32),
            Sum::Sha256(digits) => (digits, 64),
        }
    }

    /// Whether it is written as one.
    pub(super) fn is_written_well(&self) -> bool {
        let (digits, count) = self.digits();
        let fits = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        digits.len() == count && digits.bytes().all(fits)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sum::Md5(digits) => write!(out, "MD5 {digits}"),
            Sum::Sha256(digits) => write!(out, "SHA-256 {digits}"),
        }
    }
}

/// A checksum that is being taken.
#[derive(Clone)]
pub(super) enum Taking {
    /// Nothing is known to compare with.
    None,
    Md5(md5::Md5),
    Sha256(sha2::Sha256),
}

impl Taking {
    /// Of the kind of `sum`.
    pub fn like(sum: Option<&Sum>) -> Self {
        match sum {
            None => Taking::None,
            Some(Sum::Md5(_)) => Taking::Md5(md5::Md5::new()),
            Some(Sum::Sha256(_)) => Taking::Sha256(sha2::Sha256::new()),
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Taking::None => {}
            Taking::Md5(own) => own.update(bytes),
            Taking::Sha256(own) => own.update(bytes),
        }
    }

    pub fn finish(self) -> Option<Sum> {
        match self {
            Taking::None => None,
            Taking::Md5(own) => Some(Sum::Md5(hex(&own.finalize()))),
            Taking::Sha256(own) => Some(Sum::Sha256(hex(&own.finalize()))),
        }
    }

    /// Takes in a whole file, told to `watch`.
    ///
    /// # Errors
    /// A file that cannot be read; being stopped.
    pub fn file(&mut self, path: &Path, watch: &mut dyn Watch) -> Result<()> {
        let doing = format!("reading {}", path.display());
        let io = |cause: std::io::Error| Error::io("reading", path, &cause);
        let mut file = crate::disk::open_regular(path)?;
        let mut block = vec![0; 1 << 18];
        loop {
            go_on(watch, &doing)?;
            let count = file.read(&mut block).map_err(io)?;
            if count == 0 {
                return Ok(());
            }
            self.update(block.get(..count).unwrap_or_default());
            watch.advance(count as u64);
        }
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a whole list of clips is known by: SHA-256 of the lines `MD5, two spaces, path` of all, sorted by path, each
/// with a line feed, as `md5sum` writes them.
///
/// # Errors
/// A clip that cannot be read; being stopped.
pub(super) fn of_clips(folder: &Path, names: &[String], watch: &mut dyn Watch) -> Result<String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort();
    let mut all = sha2::Sha256::new();
    for name in names {
        let mut own = Taking::Md5(md5::Md5::new());
        own.file(&folder.join(name), watch)?;
        let Some(Sum::Md5(digits)) = own.finish() else {
            return Err(Error::new(Kind::Internal, "taking checksums", "no MD5 was taken"));
        };
        all.update(format!("{digits}  {name}\n").as_bytes());
    }
    Ok(hex(&all.finalize()))
}
