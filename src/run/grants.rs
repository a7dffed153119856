//! What a run's recipe may read on this machine, sealed: a folder that was copied, or made by somebody else, allows
//! nothing.
//!
//! The file lies in the run's folder, and its seal is a BLAKE3 keyed with a secret of the user's, over the folder's
//! place and what is allowed. The secret lies outside of every folder that is handed on together with a recipe.

use crate::disk;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Says in which folder the user's state lies, as the XDG base directory specification has it.
const STATE_VARIABLE: &str = "XDG_STATE_HOME";

/// The user's secret; made where there is none and `make` says so. `None` where there is no place for it, or where
/// others can read it.
fn secret(make: bool) -> Option<[u8; blake3::KEY_LEN]> {
    let path = place()?;
    if !path.exists() && make {
        let mut bytes = [0; blake3::KEY_LEN];
        getrandom::fill(&mut bytes).ok()?;
        disk::write_private(&path, &bytes).ok()?;
    }
    if !is_private(&path) {
        return None;
    }
    disk::read_regular(&path, 4096).ok()?.try_into().ok()
}

fn place() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let given = folder(STATE_VARIABLE).filter(|path| path.is_absolute());
    let state = given.or_else(|| {
        if cfg!(windows) {
            return folder("LOCALAPPDATA");
        }
        folder("HOME").map(|home| home.join(".local/state"))
    });
    Some(state.filter(|path| path.is_absolute())?.join("stillroom/seal"))
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

/// The seal of what the recipe of the run in `folder` may read.
fn seal(secret: &[u8; blake3::KEY_LEN], folder: &Path, granted: &Value) -> Option<blake3::Hash> {
    let place = folder.canonicalize().ok()?;
    let mut hasher = blake3::Hasher::new_keyed(secret);
    let place = place.as_os_str().as_encoded_bytes();
    hasher.update(&(place.len() as u64).to_le_bytes());
    hasher.update(place);
    hasher.update(granted.to_string().as_bytes());
    Some(hasher.finalize())
}

/// What stands in the file of a run in `folder`. Without a secret nothing does: the roots must be named again then.
pub(super) fn sealed(folder: &Path, granted: &Value) -> Value {
    let nothing = granted.as_array().is_none_or(Vec::is_empty);
    let seal = secret(!nothing).and_then(|secret| seal(&secret, folder, granted));
    match seal {
        Some(seal) if !nothing => json!({ "granted": granted, "seal": seal.to_hex().as_str() }),
        _ => json!({ "granted": [] }),
    }
}

/// What a run's file allows: nothing where its seal is not that of this user for this folder.
pub(super) fn opened(folder: &Path, told: &Value) -> Value {
    let allowed = || {
        let granted = told.get("granted")?;
        let given = blake3::Hash::from_hex(told.get("seal")?.as_str()?).ok()?;
        let right = seal(&secret(false)?, folder, granted)?;
        // Hashes are compared in constant time.
        (given == right).then(|| granted.clone())
    };
    allowed().unwrap_or_default()
}
