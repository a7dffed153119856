//! Named tensors in a safetensors file.

use super::{Device, Tensor, words};
use crate::disk;
use crate::error::{Error, Kind, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::Path;

/// Writes named f32 tensors, whole or not at all.
pub fn save(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    disk::write_whole(path, &encode(tensors)?)
}

/// The bytes of a safetensors file; the same for the same tensors.
pub fn encode(tensors: &[(String, Tensor)]) -> Result<Vec<u8>> {
    let mut buffers = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let values = tensor.detached()?.to_values()?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        buffers.push((name, tensor.shape(), bytes));
    }
    let failed = |cause: safetensors::SafeTensorError| {
        Error::new(Kind::Internal, "encoding weights", cause.to_string())
    };
    let views = buffers
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?))
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(failed)?;
    safetensors::serialize(views, None).map_err(failed)
}

/// Reads all f32 tensors of a file, in the file's order of names.
pub fn load(path: &Path, device: &Device) -> Result<Vec<(String, Tensor)>> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("reading", path, &cause))?;
    let doing = format!("reading {}", path.display());
    let damaged = |cause: String| {
        Error::new(Kind::Data, &doing, "not a whole safetensors file").received(cause)
    };
    let file = SafeTensors::deserialize(&bytes).map_err(|cause| damaged(cause.to_string()))?;
    let mut tensors = Vec::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(Error::new(Kind::Data, &doing, format!("tensor '{name}' is not f32"))
                .expected("F32")
                .received(format!("{:?} {}", view.dtype(), words(view.shape()))));
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let shape = if view.shape().is_empty() { vec![1] } else { view.shape().to_vec() };
        tensors.push((name, Tensor::from_values(values, &shape, device)?));
    }
    Ok(tensors)
}
