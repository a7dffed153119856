//! What a data set's files contain, so that the same data are known again, and changed ones too.

use super::{Dataset, Split};
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
}

/// The content of one file.
#[derive(Clone, Debug)]
pub struct FilePrint {
    /// Its name, from the folder on that holds the manifest and all clips.
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
        let splits = [Split::Train, Split::Test];
        let records: Vec<_> = splits
            .into_iter()
            .flat_map(|split| dataset.records(split).iter().map(move |record| (split, record)))
            .collect();
        // The same names wherever the folder stands: the manifest may lie beside that of the clips.
        let mut root = dataset.manifest.parent().unwrap_or(Path::new(""));
        while let Some(above) = root.parent()
            && records.iter().any(|(_, record)| !record.file.starts_with(root))
        {
            root = above;
        }
        let prints: Vec<Result<FilePrint>> = records
            .par_iter()
            .map(|(_, record)| {
                let placed = |error: Error| error.at(Place::row(&dataset.manifest, record.row));
                let stamp = stamp(&record.file);
                let blake3 = hash(&record.file).map_err(placed)?;
                let name = record.file.strip_prefix(root).unwrap_or(&record.file);
                // The same name on every system.
                let parts = name.components().map(|part| part.as_os_str().to_string_lossy());
                let name = parts.collect::<Vec<_>>().join("/");
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
        Ok(Fingerprint { hash: hasher.finalize().to_hex().to_string(), files })
    }

    /// Names of the files that are not as they were.
    pub fn changed(&self) -> Vec<String> {
        let differs = |file: &&FilePrint| {
            // Another time alone is no other content.
            stamp(&file.path) != file.stamp
                && hash(&file.path).ok().as_deref() != Some(file.blake3.as_str())
        };
        self.files.iter().filter(differs).map(|file| file.name.clone()).collect()
    }
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
