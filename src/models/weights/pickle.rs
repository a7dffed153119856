//! PyTorch's own files. The crate `pytorch-reader` reads them and runs nothing; what a pickle asks for is looked at
//! before, so that one with code in it is refused by name, and a long one costs no memory.

use super::checkpoint::{Entry, MOST_TENSORS, Source, short};
use super::sentry;
use crate::error::{Error, Kind, Result};
use pytorch_reader::PytorchReader;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use zip::ZipArchive;

/// The number that a file of before 1.6 begins with, in the bytes and in the digits of it.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const MAGIC_DIGITS: &[u8] = b"119547037146038801333356";
/// How far from its beginning that number may be.
const MAGIC_WITHIN: usize = 64;

/// Whether a file begins as a pickle, of PyTorch or of anybody else.
pub(super) fn begins(head: &[u8]) -> bool {
    // The mark of protocols from 2 on, or the operations that older ones begin with.
    is_legacy(head) || matches!(head, [0x80, 2..=5, ..] | [b'(' | b'}' | b']' | b'c', ..])
}

fn is_legacy(head: &[u8]) -> bool {
    let head = &head[..head.len().min(MAGIC_WITHIN)];
    let has = |mark: &[u8]| head.windows(mark.len()).any(|own| own == mark);
    has(&MAGIC) || has(MAGIC_DIGITS)
}

/// The tensors of a zip archive.
pub(super) fn of_archive(doing: &str, path: &Path, mut file: File) -> Result<Vec<Entry>> {
    let damaged = |cause: &dyn std::fmt::Display| {
        Error::new(Kind::Data, doing, "not a whole PyTorch file").received(short(cause))
    };
    file.seek(SeekFrom::Start(0)).map_err(|cause| damaged(&cause))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|cause| damaged(&cause))?;
    let names: Vec<String> = archive.file_names().flatten().map(|own| own.to_string()).collect();
    let is_pickle = |name: &&String| name.as_str() == "data.pkl" || name.ends_with("/data.pkl");
    // As the crate chooses, which reads it again.
    let Some(name) = names.iter().filter(is_pickle).min_by_key(|name| name.len()) else {
        let error = Error::new(Kind::Data, doing, "it is a zip archive, but not PyTorch's")
            .expected("an archive with data.pkl in it");
        return Err(match names.iter().any(|name| name.ends_with(".npy")) {
            true => error.received("arrays of NumPy").hint("net.load(tensor::load(\"….npz\"))"),
            false => error.received(format!("{} files", names.len())),
        });
    };
    if names.iter().any(|name| name.contains("/code/") || name.ends_with("constants.pkl")) {
        return Err(Error::new(
            Kind::Data,
            doing,
            "it is a program of TorchScript, not only tensors",
        )
        .hint("torch.save(torch.jit.load(path).state_dict(), …) saves its tensors"));
    }
    let entry = archive.by_name(name).map_err(|cause| damaged(&cause))?;
    if entry.size() > sentry::MOST {
        return Err(sentry::too_long(doing));
    }
    let mut bytes = Vec::new();
    // What is packed may be longer than it says.
    let read = entry.take(sentry::MOST + 1).read_to_end(&mut bytes);
    read.map_err(|cause| damaged(&cause))?;
    sentry::look(doing, &mut Cursor::new(bytes))?;
    drop(archive);
    read_by_crate(doing, path)
}

/// The tensors of pickles one after the other.
pub(super) fn of_stream(doing: &str, path: &Path, mut file: File) -> Result<Vec<Entry>> {
    let damaged = |cause: &dyn std::fmt::Display| {
        Error::new(Kind::Data, doing, "not a whole PyTorch file").received(short(cause))
    };
    file.seek(SeekFrom::Start(0)).map_err(|cause| damaged(&cause))?;
    let mut head = [0; MAGIC_WITHIN];
    let count = file.read(&mut head).map_err(|cause| damaged(&cause))?;
    file.seek(SeekFrom::Start(0)).map_err(|cause| damaged(&cause))?;
    let mut from = BufReader::new(file);
    // The mark, the protocol, the machine, what was saved, and the keys of its storages.
    let pickles = if is_legacy(&head[..count]) { 5 } else { 1 };
    for _ in 0..pickles {
        sentry::look(doing, &mut from)?;
    }
    if pickles == 1 {
        return Err(Error::new(Kind::Data, doing, "it is a pickle, but none of torch.save")
            .hint("save the tensors with torch.save(model.state_dict(), …)"));
    }
    drop(from);
    read_by_crate(doing, path)
}

fn read_by_crate(doing: &str, path: &Path) -> Result<Vec<Entry>> {
    let reader = PytorchReader::new(path).map_err(|cause| {
        Error::new(Kind::Data, doing, "not a whole PyTorch file of plain tensors")
            .received(short(&cause))
            .hint("save the tensors alone: torch.save(model.state_dict(), …)")
    })?;
    if reader.len() > MOST_TENSORS {
        return Err(Error::new(Kind::Data, doing, "there are too many tensors in the file")
            .expected(format!("{MOST_TENSORS} at most"))
            .received(reader.len().to_string()));
    }
    let entry = |(name, tensor): (String, pytorch_reader::Tensor)| Entry {
        name,
        shape: tensor.shape().to_vec(),
        source: Source::PyTorch(Box::new(tensor)),
    };
    Ok(reader.into_tensors().into_iter().map(entry).collect())
}
