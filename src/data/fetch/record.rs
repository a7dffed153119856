//! `still-dataset.json`: what a fetched set consists of.

use super::Sum;
use super::catalogue::Published;
use crate::disk;
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the record in a set's folder.
pub const RECORD: &str = "still-dataset.json";

/// The longest record that is read.
const LONGEST: u64 = 1 << 28;

const FORMAT: u32 = 1;

/// What a set consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How this record is written.
    pub format: u32,
    /// The set's name.
    pub set: String,
    /// What it was unpacked from.
    pub archives: Vec<Source>,
    /// Its files, sorted.
    pub files: Vec<Unpacked>,
}

/// An archive that a set was unpacked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub file: String,
    /// Where it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The checksum that it is published with.
    #[serde(flatten)]
    pub sum: Option<Sum>,
}

/// A file of a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unpacked {
    /// Its path within the set's folder, with `/`.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its content, as hexadecimal digits.
    pub blake3: String,
}

impl Record {
    pub(super) fn of(set: &Published, mut files: Vec<Unpacked>) -> Self {
        files.sort();
        let source = |archive: &super::Archive| Source {
            file: archive.file.clone(),
            url: archive.url.clone(),
            sum: archive.sum.clone(),
        };
        let archives = set.archives.iter().map(source).collect();
        Record { format: FORMAT, set: set.name.clone(), archives, files }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(RECORD);
        let text = serde_json::to_string_pretty(self).map_err(|cause| {
            Error::new(Kind::Internal, format!("writing {}", path.display()), cause.to_string())
        })?;
        disk::write_whole(&path, text.as_bytes())
    }

    /// The record of the set in `folder`; `None` where there is none.
    ///
    /// # Errors
    /// A record that cannot be read or is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(RECORD);
        if !path.exists() {
            return Ok(None);
        }
        let text = disk::read_text_up_to(&path, LONGEST)?;
        let wrong = |problem: String| {
            Error::new(Kind::Data, format!("reading {}", path.display()), problem)
                .hint("remove the set's folder and fetch it again")
        };
        let record: Record = serde_json::from_str(&text)
            .map_err(|cause| wrong(format!("the record is damaged: {cause}")))?;
        if record.format != FORMAT {
            return Err(wrong("the record is of another version of Stillroom".into())
                .expected(format!("format {FORMAT}"))
                .received(format!("format {}", record.format)));
        }
        Ok(Some(record))
    }
}
