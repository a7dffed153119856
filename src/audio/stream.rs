//! FLAC, Ogg Vorbis and MP3, read with `symphonia`.

use super::Samples;
use super::decode::{
    Channel, Format, Info, MOST_SAMPLES, ReadOptions, Sniffed, cut_off, doing, no_samples,
};
use super::mpeg;
use super::ogg::{self, Pages};
use super::refused::{behind, damaged, ended, name, several, too_long};
use super::tail::Untagged;
use super::vorbis::Vorbis;
use crate::error::{Error, Kind, Result, guarded};
use std::io::{Seek, SeekFrom};
use std::path::Path;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Cause;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;
use symphonia::default::formats::{FlacReader, MpaReader, OggReader};

/// Samples that are decoded before the part that is wanted, so that what a decoder remembers is as it would be had it
/// come from the beginning: MP3 keeps bits of up to nine frames before and overlaps two of them, Vorbis one block.
const RUN_UP: usize = 16 * 1152;

/// A stream at its beginning.
struct Stream {
    reader: Box<dyn FormatReader>,
    track: u32,
    decoder: Decoder,
    rate_hz: u32,
    channels: usize,
    /// Samples, where the header says so.
    samples: Option<usize>,
    /// Bytes of all frames, where their packets have them all: of FLAC.
    frames_bytes: Option<u64>,
}

/// What makes samples of packets.
enum Decoder {
    Own(Box<Vorbis>),
    Theirs(Box<dyn AudioDecoder>),
}

impl Decoder {
    /// Puts the samples of a packet into `planes`, one a channel, and gives their number.
    fn decode(
        &mut self,
        packet: &Packet,
        planes: &mut Vec<Vec<f32>>,
    ) -> std::result::Result<usize, Cause> {
        match self {
            Decoder::Own(decoder) => {
                *planes = decoder.decode(packet).map_err(Cause::DecodeError)?;
                Ok(planes.first().map_or(0, Vec::len))
            }
            Decoder::Theirs(decoder) => {
                let buffer = decoder.decode(packet)?;
                buffer.copy_to_vecs_planar(planes);
                Ok(buffer.frames())
            }
        }
    }

    /// Forgets what came before.
    fn reset(&mut self) {
        match self {
            Decoder::Own(decoder) => decoder.reset(),
            Decoder::Theirs(decoder) => decoder.reset(),
        }
    }
}

pub(super) fn probe(path: &Path, sniffed: Sniffed) -> Result<Info> {
    sane(path, sniffed, || probe_unguarded(path, sniffed))
}

pub(super) fn read(path: &Path, sniffed: Sniffed, options: &ReadOptions) -> Result<Samples> {
    sane(path, sniffed, || read_unguarded(path, sniffed, options))
}

/// The last resort: assertions of `symphonia` fail for some damaged Vorbis headers whose check sums are right.
fn sane<T>(path: &Path, sniffed: Sniffed, work: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded("decoding", work).map_err(|error| match error.kind() {
        Kind::Internal => {
            damaged(path, sniffed.format, &Cause::DecodeError("a header that makes no sense"))
        }
        _ => error,
    })
}

fn probe_unguarded(path: &Path, sniffed: Sniffed) -> Result<Info> {
    let mut stream = open(path, sniffed, false)?;
    let samples = match stream.samples {
        Some(samples) => samples,
        None => stream.walk(path, sniffed.format)?,
    };
    if samples == 0 {
        return Err(no_samples(path));
    }
    let Stream { rate_hz, channels, .. } = stream;
    Ok(Info { rate_hz, samples, channels, format: sniffed.format })
}

fn read_unguarded(path: &Path, sniffed: Sniffed, options: &ReadOptions) -> Result<Samples> {
    let is_part = options.start > 0 || options.length.is_some();
    let mut stream = open(path, sniffed, is_part)?;
    options.check_channel(path, stream.channels)?;
    let known = stream.samples.map(|samples| options.range(path, samples)).transpose()?;
    let end = options.length.map(|length| options.start.saturating_add(length));
    // What follows the end that a FLAC's header tells is another file.
    let told = stream.samples.filter(|_| sniffed.format == Format::Flac);
    let end = end.unwrap_or(usize::MAX).min(told.unwrap_or(usize::MAX));
    let mut part = Part {
        channel: options.channel,
        start: options.start,
        end,
        values: Vec::with_capacity(known.as_ref().map_or(0, |range| range.len().min(1 << 26))),
        planes: Vec::new(),
    };
    let read = stream.decode(path, sniffed.format, &mut part)?;
    if let (Some(range), Some(expected)) = (known, stream.samples)
        && read < range.end
    {
        let error = cut_off(path, name(sniffed.format))
            .expected(format!("{expected} samples, as the header says"))
            .received(format!("{read} samples"));
        // Of a file that something was put behind, the last frame alone cannot be read.
        let lacks_one = sniffed.format == Format::Flac && read > 0 && expected - read <= 65_535;
        return Err(match lacks_one {
            true => error.hint(
                "copy or download the file again, or take away what was put behind its last frame",
            ),
            false => error,
        });
    }
    if part.values.is_empty() {
        return Err(if read == 0 { no_samples(path) } else { behind(path, read, options.start) });
    }
    Ok(Samples { rate_hz: stream.rate_hz, values: part.values })
}

