//! Named tensors in a safetensors file.

use super::{DType, Device, Tensor, words};
use crate::disk;
use crate::error::{Error, Kind, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes named tensors, whole or not at all.
pub fn save(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    disk::write_whole(path, &encode(tensors)?)
}

/// The bytes of a safetensors file; the same for the same tensors.
pub fn encode(tensors: &[(String, Tensor)]) -> Result<Vec<u8>> {
    let mut buffers = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let (dtype, bytes): (Dtype, Vec<u8>) = match tensor.dtype() {
            DType::F32 => {
                let values = tensor.detached()?.to_values()?;
                (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            DType::I64 => {
                (Dtype::I64, tensor.to_integers()?.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            DType::Bool => (Dtype::BOOL, tensor.to_integers()?.iter().map(|v| *v as u8).collect()),
        };
        buffers.push((name, dtype, tensor.shape(), bytes));
    }
    let failed = |cause: safetensors::SafeTensorError| {
        Error::new(Kind::Internal, "encoding weights", cause.to_string())
    };
    let views = buffers
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(failed)?;
    safetensors::serialize(views, None).map_err(failed)
}

/// Reads all tensors of a file, in the file's order of names.
pub fn load(path: &Path, device: &Device) -> Result<Vec<(String, Tensor)>> {
    let bytes = disk::read_regular(path, u64::MAX)?;
    decode(&format!("reading {}", path.display()), &bytes, device)
}

/// The tensors in the bytes of a safetensors file; `doing` names the operation in errors.
pub fn decode(doing: &str, bytes: &[u8], device: &Device) -> Result<Vec<(String, Tensor)>> {
    let damaged = |cause: String| {
        Error::new(Kind::Data, doing, "not a whole safetensors file").received(cause)
    };
    let file = SafeTensors::deserialize(bytes).map_err(|cause| damaged(cause.to_string()))?;
    let mut tensors = Vec::new();
    for (name, view) in file.tensors() {
        let shape = if view.shape().is_empty() { vec![1] } else { view.shape().to_vec() };
        let data = view.data();
        let tensor = match view.dtype() {
            Dtype::F32 => {
                let (values, _) = data.as_chunks::<4>();
                let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                Tensor::from_values(values, &shape, device)?
            }
            Dtype::F64 => {
                let (values, _) = data.as_chunks::<8>();
                let values = values.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect();
                Tensor::from_values(values, &shape, device)?
            }
            Dtype::F16 => {
                let (values, _) = data.as_chunks::<2>();
                let number = |bytes: &[u8; 2]| super::npy::half(u16::from_le_bytes(*bytes));
                Tensor::from_values(values.iter().map(number).collect(), &shape, device)?
            }
            Dtype::BF16 => {
                // The upper half of an f32.
                let (values, _) = data.as_chunks::<2>();
                let number = |[low, high]: &[u8; 2]| f32::from_le_bytes([0, 0, *low, *high]);
                Tensor::from_values(values.iter().map(number).collect(), &shape, device)?
            }
            Dtype::I64 => {
                let (values, _) = data.as_chunks::<8>();
                let values = values.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
                Tensor::from_integers(values, &shape, device)?
            }
            Dtype::I32 => {
                let (values, _) = data.as_chunks::<4>();
                let values = values.iter().map(|b| i64::from(i32::from_le_bytes(*b))).collect();
                Tensor::from_integers(values, &shape, device)?
            }
            Dtype::U8 => {
                let values = data.iter().map(|byte| i64::from(*byte)).collect();
                Tensor::from_integers(values, &shape, device)?
            }
            Dtype::BOOL => {
                let flags = data.iter().map(|byte| *byte != 0).collect();
                Tensor::from_bools(flags, &shape, device)?
            }
            other => {
                return Err(Error::new(Kind::Data, doing, format!("'{name}' cannot be read"))
                    .expected("F32, F64, F16, BF16, I64, I32, U8 or BOOL")
                    .received(format!("{other:?} {}", words(view.shape()))));
            }
        };
        tensors.push((name, tensor));
    }
    Ok(tensors)
}

/// The bytes of a file with a text for each key in its head, instead of those that it has: what other programs pass
/// over.
///
/// # Errors
/// Bytes that are no safetensors file.
pub fn noted(bytes: &[u8], notes: &[(&str, &str)]) -> Result<Vec<u8>> {
    let all: serde_json::Map<String, serde_json::Value> =
        notes.iter().map(|(key, text)| (key.to_string(), (*text).into())).collect();
    rewritten(bytes, Some(all.into()))
}

/// The same file without texts in its head: the bytes that [`encode`] gave.
///
/// # Errors
/// Bytes that are no safetensors file.
pub fn bare(bytes: &[u8]) -> Result<Vec<u8>> {
    rewritten(bytes, None)
}

/// The texts in the head of the bytes of a file; `doing` names the operation in errors.
///
/// # Errors
/// Bytes that are no safetensors file.
pub fn notes(doing: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let (header, _) = parted(bytes).map_err(|error| error.during(doing))?;
    let all = header.get(METADATA).and_then(|all| all.as_object()).into_iter().flatten();
    Ok(all.filter_map(|(key, own)| Some((key.clone(), own.as_str()?.to_string()))).collect())
}

fn rewritten(bytes: &[u8], metadata: Option<serde_json::Value>) -> Result<Vec<u8>> {
    let (header, data) = parted(bytes)?;
    let mut fresh = serde_json::Map::new();
    fresh.extend(metadata.map(|metadata| (METADATA.to_string(), metadata)));
    fresh.extend(header.into_iter().filter(|(name, _)| name != METADATA));
    let mut header = serde_json::Value::Object(fresh).to_string().into_bytes();
    // The numbers begin at a multiple of eight, as the format asks for.
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut all = (header.len() as u64).to_le_bytes().to_vec();
    all.extend(header);
    all.extend(data);
    Ok(all)
}

const METADATA: &str = "__metadata__";

/// The header as JSON, and the bytes after it.
fn parted(bytes: &[u8]) -> Result<(serde_json::Map<String, serde_json::Value>, &[u8])> {
    let damaged = |cause: String| {
        Error::new(Kind::Data, "reading weights", "not a whole safetensors file").received(cause)
    };
    let (length, rest) =
        bytes.split_first_chunk::<8>().ok_or_else(|| damaged(format!("{} bytes", bytes.len())))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (header, data) = rest
        .split_at_checked(length)
        .ok_or_else(|| damaged(format!("a header of {length} bytes in {}", bytes.len())))?;
    let header = serde_json::from_slice(header).map_err(|cause| damaged(cause.to_string()))?;
    Ok((header, data))
}
