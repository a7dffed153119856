//! Tar archives, packed by gzip or not.

use super::Watch;
use super::joined::Joined;
use super::unpack::Unpacking;
use crate::error::Result;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;
use tar::EntryType;

/// Counts what is read.
struct Counted {
    inner: Joined,
    count: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Unpacks a whole archive.
///
/// # Errors
/// An archive that is damaged, or has what may not come out of one; a full disk; being stopped.
pub(super) fn unpack(
    from: Joined,
    is_packed: bool,
    into: &mut Unpacking,
    watch: &mut dyn Watch,
) -> Result<()> {
    into.begin(from.path());
    watch.begin(
        &format!("unpacking {}", from.path().file_name().unwrap_or_default().display()),
        Some(from.length()),
        0,
    );
    let count = Rc::new(Cell::new(0));
    let counted = BufReader::with_capacity(1 << 16, Counted { inner: from, count: count.clone() });
    let reader: Box<dyn Read> = match is_packed {
        true => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        false => Box::new(counted),
    };
    let mut archive = tar::Archive::new(reader);
    let damaged = |into: &Unpacking, cause: io::Error| {
        into.wrong("the archive is damaged").received(cause.to_string())
    };
    let entries = archive.entries().map_err(|cause| damaged(into, cause))?;
    let mut told = 0;
    for entry in entries {
        let mut entry = entry.map_err(|cause| damaged(into, cause))?;
        let kind = entry.header().entry_type();
        let name = String::from_utf8(entry.path_bytes().to_vec())
            .map_err(|_| into.wrong("a path in the archive is no UTF-8"))?;
        match kind {
            EntryType::Directory => into.folder(&name)?,
            EntryType::Regular | EntryType::Continuous => {
                let bytes = entry.size();
                into.file(&name, bytes, &mut entry, watch)?;
            }
            EntryType::XGlobalHeader => {}
            _ => {
                return Err(into
                    .wrong("the archive has a link or a device, which no data set needs")
                    .received(name.escape_default().to_string())
                    .hint(
                        "nothing was put in place; the archive is not what it should be: do not trust it",
                    ));
            }
        }
        watch.advance(count.get() - told);
        told = count.get();
    }
    // To the very end: only there gzip says whether all was right.
    let mut rest = archive.into_inner();
    let mut block = vec![0; 1 << 16];
    for _ in 0..1 << 10 {
        if rest.read(&mut block).map_err(|cause| damaged(into, cause))? == 0 {
            watch.end();
            return Ok(());
        }
    }
    Err(into.wrong("the archive goes on behind its end"))
}
