//! Zip archives, split ones included: the crate `zip` reads none that is split, so their directory is read here, after
//! PKWARE's APPNOTE 6.3.10. What is packed is inflated by `flate2`.

use super::Watch;
use super::joined::Joined;
use super::unpack::Unpacking;
use crate::error::Result;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// The longest directory that is read.
const LONGEST_DIRECTORY: u64 = 1 << 28;

/// A record's bytes, read number by number.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (own, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(own)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }
}

/// Where the directory is, and how long.
struct Directory {
    at: u64,
    bytes: u64,
    entries: u64,
}

/// One entry of it.
struct Entry {
    name: String,
    flags: u64,
    method: u64,
    crc: u64,
    packed: u64,
    bytes: u64,
    /// The type of file that a Unix wrote, 0 where none did.
    kind: u64,
    disk: u64,
    offset: u64,
}

/// Unpacks a whole archive.
///
/// # Errors
/// An archive that is damaged, or has what may not come out of one; a full disk; being stopped.
pub(super) fn unpack(from: &mut Joined, into: &mut Unpacking, watch: &mut dyn Watch) -> Result<()> {
    into.begin(from.path());
    let damaged =
        |into: &Unpacking, why: &str| into.wrong(format!("the archive is damaged: {why}"));
    let directory = find(from).map_err(|cause| damaged(into, &cause.to_string()))?;
    let Some(directory) = directory else {
        return Err(damaged(into, "it has no directory, or some of its parts are missing"));
    };
    if directory.bytes > LONGEST_DIRECTORY {
        return Err(damaged(into, "its directory is too long"));
    }
    let mut listed = vec![0; directory.bytes as usize];
    let read = from.seek(SeekFrom::Start(directory.at)).and_then(|_| from.read_exact(&mut listed));
    read.map_err(|cause| damaged(into, &cause.to_string()))?;
    let mut bytes = Bytes(&listed);
    watch.begin(
        &format!("unpacking {}", from.path().file_name().unwrap_or_default().display()),
        Some(from.length()),
        0,
    );
    for _ in 0..directory.entries {
        let Some(entry) = entry(&mut bytes) else {
            return Err(damaged(into, "its directory is cut off, or names are no UTF-8"));
        };
        extract(from, &entry, into, watch)?;
        watch.advance(entry.packed);
    }
    if !bytes.0.is_empty() {
        return Err(damaged(into, "its directory has more than it says"));
    }
    watch.end();
    Ok(())
}

/// Looks for the end of the directory, which is at the end of the last part.
fn find(from: &mut Joined) -> io::Result<Option<Directory>> {
    let length = from.length();
    let tail = length.min(22 + 65_535);
    let mut end = vec![0; tail as usize];
    from.seek(SeekFrom::Start(length - tail))?;
    from.read_exact(&mut end)?;
    let places = (0..end.len().saturating_sub(21)).rev();
    for place in places {
        let Some(record) = end.get(place..) else { continue };
        if !record.starts_with(b"PK\x05\x06") {
            continue;
        }
        let Some(found) = end_record(record) else { continue };
        let [disk, first, entries, bytes, offset] = found;
        let is_large = disk == 0xffff
            || first == 0xffff
            || entries == 0xffff
            || bytes == u64::from(u32::MAX)
            || offset == u64::from(u32::MAX);
        let at = length - tail + place as u64;
        let found = match is_large {
            true => large(from, at)?,
            false => Some(found),
        };
        let Some([disk, first, entries, bytes, offset]) = found else { return Ok(None) };
        let start = usize::try_from(first).ok().and_then(|first| from.start(first));
        let (true, Some(start)) = (disk + 1 == from.parts() as u64, start) else { return Ok(None) };
        let at = start.saturating_add(offset);
        let fits = at.checked_add(bytes).is_some_and(|end| end <= length);
        return Ok(fits.then_some(Directory { at, bytes, entries }));
    }
    Ok(None)
}

/// This part's number, the directory's first part, entries, length and offset.
fn end_record(record: &[u8]) -> Option<[u64; 5]> {
    let mut bytes = Bytes(record);
    bytes.skip(4)?;
    let (disk, first, _here) = (bytes.number(2)?, bytes.number(2)?, bytes.number(2)?);
    let (entries, length, offset) = (bytes.number(2)?, bytes.number(4)?, bytes.number(4)?);
    // What follows is the comment, to the very end.
    let comment = bytes.number(2)?;
    (comment == bytes.0.len() as u64).then_some([disk, first, entries, length, offset])
}

/// The same from the records of Zip64, whose locator is right before `end`.
fn large(from: &mut Joined, end: u64) -> io::Result<Option<[u64; 5]>> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    let mut locator = [0; 20];
    from.seek(SeekFrom::Start(at))?;
    from.read_exact(&mut locator)?;
    let mut bytes = Bytes(&locator);
    let mut located = || {
        let is_one = bytes.take(4)? == b"PK\x06\x07";
        let (disk, offset) = (bytes.number(4)?, bytes.number(8)?);
        is_one.then_some(())?;
        from.start(usize::try_from(disk).ok()?)?.checked_add(offset)
    };
    let Some(at) = located() else { return Ok(None) };
    let mut record = [0; 56];
    from.seek(SeekFrom::Start(at))?;
    from.read_exact(&mut record)?;
    let mut bytes = Bytes(&record);
    let mut told = || {
        (bytes.take(4)? == b"PK\x06\x06").then_some(())?;
        bytes.skip(12)?;
        let (disk, first, _here) = (bytes.number(4)?, bytes.number(4)?, bytes.number(8)?);
        Some([disk, first, bytes.number(8)?, bytes.number(8)?, bytes.number(8)?])
    };
    Ok(told())
}

