//! What a data set's files contain, so that the same data are known again, and changed ones too.

use super::{Dataset, Split};
use crate::disk;
use crate::error::{Error, Place, Result};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The content of all files of a data set.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// BLAKE3 over all of it: the classes, the files' names, content, class and split, in order.
    pub hash: String,
    /// Each file.
    pub files: Vec<FilePrint>,
    /// The list of the clips. What else stands in it is no part of the hash.
    manifest: Option<FilePrint>,
}

/// The content of one file.
#[derive(Clone, Debug)]
pub struct FilePrint {
    /// Its name, from the data set's folder on.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub blake3: String,
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
}

impl Fingerprint {
    /// Reads all files of a data set.
    ///
    /// # Errors
    /// A file that cannot be read, with its row of the manifest.
    pub fn of(dataset: &Dataset) -> Result<Self> {
        let root = common_folder(dataset);
        let splits = [Split::Train, Split::Test];
        let records: Vec<_> = splits
            .into_iter()
            .flat_map(|split| dataset.records(split).iter().map(move |record| (split, record)))
            .collect();
        let prints: Vec<Result<FilePrint>> = records
            .par_iter()
            .map(|(_, record)| {
                let placed = |error: Error| error.at(Place::row(&dataset.manifest, record.row));
                let stamp = stamp(&record.file);
                let blake3 = hash(&record.file).map_err(placed)?;
                let name = record.file.strip_prefix(&root).unwrap_or(&record.file);
                let name = disk::slashed(name);
                Ok(FilePrint { name, blake3, path: record.file.clone(), stamp })
            })
            .collect();
        let files = prints.into_iter().collect::<Result<Vec<_>>>()?;
        let mut hasher = blake3::Hasher::new();
        let mut word = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        dataset.classes.iter().for_each(|class| word(class));
        for ((split, record), file) in records.iter().zip(&files) {
            word(&file.name);
            word(&file.blake3);
            word(&format!("{split:?} {}", record.class));
        }
        let path = &dataset.manifest;
        let stamp = stamp(path);
        // Data that were made have no list.
        let manifest = self::hash(path).ok().map(|blake3| FilePrint {
            name: disk::slashed(path.strip_prefix(&root).unwrap_or(path)),
            blake3,
            path: path.clone(),
            stamp,
        });
        let hash = hasher.finalize().to_hex().to_string();
        Ok(Fingerprint { hash, files, manifest })
    }

    /// The name of the list of the clips, where that is not as it was: what it names now is for the next run.
    pub fn changed_list(&self) -> Option<&str> {
        self.manifest.as_ref().filter(|file| file.has_changed()).map(|file| file.name.as_str())
    }

    /// Names of the files that are not as they were.
    pub fn changed(&self) -> Vec<String> {
        let changed = self.files.iter().filter(|file| file.has_changed());
        changed.map(|file| file.name.clone()).collect()
    }
}

impl FilePrint {
    fn has_changed(&self) -> bool {
        // Another time alone is no other content.
        stamp(&self.path) != self.stamp
            && hash(&self.path).ok().as_deref() != Some(self.blake3.as_str())
    }
}

/// The folder that holds the manifest and all clips: wherever it is, and however its path is written, the same
/// data have the same names.
fn common_folder(dataset: &Dataset) -> PathBuf {
    let parent = |file: &Path| file.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut root = parent(&dataset.manifest);
    for record in dataset.train.iter().chain(&dataset.test) {
        while !record.file.starts_with(&root) && root.pop() {}
    }
    root
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn hash(file: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let opened = std::fs::File::open(file).and_then(|file| hasher.update_reader(file).map(|_| ()));
    opened.map_err(|cause| Error::io("reading", file, &cause))?;
    Ok(hasher.finalize().to_hex().to_string())
}