/// What is kept of what is decoded.
struct Part {
    channel: Channel,
    start: usize,
    end: usize,
    values: Vec<f32>,
    planes: Vec<Vec<f32>>,
}

impl Part {
    /// Keeps what of `planes`, whose first sample is number `position`, lies within the part.
    fn take(&mut self, position: usize) {
        let count = self.planes.first().map_or(0, Vec::len);
        let first = self.start.saturating_sub(position).min(count);
        let last = self.end.saturating_sub(position).min(count);
        if first >= last {
            return;
        }
        let cut = |plane: &'_ Vec<f32>| plane.get(first..last).map(<[f32]>::to_vec);
        match self.channel {
            Channel::Index(index) => {
                self.values.extend(self.planes.get(index).and_then(cut).unwrap_or_default());
            }
            Channel::Mean if self.planes.len() == 1 => {
                self.values.extend(self.planes.first().and_then(cut).unwrap_or_default());
            }
            Channel::Mean => {
                let channels = self.planes.len() as f64;
                let at = |index: usize| {
                    let values = self.planes.iter().filter_map(|plane| plane.get(index));
                    (values.map(|value| f64::from(*value)).sum::<f64>() / channels) as f32
                };
                let means: Vec<f32> = (first..last).map(at).collect();
                self.values.extend(means);
            }
        }
    }
}

impl Stream {
    /// Decodes up to the end of `part`, and gives the number of samples up to where it stopped.
    fn decode(&mut self, path: &Path, format: Format, part: &mut Part) -> Result<usize> {
        let mut position = self.run_up(part.start);
        let mut sought = position > 0;
        let mut bytes = 0u64;
        while position < part.end {
            let Some(packet) =
                self.reader.next_packet().or_else(|cause| ended(path, format, cause))?
            else {
                self.check_end(path, format, bytes)?;
                break;
            };
            if packet.track_id != self.track {
                continue;
            }
            bytes += packet.data.len() as u64;
            // The reader passes over frames of FLAC whose checksums are wrong.
            let lies = usize::try_from(packet.pts.get()).unwrap_or(0);
            if format == Format::Flac && !sought && lies < position {
                return Err(damaged(path, format, &Cause::DecodeError("frames")).received(
                    format!(
                        "frames of another stream behind {:.3} s",
                        position as f64 / f64::from(self.rate_hz)
                    ),
                ));
            }
            if format == Format::Flac && !sought && lies > position {
                let seconds = |samples: usize| samples as f64 / f64::from(self.rate_hz);
                let (from, to) = (seconds(position), seconds(lies));
                return Err(damaged(path, format, &Cause::DecodeError("frames"))
                    .received(format!("no frame that can be read from {from:.3} to {to:.3} s")));
            }
            let frames = match self.decoder.decode(&packet, &mut part.planes) {
                Ok(frames) => frames,
                // What a decoder needs from before may be missing in the run-up.
                Err(Cause::DecodeError(_)) if sought && position + RUN_UP / 2 < part.start => {
                    position += packet.dur.get() as usize;
                    continue;
                }
                Err(cause) => {
                    let seconds = position as f64 / f64::from(self.rate_hz);
                    return Err(damaged(path, format, &cause)
                        .received(format!("{cause}, at {seconds:.3} s")));
                }
            };
            if sought {
                // The first packet behind a jump says where it lies.
                position = usize::try_from(packet.pts.get()).unwrap_or(position);
                sought = frames == 0;
            }
            if part.planes.len() != self.channels && frames > 0 {
                return Err(damaged(path, format, &Cause::DecodeError("channels"))
                    .received("another number of channels in the middle"));
            }
            part.take(position);
            position += frames;
            if part.values.len() > MOST_SAMPLES {
                return Err(too_long(path));
            }
        }
        Ok(position)
    }

    /// Jumps to some way before `start` where that is far, and gives the sample that comes next.
    fn run_up(&mut self, start: usize) -> usize {
        // Where the end is not known, a jump behind it would leave nothing to read.
        let is_known = self.samples.is_some();
        let before = start.checked_sub(RUN_UP).filter(|before| is_known && *before > RUN_UP);
        let Some(before) = before else { return 0 };
        let to = SeekTo::Timestamp { ts: Timestamp::new(before as i64), track_id: self.track };
        match self.reader.seek(SeekMode::Accurate, to) {
            Ok(reached) => {
                self.decoder.reset();
                usize::try_from(reached.actual_ts.get()).unwrap_or(0)
            }
            Err(_) => 0,
        }
    }

    /// Refuses packets that are less than the file has of them: a frame of which a part is missing is none for the reader.
    fn check_end(&self, path: &Path, format: Format, bytes: u64) -> Result<()> {
        match self.frames_bytes {
            Some(expected) if bytes < expected && self.samples.is_none() => {
                Err(cut_off(path, name(format)).received("a part of its last frame"))
            }
            _ => Ok(()),
        }
    }

