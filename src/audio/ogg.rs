//! The pages of an Ogg file: whether all are there, and whole. The reader of the packets passes over damaged ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Bytes of a page before the table of its segments.
const HEAD: usize = 27;

/// What a file's pages, or frames, are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// All there, up to one that says that it is the last one.
    Whole,
    /// The last one is missing.
    CutOff,
    /// One of them, counted from 1, has a wrong checksum, or is no page.
    Damaged(usize),
    /// Before this one, counted from 1, at least one is missing; of frames: another file begins with it.
    Missing(usize),
}

/// Walks through all pages, from a byte on. Tags of other programs may follow the last one.
pub(super) fn pages(file: &mut File, start: u64) -> std::io::Result<Pages> {
    file.seek(SeekFrom::Start(start))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    // The number that each stream's next page has, until its last one.
    let mut next: BTreeMap<u32, u32> = BTreeMap::new();
    let table = crc_table();
    let mut page = Vec::new();
    for number in 1.. {
        page.clear();
        file.by_ref().take(HEAD as u64).read_to_end(&mut page)?;
        let (true, Some(count)) = (page.starts_with(b"OggS"), page.get(HEAD - 1).copied()) else {
            let ends = number > 1 && next.is_empty();
            // What is no page in the middle has pages behind it.
            let cut = page.len() < HEAD || b"OggS".starts_with(page.get(..4).unwrap_or(&page));
            return Ok(match (ends, cut) {
                (true, _) => Pages::Whole,
                (false, true) => Pages::CutOff,
                (false, false) => Pages::Damaged(number),
            });
        };
        let segments = u64::from(count);
        file.by_ref().take(segments).read_to_end(&mut page)?;
        let body: u64 = page.iter().skip(HEAD).map(|own| u64::from(*own)).sum();
        file.by_ref().take(body).read_to_end(&mut page)?;
        if (page.len() as u64) < HEAD as u64 + segments + body {
            return Ok(Pages::CutOff);
        }
        if !is_sound(&page, &table) {
            return Ok(Pages::Damaged(number));
        }
        let word = |at: usize| {
            let bytes = page.get(at..).and_then(<[u8]>::first_chunk).copied();
            bytes.map_or(0, u32::from_le_bytes)
        };
        let (stream, own, flags) = (word(14), word(18), page.get(5).copied().unwrap_or_default());
        if next.insert(stream, own.wrapping_add(1)).is_some_and(|expected| expected != own) {
            return Ok(Pages::Missing(number));
        }
        if flags & 4 != 0 {
            next.remove(&stream);
        }
    }
    Ok(Pages::CutOff)
}

/// What each highest byte does to a CRC-32 of 0x04c11db7, from the highest bit down.
fn crc_table() -> [u32; 256] {
    std::array::from_fn(|byte| {
        let step = |crc: u32, _| crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        (0..8).fold((byte as u32) << 24, step)
    })
}

/// Whether a page's checksum is that of its bytes, its own taken as 0.
fn is_sound(page: &[u8], table: &[u32; 256]) -> bool {
    let mut crc = 0u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        let place = usize::from((crc >> 24) as u8 ^ byte);
        crc = crc << 8 ^ table.get(place).copied().unwrap_or_default();
    }
    page.get(22..26) == Some(&crc.to_le_bytes()[..])
}
