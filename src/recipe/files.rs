//! The folder that a script writes into, and reads back from.

use crate::disk;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// Files that one run may write.
pub const MOST_FILES: usize = 10_000;
/// Bytes that all files of a run may have; the one that goes beyond is the last one.
pub const MOST_FILE_BYTES: u64 = 16 << 30;

/// Who writes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// A statement: it does so in every run.
    Statement,
    /// A hook, or what `stage(…)` calls: it does not run where the stage comes from the store.
    Stage,
}

/// What a stage depends on that reads a file of the run's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The content as it is.
    Now(PathBuf),
    /// The content that statements had given it, before a hook wrote over it; its hash.
    Then(String),
    /// The stage of this key, whose hooks wrote it, whether it was computed now or not.
    Stage(String),
}

/// What is known of a file.
#[derive(Default)]
struct Written {
    /// Not known yet while it is written.
    length: Option<u64>,
    /// When it was written last by a hook, in the order of all writes.
    turn: u64,
    /// `None` for what the stage that is running has made.
    origin: Option<Origin>,
}

/// One such folder. It is made when something is written.
pub(super) struct Files {
    folder: PathBuf,
    /// What this run has written, as far as this process knows.
    written: Mutex<BTreeMap<PathBuf, Written>>,
    /// A folder that is gone with this.
    _held: Option<TempDir>,
}

impl Files {
    /// Writes into `folder`.
    pub fn at(folder: PathBuf) -> Self {
        Files { folder, written: Mutex::default(), _held: None }
    }

    /// Writes into a temporary folder.
    ///
    /// # Errors
    /// A system without one.
    pub fn temporary() -> Result<Self> {
        let held = tempfile::tempdir().map_err(|cause| {
            Error::new(Kind::File, "a script's files", "no temporary folder")
                .received(cause.to_string())
        })?;
        Ok(Files { folder: held.path().into(), written: Mutex::default(), _held: Some(held) })
    }

    /// Where a script writes what it calls `path`.
    ///
    /// # Errors
    /// A path that leads elsewhere, by itself or through a link; too many files, or too much in them.
    pub fn place(&self, operation: &str, path: &str, writer: Writer) -> Result<PathBuf> {
        let elsewhere = |problem: &str| {
            Error::new(Kind::File, operation, problem)
                .expected("a path without '..' below the run's own folder 'files'")
                .received(format!("'{path}'"))
        };
        let relative = relative(path).ok_or_else(|| elsewhere("the path leads elsewhere"))?;
        let mut at = self.folder.clone();
        for part in relative.components() {
            at.push(part);
            if at.is_symlink() {
                return Err(elsewhere("the path leads through a link"));
            }
        }
        if at.exists() && !at.is_file() {
            return Err(elsewhere("there is something of this name that is no file"));
        }
        self.count(operation, &relative, writer)?;
        disk::make_folder(at.parent().unwrap_or(&self.folder))?;
        Ok(at)
    }

    /// Notes that `relative` is written, and refuses what is too much.
    fn count(&self, operation: &str, relative: &Path, writer: Writer) -> Result<()> {
        let mut written = self.written();
        for (name, one) in written.iter_mut().filter(|(_, one)| one.length.is_none()) {
            one.length = self.folder.join(name).metadata().ok().map(|meta| meta.len());
        }
        let lengths = written.values().filter_map(|one| one.length);
        let bytes = lengths.fold(0u64, u64::saturating_add);
        let more = written.len() + usize::from(!written.contains_key(relative));
        if bytes > MOST_FILE_BYTES || more > MOST_FILES {
            return Err(Error::new(Kind::Range, operation, "the run has written too much")
                .expected(format!("{MOST_FILES} files and {} GiB at most", MOST_FILE_BYTES >> 30))
                .received(format!("{} files, {bytes} bytes", written.len())));
        }
        let turn = next_turn(&written);
        let one = written.entry(relative.to_path_buf()).or_default();
        one.length = None;
        match (writer, &one.origin) {
            (Writer::Statement, _) => {
                let path = self.folder.join(relative);
                (one.origin, one.turn) = (Some(Origin::Now(path)), 0);
            }
            // What statements gave it is what the stages before it saw, and will see in the next run.
            (Writer::Stage, Some(Origin::Now(path))) => {
                (one.origin, one.turn) = (hash_of(path).map(Origin::Then), turn);
            }
            (Writer::Stage, _) => one.turn = turn,
        }
        Ok(())
    }

    /// A moment among the writes of hooks.
    pub fn turn(&self) -> u64 {
        next_turn(&self.written())
    }

    /// Says that what hooks have written since `turn` was made by the stage of this key; gives the names.
    pub fn credit(&self, turn: u64, key: &str) -> Vec<String> {
        let mut written = self.written();
        let own = written.iter_mut().filter(|(_, one)| one.turn >= turn);
        let name = |(path, one): (&PathBuf, &mut Written)| {
            one.origin = Some(Origin::Stage(key.to_string()));
            disk::slashed(path)
        };
        own.map(name).collect()
    }

    /// Files that hooks have written in another process, or another run: of the stage of this key, or of the
    /// one that goes on.
    pub fn know<'a>(&self, names: impl IntoIterator<Item = &'a str>, key: Option<&str>) {
        let mut written = self.written();
        let turn = next_turn(&written);
        for path in names.into_iter().filter_map(relative) {
            let one = written.entry(path).or_default();
            one.turn = turn;
            match key {
                Some(key) => one.origin = Some(Origin::Stage(key.to_string())),
                None => {
                    if let Some(Origin::Now(path)) = &one.origin {
                        one.origin = hash_of(path).map(Origin::Then);
                    }
                }
            }
        }
    }

    /// What was written under `path`, if it was.
    pub fn find(&self, path: &str) -> Option<PathBuf> {
        let relative = relative(path)?;
        let mut at = self.folder.clone();
        for part in relative.components() {
            at.push(part);
            if at.is_symlink() {
                return None;
            }
        }
        at.is_file().then_some(at)
    }

    /// The same, where this run is known to have written it by now: a file of a former life that would be written
    /// later only does not stand before the user's.
    pub fn find_known(&self, path: &str) -> Option<PathBuf> {
        let known = relative(path).is_some_and(|path| self.written().contains_key(&path));
        if known { self.find(path) } else { None }
    }

    /// Whether a hook has written it in the stage that is running.
    pub fn is_of_stage(&self, path: &str) -> bool {
        let written = self.written();
        let one = relative(path).and_then(|path| written.get(&path));
        one.is_some_and(|one| one.turn > 0 && !matches!(one.origin, Some(Origin::Stage(_))))
    }

    /// What a stage depends on that reads it.
    pub fn origin(&self, path: &str) -> Option<Origin> {
        self.written().get(&relative(path)?)?.origin.clone()
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Written>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next_turn(written: &BTreeMap<PathBuf, Written>) -> u64 {
    written.values().map(|one| one.turn).max().unwrap_or(0) + 1
}

/// BLAKE3 of a file's content, however long it is.
pub(super) fn hash_of(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(disk::open_regular(path).ok()?).ok()?;
    Some(hasher.finalize().to_hex().to_string())
}

/// A path that goes down only.
fn relative(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(path);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    (inside && !path.as_os_str().is_empty()).then_some(path)
}
