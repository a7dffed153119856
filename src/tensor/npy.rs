//! NumPy's `.npy` files: little-endian numbers in C order are written; what numpy writes is read.

use super::{DType, Device, Tensor};
use crate::error::{Error, Kind, Result};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The bytes of a file, version 1.0: `<f4`, `<i8` or `|b1`.
///
/// # Errors
/// A tensor that cannot be read back from its device.
pub fn encode(tensor: &Tensor) -> Result<Vec<u8>> {
    let (descr, data): (&str, Vec<u8>) = match tensor.dtype() {
        DType::F32 => {
            let values = tensor.detached()?.to_values()?;
            ("<f4", values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        DType::I64 => {
            ("<i8", tensor.to_integers()?.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        DType::Bool => ("|b1", tensor.to_integers()?.iter().map(|value| *value as u8).collect()),
    };
    let shape = tensor.shape();
    let lengths: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let lengths = if shape.len() > 1 { lengths.trim_end_matches(", ") } else { lengths.trim_end() };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    // The numbers begin at a multiple of 64 bytes; the header ends with a line feed.
    let used = MAGIC.len() + 4 + header.len() + 1;
    header.push_str(&" ".repeat(used.next_multiple_of(64) - used));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    Ok(bytes)
}

/// The tensor of a file: any integers, floats of 2, 4 or 8 bytes, bools. What f32 and i64 cannot hold is
/// rounded, as `numpy.astype` does.
///
/// # Errors
/// A file that is cut off, or holds something else.
pub fn decode(bytes: &[u8], doing: &str) -> Result<Tensor> {
    let damaged = |what: &str| damaged(doing, what);
    let Head { descr, shape, fortran, data } = head(bytes, doing)?;
    let shape = if shape.is_empty() { vec![1] } else { shape };
    super::check_size(doing, &shape)?;
    let stored: Vec<usize> =
        if fortran { shape.iter().rev().copied().collect() } else { shape.clone() };
    let tensor = elements(descr, data, &stored)
        .ok_or_else(|| damaged(&format!("dtype '{descr}', {} bytes for {shape:?}", data.len())))?;
    if !fortran {
        return tensor;
    }
    let order: Vec<i64> = (0..shape.len() as i64).rev().collect();
    tensor?.permute(&order)
}

/// The texts of a file with an array of them in one dimension, as numpy writes `<U` and `|S`; `None` where it holds
/// something else.
///
/// # Errors
/// A file that is cut off, or whose bytes are no text.
pub fn texts(bytes: &[u8], doing: &str) -> Result<Option<Vec<String>>> {
    let Head { descr, shape, data, .. } = head(bytes, doing)?;
    let (width, is_wide) = match (descr.strip_prefix("<U"), descr.strip_prefix("|S")) {
        (Some(letters), _) => (letters.parse::<usize>().ok().and_then(|n| n.checked_mul(4)), true),
        (_, Some(letters)) => (letters.parse::<usize>().ok(), false),
        _ => return Ok(None),
    };
    let unfit = || damaged(doing, &format!("dtype '{descr}', {} bytes for {shape:?}", data.len()));
    let (Some(width), [count]) = (width, shape.as_slice()) else { return Err(unfit()) };
    if width.checked_mul(*count) != Some(data.len()) {
        return Err(unfit());
    }
    if width == 0 {
        // Nothing of it takes room, so its number is only what the header says.
        return if *count == 0 { Ok(Some(Vec::new())) } else { Err(unfit()) };
    }
    let read = |part: &[u8]| -> Option<String> {
        if !is_wide {
            let end = part.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            return Some(std::str::from_utf8(part.get(..end)?).ok()?.to_string());
        }
        let (letters, _) = part.as_chunks::<4>();
        let codes: Vec<u32> = letters.iter().map(|letter| u32::from_le_bytes(*letter)).collect();
        let end = codes.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1);
        codes.get(..end)?.iter().map(|code| char::from_u32(*code)).collect()
    };
    let all: Option<Vec<String>> = data.chunks_exact(width).map(read).collect();
    all.map(Some).ok_or_else(|| damaged(doing, "an array of texts with bytes that are no text"))
}

fn damaged(doing: &str, what: &str) -> Error {
    Error::new(Kind::Data, doing, "not an .npy file that can be read").received(what)
}

/// What a file says of itself, and its elements.
struct Head<'a> {
    descr: &'a str,
    shape: Vec<usize>,
    fortran: bool,
    data: &'a [u8],
}

fn head<'a>(bytes: &'a [u8], doing: &str) -> Result<Head<'a>> {
    let damaged = |what: &str| damaged(doing, what);
    let (header, data) = split(bytes).ok_or_else(|| damaged("a header that is cut off"))?;
    let field = |name: &str| header.split_once(&format!("'{name}':")).map(|(_, rest)| rest.trim());
    let descr = field("descr").and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
    let Some((descr, _)) = descr else { return Err(damaged("a header without a plain 'descr'")) };
    let shape = field("shape")
        .and_then(|rest| rest.strip_prefix('(')?.split_once(')'))
        .and_then(|(lengths, _)| parse_shape(lengths))
        .ok_or_else(|| damaged("a header without a 'shape'"))?;
    if descr.starts_with("|O") {
        return Err(damaged("an array of Python objects")
            .hint("objects would have to be unpickled, which could run anything; save numbers, or texts as `np.array(texts, dtype=str)`"));
    }
    let fortran = field("fortran_order").is_some_and(|rest| rest.starts_with("True"));
    Ok(Head { descr, shape, fortran, data })
}

