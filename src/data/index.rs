//! What is known of audio files that have not changed: length, rate, fingerprint. It saves reading thousands of
//! headers, and gigabytes of samples, at each start. One file a folder of clips; a damaged one is made anew.

use crate::disk;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first line: what the numbers are, and the version of the form.
const HEAD: &str = "still-file-index 1";
/// A file that was written so shortly before it was looked at may be written again within the same tick of the clock.
const TICK: Duration = Duration::from_secs(2);
/// The longest index that is read: some millions of files.
const LONGEST: u64 = 1 << 30;

/// What a header says, and whether the rest was read, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Samples a second.
    pub rate_hz: u32,
    /// Samples of each channel.
    pub samples: usize,
    /// Channels.
    pub channels: usize,
    /// Whether all samples were read and are in order.
    pub is_whole: bool,
}

/// By what a changed file is known: time, length, and what the file system calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp([u64; 4]);

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let meta = std::fs::metadata(file).ok()?;
        let [changed, number] = identity(&meta);
        let nanos = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
        };
        Some(Stamp([nanos(meta.modified().ok()?), meta.len(), changed, number]))
    }

    /// Whether the file could have been written again without another stamp.
    fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let Stamp([modified, ..]) = self;
        now.saturating_sub(TICK).as_nanos() as u64 <= *modified
    }
}

