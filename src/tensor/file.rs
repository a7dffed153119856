//! Tensors in files, by the ending: `.npy` holds one, `.npz` and `.safetensors` hold several by name.

use super::{Device, Tensor, npy, store};
use crate::disk;
use crate::error::{Error, Kind, Result};
use std::io::{Cursor, Read, Write};
use std::path::Path;

const ENDINGS: &str = ".npy, .npz or .safetensors";

/// The most bytes that the tensors of an `.npz` may have in all: what is packed small may be huge.
const MOST: u64 = super::LARGEST as u64 * 8;

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn unknown(doing: &str, path: &Path) -> Error {
    Error::new(Kind::File, doing, "the ending says no format that is known")
        .expected(ENDINGS)
        .received(path.display().to_string())
}

/// Writes tensors, whole or not at all.
///
/// # Errors
/// An ending that is not known, more than one tensor for an `.npy`, a file that cannot be written.
pub fn save(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    let doing = format!("writing {}", path.display());
    let bytes = match (ending(path).as_str(), tensors) {
        ("npy", [(_, tensor)]) => npy::encode(tensor)?,
        ("npy", _) => {
            return Err(Error::new(Kind::File, doing, "an .npy file holds one tensor")
                .received(tensors.len().to_string())
                .hint("write an .npz or a .safetensors"));
        }
        ("npz" | "safetensors", [(name, _)]) if name.is_empty() => {
            return Err(Error::new(Kind::File, doing, "the file holds tensors by name")
                .hint("write an .npy, or tensor::save(#{ name: t }, path)"));
        }
        ("npz", _) => archive(tensors, &doing)?,
        ("safetensors", _) => store::encode(tensors)?,
        _ => return Err(unknown(&doing, path)),
    };
    disk::write_whole(path, &bytes)
}

/// Reads all tensors of a file; the one of an `.npy` has no name.
///
/// # Errors
/// An ending that is not known, a file that is damaged or cannot be read.
pub fn load(path: &Path) -> Result<Vec<(String, Tensor)>> {
    let doing = format!("reading {}", path.display());
    let read = || disk::read_regular(path, MOST);
    match ending(path).as_str() {
        "npy" => Ok(vec![(String::new(), npy::decode(&read()?, &doing)?)]),
        "npz" => unpack(read()?, &doing),
        "safetensors" => store::load(path, &Device::default()),
        _ => Err(unknown(&doing, path)),
    }
}

fn archive(tensors: &[(String, Tensor)], doing: &str) -> Result<Vec<u8>> {
    use zip::write::SimpleFileOptions;
    let failed =
        |cause: &dyn std::fmt::Display| Error::new(Kind::Internal, doing, cause.to_string());
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        // No clock: the same tensors give the same bytes.
        .last_modified_time(zip::DateTime::default());
    for (name, tensor) in tensors {
        let started = writer.start_file(format!("{name}.npy"), options);
        started.map_err(|cause| failed(&cause))?;
        writer.write_all(&npy::encode(tensor)?).map_err(|cause| failed(&cause))?;
    }
    Ok(writer.finish().map_err(|cause| failed(&cause))?.into_inner())
}

fn unpack(bytes: Vec<u8>, doing: &str) -> Result<Vec<(String, Tensor)>> {
    let mut tensors = Vec::new();
    members(bytes, doing, |name, data, doing| {
        tensors.push((name.to_string(), npy::decode(data, doing)?));
        Ok(())
    })?;
    Ok(tensors)
}

/// What an `.npz` holds, by name.
#[derive(Debug, Default)]
pub struct Arrays {
    /// Arrays of numbers.
    pub tensors: Vec<(String, Tensor)>,
    /// Arrays of texts.
    pub texts: Vec<(String, Vec<String>)>,
}

/// Reads an `.npz`: its arrays of numbers, and its arrays of texts.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub fn load_arrays(path: &Path) -> Result<Arrays> {
    let mut all = Arrays::default();
    let bytes = disk::read_regular(path, MOST)?;
    members(bytes, &format!("reading {}", path.display()), |name, data, doing| {
        match npy::texts(data, doing)? {
            Some(own) => all.texts.push((name.to_string(), own)),
            None => all.tensors.push((name.to_string(), npy::decode(data, doing)?)),
        }
        Ok(())
    })?;
    Ok(all)
}

/// Hands each array of an `.npz` to `take`: its name, its bytes, and what is being done.
fn members(
    bytes: Vec<u8>,
    doing: &str,
    mut take: impl FnMut(&str, &[u8], &str) -> Result<()>,
) -> Result<()> {
    let damaged = |cause: &dyn std::fmt::Display| {
        Error::new(Kind::Data, doing, "not a whole .npz file").received(cause.to_string())
    };
    let mut reader = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|cause| damaged(&cause))?;
    let mut left = MOST;
    for index in 0..reader.len() {
        let mut file = reader.by_index(index).map_err(|cause| damaged(&cause))?;
        let name = file.name().map_err(|cause| damaged(&cause))?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_string) else { continue };
        let mut data = Vec::new();
        // One more than may be tells that there is more: what a header says need not be true.
        (&mut file).take(left + 1).read_to_end(&mut data).map_err(|cause| damaged(&cause))?;
        left = left.checked_sub(data.len() as u64).ok_or_else(|| {
            Error::new(Kind::Range, doing, "its tensors are too large")
                .expected(format!("{} GiB in all", MOST >> 30))
        })?;
        take(&name, &data, &format!("{doing}: {name}"))?;
    }
    Ok(())
}
