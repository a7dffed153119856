//! Whether a set on the disk is the one that was fetched, or published.

use super::catalogue::clips_of;
use super::record::{RECORD, Record};
use super::watch::go_on;
use super::{Watch, layout, sum};
use crate::disk;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// What a set was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The record that was written when it was fetched: lengths and hashes of all files.
    Record,
    /// The lists within the set of this layout, which tell names only.
    Lists(&'static str),
    /// Those lists, and the published MD5 of all clips.
    Published(&'static str),
}

/// What was found; a set is whole where all lists are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it was compared with.
    pub against: Against,
    /// How many files were compared.
    pub files: usize,
    /// Files that are not there.
    pub missing: Vec<String>,
    /// Files with another content; empty clips, where no content is known.
    pub changed: Vec<String>,
    /// Files that were not there.
    pub extra: Vec<String>,
    /// What is wrong with the set as a whole.
    pub whole: Option<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.missing.is_empty()
            && self.changed.is_empty()
            && self.extra.is_empty()
            && self.whole.is_none()
    }
}

/// Compares the set in `folder` with its record, or, where it has none, with the lists of its layout and with what is
/// published of it.
///
/// # Errors
/// A folder that is not there or has neither; a file that cannot be read; being stopped.
pub fn verify(folder: &Path, watch: &mut dyn Watch) -> Result<Verdict> {
    let meta = std::fs::metadata(folder);
    let meta = meta.map_err(|cause| Error::io("reading the data set", folder, &cause))?;
    if !meta.is_dir() {
        let cause = std::io::Error::from(std::io::ErrorKind::NotADirectory);
        return Err(Error::io("reading the data set", folder, &cause));
    }
    match Record::read(folder)? {
        Some(record) => by_record(folder, &record, watch),
        None => by_lists(folder, watch),
    }
}

fn by_record(folder: &Path, record: &Record, watch: &mut dyn Watch) -> Result<Verdict> {
    let there: BTreeSet<String> = disk::files_in(folder).into_iter().collect();
    let total = record.files.iter().map(|file| file.bytes).sum();
    let doing = format!("verifying {}", folder.display());
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    watch.begin(&doing, Some(total), 0);
    for file in &record.files {
        go_on(watch, &doing)?;
        let path = folder.join(&file.name);
        // A link is not the file that was unpacked.
        if !there.contains(&file.name) {
            missing.push(file.name.clone());
        } else if disk::size_of(&path) != file.bytes || disk::hash_file(&path)? != file.blake3 {
            changed.push(file.name.clone());
        }
        watch.advance(file.bytes);
    }
    watch.end();
    let known: BTreeSet<&str> = record.files.iter().map(|file| file.name.as_str()).collect();
    let extra = there.into_iter().filter(|name| name != RECORD && !known.contains(name.as_str()));
    Ok(Verdict {
        against: Against::Record,
        files: record.files.len(),
        missing,
        changed,
        extra: extra.collect(),
        whole: None,
    })
}

fn by_lists(folder: &Path, watch: &mut dyn Watch) -> Result<Verdict> {
    let own = layout::read(folder)?;
    let is_whole = own.missing.is_empty() && own.empty.is_empty() && own.extra.is_empty();
    let (mut against, mut whole) = (Against::Lists(own.name), None);
    let published = clips_of(own.name).filter(|clips| clips.count == own.clips.len() && is_whole);
    if let Some(list) = published.and_then(|clips| clips.list_sha256) {
        against = Against::Published(own.name);
        whole = differs(folder, &own.clips, list, watch)?;
    }
    Ok(Verdict {
        against,
        files: own.clips.len(),
        missing: own.missing,
        changed: own.empty,
        extra: own.extra,
        whole,
    })
}

/// What is wrong where the clips are not the published ones.
///
/// # Errors
/// A clip that cannot be read; being stopped.
pub(super) fn differs(
    folder: &Path,
    clips: &[String],
    list_sha256: &str,
    watch: &mut dyn Watch,
) -> Result<Option<String>> {
    let total = clips.iter().map(|name| disk::size_of(&folder.join(name))).sum();
    watch.begin("comparing the clips with the published ones", Some(total), 0);
    let taken = sum::of_clips(folder, clips, watch)?;
    watch.end();
    let text = "at least one clip has not the bytes that were published";
    Ok((taken != list_sha256).then(|| text.to_string()))
}
