//! WAV files, read with `hound`. Channels are averaged; a damaged file is an error that names it.

use super::Samples;
use crate::error::{Error, Kind, Result};
use hound::{SampleFormat, WavReader, WavSpec};
use std::fs::File;
use std::io::BufReader;
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
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(failed)?;
    for value in &samples.values {
        let scaled = (f64::from(*value) * 32768.0).round().clamp(-32768.0, 32767.0);
        writer.write_sample(scaled as i16).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    crate::disk::write_whole(path, bytes.get_ref())
}

fn open(path: &Path) -> Result<(WavReader<BufReader<File>>, Info)> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if meta.is_dir() {
        return Err(Error::new(Kind::File, doing(path), "it is a folder, not a WAV file"));
    }
    if meta.len() == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the file is empty")
            .expected("a WAV file")
            .received("0 bytes"));
    }
    let reader = WavReader::new(BufReader::new(file)).map_err(|cause| damaged(path, &cause))?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels).max(1);
    let samples = reader.duration() as usize;
    if samples == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the clip holds no samples")
            .expected("at least one sample"));
    }
    if spec.sample_rate == 0 {
        return Err(Error::new(Kind::Data, doing(path), "the sample rate is 0 Hz"));
    }
    let bytes = samples as u64 * channels as u64 * u64::from(spec.bits_per_sample).div_ceil(8);
    if meta.len() < bytes {
        return Err(cut_off(path)
            .expected(format!("{bytes} bytes of samples, as the header says"))
            .received(format!("a file of {} bytes", meta.len())));
    }
    Ok((reader, Info { rate_hz: spec.sample_rate, samples, channels }))
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
        other => Error::new(Kind::Data, doing(path), "not a WAV file").received(other.to_string()),
    }
}
