//! Everything that going on with a stage needs, as one file that is whole or told to be damaged.

use super::evaluate::Score;
use super::hooks::{Reading, Stint};
use super::tally::Tally;
use crate::error::{Error, Kind, Result};
use crate::nn::Manner;
use crate::tensor::{Device, Tensor, store};
use serde::{Deserialize, Serialize};

/// The first bytes of a checkpoint file, with its format.
const MAGIC: &[u8; 8] = b"still-c1";
/// Length of the hash after them, over all that follows.
const HASH: usize = 32;

/// What a stage's hooks keep for themselves between two steps.
#[derive(Clone, Debug, Default)]
pub struct Belongings {
    /// Everything but tensors.
    pub value: serde_json::Value,
    /// Tensors, by names that `value` knows.
    pub tensors: Vec<(String, Tensor)>,
    /// What could not be kept, in words; the stage then begins anew where it is taken up.
    pub lost: Option<String>,
}

/// A stage between two steps.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub(super) head: Head,
    pub(super) tensors: Vec<(String, Tensor)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// What the stage was asked for, so that no other stage takes it up.
    pub identity: String,
    pub epoch: usize,
    /// Batches of the epoch that are done.
    pub batch: usize,
    pub step: usize,
    pub steps: usize,
    pub seconds: f64,
    pub readings: Vec<(usize, Reading)>,
    pub tally: Tally,
    pub history: Vec<Stint>,
    /// From which step on the stage was to be how long, in steps.
    #[serde(default)]
    pub lengths: Vec<[usize; 2]>,
    pub knew_length: bool,
    #[serde(default)]
    pub tested: Option<Score>,
    /// What is known of averaged weights beside their tensors.
    #[serde(default)]
    pub average: super::average::Head,
    pub manners: Vec<Manner>,
    pub hooks: serde_json::Value,
    pub lost: Option<String>,
}

impl Checkpoint {
    /// Optimiser steps that are done.
    pub fn step(&self) -> usize {
        self.head.step
    }

    /// Epochs that are done.
    pub fn epochs(&self) -> usize {
        self.head.epoch
    }

    /// Optimiser steps in all.
    pub fn steps(&self) -> usize {
        self.head.steps
    }

    /// What the stage was asked for.
    pub fn identity(&self) -> &str {
        &self.head.identity
    }

    /// Which version of the recipe was in force from which step on.
    pub fn history(&self) -> &[Stint] {
        &self.head.history
    }

    /// Whether a hook has looked at how long the stage is.
    pub fn knew_length(&self) -> bool {
        self.head.knew_length
    }

    /// What could not be kept, in words: the stage cannot go on from here.
    pub fn lost(&self) -> Option<&str> {
        self.head.lost.as_deref()
    }

    /// The same with other numbers for the versions of the recipe.
    pub fn renumbered(mut self, number: impl Fn(usize) -> usize) -> Self {
        self.head.history.iter_mut().for_each(|stint| stint.version = number(stint.version));
        self
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// Tensors that cannot be read back from their device.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let head = serde_json::to_vec(&self.head).map_err(|cause| {
            Error::new(Kind::Internal, "writing a checkpoint", cause.to_string())
        })?;
        let tensors = store::encode(&self.tensors)?;
        let mut bytes = Vec::with_capacity(MAGIC.len() + HASH + 8 + head.len() + tensors.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; HASH]);
        bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&tensors);
        let hash = blake3::hash(&bytes[MAGIC.len() + HASH..]);
        bytes[MAGIC.len()..MAGIC.len() + HASH].copy_from_slice(hash.as_bytes());
        Ok(bytes)
    }

    /// The checkpoint that [`Checkpoint::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that are cut short, changed, or of another format.
    pub fn decode(bytes: &[u8], device: &Device) -> Result<Self> {
        let damaged = |problem: &str| Error::new(Kind::Data, "reading a checkpoint", problem);
        let body = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| damaged("this is no checkpoint of this version"))?;
        let (hash, body) =
            body.split_at_checked(HASH).ok_or_else(|| damaged("the file is cut short"))?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(damaged("the file is damaged")
                .expected("bytes with the hash that stands at their beginning"));
        }
        let (length, rest) =
            body.split_at_checked(8).ok_or_else(|| damaged("the file is cut short"))?;
        let length = length.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let (head, tensors) = usize::try_from(length)
            .ok()
            .and_then(|length| rest.split_at_checked(length))
            .ok_or_else(|| damaged("the file is cut short"))?;
        let head = serde_json::from_slice(head)
            .map_err(|cause| damaged("its head makes no sense").received(cause.to_string()))?;
        Ok(Checkpoint { head, tensors: store::decode("reading a checkpoint", tensors, device)? })
    }
}
