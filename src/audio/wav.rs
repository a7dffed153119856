//! WAV files: PCM of every width, floats, headers of both forms, the form for long files (RF64). Written with `hound`.

use super::Samples;
use super::decode::{Channel, Format, Info, ReadOptions, cut_off, doing, no_samples};
use crate::error::{Error, Kind, Result};
use hound::{SampleFormat, WavSpec};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Reads the header, and checks that the file is as long as the header says.
pub(super) fn probe(path: &Path) -> Result<Info> {
    open(path).map(|(_, chunks)| chunks.info())
}

/// Reads a clip or a part of it, and no more of the file.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Samples> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let (mut file, chunks) = open(path)?;
    let range = options.range(path, chunks.samples)?;
    options.check_channel(path, chunks.channels)?;
    file.seek(SeekFrom::Start(chunks.start + (range.start * chunks.frame()) as u64)).map_err(io)?;
    // A multiple of every width, so that each part holds whole frames.
    let mut bytes = vec![0u8; chunks.frame() * 4096];
    let mut values = Vec::with_capacity(range.len());
    while values.len() < range.len() {
        let frames = (range.len() - values.len()).min(4096);
        let part = bytes.get_mut(..frames * chunks.frame()).unwrap_or_default();
        // The length was checked; the file may have been cut meanwhile.
        file.read_exact(part).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::UnexpectedEof => cut_off(path, "WAV"),
            _ => io(cause),
        })?;
        values.extend(part.chunks_exact(chunks.frame()).map(|frame| chunks.mono(frame, options)));
    }
    Ok(Samples { rate_hz: chunks.rate_hz, values })
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

const DAMAGED: &str = "the header is damaged: copy or download the file again";

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Width::U8 => 1,
            Width::I16 => 2,
            Width::I24 => 3,
            Width::I32 | Width::F32 => 4,
            Width::F64 => 8,
        }
    }

    /// The sample that the bytes begin with, within −1 to 1.
    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Width::U8, [a, ..]) => (f32::from(*a) - 128.0) / 128.0,
            (Width::I16, [a, b, ..]) => f32::from(i16::from_le_bytes([*a, *b])) / 32768.0,
            (Width::I24, [a, b, c, ..]) => {
                (i32::from_le_bytes([0, *a, *b, *c]) as f64 / 2_147_483_648.0) as f32
            }
            (Width::I32, [a, b, c, d, ..]) => {
                (f64::from(i32::from_le_bytes([*a, *b, *c, *d])) / 2_147_483_648.0) as f32
            }
            (Width::F32, [a, b, c, d, ..]) => f32::from_le_bytes([*a, *b, *c, *d]),
            (Width::F64, [a, b, c, d, e, f, g, h, ..]) => {
                f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as f32
            }
            _ => 0.0,
        }
    }
}

/// What matters of a WAV file.
struct Chunks {
    rate_hz: u32,
    channels: usize,
    width: Width,
    samples: usize,
    /// Where the samples begin.
    start: u64,
}

impl Chunks {
    fn info(&self) -> Info {
        let Chunks { rate_hz, channels, samples, .. } = *self;
        Info { rate_hz, samples, channels, format: Format::Wav }
    }

    /// Bytes of one sample of every channel.
    fn frame(&self) -> usize {
        self.channels * self.width.bytes()
    }

    fn mono(&self, frame: &[u8], options: &ReadOptions) -> f32 {
        let mut values = frame.chunks_exact(self.width.bytes()).map(|b| self.width.value(b));
        match options.channel {
            Channel::Index(index) => values.nth(index).unwrap_or(0.0),
            Channel::Mean if self.channels == 1 => values.next().unwrap_or(0.0),
            Channel::Mean => (values.map(f64::from).sum::<f64>() / self.channels as f64) as f32,
        }
    }
}

fn open(path: &Path) -> Result<(BufReader<File>, Chunks)> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let file = crate::disk::open_regular(path)?;
    let size = file.metadata().map_err(io)?.len();
    let mut file = BufReader::new(file);
    let Some(Found { format, start, length, there }) = find_chunks(&mut file, size).map_err(io)?
    else {
        let mut head = [0u8; 12];
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut head));
        let [_, _, _, _, a, b, c, d, kind @ ..] = head;
        let error = match (&kind, u32::from_le_bytes([a, b, c, d])) {
            // Who writes as he records leaves the length open.
            (b"WAVE", length) if length < *OPEN.start() && u64::from(length) + 8 > size => {
                cut_off(path, "WAV").received(format!("{size} of {} bytes", u64::from(length) + 8))
            }
            (b"WAVE", _) => {
                Error::new(Kind::Data, doing(path), "the WAV file cannot be understood")
            }
            _ => Error::new(Kind::Data, doing(path), "not a WAV file"),
        };
        return Err(error.expected("RIFF with a 'fmt ' and a 'data' chunk"));
    };
    let (width, channels, rate_hz) = form(path, &format)?;
    if there < length {
        return Err(cut_off(path, "WAV")
            .expected(format!("{length} bytes of samples, as the header says"))
            .received(format!("{there} bytes of samples")));
    }
    let frame = (channels * width.bytes()) as u64;
    if !length.is_multiple_of(frame) {
        return Err(cut_off(path, "WAV")
            .expected(format!("a multiple of {frame} bytes of samples"))
            .received(format!("{length} bytes of samples")));
    }
    let samples = (length / frame) as usize;
    if samples == 0 {
        let rest = size.saturating_sub(start);
        let error = no_samples(path);
        return Err(match rest {
            0 => error,
            // Who writes as he records puts the length in at the end.
            rest => error
                .received(format!("0 bytes of samples, as the header says; {rest} bytes follow")),
        });
    }
    Ok((file, Chunks { rate_hz, channels, width, samples, start }))
}

