//! From a file to samples: WAV, FLAC, Ogg Vorbis and MP3, told apart by what is in them, not by their names.

use super::{Samples, stream, wav};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;

/// No clip is read that is longer: six hours at 48 kHz, 4 GB in memory.
pub(super) const MOST_SAMPLES: usize = 6 * 3600 * 48_000;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RIFF WAVE, or its form for long files (RF64).
    Wav,
    /// FLAC.
    Flac,
    /// Vorbis in Ogg.
    Ogg,
    /// MPEG-1, -2 or -2.5, layer III.
    Mp3,
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Samples a second.
    pub rate_hz: u32,
    /// Samples of each channel.
    pub samples: usize,
    /// Channels.
    pub channels: usize,
    /// What the file is.
    pub format: Format,
}

/// How channels become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Their mean.
    #[default]
    Mean,
    /// One of them, counted from 0.
    Index(usize),
}

/// What is read of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// How channels become one.
    pub channel: Channel,
    /// The first sample.
    pub start: usize,
    /// So many samples, or as many as there are up to the end; `None`: all up to the end.
    pub length: Option<usize>,
}

/// Rate, length, channels and format, as the header says; for MP3 without a count of frames and FLAC without a
/// length, all frames are walked through, without decoding them.
///
/// # Errors
/// A missing, empty or cut-off file, or one of no format that is known.
pub fn probe(path: &Path) -> Result<Info> {
    match sniff(path)? {
        Sniffed { format: Format::Wav, .. } => wav::probe(path),
        sniffed => stream::probe(path, sniffed),
    }
}

/// Reads a clip, or a part of it, as one channel. A part of a long WAV is read alone; in the other formats what comes
/// before is passed over, to the very sample. Encoder delay and padding of MP3 are taken off where the file tells them
/// (LAME's tag), as for Vorbis; without, they stay.
///
/// # Errors
/// As [`probe`]; besides, a damaged or cut-off stream, samples that are no finite numbers, a channel that is not
/// there, a part that begins behind the end.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Samples> {
    let samples = match sniff(path)? {
        Sniffed { format: Format::Wav, .. } => wav::read(path, options)?,
        sniffed => stream::read(path, sniffed, options)?,
    };
    let bad = samples.values.iter().position(|value| !value.is_finite());
    match bad.and_then(|place| Some((place, samples.values.get(place)?))) {
        None => Ok(samples),
        Some((place, value)) => {
            let place = options.start + place;
            Err(Error::new(Kind::Data, doing(path), "a sample is no finite number")
                .received(format!("{value} at sample {place}"))
                .hint("write the clip again without it"))
        }
    }
}

pub(super) fn doing(path: &Path) -> String {
    format!("reading {}", path.display())
}

pub(super) fn no_samples(path: &Path) -> Error {
    Error::new(Kind::Data, doing(path), "the clip holds no samples")
        .expected("at least one sample")
        .hint("take it out of the set, or copy or download it again")
}

pub(super) fn cut_off(path: &Path, what: &str) -> Error {
    Error::new(Kind::Data, doing(path), format!("the {what} file is cut off"))
        .hint("copy or download the file again")
}

impl ReadOptions {
    /// The range of samples of a file with so many.
    pub(super) fn range(&self, path: &Path, samples: usize) -> Result<std::ops::Range<usize>> {
        if self.start >= samples {
            return Err(Error::new(Kind::Range, doing(path), "the part begins behind the end")
                .expected(format!("a start below {samples} samples"))
                .received(self.start.to_string()));
        }
        let end =
            self.length.map_or(samples, |length| samples.min(self.start.saturating_add(length)));
        if end - self.start > MOST_SAMPLES {
            return Err(Error::new(
                Kind::Range,
                doing(path),
                "the clip is too long to be read whole",
            )
            .expected(format!("{MOST_SAMPLES} samples at most"))
            .received(format!("{} samples", end - self.start))
            .hint("cut it, or read a part of it"));
        }
        Ok(self.start..end)
    }

