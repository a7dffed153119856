//! Where runs and made data are kept.

use crate::data::{Caches, FeatureCache, FileIndex};
use crate::disk;
use crate::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// The environment variable that says where runs go.
pub const HOME_VARIABLE: &str = "STILL_HOME";

/// The folder of all runs: `STILL_HOME`, or `.still` beside the recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home for `recipe`; `given` is what `STILL_HOME` says, if anything.
    pub fn of(recipe: &Path, given: Option<PathBuf>) -> Self {
        match given {
            Some(folder) if !folder.as_os_str().is_empty() => Home(folder),
            _ => Home(recipe.parent().unwrap_or(Path::new("")).join(".still")),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is kept between runs about audio files, features of at most so many bytes among it.
    pub fn caches(&self, feature_bytes: u64) -> Caches {
        let features = FeatureCache::new(self.0.join("features"), feature_bytes);
        let files = FileIndex::new(Some(self.0.join("files")));
        Caches { files, features: (feature_bytes > 0).then_some(features) }
    }

    /// As [`Home::caches`], for what leaves no trace there.
    pub fn caches_read(&self) -> Caches {
        Caches { files: FileIndex::reading(self.0.join("files")), features: None }
    }

    /// Makes the folder and tries whether it can be written, before anything is computed.
    ///
    /// # Errors
    /// A folder that cannot be made or written.
    pub fn ready(&self) -> Result<()> {
        disk::make_folder(&self.0)?;
        tempfile::Builder::new().prefix(".still-").tempfile_in(&self.0).map_err(|cause| {
            Error::new(
                Kind::File,
                format!("writing to {}", self.0.display()),
                "the folder for runs cannot be written",
            )
            .received(cause.to_string())
            .hint(format!("say where runs may go with {HOME_VARIABLE}=FOLDER"))
        })?;
        Ok(())
    }
}
