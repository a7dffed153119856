//! The store: what stages gave, by the hash of all that went into them. An object is there whole or
//! not at all, and is checked whenever it is taken out.

mod gc;
mod object;

pub use gc::{Freed, gc};
pub use object::{FileMeta, Meta, Object};

use super::Home;
use crate::disk::{self, DRAFT, Lock};
use crate::error::{Error, Kind, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A draft that is older was left by a process that was killed.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How often a lock that is held is tried again.
const PATIENCE: Duration = Duration::from_millis(100);
/// The file in a draft whose lock says that somebody is at it.
const AT_WORK: &str = ".lock";

/// The store of a home: `objects/`, with `locks/` and `damaged/` beside it.
#[derive(Clone, Debug)]
pub struct Store {
    objects: PathBuf,
    locks: PathBuf,
    damaged: PathBuf,
}

/// What the store has for a key.
#[derive(Clone, Debug)]
pub enum Found {
    /// The object, and all its files are as they were committed.
    Hit(Object),
    /// Nothing.
    Missing,
    /// There was an object, but not as it was committed. It was put aside; the text says what is wrong.
    Damaged(String),
}

/// The right to compute what belongs to a key: one process has it at a time.
#[derive(Debug)]
pub struct KeyLock(#[expect(dead_code, reason = "held, not read")] Lock);

/// Whether `key` is a BLAKE3 hash in lower-case hexadecimal digits, as all keys are.
pub fn is_key(key: &str) -> bool {
    key.len() == 64 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Store {
    /// The store of `home`; nothing is made before something is committed.
    pub fn at(home: &Home) -> Self {
        let home = home.path();
        Store {
            objects: home.join("objects"),
            locks: home.join("locks"),
            damaged: home.join("damaged"),
        }
    }

    /// The folder of an object, whether it is there or not.
    fn folder(&self, key: &str) -> Result<PathBuf> {
        if !is_key(key) {
            return Err(Error::new(Kind::Internal, "the store", "this is no key")
                .expected("64 hexadecimal digits")
                .received(format!("'{key}'")));
        }
        Ok(self.objects.join(key.get(..2).unwrap_or_default()).join(key))
    }

    /// The folder of the object of `key` where it is there, unchecked.
    pub fn place(&self, key: &str) -> Option<PathBuf> {
        self.folder(key).ok().filter(|folder| folder.is_dir())
    }

    /// The object of `key`, after the hashes of all its files were checked. A damaged one is moved to
    /// `damaged/`, so that it is never found again.
    ///
    /// # Errors
    /// A store that may not be read, a key that is none.
    pub fn get(&self, key: &str) -> Result<Found> {
        let folder = self.folder(key)?;
        let stamp = modified(&folder);
        match object::open(&folder, Some(key)).and_then(|object| {
            object.check()?;
            Ok(object)
        }) {
            Ok(object) => {
                // `gc` leaves it alone until the run has written down that it uses it.
                disk::touch(&folder);
                Ok(Found::Hit(object))
            }
            Err(object::Flaw::Missing) => Ok(Found::Missing),
            Err(object::Flaw::Refused(error)) => Err(error),
            Err(object::Flaw::Damaged(reason)) => {
                // Another process may have put it aside and committed a new one meanwhile.
                if modified(&folder) == stamp {
                    self.put_aside(&folder);
                }
                Ok(Found::Damaged(reason))
            }
        }
    }

    /// Moves a damaged object where nobody looks for it. Where that cannot be, `commit` finds it damaged
    /// again.
    fn put_aside(&self, folder: &Path) {
        let Some(name) = folder.file_name().map(|name| name.to_string_lossy().to_string()) else {
            return;
        };
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if disk::make_folder(&self.damaged).is_err() {
            return;
        }
        // The same key may have been put aside within this millisecond.
        for number in 0..100 {
            let aside = self.damaged.join(format!("{name}-{}-{number}", since.as_millis()));
            if !matches!(disk::rename(folder, &aside), Ok(false)) {
                return;
            }
        }
    }

    /// Puts files and what is to be known of them (`meta`) into the store. Where the key is there already
    /// and whole, that object stays and is given back.
    ///
    /// # Errors
    /// A store that cannot be written, a full disk: then nothing was added. A key or file name that is
    /// none.
    pub fn commit(&self, key: &str, meta: Value, files: Vec<(String, Vec<u8>)>) -> Result<Object> {
        let folder = self.folder(key)?;
        let shelf = folder.parent().unwrap_or(&self.objects);
        disk::make_folder(shelf)?;
        self.sweep();
        let draft = disk::draft_folder(&self.objects, DRAFT)?;
        let at_work = draft.path().join(AT_WORK);
        let lock = Lock::try_take(&at_work)?;
        let object = object::write(draft.path(), key, meta, &files)?;
        disk::remove_file(&at_work)?;
        drop(lock);
        disk::sync_folder(draft.path())
            .map_err(|cause| disk::refused("writing", draft.path(), &cause))?;
        for _ in 0..3 {
            if disk::rename(draft.path(), &folder)? {
                // What was renamed is not temporary any more.
                let _ = draft.keep();
                return Ok(Object { path: folder, ..object });
            }
            // Another process was faster, or what is there is damaged and could not be put aside before.
            match self.get(key)? {
                Found::Hit(first) => return Ok(first),
                Found::Missing | Found::Damaged(_) => {}
            }
        }
        Err(Error::new(Kind::File, format!("writing {}", folder.display()), "the name is taken")
            .received("a damaged object that cannot be moved away")
            .hint("remove that folder"))
    }

    /// Waits for the right to compute what belongs to `key`. While another process has it, `wait` is
    /// called about ten times a second; what it gives as an error ends the waiting.
    ///
    /// Look into the store again once it is given: the other process will have committed.
    ///
    /// # Errors
    /// What `wait` says; a folder for locks that cannot be written.
    pub fn lock(&self, key: &str, wait: &mut dyn FnMut() -> Result<()>) -> Result<KeyLock> {
        self.folder(key)?;
        disk::make_folder(&self.locks)?;
        loop {
            if let Some(lock) = Lock::try_take(&self.lock_file(key))? {
                return Ok(KeyLock(lock));
            }
            wait()?;
            std::thread::sleep(PATIENCE);
        }
    }

    fn lock_file(&self, key: &str) -> PathBuf {
        self.locks.join(format!("{key}.lock"))
    }

    /// Whether a process has the lock of `key`.
    pub fn locked(&self, key: &str) -> bool {
        Lock::held(&self.lock_file(key))
    }

    /// What is known of every object, the oldest first; no hash is checked, and what cannot be read is
    /// left out.
    pub fn objects(&self) -> Vec<Meta> {
        let shelves = entries(&self.objects).into_iter().filter(|shelf| !is_draft(shelf));
        let mut all: Vec<Meta> = shelves
            .flat_map(|shelf| entries(&shelf))
            .filter_map(|folder| {
                let key = folder.file_name()?.to_str().filter(|name| is_key(name))?.to_string();
                Some(object::open(&folder, Some(&key)).ok()?.into_meta())
            })
            .collect();
        all.sort_by(|a, b| (a.committed, &a.key).cmp(&(b.committed, &b.key)));
        all
    }

    /// Removes an object; one that is not there is no error.
    ///
    /// # Errors
    /// A store that cannot be written, a key that is none.
    pub fn remove(&self, key: &str) -> Result<()> {
        disk::remove_folder(&self.folder(key)?)
    }

    /// Removes drafts of processes that were killed; what cannot be removed is left to the next one.
    fn sweep(&self) {
        for draft in stale_drafts(&self.objects, STALE) {
            let _ = disk::remove_folder(&draft);
        }
    }
}

/// Names in a folder, sorted; none where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
    all.sort();
    all
}

fn is_draft(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DRAFT))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::symlink_metadata(path).and_then(|meta| meta.modified()).ok()
}

/// Drafts in `folder` that are older than `age` and that nobody is at.
fn stale_drafts(folder: &Path, age: Duration) -> Vec<PathBuf> {
    let stale = |draft: &PathBuf| {
        let old = modified(draft).is_some_and(|time| time.elapsed().is_ok_and(|past| past > age));
        is_draft(draft) && old && !Lock::held(&draft.join(AT_WORK))
    };
    entries(folder).into_iter().filter(stale).collect()
}
