//! The head of a safetensors file: a length, and JSON that says where each tensor is. Nothing else is read, and
//! every claim is held against the length of the file.

use super::checkpoint::{Entry, MOST_TENSORS, Places, Source, short};
use crate::error::{Error, Kind, Result};
use pytorch_reader::DType;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::sync::Arc;

/// The most bytes of the JSON. A network of a thousand layers needs a hundred kilobytes.
const MOST: u64 = 16 << 20;
/// Bytes of the length before it.
const PREFIX: u64 = 8;

/// The JSON. The crate reads it, too, but tells of a lie only that there is one.
#[derive(Deserialize)]
struct Header {
    #[serde(default, rename = "__metadata__")]
    _metadata: Option<IgnoredAny>,
    #[serde(flatten)]
    tensors: HashMap<String, TensorInfo>,
}

/// Whether a file begins as one: JSON after a length.
pub(super) fn begins(head: &[u8]) -> bool {
    head.get(PREFIX as usize) == Some(&b'{')
}

/// The tensors of a file of so many bytes.
pub(super) fn entries(doing: &str, file: Arc<Places>, length: u64) -> Result<Vec<Entry>> {
    let damaged = |problem: &str| Error::new(Kind::Data, doing, problem);
    let read = |at: u64, count: usize| {
        let read = file.read(at, count);
        read.map_err(|cause| damaged("the file cannot be read").received(cause.to_string()))
    };
    let prefix = read(0, PREFIX as usize)?;
    let header = prefix.first_chunk::<8>().map_or(0, |own| u64::from_le_bytes(*own));
    if header > MOST {
        return Err(damaged("the header is too large")
            .expected(format!("{} MiB at most", MOST >> 20))
            .received(format!("{header} bytes, as its first 8 bytes say")));
    }
    let start = PREFIX + header;
    if start > length {
        return Err(damaged("the file is cut off")
            .expected(format!("a header of {header} bytes"))
            .received(format!("{length} bytes in all")));
    }
    let header = read(PREFIX, header as usize)?;
    let parsed: Header = serde_json::from_slice(&header)
        .map_err(|cause| damaged("the header is damaged").received(short(&cause)))?;
    let mut tensors: Vec<(String, TensorInfo)> = parsed.tensors.into_iter().collect();
    if tensors.len() > MOST_TENSORS {
        return Err(damaged("there are too many tensors in the file")
            .expected(format!("{MOST_TENSORS} at most"))
            .received(tensors.len().to_string()));
    }
    // By place, then by length: tensors of no elements are where others begin.
    tensors.sort_by(|(one, a), (other, b)| (a.data_offsets, one).cmp(&(b.data_offsets, other)));
    let within = length - start;
    let (mut end, mut before) = (0, String::new());
    let mut all = Vec::new();
    for (name, info) in tensors {
        let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        let told = || format!("bytes {from} to {to}");
        if from < end {
            return Err(damaged(&format!("'{name}' and '{before}' overlap")).received(told()));
        }
        if from > end {
            let problem = format!("bytes before '{name}' belong to no tensor");
            return Err(damaged(&problem).received(format!("{} bytes", from - end)));
        }
        if to < from || Some(to - from) != size(&info) {
            return Err(damaged(&format!("'{name}' has another length than its shape says"))
                .received(format!("{:?} {:?} in {}", info.dtype, info.shape, told())));
        }
        if to > within {
            return Err(damaged("the file is cut off")
                .expected(format!("'{name}' at {}", told()))
                .received(format!("{within} bytes of numbers")));
        }
        let source = match dtype(info.dtype) {
            Some(dtype) => {
                let (file, length) = (file.clone(), (to - from) as usize);
                Source::Bytes { file, at: start + from, length, dtype }
            }
            None => Source::Foreign(format!("{:?}", info.dtype)),
        };
        all.push(Entry { name: name.clone(), shape: info.shape, source });
        (end, before) = (to, name);
    }
    if end != within {
        return Err(damaged("the file is longer than its tensors")
            .received(format!("{} bytes belong to no tensor", within - end)));
    }
    Ok(all)
}

/// Bytes of a tensor, by its type and shape.
fn size(info: &TensorInfo) -> Option<u64> {
    let bits =
        info.shape.iter().try_fold(info.dtype.bitsize(), |all, own| all.checked_mul(*own))?;
    bits.is_multiple_of(8).then_some(bits as u64 / 8)
}

fn dtype(own: Dtype) -> Option<DType> {
    Some(match own {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U16 => DType::U16,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool,
        _ => return None,
    })
}
