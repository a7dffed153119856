//! The lines of earlier sessions, in a file of the user's.

use crate::disk;
use crate::error::Result;
use std::path::{Path, PathBuf};

/// Inputs that are kept.
const KEPT: usize = 1000;

/// The file: in `XDG_STATE_HOME`, or `~/.local/state`; `None` where neither is known.
pub(super) fn path() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("still/history"))
}

/// The inputs that the file has, the oldest first; none where it cannot be read.
pub(super) fn read(path: &Path) -> Vec<String> {
    let text = disk::read_text(path).unwrap_or_default();
    text.lines().map(unescaped).collect()
}

/// Adds an input. What another session has added meanwhile stays.
///
/// # Errors
/// A file or folder that cannot be written.
pub(super) fn add(path: &Path, input: &str) -> Result<()> {
    let mut all = read(path);
    if all.last().is_some_and(|last| last == input) {
        return Ok(());
    }
    all.push(input.to_string());
    let first = all.len().saturating_sub(KEPT);
    let text: String =
        all.iter().skip(first).map(|input| format!("{}\n", escaped(input))).collect();
    if let Some(folder) = path.parent() {
        disk::make_folder(folder)?;
    }
    disk::write_whole(path, text.as_bytes())
}

/// An input on one line.
fn escaped(input: &str) -> String {
    input.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut text = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}
