//! A file of weights, recognised by its content: what is in it, and the numbers of a tensor when they are asked for.

use super::{pickle, safe};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::words;
use pytorch_reader::DType;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The most tensors of a file; the largest networks have some ten thousand.
pub(super) const MOST_TENSORS: usize = 100_000;

/// The longest name of a tensor.
const LONGEST_NAME: usize = 1024;

/// Bytes at the beginning that tell what a file is: up to the mark of a tar archive.
const HEAD: u64 = 512;

/// What sort of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A safetensors file.
    Safetensors,
    /// PyTorch's zip archive, from 1.6 on.
    PyTorch,
    /// PyTorch's pickles one after the other, before 1.6.
    PyTorchLegacy,
}

impl Format {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::Safetensors => "safetensors",
            Format::PyTorch => "PyTorch",
            Format::PyTorchLegacy => "PyTorch before 1.6",
        }
    }
}

/// The tensors of a file, by name. Only their names, types and shapes were read.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    format: Format,
    entries: Vec<Entry>,
}

/// A tensor of a file that was not read yet.
#[derive(Debug)]
pub struct Entry {
    /// Its name: the keys that lead to it, with points between them.
    pub name: String,
    /// Its lengths; none for a single number.
    pub shape: Vec<usize>,
    pub(super) source: Source,
}

/// Where the numbers are.
#[derive(Debug)]
pub(super) enum Source {
    /// So many bytes from a place of the file on.
    Bytes {
        file: Arc<Places>,
        at: u64,
        length: usize,
        dtype: DType,
    },
    PyTorch(Box<pytorch_reader::Tensor>),
    /// Numbers of a type that no layer has; its name.
    Foreign(String),
}

/// A file that is read at places.
#[derive(Debug)]
pub(super) struct Places(Mutex<File>);

impl Places {
    pub(super) fn of(file: File) -> Self {
        Places(Mutex::new(file))
    }

