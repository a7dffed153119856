//! The augmentations of a recipe, without training: `still show`.

use super::eval::evaluated;
use super::source::Source;
use super::trying::{Given, Say, Trying};
use crate::data::{Augmentation, ClipSource, FrontEnd};
use crate::error::{Error, Kind, Result};
use crate::train::Plan;
use rhai::{Array, Dynamic};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// A chain, and what the stage that it belongs to says besides.
pub struct Chain {
    /// The steps.
    pub steps: Vec<Arc<dyn Augmentation>>,
    /// The stage's front end, where the chain is that of a stage.
    pub front: Option<FrontEnd>,
    /// The stage's clips that train, where the chain is that of a stage.
    pub clips: Option<Arc<ClipSource>>,
}

/// The chain of `file`: of the option `augment` of its first stage, or, where it has no stage, the array of steps that
/// it ends in.
///
/// # Errors
/// Whatever goes wrong before, with its place; a file with neither.
pub fn chain(file: &Path, given: &Given, stop: &Arc<AtomicBool>, say: Say) -> Result<Chain> {
    let what = "still show";
    let source = Source::read(file)?;
    let wanted: Arc<Mutex<Option<Plan>>> = Arc::default();
    let host = Trying::new(what, file, given, stop, say).until_stage(&wanted);
    let folder = file.parent().unwrap_or(Path::new(""));
    let outcome = evaluated(what, source, folder, given, stop, host);
    if let Some(plan) = wanted.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // What came after the first stage does not matter.
        return Ok(Chain {
            steps: plan.chain,
            front: Some(plan.features.front().clone()),
            clips: Some(plan.features.train),
        });
    }
    let evaluated = outcome?;
    match steps_of(evaluated.value()) {
        Some(steps) => Ok(Chain { steps, front: None, clips: None }),
        None => Err(Error::new(Kind::Script, what, "there is no chain of augmentations in it")
            .expected("a stage with the option 'augment', or an array of steps at the end")
            .received(file.display().to_string())
            .hint(
                "a file with this alone will do: [augment::time_mask(48), augment::freq_mask(24)]",
            )),
    }
}

fn steps_of(value: &Dynamic) -> Option<Vec<Arc<dyn Augmentation>>> {
    let array = value.read_lock::<Array>()?;
    let step =
        |value: &Dynamic| value.read_lock::<Arc<dyn Augmentation>>().map(|step| Arc::clone(&step));
    array.iter().map(step).collect()
}
