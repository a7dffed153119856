//! Frees what no run needs: objects that no run folder names, what was damaged, what killed processes
//! left, and checkpoints of runs that came to their end.

use super::{STALE, Store, entries, is_draft, is_key, stale_drafts};
use crate::disk::{self, Lock};
use crate::error::{Error, Result};
use crate::run::{Home, Past, State};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// A run that began meanwhile may have taken a younger object and not have written so yet.
const YOUNG: Duration = Duration::from_secs(600);

/// What was freed, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// Objects that no run names.
    pub objects: usize,
    /// Objects that were found damaged.
    pub damaged: usize,
    /// Drafts of processes that were killed.
    pub drafts: usize,
    /// Runs whose checkpoints are not needed any more.
    pub checkpoints: usize,
    /// Length of all these files.
    pub bytes: u64,
    /// Objects that stay.
    pub kept: usize,
    /// Those of them that no run names, but that were written or used within ten minutes.
    pub young: usize,
}

/// Frees what no run of `home` needs; with `dry`, only says what that would be.
///
/// # Errors
/// A run that may not be read: what it needs is not known, so nothing is freed. A home that cannot be
/// written.
pub fn gc(home: &Home, dry: bool) -> Result<Freed> {
    let store = Store::at(home);
    let runs = Past::folders(home)?;
    let mut needed = BTreeSet::new();
    for run in &runs {
        for file in ["results.json", "events.jsonl", "still.lock"] {
            keys_in(&run.join(file), &mut needed)?;
        }
    }
    let mut freed = Freed::default();
    free_objects(&store, &needed, dry, &mut freed)?;
    for aside in entries(&store.damaged) {
        freed.damaged += 1;
        free(&aside, dry, &mut freed)?;
    }
    let data = home.path().join("data");
    let above = [home.path(), &store.objects, &data, &home.path().join("runs")];
    let parts = runs.iter().flat_map(|run| [run.clone(), run.join("weights"), run.join("recipe")]);
    for folder in above.iter().map(|folder| folder.to_path_buf()).chain(parts) {
        for draft in stale_drafts(&folder, STALE) {
            freed.drafts += 1;
            free(&draft, dry, &mut freed)?;
        }
    }
    for run in &runs {
        let checkpoints = run.join("checkpoints");
        if checkpoints.is_dir() && Past::open(run).state() == State::Ended {
            freed.checkpoints += 1;
            free(&checkpoints, dry, &mut freed)?;
        }
    }
    Ok(freed)
}

/// Adds everything in a file that looks like a key, whatever it stands for and however damaged the file
/// is: a key too many costs space, one too few costs a result.
fn keys_in(file: &Path, keys: &mut BTreeSet<String>) -> Result<()> {
    match std::fs::read(file) {
        Ok(bytes) => {
            let words = bytes.split(|byte| !byte.is_ascii_alphanumeric());
            let words = words.filter_map(|word| std::str::from_utf8(word).ok());
            keys.extend(words.filter(|word| is_key(word)).map(str::to_string));
            Ok(())
        }
        // No folder and no file: not a run, or one of before there was a store.
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(())
        }
        Err(cause) => Err(Error::io("reading", file, &cause)
            .hint("what this run needs is not known, so nothing was freed")),
    }
}

fn free_objects(
    store: &Store,
    needed: &BTreeSet<String>,
    dry: bool,
    freed: &mut Freed,
) -> Result<()> {
    for shelf in entries(&store.objects).iter().filter(|shelf| !is_draft(shelf)) {
        for folder in entries(shelf) {
            let name = folder.file_name().map(|name| name.to_string_lossy().to_string());
            let Some(key) = name.filter(|name| is_key(name)) else { continue };
            let young = super::modified(&folder)
                .is_none_or(|time| time.elapsed().map_or(true, |age| age < YOUNG));
            let needed = needed.contains(&key);
            if needed || young || store.locked(&key) {
                freed.kept += 1;
                freed.young += usize::from(young && !needed);
                continue;
            }
            if dry {
                freed.objects += 1;
                free(&folder, dry, freed)?;
                continue;
            }
            disk::make_folder(&store.locks)?;
            // Nobody takes it out while it goes.
            let Some(lock) = Lock::try_take(&store.lock_file(&key))? else {
                freed.kept += 1;
                continue;
            };
            freed.objects += 1;
            free(&folder, dry, freed)?;
            lock.remove();
        }
        if !dry {
            // Only when it is empty, and another process may just have put something in.
            let _ = std::fs::remove_dir(shelf);
        }
    }
    Ok(())
}

fn free(path: &Path, dry: bool, freed: &mut Freed) -> Result<()> {
    freed.bytes = freed.bytes.saturating_add(disk::size_of(path));
    match std::fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        _ if dry => Ok(()),
        Ok(meta) if meta.is_dir() => disk::remove_folder(path),
        Ok(_) => disk::remove_file(path),
    }
}