    pub(super) fn read(&self, at: u64, count: usize) -> std::io::Result<Vec<u8>> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = vec![0; count];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Checkpoint {
    /// Reads what is in a file, but for the numbers.
    ///
    /// # Errors
    /// A file that cannot be read or is no regular one; one that is neither safetensors nor PyTorch's; one that is
    /// cut off, damaged, contradicts itself, or holds more than tensors.
    pub fn open(path: &Path) -> Result<Self> {
        let doing = format!("reading {}", path.display());
        let file = disk::open_regular(path)?;
        let io = |cause: std::io::Error| Error::io("reading", path, &cause);
        let length = file.metadata().map_err(io)?.len();
        let mut head = Vec::new();
        (&file).take(HEAD).read_to_end(&mut head).map_err(io)?;
        let format = format_of(&doing, path, &head)?;
        let mut entries = match format {
            Format::Safetensors => safe::entries(&doing, Arc::new(Places::of(file)), length)?,
            Format::PyTorch => pickle::of_archive(&doing, path, file)?,
            Format::PyTorchLegacy => pickle::of_stream(&doing, path, file)?,
        };
        if entries.is_empty() {
            return Err(Error::new(Kind::Data, doing, "there is no tensor in the file"));
        }
        if let Some(long) = entries.iter().find(|entry| entry.name.len() > LONGEST_NAME) {
            return Err(Error::new(Kind::Data, doing, "the name of a tensor is too long")
                .expected(format!("{LONGEST_NAME} bytes at most"))
                .received(short(&long.name)));
        }
        // What a pickle's dictionaries give comes in no order.
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Checkpoint { path: path.to_path_buf(), format, entries })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What sort of file it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its tensors, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    /// The number of its numbers.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its name with its shape, for messages.
    pub(super) fn describe(&self) -> String {
        format!("'{}' {}", self.name, words(&self.shape))
    }

    /// Its numbers, whatever their type, in row-major order.
    ///
    /// # Errors
    /// A type that no layer has; a file that ends too early, is damaged, or changed meanwhile.
    pub fn read(&self, doing: &str) -> Result<Vec<f32>> {
        let failed = |problem: &str, cause: &dyn std::fmt::Display| {
            let name = &self.name;
            Error::new(Kind::Data, doing, format!("'{name}' {problem}")).received(short(cause))
        };
        match &self.source {
            Source::Foreign(dtype) => Err(failed("has numbers of a type that is not known", dtype)
                .expected("floats of 16, 32 or 64 bits, integers or bools")),
            Source::Bytes { file, at, length, dtype } => {
                let bytes = file.read(*at, *length);
                let bytes = bytes.map_err(|cause| failed("cannot be read", &cause))?;
                Ok(numbers(*dtype, &bytes))
            }
            Source::PyTorch(tensor) => {
                let mut bytes = tensor.read().map_err(|cause| failed("cannot be read", &cause))?;
                if cfg!(target_endian = "big") {
                    // They come as this machine has them.
                    bytes.chunks_exact_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
                }
                Ok(numbers(tensor.dtype(), &bytes))
            }
        }
    }
}

/// A cause in one line of a bearable length.
pub(super) fn short(cause: &dyn std::fmt::Display) -> String {
    const MOST: usize = 300;
    let text = cause.to_string().replace('\n', " ");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Numbers of any type, little-endian.
fn numbers(dtype: DType, bytes: &[u8]) -> Vec<f32> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|own| number(*own)).collect()
    }
    match dtype {
        DType::F32 => each(bytes, f32::from_le_bytes),
        DType::F64 => each(bytes, |own| f64::from_le_bytes(own) as f32),
        DType::F16 => each(bytes, |own| half::f16::from_le_bytes(own).to_f32()),
        DType::BF16 => each(bytes, |own| half::bf16::from_le_bytes(own).to_f32()),
        DType::I64 => each(bytes, |own| i64::from_le_bytes(own) as f32),
        DType::U64 => each(bytes, |own| u64::from_le_bytes(own) as f32),
        DType::I32 => each(bytes, |own| i32::from_le_bytes(own) as f32),
        DType::U32 => each(bytes, |own| u32::from_le_bytes(own) as f32),
        DType::I16 => each(bytes, |own| f32::from(i16::from_le_bytes(own))),
        DType::U16 => each(bytes, |own| f32::from(u16::from_le_bytes(own))),
        DType::I8 => each(bytes, |own| f32::from(i8::from_le_bytes(own))),
        DType::U8 => each(bytes, |[own]| f32::from(own)),
        DType::Bool => each(bytes, |[own]| f32::from(u8::from(own != 0))),
    }
}

fn format_of(doing: &str, path: &Path, head: &[u8]) -> Result<Format> {
    let wrong = |problem: &str| Error::new(Kind::Data, doing, problem);
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Format::PyTorch);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Err(wrong("it is a tar archive, as PyTorch before 0.1.10 wrote them")
            .hint("read it with an old PyTorch and save it again"));
    }
    if safe::begins(head) {
        return Ok(Format::Safetensors);
    }
    if pickle::begins(head) {
        return Ok(Format::PyTorchLegacy);
    }
    let named = path.extension().is_some_and(|own| own.eq_ignore_ascii_case("safetensors"));
    if named && head.len() < 9 {
        return Err(wrong("the file is cut off").received(format!("{} bytes", head.len())));
    }
    let text = String::from_utf8_lossy(head);
    if text.starts_with("version https://git-lfs") {
        return Err(wrong("it is a pointer of Git LFS, and not the file that it stands for")
            .hint("`git lfs pull` fetches the file"));
    }
    let start = text.trim_start().to_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        return Err(wrong("it is a page of the web, and no file of weights")
            .hint("save what the page's link for downloading leads to"));
    }
    Err(wrong("it is no file of weights")
        .expected("a safetensors file, or what torch.save(model.state_dict(), …) writes")
        .received(match head.is_empty() {
            true => "an empty file".to_string(),
            false => {
                let shown: Vec<String> =
                    head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                format!("a file that begins with {}", shown.join(" "))
            }
        }))
}
