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

/// The same with a text for each key in the file's head, in the order in which they are given.
pub fn encode_with(tensors: &[(String, Tensor)], notes: &[(&str, &str)]) -> Result<Vec<u8>> {
    let plain = encode(tensors)?;
    let broken = || Error::new(Kind::Internal, "encoding weights", "the file has no head");
    let (length, rest) = plain.split_at_checked(LENGTH).ok_or_else(broken)?;
    let length = length.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let length = usize::try_from(length).map_err(|_| broken())?;
    let (head, data) = rest.split_at_checked(length).ok_or_else(broken)?;
    let head = std::str::from_utf8(head).ok().and_then(|head| head.strip_prefix('{'));
    let head = head.ok_or_else(broken)?.trim_end();
    let notes: serde_json::Map<String, serde_json::Value> =
        notes.iter().map(|(key, text)| (key.to_string(), (*text).into())).collect();
    let comma = if head == "}" { "" } else { "," };
    let mut head = format!("{{\"__metadata__\":{}{comma}{head}", serde_json::Value::Object(notes));
    // The data begin at a multiple of eight, as the format has it.
    while !head.len().is_multiple_of(LENGTH) {
        head.push(' ');
    }
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(data);
    Ok(bytes)
}

/// Bytes that the length of the head takes.
const LENGTH: usize = 8;

/// The texts in the head of the bytes of a file; `doing` names the operation in errors.
pub fn notes(doing: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(|cause| {
        Error::new(Kind::Data, doing, "not a whole safetensors file").received(cause.to_string())
    })?;
    Ok(head.metadata().clone().unwrap_or_default().into_iter().collect())
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
