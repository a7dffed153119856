//! A model that begins with the weights of a file.

use super::weights::{Checkpoint, LoadOptions, Report, digest_of, load};
use super::{InputShape, Spec};
use crate::error::{Error, Kind, Result};
use crate::nn::{Net, Network, pass};
use crate::tensor::Device;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A model and the weights that it begins with. As text, and so for the key of a stage, the file counts by its content
/// and not by its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pretrained {
    /// The model.
    pub of: Box<Spec>,
    /// BLAKE3 of the file.
    pub blake3: String,
    /// How its weights are taken over.
    pub options: LoadOptions,
    #[serde(skip)]
    path: PathBuf,
    /// What the file looked like when its content was read, where that can be trusted.
    #[serde(skip)]
    stamp: Option<Stamp>,
}

/// A file's length and time: the same file, where both are the same.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
}

/// What was written so shortly before may be written again within the same tick of the file system's clock.
const SETTLED: Duration = Duration::from_secs(2);

impl Stamp {
    /// That of a file that was left alone for a while.
    fn of(path: &Path) -> Option<Stamp> {
        let known = path.metadata().ok()?;
        let modified = known.modified().ok()?;
        let age = SystemTime::now().duration_since(modified).ok()?;
        (age > SETTLED).then_some(Stamp { length: known.len(), modified })
    }
}

impl Pretrained {
    /// A model with the weights of a file, whose content is looked at and remembered.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of weights.
    pub fn new(of: Spec, path: &Path, options: LoadOptions) -> Result<Self> {
        // What is no file of weights is told where it is named, before anything is built.
        Checkpoint::open(path)?;
        let stamp = Stamp::of(path);
        let (of, blake3) = (Box::new(of), digest_of(path)?);
        Ok(Pretrained { of, blake3, options, path: path.to_path_buf(), stamp })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The network with the file's weights; what is not in the file is drawn from `seed`.
    pub(super) fn build(&self, input: InputShape, seed: u64, on: &Device) -> Result<(Net, Report)> {
        // Most files have all that the network needs: nothing is drawn that would be overwritten.
        let net = pass::without_weights(|| self.of.build(input, seed, on))?.net().clone();
        let is_known = self.stamp.is_some() && Stamp::of(&self.path) == self.stamp;
        if !is_known && digest_of(&self.path)? != self.blake3 {
            let doing = format!("loading {}", self.path.display());
            return Err(Error::new(
                Kind::File,
                doing,
                "the file has changed since the recipe named it",
            )
            .hint("run the recipe again"));
        }
        let report = load(&net, &Checkpoint::open(&self.path)?, &self.options, on)?;
        let lacking = report.lacking();
        if !lacking.is_empty() {
            // They begin as they would without a file.
            let drawn = self.of.build(input, seed, on)?;
            let own = net.parameters().into_iter().zip(drawn.net().parameters());
            for ((name, parameter), (_, fresh)) in own {
                if lacking.contains(&name.as_str()) {
                    parameter.set(fresh.value())?;
                }
            }
        }
        Ok((net, report))
    }
}