    /// Counts the samples of all packets.
    fn walk(&mut self, path: &Path, format: Format) -> Result<usize> {
        let (mut samples, mut bytes) = (0u64, 0u64);
        while let Some(packet) =
            self.reader.next_packet().or_else(|cause| ended(path, format, cause))?
        {
            if packet.track_id == self.track {
                samples = samples.saturating_add(packet.dur.get());
                bytes += packet.data.len() as u64;
            }
        }
        self.check_end(path, format, bytes)?;
        Ok(usize::try_from(samples).unwrap_or(usize::MAX))
    }
}

/// Bytes of a file all of whose pages or frames are looked at for a part of it.
const LONG: u64 = 4 << 20;

/// A stream at its beginning; `is_part` where some of it will be read alone.
fn open(path: &Path, sniffed: Sniffed, is_part: bool) -> Result<Stream> {
    let format = sniffed.format;
    let io = |cause: std::io::Error| Error::io("reading", path, &cause);
    let mut file = crate::disk::open_regular(path)?;
    // Whoever reads parts of a long file has probed it, and would walk through it for each of them.
    let is_long = is_part && file.metadata().map_err(io)?.len() > LONG;
    if format == Format::Ogg && !is_long {
        let wrong =
            |what: String| Err(damaged(path, format, &Cause::DecodeError("pages")).received(what));
        match ogg::pages(&mut file, sniffed.start).map_err(io)? {
            Pages::Whole => {}
            Pages::CutOff => {
                return Err(cut_off(path, name(format)).expected("a last page that says so"));
            }
            Pages::Damaged(page) => {
                return wrong(format!(
                    "a page that is none, or has a wrong check sum: page {page}"
                ));
            }
            Pages::Missing(page) => return wrong(format!("none of the pages before page {page}")),
        }
    }
    if format == Format::Mp3 && !is_long {
        match mpeg::frames(&mut file, sniffed.start).map_err(io)? {
            Pages::Whole => {}
            Pages::CutOff => {
                return Err(cut_off(path, name(format)).received("a part of its last frame"));
            }
            Pages::Damaged(frame) => {
                return Err(damaged(path, format, &Cause::DecodeError("frames")).received(
                    format!("bytes that are no frame, where frame {frame} should begin"),
                ));
            }
            Pages::Missing(_) => return Err(several(path)),
        }
    }
    file.seek(SeekFrom::Start(sniffed.start)).map_err(io)?;
    // Where it can go back, the reader guesses the length of an MP3 without a table from its first frames, and ends there.
    let is_guessed = format == Format::Mp3 && !sniffed.counted;
    let mut frames_bytes = None;
    let source: Box<dyn MediaSource> = match format {
        Format::Flac => {
            let mut source = Untagged::of(file).map_err(io)?;
            frames_bytes = source.frames(sniffed.start).ok();
            Box::new(source)
        }
        _ if is_guessed => Box::new(ReadOnlySource::new(file)),
        _ => Box::new(file),
    };
    let mut source = MediaSourceStream::new(source, Default::default());
    if !is_guessed {
        source.seek(SeekFrom::Start(sniffed.start)).map_err(io)?;
    }
    let wrong = |cause: Cause| damaged(path, format, &cause);
    let reader: Box<dyn FormatReader> = match format {
        Format::Flac => Box::new(FlacReader::try_new(source, Default::default()).map_err(wrong)?),
        Format::Ogg => Box::new(OggReader::try_new(source, Default::default()).map_err(wrong)?),
        _ => Box::new(MpaReader::try_new(source, Default::default()).map_err(wrong)?),
    };
    let unread = || damaged(path, format, &Cause::Unsupported("no audio in it"));
    let track = reader.default_track(TrackType::Audio).ok_or_else(unread)?;
    let parameters = track.codec_params.as_ref().and_then(|all| all.audio()).ok_or_else(unread)?;
    let rate_hz = parameters.sample_rate.filter(|rate| *rate > 0).ok_or_else(|| {
        Error::new(Kind::Data, doing(path), "the sample rate is 0 Hz")
            .hint("the header is damaged: copy or download the file again")
    })?;
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    if channels == 0 {
        return Err(damaged(path, format, &Cause::Unsupported("0 channels")));
    }
    let decoder = if parameters.codec == CODEC_ID_VORBIS {
        let headers = parameters.extra_data.as_deref().unwrap_or_default();
        let decoder = Vorbis::new(headers).map_err(|what| wrong(Cause::DecodeError(what)))?;
        Decoder::Own(Box::new(decoder))
    } else {
        let codecs = symphonia::default::get_codecs();
        let options = AudioDecoderOptions::default();
        Decoder::Theirs(codecs.make_audio_decoder(parameters, &options).map_err(wrong)?)
    };
    let samples = track.num_frames.filter(|count| !is_guessed && *count > 0);
    let samples = samples.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    Ok(Stream { track: track.id, decoder, rate_hz, channels, samples, frames_bytes, reader })
}
