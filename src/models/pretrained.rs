//! A model that begins with the weights of a file.

use super::weights::{Checkpoint, LoadOptions, Report, digest_of, load};
use super::{InputShape, Spec};
use crate::error::{Error, Kind, Result};
use crate::nn::Net;
use crate::tensor::Device;
use serde::Serialize;
use std::path::{Path, PathBuf};

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
}

impl Pretrained {
    /// A model with the weights of a file, whose content is looked at and remembered.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of weights.
    pub fn new(of: Spec, path: &Path, options: LoadOptions) -> Result<Self> {
        // What is no file of weights is told where it is named, before anything is built.
        Checkpoint::open(path)?;
        let (of, blake3) = (Box::new(of), digest_of(path)?);
        Ok(Pretrained { of, blake3, options, path: path.to_path_buf() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The network with the file's weights; what is not in the file is drawn from `seed`.
    pub(super) fn build(&self, input: InputShape, seed: u64, on: &Device) -> Result<(Net, Report)> {
        let net = self.of.build(input, seed, on)?.net().clone();
        if digest_of(&self.path)? != self.blake3 {
            let doing = format!("loading {}", self.path.display());
            return Err(Error::new(
                Kind::File,
                doing,
                "the file has changed since the recipe named it",
            )
            .hint("run the recipe again"));
        }
        let report = load(&net, &Checkpoint::open(&self.path)?, &self.options, on)?;
        Ok((net, report))
    }
}
