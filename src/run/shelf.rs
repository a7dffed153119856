//! The checkpoints of a stage in the folder of its run: the newest, and the one before it.

use super::Folder;
use crate::disk;
use crate::error::Result;
use crate::tensor::Device;
use crate::train::Checkpoint;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ENDING: &str = "checkpoint";
/// Where the newest is damaged, the one before it does.
const KEPT: usize = 2;
/// Writing checkpoints may take this share of the time.
const SHARE: u32 = 50;

/// When checkpoints are made, beside those where a stage stops or waits.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy {
    /// After so many steps.
    pub steps: Option<usize>,
    /// After so long; longer where writing one takes long.
    pub every: Duration,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        CheckpointPolicy { steps: None, every: Duration::from_secs(60) }
    }
}

/// Decides when the next one is due.
pub(super) struct Clock {
    policy: CheckpointPolicy,
    last: Instant,
    step: usize,
    took: Duration,
}

impl Clock {
    pub fn new(policy: CheckpointPolicy) -> Self {
        Clock { policy, last: Instant::now(), step: 0, took: Duration::ZERO }
    }

    /// A stage begins, or goes on, after so many steps.
    pub fn begin(&mut self, step: usize) {
        (self.last, self.step) = (Instant::now(), step);
    }

    pub fn due(&self, step: usize) -> bool {
        let by_steps = self.policy.steps.is_some_and(|steps| step >= self.step + steps.max(1));
        let pause = self.policy.every.max(self.took * SHARE);
        step > self.step && (by_steps || self.last.elapsed() >= pause)
    }

    pub fn written(&mut self, step: usize, took: Duration) {
        self.begin(step);
        self.took = took;
    }
}

/// What was found of a stage's checkpoints.
#[derive(Default)]
pub struct FoundCheckpoint {
    /// The newest that is whole.
    pub checkpoint: Option<Checkpoint>,
    /// What was wrong with newer ones.
    pub damaged: Vec<String>,
    /// Whether there are some of a stage of this name that was asked for something else.
    pub foreign: bool,
}

impl Folder {
    /// Writes a checkpoint, and removes those that are not needed any more.
    ///
    /// # Errors
    /// A folder that cannot be written; those before are still there.
    pub fn keep_checkpoint(&self, stage: &str, checkpoint: &Checkpoint) -> Result<()> {
        let folder = self.checkpoints(stage);
        disk::make_folder(&folder)?;
        let name = format!("{:010}.{ENDING}", checkpoint.step());
        disk::write_whole(&folder.join(name), &checkpoint.encode()?)?;
        let before: Vec<PathBuf> = files(&folder)
            .into_iter()
            .filter(|(step, _)| *step < checkpoint.step())
            .map(|(_, path)| path)
            .collect();
        before.iter().skip(KEPT - 1).try_for_each(|path| disk::remove_file(path))
    }

    /// The newest checkpoint of a stage that is whole, and was made of what `identity` names.
    pub fn checkpoint(&self, stage: &str, identity: &str, device: &Device) -> FoundCheckpoint {
        let mut found = FoundCheckpoint::default();
        for (step, path) in files(&self.checkpoints(stage)) {
            let read = std::fs::read(&path).map_err(|cause| cause.to_string());
            let decoded = read.and_then(|bytes| {
                Checkpoint::decode(&bytes, device).map_err(|error| error.headline())
            });
            match decoded {
                Ok(checkpoint) if checkpoint.identity() != identity => found.foreign = true,
                Ok(checkpoint) => {
                    found.checkpoint = Some(checkpoint);
                    break;
                }
                Err(problem) => found.damaged.push(format!("that of step {step}: {problem}")),
            }
        }
        found
    }

    /// Removes the checkpoints of a stage.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn drop_checkpoints(&self, stage: &str) -> Result<()> {
        disk::remove_folder(&self.checkpoints(stage))
    }
}

/// Checkpoints by their steps, the newest first. Their names tell it: a clock may go wrong.
fn files(folder: &Path) -> Vec<(usize, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(usize, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path)))
        .collect();
    files.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    files
}
