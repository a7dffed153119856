//! WAV files, read with `hound`. Channels are averaged; a damaged file is an error that names it.

use super::Samples;
use crate::error::{Error, Kind, Result};
use hound::{SampleFormat, WavReader, WavSpec};
use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read, Seek, SeekFrom, Take};
use std::path::Path;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Samples a second.
    pub rate_hz: u32,
    /// Samples of each channel.
    pub samples: usize,
    /// Channels.
    pub channels: usize,
}

/// Reads the header, and checks that the file is as long as the header says.
///
/// # Errors
/// A missing, empty or cut-off file, or one that is no WAV.
pub fn probe(path: &Path) -> Result<Info> {
    open(path).map(|(_, info)| info)
}

/// Reads a whole clip.
///
/// # Errors
/// As [`probe`]; besides, samples that are no finite numbers.
pub fn read(path: &Path) -> Result<Samples> {
    let (mut reader, info) = open(path)?;
    let spec = reader.spec();
    let values: hound::Result<Vec<f32>> = match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().collect(),
        SampleFormat::Int => {
            let scale = 1.0 / f64::from(1u32 << (spec.bits_per_sample - 1));
            let scaled = |v: i32| (f64::from(v) * scale) as f32;
            reader.samples::<i32>().map(|v| v.map(scaled)).collect()
        }
    };
    let values = values.map_err(|cause| damaged(path, &cause))?;
    if let Some(place) = values.iter().position(|v| !v.is_finite()) {
        let what = "a sample is no finite number";
        return Err(Error::new(Kind::Data, doing(path), what)
            .received(format!("{} at sample {place}", values.get(place).unwrap_or(&0.0))));
    }
    Ok(Samples { rate_hz: info.rate_hz, values: mono(values, info.channels) })
}

/// Writes mono samples as 16-bit WAV, whole or not at all; the same bytes for the same samples.
pub fn write(path: &Path, samples: &Samples) -> Result<()> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: samples.rate_hz,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let failed =
        |cause: hound::Error| Error::new(Kind::Internal, "encoding a WAV file", cause.to_string());
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(failed)?;
    for value in &samples.values {
        let scaled = (f64::from(*value) * 32768.0).round().clamp(-32768.0, 32767.0);
        writer.write_sample(scaled as i16).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    crate::disk::write_whole(path, bytes.get_ref())
}

/// The part of a file that holds samples, behind a header of the simplest form.
type Plain = Chain<Cursor<Vec<u8>>, Take<BufReader<File>>>;

fn open(path: &Path) -> Result<(WavReader<Plain>, Info)> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let file = crate::disk::open_regular(path)?;
    let meta = file.metadata().map_err(io)?;
    if meta.len() == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the file is empty")
            .expected("a WAV file")
            .received("0 bytes"));
    }
    let mut file = BufReader::new(file);
    let found = find_chunks(&mut file, meta.len()).map_err(io)?;
    let Some(Chunks { format, start, length, there }) = found else {
        return Err(Error::new(Kind::Data, doing(path), "not a WAV file")
            .expected("RIFF with a 'fmt ' and a 'data' chunk"));
    };
    if there < length {
        return Err(cut_off(path)
            .expected(format!("{length} bytes of samples, as the header says"))
            .received(format!("{there} bytes of samples")));
    }
    file.seek(SeekFrom::Start(start)).map_err(io)?;
    let plain = Cursor::new(header(&format, length)).chain(file.take(u64::from(length)));
    let reader = WavReader::new(plain).map_err(|cause| damaged(path, &cause))?;
    let spec = reader.spec();
    let samples = reader.duration() as usize;
    if samples == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the clip holds no samples")
            .expected("at least one sample"));
    }
    if spec.sample_rate == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the sample rate is 0 Hz"));
    }
    let channels = usize::from(spec.channels).max(1);
    Ok((reader, Info { rate_hz: spec.sample_rate, samples, channels }))
}

/// What matters of a RIFF file.
struct Chunks {
    /// The content of the `fmt ` chunk.
    format: Vec<u8>,
    /// Where the samples begin.
    start: u64,
    /// Bytes of samples, as the header says.
    length: u32,
    /// Bytes of samples that are there.
    there: u32,
}

/// Walks the chunks. A chunk of odd length is followed by a byte that counts for nothing, which hound does
/// not skip; and a program that writes as it records gives the samples the largest length there is: they reach
/// to the end of the file then.
fn find_chunks(file: &mut BufReader<File>, size: u64) -> std::io::Result<Option<Chunks>> {
    const LONGEST_FORMAT: u32 = 1024;
    let mut head = [0u8; 12];
    if file.read_exact(&mut head).is_err() || !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE")
    {
        return Ok(None);
    }
    let (mut format, mut at) = (Vec::new(), head.len() as u64);
    let mut chunk = [0u8; 8];
    while file.read_exact(&mut chunk).is_ok() {
        let [a, b, c, d, lengths @ ..] = chunk;
        let length = u32::from_le_bytes(lengths);
        at += chunk.len() as u64;
        match &[a, b, c, d] {
            b"fmt " if length <= LONGEST_FORMAT => {
                format = vec![0; length as usize];
                if file.read_exact(&mut format).is_err() {
                    return Ok(None);
                }
            }
            b"data" if !format.is_empty() => {
                let rest = u32::try_from(size.saturating_sub(at)).unwrap_or(u32::MAX);
                let length = if length == u32::MAX { rest } else { length };
                return Ok(Some(Chunks { format, start: at, length, there: rest.min(length) }));
            }
            _ => {}
        }
        at += u64::from(length) + u64::from(length % 2);
        file.seek(SeekFrom::Start(at))?;
    }
    Ok(None)
}

/// A header with nothing but the format and the length.
fn header(format: &[u8], length: u32) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(length.saturating_add(format.len() as u32 + 20).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend((format.len() as u32).to_le_bytes());
    bytes.extend(format);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes
}

fn mono(values: Vec<f32>, channels: usize) -> Vec<f32> {
    if channels < 2 {
        return values;
    }
    let mean = |frame: &[f32]| {
        let sum: f64 = frame.iter().map(|v| f64::from(*v)).sum();
        (sum / frame.len() as f64) as f32
    };
    values.chunks_exact(channels).map(mean).collect()
}

fn doing(path: &Path) -> String {
    format!("reading {}", path.display())
}

fn cut_off(path: &Path) -> Error {
    Error::new(Kind::Data, doing(path), "the WAV file is cut off")
        .hint("copy or download the file again")
}

fn damaged(path: &Path, cause: &hound::Error) -> Error {
    match cause {
        hound::Error::IoError(cause)
            if matches!(
                cause.kind(),
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::Other
            ) =>
        {
            cut_off(path).received(cause.to_string())
        }
        hound::Error::IoError(cause) => Error::io("reading", path, cause),
        hound::Error::Unsupported => {
            Error::new(Kind::Data, doing(path), "this kind of WAV file cannot be read")
                .expected("PCM with 8, 16, 24 or 32 bits, or 32-bit floats")
        }
        other => Error::new(Kind::Data, doing(path), "the WAV file cannot be understood")
            .received(other.to_string()),
    }
}