/// The next entry of the directory.
fn entry(bytes: &mut Bytes) -> Option<Entry> {
    (bytes.take(4)? == b"PK\x01\x02").then_some(())?;
    let maker = bytes.number(2)? >> 8;
    bytes.skip(2)?;
    let (flags, method) = (bytes.number(2)?, bytes.number(2)?);
    bytes.skip(4)?;
    let (crc, packed, length) = (bytes.number(4)?, bytes.number(4)?, bytes.number(4)?);
    let sizes = [bytes.number(2)?, bytes.number(2)?, bytes.number(2)?];
    let disk = bytes.number(2)?;
    bytes.skip(2)?;
    let (attributes, offset) = (bytes.number(4)?, bytes.number(4)?);
    let [name, extra, comment] = sizes.map(|size| size as usize);
    let name = String::from_utf8(bytes.take(name)?.to_vec()).ok()?;
    let mut extra = Bytes(bytes.take(extra)?);
    bytes.skip(comment)?;
    // Unix (3) and macOS (19) put the mode into the upper half.
    let kind = if matches!(maker, 3 | 19) { (attributes >> 16) & 0o170_000 } else { 0 };
    let mut entry = Entry { name, flags, method, crc, packed, bytes: length, kind, disk, offset };
    while let (Some(id), Some(size)) = (extra.number(2), extra.number(2)) {
        let mut own = Bytes(extra.take(size as usize)?);
        if id != 1 {
            continue;
        }
        // What does not fit into its field is here, in this order.
        let full = u64::from(u32::MAX);
        for field in [&mut entry.bytes, &mut entry.packed, &mut entry.offset] {
            if *field == full {
                *field = own.number(8)?;
            }
        }
        if entry.disk == 0xffff {
            entry.disk = own.number(4)?;
        }
    }
    Some(entry)
}

fn extract(
    from: &mut Joined,
    entry: &Entry,
    into: &mut Unpacking,
    watch: &mut dyn Watch,
) -> Result<()> {
    let name = &entry.name;
    let is_folder = name.ends_with('/') || entry.kind == 0o040_000;
    if !matches!(entry.kind, 0 | 0o100_000 | 0o040_000) {
        return Err(into
            .wrong("the archive has a link or a device, which no data set needs")
            .received(name.escape_default().to_string())
            .hint(
                "nothing was put in place; the archive is not what it should be: do not trust it",
            ));
    }
    if is_folder {
        return into.folder(name);
    }
    if entry.flags & 1 != 0 {
        return Err(into.wrong(format!("{name} is encrypted")));
    }
    let start = usize::try_from(entry.disk).ok().and_then(|disk| from.start(disk));
    let at = start.and_then(|start| start.checked_add(entry.offset));
    let packed = at.and_then(|at| content(from, at, name).ok().flatten());
    let is_there =
        packed.and_then(|at| at.checked_add(entry.packed)).is_some_and(|end| end <= from.length());
    if !is_there {
        return Err(into.wrong(format!("the archive is damaged: {name} is not where it should be")));
    }
    let reader = BufReader::with_capacity(1 << 16, from).take(entry.packed);
    let mut crc = crc32fast::Hasher::new();
    let mut checked: Box<dyn Read + '_> = match entry.method {
        0 => Box::new(reader),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(reader)),
        method => {
            return Err(into
                .wrong(format!("{name} is packed in a way that is not known"))
                .expected("stored (0) or deflated (8)")
                .received(format!("method {method}")));
        }
    };
    into.file(name, entry.bytes, &mut Checked { inner: &mut checked, crc: &mut crc }, watch)?;
    if u64::from(crc.finalize()) != entry.crc {
        return Err(
            into.wrong(format!("the archive is damaged: the CRC-32 of {name} is another one"))
        );
    }
    Ok(())
}

/// Where the content of the file begins whose local header is at `at`. The header must be of the same name.
fn content(from: &mut Joined, at: u64, name: &str) -> io::Result<Option<u64>> {
    let mut header = [0; 30];
    from.seek(SeekFrom::Start(at))?;
    from.read_exact(&mut header)?;
    let mut bytes = Bytes(&header);
    let mut sizes = || {
        (bytes.take(4)? == b"PK\x03\x04").then_some(())?;
        bytes.skip(22)?;
        Some((bytes.number(2)?, bytes.number(2)?))
    };
    let Some((length, extra)) = sizes() else { return Ok(None) };
    let mut own = vec![0; length as usize];
    from.read_exact(&mut own)?;
    if own != name.as_bytes() {
        return Ok(None);
    }
    let content = at + 30 + length + extra;
    from.seek(SeekFrom::Start(content))?;
    Ok(Some(content))
}

/// Takes the CRC-32 of what goes through.
struct Checked<'a> {
    inner: &'a mut dyn Read,
    crc: &'a mut crc32fast::Hasher,
}

impl Read for Checked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.crc.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}