/// Width, channels and rate of a `fmt ` chunk.
fn form(path: &Path, format: &[u8]) -> Result<(Width, usize, u32)> {
    let wrong = |problem: &str| Error::new(Kind::Data, doing(path), problem);
    let [t0, t1, c0, c1, r0, r1, r2, r3, _, _, _, _, a0, a1, b0, b1, rest @ ..] = format else {
        return Err(wrong("the WAV file cannot be understood")
            .expected("16 bytes of format")
            .received(format!("{} bytes", format.len()))
            .hint(DAMAGED));
    };
    let channels = usize::from(u16::from_le_bytes([*c0, *c1]));
    let rate_hz = u32::from_le_bytes([*r0, *r1, *r2, *r3]);
    let (align, bits) = (u16::from_le_bytes([*a0, *a1]), u16::from_le_bytes([*b0, *b1]));
    // The form with more room says its kind in the first bytes of an identifier.
    let kind = match (u16::from_le_bytes([*t0, *t1]), rest) {
        (0xfffe, [_, _, _, _, _, _, _, _, k0, k1, ..]) => u16::from_le_bytes([*k0, *k1]),
        (kind, _) => kind,
    };
    if channels == 0 {
        return Err(wrong("the WAV file cannot be understood")
            .received("0 channels")
            .hint(DAMAGED));
    }
    if rate_hz == 0 {
        return Err(wrong("the sample rate is 0 Hz").hint(DAMAGED));
    }
    // What counts is the room of a sample: fewer bits stand at its upper end.
    let (bits, room) = (usize::from(bits), usize::from(align) * 8 / channels);
    // 24 bits in the room of 32 are common.
    let fits = match (kind, room) {
        (1, 32) => (17..=32).contains(&bits),
        (1, room) => bits.next_multiple_of(8) == room && bits > 0,
        (3, room) => bits == room,
        _ => true,
    };
    if !fits || usize::from(align) * 8 % channels != 0 && matches!(kind, 1 | 3) {
        return Err(wrong("the header of the WAV file contradicts itself")
            .expected(format!(
                "{} bytes for {channels} samples of {bits} bits",
                channels * bits.div_ceil(8)
            ))
            .received(format!("{align} bytes"))
            .hint(DAMAGED));
    }
    let width = match (kind, room) {
        (1, 8) => Width::U8,
        (1, 16) => Width::I16,
        (1, 24) => Width::I24,
        (1, 32) => Width::I32,
        (3, 32) => Width::F32,
        (3, 64) => Width::F64,
        (kind, _) => {
            let name = match kind {
                1 => format!("PCM with {bits} bits"),
                2 | 17 => "ADPCM".to_string(),
                3 => format!("floats with {bits} bits"),
                6 => "A-law".to_string(),
                7 => "µ-law".to_string(),
                0x50 | 0x55 => "MPEG audio".to_string(),
                other => format!("format {other}"),
            };
            return Err(wrong("this kind of WAV file cannot be read")
                .expected("PCM with 8, 16, 24 or 32 bits, or floats with 32 or 64")
                .received(name)
                .hint("convert it, e.g. with `ffmpeg -i IN OUT.flac`"));
        }
    };
    Ok((width, channels, rate_hz))
}

/// What the chunks of a RIFF file say.
struct Found {
    /// The content of the `fmt ` chunk.
    format: Vec<u8>,
    /// Where the samples begin.
    start: u64,
    /// Bytes of samples, as the header says.
    length: u64,
    /// Bytes of samples that are there.
    there: u64,
}

/// Lengths that other programs give what they write into a pipe.
const OPEN: std::ops::RangeInclusive<u32> = 0x7fff_f000..=0x8000_0000;

/// Walks the chunks. A chunk of odd length is followed by a byte that counts for nothing; and a program that writes
/// as it records gives the samples the largest length there is: they reach to the end of the file then.
fn find_chunks(file: &mut BufReader<File>, size: u64) -> std::io::Result<Option<Found>> {
    const LONGEST_FORMAT: u32 = 1024;
    let mut head = [0u8; 12];
    let known = |head: &[u8]| head.starts_with(b"RIFF") || head.starts_with(b"RF64");
    if file.read_exact(&mut head).is_err() || !known(&head) || !head.ends_with(b"WAVE") {
        return Ok(None);
    }
    let (mut format, mut long, mut at) = (Vec::new(), None, head.len() as u64);
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
            b"ds64" if length >= 16 => {
                let mut sizes = [0u8; 16];
                if file.read_exact(&mut sizes).is_err() {
                    return Ok(None);
                }
                let [_, _, _, _, _, _, _, _, data @ ..] = sizes;
                long = Some(u64::from_le_bytes(data));
            }
            b"data" if !format.is_empty() => {
                let rest = size.saturating_sub(at);
                let length = match (length, long) {
                    (u32::MAX, Some(long)) => long,
                    // Whole frames of what there is.
                    (u32::MAX, None) => rest - rest % frame_of(&format),
                    (length, None) if OPEN.contains(&length) && rest < u64::from(length) => {
                        rest - rest % frame_of(&format)
                    }
                    (length, _) => u64::from(length),
                };
                return Ok(Some(Found { format, start: at, length, there: rest.min(length) }));
            }
            _ => {}
        }
        at += u64::from(length) + u64::from(length % 2);
        file.seek(SeekFrom::Start(at))?;
    }
    Ok(None)
}

fn frame_of(format: &[u8]) -> u64 {
    match format.get(12..14) {
        Some([a, b]) => u64::from(u16::from_le_bytes([*a, *b])).max(1),
        _ => 1,
    }
}
