//! What is told of a FLAC, Ogg or MP3 that cannot be read.

use super::decode::{Format, MOST_SAMPLES, cut_off, doing};
use crate::error::{Error, Kind, Result};
use std::path::Path;
use symphonia::core::errors::Error as Cause;

pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Wav => "WAV",
        Format::Flac => "FLAC",
        Format::Ogg => "Ogg",
        Format::Mp3 => "MP3",
    }
}

/// The end of the packets, or why there is none.
pub(super) fn ended<T>(path: &Path, format: Format, cause: Cause) -> Result<Option<T>> {
    match cause {
        Cause::IoError(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Cause::ResetRequired => Err(several(path)),
        cause => Err(damaged(path, format, &cause)),
    }
}

pub(super) fn several(path: &Path) -> Error {
    Error::new(Kind::Data, doing(path), "several streams follow each other in the file")
        .expected("one stream")
        .hint("split it, or join it again with `ffmpeg -i IN OUT.flac`")
}

pub(super) fn damaged(path: &Path, format: Format, cause: &Cause) -> Error {
    let name = name(format);
    match cause {
        Cause::IoError(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            cut_off(path, name)
        }
        Cause::IoError(cause) => Error::io("reading", path, cause),
        Cause::Unsupported(what) => {
            Error::new(Kind::Data, doing(path), format!("this kind of {name} file cannot be read"))
                .received(*what)
                .hint("convert it, e.g. with `ffmpeg -i IN OUT.flac`")
        }
        other => Error::new(Kind::Data, doing(path), format!("the {name} file is damaged"))
            .received(other.to_string())
            .hint("copy or download the file again"),
    }
}

pub(super) fn behind(path: &Path, samples: usize, start: usize) -> Error {
    Error::new(Kind::Range, doing(path), "the part begins behind the end")
        .expected(format!("a start below {samples} samples"))
        .received(start.to_string())
}

pub(super) fn too_long(path: &Path) -> Error {
    Error::new(Kind::Range, doing(path), "the clip is too long to be read whole")
        .expected(format!("{MOST_SAMPLES} samples at most"))
        .hint("cut it, or read a part of it")
}
