//! What a data set's files contain, so that the same data are known again, and changed ones too.

use super::dataset::Dataset;
use super::index::FileIndex;
use super::source::interrupted;
use crate::disk;
use crate::error::Result;
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
    /// The lists of the clips. What else stands in them is no part of the hash.
    lists: Vec<FilePrint>,
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
    /// Reads all files of a data set that `index` does not know as they are.
    ///
    /// # Errors
    /// A clip that cannot be read, with its row of the list; `Interrupted` when `stop` says so.
    pub fn of(
        dataset: &Dataset,
        index: &FileIndex,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let root = common_folder(dataset);
        let named = |file: &Path| disk::slashed(file.strip_prefix(&root).unwrap_or(file));
        let prints: Vec<Result<FilePrint>> = dataset
            .clips
            .par_iter()
            .map(|clip| {
                if stop() {
                    return Err(interrupted());
                }
                let stamp = stamp(&clip.file);
                let blake3 = index.blake3(&clip.file).map_err(|error| clip.blame(error))?;
                Ok(FilePrint { name: named(&clip.file), blake3, path: clip.file.clone(), stamp })
            })
            .collect();
        index.save();
        let files = prints.into_iter().collect::<Result<Vec<_>>>()?;
        let mut hasher = blake3::Hasher::new();
        let mut word = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        word(&format!("{:?}", dataset.labelling));
        dataset.classes.iter().for_each(|class| word(class));
        for (clip, file) in dataset.clips.iter().zip(&files) {
            word(&file.name);
            word(&file.blake3);
            word(&format!("{:?} {:?} {:?}", clip.split, clip.labels, clip.span));
        }
        let lists = dataset.lists.iter().filter_map(|path| {
            let stamp = stamp(path);
            let blake3 = disk::hash_file(path).ok()?;
            Some(FilePrint { name: named(path), blake3, path: path.clone(), stamp })
        });
        let (hash, lists) = (hasher.finalize().to_hex().to_string(), lists.collect());
        Ok(Fingerprint { hash, files, lists })
    }

    /// The name of a list of the clips that is not as it was: what it names now is for the next run.
    pub fn changed_list(&self) -> Option<&str> {
        self.lists.iter().find(|file| file.has_changed()).map(|file| file.name.as_str())
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
            && disk::hash_file(&self.path).ok().as_deref() != Some(self.blake3.as_str())
    }
}

/// The folder that holds the lists and all clips: wherever it is, and however its path is written, the same data have
/// the same names.
fn common_folder(dataset: &Dataset) -> PathBuf {
    let mut files = dataset.lists.iter().chain(dataset.clips.iter().map(|clip| &clip.file));
    let first = files.next().and_then(|file| file.parent());
    let mut root = first.map(Path::to_path_buf).unwrap_or_default();
    for file in files {
        while !file.starts_with(&root) && root.pop() {}
    }
    root
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
