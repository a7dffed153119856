//! The end of an Ogg file: whether it is there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// The longest page: a header, 255 segments of 255 bytes.
const LONGEST_PAGE: u64 = 27 + 255 + 255 * 255;

/// Whether the last page is whole and says that it is the last one.
pub(super) fn ends(file: &mut File) -> std::io::Result<bool> {
    let size = file.metadata()?.len();
    // Tags of other programs may follow.
    file.seek(SeekFrom::Start(size.saturating_sub(2 * LONGEST_PAGE)))?;
    let mut tail = Vec::new();
    file.take(2 * LONGEST_PAGE).read_to_end(&mut tail)?;
    let mut starts = tail.windows(4).enumerate().filter(|(_, part)| part == b"OggS");
    let Some((at, _)) = starts.next_back() else { return Ok(false) };
    let page = tail.get(at..).unwrap_or_default();
    let (Some(flags), Some(count)) = (page.get(5), page.get(26)) else { return Ok(false) };
    let Some(table) = page.get(27..27 + usize::from(*count)) else { return Ok(false) };
    let length = 27 + table.len() + table.iter().map(|own| usize::from(*own)).sum::<usize>();
    Ok(flags & 4 != 0 && page.len() >= length)
}
