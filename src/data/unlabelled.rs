//! Clips that no list names: files that somebody wants classified.

use super::clip::{Clip, Split};
use super::dataset::{Dataset, Labelling};
use super::layouts::audio_below;
use crate::audio::decode;
use crate::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Clip {
    /// A whole file, without labels, called by its path. It stands among the clips that test.
    ///
    /// # Errors
    /// A file that is no clip.
    pub fn of_file(file: &Path) -> Result<Self> {
        let decode::Info { rate_hz, samples, channels, .. } = decode::probe(file)?;
        Ok(Clip {
            id: file.display().to_string(),
            file: file.to_path_buf(),
            span: None,
            row: None,
            labels: Vec::new(),
            split: Split::Test,
            fold: None,
            group: None,
            rate_hz,
            samples,
            channels,
        })
    }
}

impl Dataset {
    /// Clips that have no labels, for models of these classes.
    pub fn of_clips(
        name: &str,
        labelling: Labelling,
        classes: &[String],
        clips: Vec<Clip>,
    ) -> Self {
        Dataset {
            name: name.to_string(),
            labelling,
            classes: classes.to_vec(),
            class_ids: classes.to_vec(),
            clips: Arc::new(clips),
            lists: Vec::new(),
            left_out: Arc::default(),
            remarks: Arc::default(),
        }
    }
}

/// The audio files at `place`: itself, or all below a folder, in the order of their paths.
///
/// # Errors
/// A place that is not there, or a folder without audio files.
pub fn audio_files(place: &Path) -> Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(vec![place.to_path_buf()]);
    }
    let found = audio_below(place)?;
    if found.is_empty() {
        return Err(Error::new(
            Kind::Data,
            format!("reading {}", place.display()),
            "no audio file is here",
        )
        .expected("files that end in .wav, .flac, .ogg or .mp3"));
    }
    Ok(found)
}
