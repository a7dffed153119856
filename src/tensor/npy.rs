//! NumPy's `.npy` files, version 1.0, little-endian f32 in C order.

use crate::disk;
use crate::error::{Error, Kind, Result};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes `values` of `shape`, whole or not at all.
pub fn save(path: &Path, shape: &[usize], values: &[f32]) -> Result<()> {
    super::check_count("writing an .npy file", values.len(), shape)?;
    disk::write_whole(path, &encode(shape, values))
}

fn encode(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let lengths = if shape.len() > 1 { lengths.trim_end_matches(", ") } else { lengths.trim_end() };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({lengths}), }}");
    // The numbers begin at a multiple of 64 bytes; the header ends with a line feed.
    let used = MAGIC.len() + 2 + header.len() + 1;
    header.push_str(&" ".repeat(used.next_multiple_of(64) - used));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Reads a file's shape and values.
///
/// # Errors
/// A file that is cut off, of another version, or that holds something else than f32 in C order.
pub fn load(path: &Path) -> Result<(Vec<usize>, Vec<f32>)> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("reading", path, &cause))?;
    parse(&bytes).ok_or_else(|| {
        Error::new(Kind::Data, format!("reading {}", path.display()), "not such an .npy file")
            .expected("version 1.0, dtype '<f4', C order, whole")
    })
}

fn parse(bytes: &[u8]) -> Option<(Vec<usize>, Vec<f32>)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (header, data) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let header = std::str::from_utf8(header).ok()?;
    if !header.contains("'<f4'") || !header.contains("'fortran_order': False") {
        return None;
    }
    let lengths = header.split_once("'shape': (")?.1.split_once(')')?.0;
    let shape = lengths
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| word.parse::<usize>().ok())
        .collect::<Option<Vec<_>>>()?;
    let count = shape.iter().try_fold(4usize, |all, n| all.checked_mul(*n))?;
    let values = data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    (data.len() == count).then(|| (shape, values.collect()))
}
