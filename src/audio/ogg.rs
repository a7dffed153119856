//! The end of an Ogg file: whether it is there, and whole. The reader of the packets passes over a damaged last page.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// The longest page: a header, 255 segments of 255 bytes.
const LONGEST_PAGE: u64 = 27 + 255 + 255 * 255;

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a page that says that it is the last one.
    Whole,
    /// Without one.
    Missing,
    /// With one whose checksum is wrong.
    Damaged,
}

/// How the file ends.
pub(super) fn ending(file: &mut File) -> std::io::Result<Ending> {
    let size = file.metadata()?.len();
    // Tags of other programs may follow.
    file.seek(SeekFrom::Start(size.saturating_sub(2 * LONGEST_PAGE)))?;
    let mut tail = Vec::new();
    file.take(2 * LONGEST_PAGE).read_to_end(&mut tail)?;
    let mut starts = tail.windows(4).enumerate().filter(|(_, part)| part == b"OggS");
    let Some((at, _)) = starts.next_back() else { return Ok(Ending::Missing) };
    let page = tail.get(at..).unwrap_or_default();
    let (Some(flags), Some(count)) = (page.get(5), page.get(26)) else {
        return Ok(Ending::Missing);
    };
    let Some(table) = page.get(27..27 + usize::from(*count)) else { return Ok(Ending::Missing) };
    let length = 27 + table.len() + table.iter().map(|own| usize::from(*own)).sum::<usize>();
    let Some(page) = page.get(..length) else { return Ok(Ending::Missing) };
    Ok(match (flags & 4 != 0, sound(page)) {
        (_, false) => Ending::Damaged,
        (true, true) => Ending::Whole,
        (false, true) => Ending::Missing,
    })
}

/// Whether a page's checksum, CRC-32 of 0x04c11db7 from the highest bit down, is that of its bytes, its own taken as 0.
fn sound(page: &[u8]) -> bool {
    let mut crc = 0u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        crc ^= u32::from(byte) << 24;
        for _ in 0..8 {
            crc = crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
    }
    page.get(22..26) == Some(&crc.to_le_bytes()[..])
}