/// When the file's entry changed, which no program can set back, and its number.
#[cfg(unix)]
fn identity(meta: &std::fs::Metadata) -> [u64; 2] {
    use std::os::unix::fs::MetadataExt;
    [(meta.ctime() as u64).wrapping_mul(1_000_000_000) + meta.ctime_nsec() as u64, meta.ino()]
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> [u64; 2] {
    [0, 0]
}

#[derive(Clone, Debug)]
struct Entry {
    stamp: Stamp,
    facts: Option<Facts>,
    blake3: Option<String>,
}

/// Names in one folder.
#[derive(Default)]
struct Shelf {
    entries: BTreeMap<String, Entry>,
}

/// What is known of files.
pub struct FileIndex {
    /// Where it is kept; `None` keeps it in memory only.
    folder: Option<PathBuf>,
    /// Whether what is new is written down.
    writes: bool,
    shelves: Mutex<BTreeMap<PathBuf, Arc<Mutex<Shelf>>>>,
    changed: Mutex<BTreeSet<PathBuf>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FileIndex {
    /// The index that is kept in `folder`, or, without one, in memory.
    pub fn new(folder: Option<PathBuf>) -> Self {
        FileIndex { folder, writes: true, shelves: Mutex::default(), changed: Mutex::default() }
    }

    /// The index that is kept in `folder`, for somebody who leaves no trace there.
    pub fn reading(folder: PathBuf) -> Self {
        FileIndex { writes: false, ..FileIndex::new(Some(folder)) }
    }

    /// What the header of `file` says: from `look`, where what is known is not `enough`.
    ///
    /// # Errors
    /// What `look` gives.
    pub fn facts(
        &self,
        file: &Path,
        enough: impl Fn(&Facts) -> bool,
        look: impl FnOnce() -> Result<Facts>,
    ) -> Result<Facts> {
        let stamp = Stamp::of(file);
        let known = self.entry(file, stamp.as_ref()).and_then(|entry| entry.facts);
        if let Some(facts) = known.filter(|facts| enough(facts)) {
            return Ok(facts);
        }
        let facts = look()?;
        self.note(file, stamp, |entry| entry.facts = Some(facts));
        Ok(facts)
    }

    /// BLAKE3 of the bytes of `file`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn blake3(&self, file: &Path) -> Result<String> {
        let stamp = Stamp::of(file);
        if let Some(known) = self.entry(file, stamp.as_ref()).and_then(|entry| entry.blake3) {
            return Ok(known);
        }
        let hash = disk::hash_file(file)?;
        let known = hash.clone();
        self.note(file, stamp, |entry| entry.blake3 = Some(known));
        Ok(hash)
    }

    /// What is known of a file that is as it was.
    fn entry(&self, file: &Path, stamp: Option<&Stamp>) -> Option<Entry> {
        let (shelf, name) = self.shelf(file)?;
        let shelf = lock(&shelf);
        let entry = shelf.entries.get(&name)?;
        (Some(&entry.stamp) == stamp).then(|| entry.clone())
    }

    /// Keeps something about a file, unless it changed meanwhile or is too fresh to be known again.
    fn note(&self, file: &Path, stamp: Option<Stamp>, set: impl FnOnce(&mut Entry)) {
        let Some(stamp) = stamp.filter(|stamp| !stamp.is_fresh()) else { return };
        let Some((shelf, name)) = self.shelf(file) else { return };
        if Stamp::of(file).as_ref() != Some(&stamp) {
            return;
        }
        let blank = || Entry { stamp: stamp.clone(), facts: None, blake3: None };
        let mut shelf = lock(&shelf);
        let entry = shelf.entries.entry(name).or_insert_with(blank);
        if entry.stamp != stamp {
            *entry = blank();
        }
        set(entry);
        if let Some(folder) = file.parent() {
            lock(&self.changed).insert(folder.to_path_buf());
        }
    }

    /// What is known of the folder of `file`, and its name there.
    fn shelf(&self, file: &Path) -> Option<(Arc<Mutex<Shelf>>, String)> {
        let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
        // A name that would not survive in a line is not kept.
        if name.contains(['\t', '\n', '\r']) {
            return None;
        }
        let mut shelves = lock(&self.shelves);
        let shelf = match shelves.get(folder) {
            Some(shelf) => shelf.clone(),
            None => {
                let read = self.path(folder).and_then(|path| read(&path)).unwrap_or_default();
                let shelf = Arc::new(Mutex::new(read));
                shelves.insert(folder.to_path_buf(), shelf.clone());
                shelf
            }
        };
        Some((shelf, name.to_string()))
    }

    /// Where a folder's index is kept.
    fn path(&self, folder: &Path) -> Option<PathBuf> {
        let whole = folder.canonicalize().ok()?;
        let name = blake3::hash(whole.as_os_str().as_encoded_bytes()).to_hex();
        Some(self.folder.as_ref()?.join(format!("{name}.tsv")))
    }

    /// Writes down what is new. That nothing can be written here is no reason to end: it is only looked up again.
    pub fn save(&self) {
        let Some(own) = self.folder.as_ref().filter(|_| self.writes) else { return };
        for folder in std::mem::take(&mut *lock(&self.changed)) {
            let shelf = lock(&self.shelves).get(&folder).cloned();
            if let (Some(shelf), Some(path)) = (shelf, self.path(&folder)) {
                // What another process wrote meanwhile is kept.
                let mut shelf = lock(&shelf);
                for (name, entry) in read(&path).unwrap_or_default().entries {
                    shelf.entries.entry(name).or_insert(entry);
                }
                let written = disk::make_folder(own)
                    .and_then(|()| disk::write_whole(&path, text(&shelf).as_bytes()));
                let _ = written;
            }
        }
    }
}

/// One line a file, and a last one that tells whether all of it is there.
fn text(shelf: &Shelf) -> String {
    let mut text = format!("{HEAD}\n");
    for (name, Entry { stamp: Stamp(stamp), facts, blake3 }) in &shelf.entries {
        let [modified, length, changed, number] = stamp;
        text += &format!("{name}\t{modified}\t{length}\t{changed}\t{number}\t");
        if let Some(Facts { rate_hz, samples, channels, is_whole }) = facts {
            text += &format!("{rate_hz} {samples} {channels} {}", u8::from(*is_whole));
        }
        text += &format!("\t{}\n", blake3.as_deref().unwrap_or(""));
    }
    let seal = blake3::hash(text.as_bytes()).to_hex();
    format!("{text}{seal}\n")
}

/// `None` where there is none, or a damaged one.
fn read(path: &Path) -> Option<Shelf> {
    let text = disk::read_text_up_to(path, LONGEST).ok()?;
    let (body, seal) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let body = text.get(..=body.len())?;
    if blake3::hash(body.as_bytes()).to_hex().as_str() != seal {
        return None;
    }
    let mut lines = body.lines();
    (lines.next() == Some(HEAD)).then_some(())?;
    let entries = lines.map(entry).collect::<Option<BTreeMap<_, _>>>()?;
    Some(Shelf { entries })
}

fn entry(line: &str) -> Option<(String, Entry)> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, modified, length, changed, number, facts, blake3] = cells.as_slice() else {
        return None;
    };
    let whole = |text: &str| text.parse::<u64>().ok();
    let stamp = Stamp([whole(modified)?, whole(length)?, whole(changed)?, whole(number)?]);
    let facts = match facts.is_empty() {
        true => None,
        false => {
            let numbers: Vec<u64> = facts.split(' ').map(whole).collect::<Option<_>>()?;
            let [rate_hz, samples, channels, is_whole] = numbers.as_slice() else { return None };
            Some(Facts {
                rate_hz: u32::try_from(*rate_hz).ok()?,
                samples: usize::try_from(*samples).ok()?,
                channels: usize::try_from(*channels).ok()?,
                is_whole: *is_whole == 1,
            })
        }
    };
    let blake3 = (!blake3.is_empty()).then(|| blake3.to_string());
    Some((name.to_string(), Entry { stamp, facts, blake3 }))
}
