//! Features on disk: what was computed once is read again, by whatever run. A file a clip, named by what the audio is
//! and how the features are made, so nothing in it can be out of date; damage is found by its checksum, and made anew.

use super::index::FileIndex;
use crate::audio::Features;
use crate::disk;
use half::f16;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

const MAGIC: &[u8; 8] = b"STILLFT2";
/// Magic, frames, bins, bytes of a number, checksum.
const HEAD: usize = 8 + 4 + 4 + 4 + 32;
/// How much of the limit is used after room was made.
const KEPT: f64 = 0.9;
/// A file that is used is marked so, but not more often than this.
const MARK: Duration = Duration::from_secs(3600);

/// The limit where nothing else is said.
pub const STANDARD_BYTES: u64 = 20 << 30;

/// How numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    /// As they are.
    F32,
    /// Rounded to half precision: half the space. They must have been rounded already, so that a hit changes nothing.
    F16,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Width::F32 => 4,
            Width::F16 => 2,
        }
    }
}

/// Features on disk.
pub struct FeatureCache {
    folder: PathBuf,
    limit: u64,
    /// Bytes there, as far as this process knows; counted when it first writes.
    size: Mutex<Option<u64>>,
}

impl FeatureCache {
    /// The cache in `folder`, of at most `limit` bytes.
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        FeatureCache { folder, limit, size: Mutex::default() }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key.get(..2).unwrap_or("")).join(key)
    }

    /// What is kept under `key`; a damaged file is removed.
    pub fn get(&self, key: &str) -> Option<Features> {
        let path = self.path(key);
        let file = disk::open_regular(&path).ok()?;
        let meta = file.metadata().ok()?;
        // SAFETY: a file of the cache is written whole under another name, renamed, and never written again; who removes
        // it leaves the mapping as it is. A user who cuts it off by hand meanwhile ends the process, not the data.
        #[allow(unsafe_code)]
        let mapped = unsafe { Mmap::map(&file) }.ok()?;
        let features = decode(&mapped, key);
        if features.is_none() {
            drop(mapped);
            let _ = disk::remove_file(&path);
            return None;
        }
        let is_old = |time: SystemTime| time.elapsed().is_ok_and(|age| age > MARK);
        if meta.modified().is_ok_and(is_old) {
            disk::touch(&path);
        }
        features
    }

    /// Keeps features. That this fails is no reason to end: they are computed again.
    pub fn put(&self, key: &str, features: &Features, width: Width) {
        let bytes = encode(key, features, width);
        if bytes.len() as u64 > self.limit || !self.make_room(bytes.len() as u64) {
            return;
        }
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        if disk::make_folder(folder).and_then(|()| disk::write_quick(&path, &bytes)).is_err() {
            self.forget(bytes.len() as u64);
        }
    }

    /// Counts `bytes` more; removes what was not used for the longest time where they would not fit.
    fn make_room(&self, bytes: u64) -> bool {
        let Ok(mut size) = self.size.lock() else { return false };
        let known = match *size {
            Some(known) => known,
            None => files(&self.folder).iter().map(|(_, _, length)| length).sum(),
        };
        let mut now = known + bytes;
        if now > self.limit {
            let mut all = files(&self.folder);
            all.sort();
            now = bytes + all.iter().map(|(_, _, length)| length).sum::<u64>();
            let target = (self.limit as f64 * KEPT) as u64;
            for (_, path, length) in all {
                if now <= target.max(bytes) {
                    break;
                }
                if disk::remove_file(&path).is_ok() {
                    now -= length;
                }
            }
        }
        *size = Some(now);
        now <= self.limit
    }

    fn forget(&self, bytes: u64) {
        if let Ok(mut size) = self.size.lock() {
            *size = size.map(|known| known.saturating_sub(bytes));
        }
    }
}

/// All files of the cache: when each was last used, where it is, how long it is.
fn files(folder: &Path) -> Vec<(SystemTime, PathBuf, u64)> {
    let inner = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let one = |path: PathBuf| {
        let meta = std::fs::symlink_metadata(&path).ok().filter(|meta| meta.is_file())?;
        Some((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), path, meta.len()))
    };
    inner(folder).iter().flat_map(|shelf| inner(shelf)).filter_map(one).collect()
}

fn encode(key: &str, features: &Features, width: Width) -> Vec<u8> {
    let mut body = Vec::with_capacity(features.values.len() * width.bytes());
    match width {
        Width::F32 => features.values.iter().for_each(|v| body.extend(v.to_le_bytes())),
        Width::F16 => {
            features.values.iter().for_each(|v| body.extend(f16::from_f32(*v).to_le_bytes()));
        }
    }
    let mut head = MAGIC.to_vec();
    for number in [features.frames, features.bins, width.bytes()] {
        head.extend((number as u32).to_le_bytes());
    }
    let mut hasher = blake3::Hasher::new();
    // With its name: the entry of another clip is none of this one's.
    hasher.update(key.as_bytes()).update(&head).update(&body);
    head.extend(hasher.finalize().as_bytes());
    head.extend(body);
    head
}

fn decode(bytes: &[u8], key: &str) -> Option<Features> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let (told, checksum) = head.split_at_checked(HEAD - 32)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes()).update(told).update(body);
    if !told.starts_with(MAGIC) || hasher.finalize().as_bytes() != checksum {
        return None;
    }
    let number = |place: usize| -> Option<usize> {
        let bytes = told.get(place..place + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    };
    let (frames, bins, width) = (number(8)?, number(12)?, number(16)?);
    if frames.checked_mul(bins)?.checked_mul(width)? != body.len() {
        return None;
    }
    let values = match width {
        4 => body.as_chunks::<4>().0.iter().map(|v| f32::from_le_bytes(*v)).collect(),
        2 => body.as_chunks::<2>().0.iter().map(|v| f16::from_le_bytes(*v).to_f32()).collect(),
        _ => return None,
    };
    Some(Features { frames, bins, values })
}

/// What is kept between runs about audio: facts of files, and features.
pub struct Caches {
    /// Lengths and fingerprints of files that have not changed.
    pub files: FileIndex,
    /// Features; `None` computes them anew in every run.
    pub features: Option<FeatureCache>,
}

impl Caches {
    /// Nothing is kept beyond this process.
    pub fn none() -> Self {
        Caches { files: FileIndex::new(None), features: None }
    }
}
