//! What is there of an archive that is not whole yet, and which archive it is of.

use super::http::Head;
use crate::disk;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What the server said of the file that a part is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub url: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub bytes: Option<u64>,
}

impl Known {
    /// What is said with `If-Range`: RFC 9110 allows no weak tags there.
    pub fn validator(&self) -> Option<String> {
        let strong = self.etag.clone().filter(|tag| !tag.starts_with("W/"));
        strong.or_else(|| self.last_modified.clone())
    }

    /// Whether an answer is of another file than this.
    pub fn contradicts(&self, head: &Head) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        differ(&self.etag, &head.etag)
            || self.etag.is_none() && differ(&self.last_modified, &head.last_modified)
    }
}

/// The files of one archive in the folder of downloads.
pub(super) struct Paths {
    /// When it is whole and right.
    pub whole: PathBuf,
    pub part: PathBuf,
    known: PathBuf,
}

impl Paths {
    pub fn of(folder: &Path, file: &str) -> Self {
        let with = |ending: &str| folder.join(format!("{file}{ending}"));
        Paths { whole: with(""), part: with(".part"), known: with(".part.json") }
    }

    /// What is known of the part's file; nothing where that is damaged or not there.
    pub fn known(&self) -> Option<Known> {
        let text = disk::read_text_up_to(&self.known, 1 << 16).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub fn keep(&self, known: &Known) -> Result<()> {
        let text = serde_json::to_string(known).unwrap_or_default();
        disk::write_whole(&self.known, text.as_bytes())
    }

    /// Removes the part with what is known of it.
    pub fn discard(&self) -> Result<()> {
        disk::remove_file(&self.part)?;
        disk::remove_file(&self.known)
    }

    /// The part is the whole.
    pub fn complete(&self) -> Result<()> {
        disk::rename(&self.part, &self.whole)?;
        disk::remove_file(&self.known)
    }
}
