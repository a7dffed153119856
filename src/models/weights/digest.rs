//! What a file of weights is, for the keys of stages.

use crate::disk;
use crate::error::{Error, Result};
use std::path::Path;

/// BLAKE3 of a file's bytes, as hexadecimal digits.
///
/// # Errors
/// A file that cannot be read, or that is no regular one.
pub fn digest_of(path: &Path) -> Result<String> {
    let file = disk::open_regular(path)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|cause| Error::io("reading", path, &cause))?;
    Ok(hasher.finalize().to_hex().to_string())
}
