//! The frames of an MP3: whether each follows the one before, and the last one is whole. The reader of the packets passes
//! over what is none, and what comes behind moves forward in time.

use super::ogg::Pages;
use std::fs::File;
use std::io::{BufReader, Read, Result, Seek, SeekFrom};

/// Bytes that say what a frame is.
const HEAD: usize = 4;
/// Bytes behind which the table of a file's frames begins at the latest, in its first frame.
const BEFORE_TABLE: usize = 40;

/// kbit/s of layer III by their number: of MPEG 1, and of MPEG 2 and 2.5.
const RATES: [[u64; 15]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// What the head of a frame says.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// Version and sample rate, which are the same in all frames of a stream.
    sort: (u8, u8),
    /// Bytes with the head; `None` where the bit rate is not one of the table's.
    length: Option<u64>,
}

impl Frame {
    fn of(head: [u8; HEAD]) -> Option<Self> {
        let [first, second, third, _] = head;
        let (version, rate) = (second >> 3 & 3, third >> 2 & 3);
        // Eleven bits of sync, layer III, a version and a rate that there are.
        if first != 0xff
            || second & 0xe0 != 0xe0
            || second >> 1 & 3 != 1
            || version == 1
            || rate == 3
        {
            return None;
        }
        let base: u64 = match rate {
            0 => 44_100,
            1 => 48_000,
            _ => 32_000,
        };
        let (is_first, sample_rate) = match version {
            3 => (true, base),
            2 => (false, base / 2),
            _ => (false, base / 4),
        };
        let kbits = RATES[usize::from(!is_first)].get(usize::from(third >> 4)).copied()?;
        let slots = if is_first { 144_000 } else { 72_000 };
        let length = slots * kbits / sample_rate + u64::from(third >> 1 & 1);
        Some(Frame { sort: (version, rate), length: (kbits > 0).then_some(length) })
    }
}

/// Walks through all frames, from a byte on; what of [`Pages`] is counted are frames. Tags of other programs may follow the
/// last one.
///
/// # Errors
/// What the operating system refuses.
pub(super) fn frames(file: &mut File, start: u64) -> Result<Pages> {
    let size = file.metadata()?.len();
    let mut file = BufReader::with_capacity(1 << 16, file);
    file.seek(SeekFrom::Start(start))?;
    let (mut at, mut sort) = (start, None);
    for number in 1.. {
        let Some(head) = head_at(&mut file, at)? else { return Ok(Pages::Whole) };
        let frame = Frame::of(head).filter(|own| sort.is_none_or(|sort| sort == own.sort));
        let Some(frame) = frame else {
            // What is no frame in the middle has frames behind it.
            let goes_on =
                sort.is_some_and(|sort| is_followed(&mut file, at, sort).unwrap_or(false));
            return Ok(if goes_on { Pages::Damaged(number) } else { Pages::Whole });
        };
        sort = Some(frame.sort);
        // Whose frames are of any length cannot be walked through.
        let Some(length) = frame.length else { return Ok(Pages::Whole) };
        if number > 1 && holds_table(&mut file, at)? {
            return Ok(Pages::Missing(number));
        }
        at += length;
        if at > size {
            return Ok(Pages::CutOff);
        }
    }
    Ok(Pages::Whole)
}

fn head_at(file: &mut BufReader<&mut File>, at: u64) -> Result<Option<[u8; HEAD]>> {
    let mut head = [0; HEAD];
    let now = file.stream_position()?;
    file.seek_relative(at as i64 - now as i64)?;
    match file.read_exact(&mut head) {
        Ok(()) => Ok(Some(head)),
        Err(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Whether a frame begins with a table of frames, as that of another file does.
fn holds_table(file: &mut BufReader<&mut File>, at: u64) -> Result<bool> {
    let now = file.stream_position()?;
    file.seek_relative(at as i64 - now as i64)?;
    let mut bytes = Vec::new();
    file.by_ref().take((BEFORE_TABLE + HEAD) as u64).read_to_end(&mut bytes)?;
    // Everything before it is 0.
    let body = bytes.get(HEAD..).unwrap_or_default();
    let first = body.iter().position(|byte| *byte != 0).unwrap_or(body.len());
    let word = body.get(first..).unwrap_or_default();
    Ok([&b"Xing"[..], b"Info", b"VBRI"].iter().any(|mark| word.starts_with(mark)))
}

/// Whether two frames that follow each other come behind a byte.
fn is_followed(file: &mut BufReader<&mut File>, from: u64, sort: (u8, u8)) -> Result<bool> {
    file.seek(SeekFrom::Start(from))?;
    let mut rest = Vec::new();
    file.by_ref().read_to_end(&mut rest)?;
    let frame = |at: usize| {
        let head = rest.get(at..).and_then(<[u8]>::first_chunk).copied();
        head.and_then(Frame::of).filter(|own| own.sort == sort)
    };
    Ok((1..rest.len()).any(|at| {
        let length = frame(at).and_then(|own| own.length);
        length
            .and_then(|length| usize::try_from(length).ok())
            .is_some_and(|length| frame(at + length).is_some())
    }))
}
