//! Folders of audio files, in a fixed order.

use crate::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// How audio files end.
const ENDINGS: [&str; 5] = ["wav", "flac", "ogg", "oga", "mp3"];
/// Folders within folders that are looked into.
const DEEPEST: usize = 8;

/// Whether a file is called as audio files are.
pub fn is_audio(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// What is in a folder: its folders and its files, by name; what begins with a dot is none of a data set's.
///
/// # Errors
/// It cannot be read.
pub(super) fn listed(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let io = |cause: std::io::Error| Error::io("reading", folder, &cause);
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        match path.file_name().map(|name| name.to_string_lossy().starts_with('.')) {
            Some(false) if path.is_dir() => folders.push(path),
            Some(false) => files.push(path),
            _ => {}
        }
    }
    folders.sort();
    files.sort();
    Ok((folders, files))
}

/// All audio files below a folder, in the order of their paths.
///
/// # Errors
/// A folder that cannot be read; a link to a folder that it stands in itself.
pub fn audio_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(folder, 0, &is_audio, &mut |file| {
        found.push(file);
        true
    })?;
    Ok(found)
}

/// How audio files end that are not read.
const UNREAD: [&str; 11] =
    ["aac", "aif", "aiff", "amr", "au", "caf", "m4a", "opus", "webm", "wma", "wv"];

/// All audio files below a folder that are of other formats, in the order of their paths.
///
/// # Errors
/// As of [`audio_below`].
pub(super) fn unread_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let is_unread = |file: &Path| {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        UNREAD.iter().any(|known| ending.eq_ignore_ascii_case(known))
    };
    walk(folder, 0, &is_unread, &mut |file| {
        found.push(file);
        true
    })?;
    Ok(found)
}

/// Whether there is an audio file below a folder: it looks as far as the first one.
///
/// # Errors
/// As of [`audio_below`].
pub(super) fn holds_audio(folder: &Path) -> Result<bool> {
    Ok(!walk(folder, 0, &is_audio, &mut |_| false)?)
}

/// Gives each file below a folder that is `wanted` to `seen`, until that wants no more; whether it always did.
fn walk(
    folder: &Path,
    depth: usize,
    wanted: &dyn Fn(&Path) -> bool,
    seen: &mut dyn FnMut(PathBuf) -> bool,
) -> Result<bool> {
    let (folders, files) = listed(folder)?;
    if !files.into_iter().filter(|file| wanted(file)).all(&mut *seen) {
        return Ok(false);
    }
    for inner in folders.iter().filter(|_| depth < DEEPEST) {
        if inner.is_symlink() {
            no_circle(folder, inner)?;
        }
        if !walk(inner, depth + 1, wanted, seen)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Refuses a link in `folder` to that folder, or to one above it: its clips would be read again and again.
fn no_circle(folder: &Path, link: &Path) -> Result<()> {
    let io = |cause: std::io::Error| Error::io("reading", link, &cause);
    let leads = link.canonicalize().map_err(io)?;
    match folder.canonicalize().map_err(io)?.starts_with(&leads) {
        true => Err(Error::new(
            Kind::Data,
            format!("reading {}", link.display()),
            "a link goes in a circle",
        )
        .received(format!("it leads to {}", leads.display()))),
        false => Ok(()),
    }
}
