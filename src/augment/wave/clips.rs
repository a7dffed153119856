//! Sounds from files, for noise and impulse responses: read when first drawn.

use crate::audio::{Samples, decode, resample};
use crate::error::{Error, Kind, Result};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Sounds are kept in memory up to so many bytes; what does not fit is read again.
const KEPT_BYTES: usize = 256 << 20;

/// Audio files of one folder, in the order of their names.
pub struct Clips {
    files: Vec<PathBuf>,
    /// BLAKE3 over the contents of all.
    fingerprint: String,
    kept: Vec<OnceLock<Arc<Samples>>>,
    room: AtomicUsize,
}

impl Clips {
    /// These files, each with the hash of its content.
    ///
    /// # Errors
    /// No file.
    pub fn new(operation: &str, files: Vec<(PathBuf, String)>) -> Result<Self> {
        if files.is_empty() {
            return Err(Error::new(Kind::Data, operation, "there is no sound in the folder")
                .expected("at least one audio file"));
        }
        let mut hasher = blake3::Hasher::new_derive_key("stillroom sounds, version 1");
        for (_, hash) in &files {
            hasher.update(hash.as_bytes());
        }
        Ok(Clips {
            fingerprint: hasher.finalize().to_hex()[..16].to_string(),
            kept: files.iter().map(|_| OnceLock::new()).collect(),
            files: files.into_iter().map(|(file, _)| file).collect(),
            room: AtomicUsize::new(KEPT_BYTES),
        })
    }

    /// How many there are; never 0.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// How many there are and what they contain, as it stands in a key.
    pub fn describe(&self) -> String {
        format!("{} files {}", self.files.len(), self.fingerprint)
    }

    /// Looks at the headers of all.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn check(&self) -> Result<()> {
        self.files.iter().try_for_each(|file| decode::probe(file).map(|_| ()))
    }

    /// Sound `index` at `rate_hz`.
    ///
    /// # Errors
    /// A file that cannot be read, is empty or silent.
    pub fn get(&self, index: usize, rate_hz: u32) -> Result<Arc<Samples>> {
        let slot = self.kept.get(index);
        if let Some(kept) = slot.and_then(OnceLock::get) {
            return Ok(kept.clone());
        }
        let Some(file) = self.files.get(index) else {
            return Err(Error::new(
                Kind::Internal,
                "augment",
                format!("there is no sound {index}"),
            ));
        };
        let samples = decode::read(file, &decode::ReadOptions::default())?;
        let doing = || format!("reading {}", file.display());
        if samples.values.is_empty() {
            return Err(Error::new(Kind::Data, doing(), "there is no sample in it"));
        }
        // As noise it adds nothing, and as an impulse response it takes away all that there is.
        if samples.values.iter().all(|value| *value == 0.0) {
            return Err(Error::new(Kind::Data, doing(), "the sound is silent")
                .received(format!("{} samples of 0", samples.values.len()))
                .hint("take it out of the folder of sounds"));
        }
        let samples = Arc::new(match samples.rate_hz == rate_hz {
            true => samples,
            false => resample(&samples, rate_hz)?,
        });
        let bytes = samples.values.len() * size_of::<f32>();
        let take = |room: usize| room.checked_sub(bytes);
        let fits = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if let (Some(slot), true) = (slot, fits) {
            // Another thread may have been faster; both have read the same.
            let _ = slot.set(samples.clone());
        }
        Ok(samples)
    }
}