    /// Refuses a channel that is not there.
    pub(super) fn check_channel(&self, path: &Path, channels: usize) -> Result<()> {
        match self.channel {
            Channel::Index(index) if index >= channels => {
                Err(Error::new(Kind::Range, doing(path), "the file has no such channel")
                    .expected(format!("\"mean\", or a channel below {channels}"))
                    .received(index.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// A format, and where it begins in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sniffed {
    pub format: Format,
    /// Bytes of an ID3 tag before it.
    pub start: u64,
    /// Whether an MP3 says how many frames it has.
    pub counted: bool,
}

/// Beginnings of files that are known but not read, each with its name.
const OTHERS: [(usize, &[u8], &str); 12] = [
    (4, b"ftyp", "an MP4 or M4A file (AAC or ALAC)"),
    (0, b"FORM", "an AIFF file"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (0, b"caff", "a CAF file"),
    (0, b".snd", "an AU file"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"MAC ", "a Monkey's Audio file"),
    (0, b"RIFX", "a WAV file in big-endian order"),
    (0, b"\x30\x26\xb2\x75", "a WMA file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
];

const READ: &str = "WAV, FLAC, Ogg Vorbis or MP3";

fn sniff(path: &Path) -> Result<Sniffed> {
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let mut file = crate::disk::open_regular(path)?;
    let mut head = Vec::new();
    let mut take = |file: &mut std::fs::File| {
        head.clear();
        file.take(4096).read_to_end(&mut head).map_err(io)?;
        Ok::<_, Error>(head.clone())
    };
    let mut bytes = take(&mut file)?;
    if bytes.is_empty() {
        return Err(Error::new(Kind::Data, doing(path), "the file is empty")
            .expected(format!("a clip: {READ}"))
            .received("0 bytes")
            .hint("copy or download the file again"));
    }
    let mut start = 0;
    if let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = bytes[..] {
        let size =
            [a, b, c, d].into_iter().fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 127));
        start = 10 + size + if flags & 0x10 != 0 { 10 } else { 0 };
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(start)).map_err(io)?;
        bytes = take(&mut file)?;
        if bytes.is_empty() {
            return Err(cut_off(path, "MP3").received("nothing behind its ID3 tag"));
        }
    }
    let found = |format| Ok(Sniffed { format, start, counted: counted(&bytes) });
    if bytes.starts_with(b"RIFF") || bytes.starts_with(b"RF64") {
        return found(Format::Wav);
    }
    if bytes.starts_with(b"fLaC") {
        return found(Format::Flac);
    }
    if bytes.starts_with(b"OggS") {
        let holds = |what: &[u8]| bytes.windows(what.len()).take(512).any(|part| part == what);
        for (mark, name) in
            [(&b"OpusHead"[..], "Opus"), (b"Speex   ", "Speex"), (b"\x80theora", "Theora")]
        {
            if holds(mark) {
                return Err(unread(path, &format!("an Ogg file with {name}")));
            }
        }
        return found(Format::Ogg);
    }
    let other =
        OTHERS.iter().find(|(at, mark, _)| bytes.get(*at..).is_some_and(|b| b.starts_with(mark)));
    if let Some((_, _, name)) = other {
        return Err(unread(path, name));
    }
    match bytes[..] {
        // Eleven bits of sync, a version, layer III; a bit rate and a sample rate that there are.
        [0xff, second, third, ..]
            if second & 0xe6 == 0xe2
                && second & 0x18 != 0x08
                && third >> 4 != 15
                && third & 0x0c != 0x0c =>
        {
            found(Format::Mp3)
        }
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Err(unread(path, "an AAC stream")),
        _ => Err(Error::new(Kind::Data, doing(path), "not an audio file of a known format")
            .expected(READ)
            .received(format!("a file that begins with {}", shown(&bytes)))
            .hint("convert it, e.g. with `ffmpeg -i IN OUT.flac`; what is no audio has no place in a set")),
    }
}

/// Whether the first frame of an MP3 holds a table of its frames.
fn counted(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"Xing", b"Info", b"VBRI"];
    bytes.windows(4).take(256).any(|part| marks.contains(&part))
}

fn unread(path: &Path, what: &str) -> Error {
    Error::new(Kind::Data, doing(path), "this format cannot be read")
        .expected(READ)
        .received(what)
        .hint("convert it, e.g. with `ffmpeg -i IN OUT.flac`")
}

/// The first bytes, as text where they are text.
fn shown(bytes: &[u8]) -> String {
    let first = bytes.get(..bytes.len().min(12)).unwrap_or_default();
    match first.iter().all(|byte| (32..127).contains(byte)) {
        true => format!("'{}'", String::from_utf8_lossy(first)),
        false => first.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}