/// The header's text, and what follows it.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let ([major, _], rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

fn parse_shape(lengths: &str) -> Option<Vec<usize>> {
    let words = lengths.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok()).collect()
}

/// The elements as a tensor of `shape`, or `None` where the bytes or the type do not fit.
fn elements(descr: &str, data: &[u8], shape: &[usize]) -> Option<Result<Tensor>> {
    let count = shape.iter().product::<usize>();
    let device = Device::default();
    macro_rules! numbers {
        ($type:ty, $into:ty, $make:path) => {{
            const SIZE: usize = size_of::<$type>();
            let (parts, rest) = data.as_chunks::<SIZE>();
            if parts.len() != count || !rest.is_empty() {
                return None;
            }
            let values = parts.iter().map(|part| <$type>::from_le_bytes(*part) as $into).collect();
            Some($make(values, shape, &device))
        }};
    }
    match descr {
        "<f4" => numbers!(f32, f32, Tensor::from_values),
        "<f8" => numbers!(f64, f32, Tensor::from_values),
        "<f2" => {
            let (parts, rest) = data.as_chunks::<2>();
            let fits = parts.len() == count && rest.is_empty();
            let values = parts.iter().map(|part| half(u16::from_le_bytes(*part))).collect();
            fits.then(|| Tensor::from_values(values, shape, &device))
        }
        "<i8" => numbers!(i64, i64, Tensor::from_integers),
        "<i4" => numbers!(i32, i64, Tensor::from_integers),
        "<i2" => numbers!(i16, i64, Tensor::from_integers),
        "|i1" => numbers!(i8, i64, Tensor::from_integers),
        "<u8" => numbers!(u64, i64, Tensor::from_integers),
        "<u4" => numbers!(u32, i64, Tensor::from_integers),
        "<u2" => numbers!(u16, i64, Tensor::from_integers),
        "|u1" => numbers!(u8, i64, Tensor::from_integers),
        "|b1" => {
            let flags = data.iter().map(|byte| *byte != 0).collect();
            (data.len() == count).then(|| Tensor::from_bools(flags, shape, &device))
        }
        _ => None,
    }
}

/// A float of 16 bits (IEEE 754 binary16).
pub(super) fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}
