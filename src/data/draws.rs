//! The random numbers of augmentations: which streams a step gets, alone or in a group.

use super::augmentation::{Augmentation, Level};
use crate::tensor::random::Stream;
use std::sync::Arc;

/// What a step draws from at one item (a clip of an epoch, or a batch).
///
/// A stream is named by the step with its settings and by how often such a step stood in the chain before, in groups
/// and out of them; so another step, or a group around one, changes no other's numbers.
#[derive(Clone, Debug)]
pub struct Draws {
    /// The step's own stream.
    pub stream: Stream,
    /// Uniform in [0, 1): by these a group chooses and orders its parts.
    pub luck: f64,
    /// Whether this viewer does not get the step: a teacher that is shown clips without augmentations, but mixed.
    pub is_hidden: bool,
    /// Those of the steps of a group.
    pub parts: Vec<Draws>,
}

/// Who sees a batch; each has streams of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Viewer {
    Student,
    /// A teacher with other draws.
    Apart,
    /// A teacher without augmentations.
    Clean,
}

/// Names the streams of a chain's steps at one item.
pub(super) struct Namer<'a> {
    viewer: Viewer,
    seed: u64,
    /// Epoch and item.
    indices: &'a [u64],
    seen: Vec<String>,
}

impl<'a> Namer<'a> {
    pub fn new(viewer: Viewer, seed: u64, indices: &'a [u64]) -> Self {
        Namer { viewer, seed, indices, seen: Vec::new() }
    }

    /// Each step of a level with its draws, what this viewer does not get left out.
    pub fn each<'s>(
        &mut self,
        chain: &'s [Arc<dyn Augmentation>],
        level: Level,
    ) -> Vec<(&'s dyn Augmentation, Draws)> {
        let own = chain.iter().filter(|step| step.level() == level);
        own.map(|step| (step.as_ref(), self.draws(step.as_ref())))
            .filter(|(_, draws)| !draws.is_hidden)
            .collect()
    }

    /// The draws of the chain's next step. What is mixed with what is the same for all viewers, and so is what a group
    /// chooses where that decides about mixing.
    fn draws(&mut self, step: &dyn Augmentation) -> Draws {
        self.part(step, step.mixes())
    }

    fn part(&mut self, step: &dyn Augmentation, is_chosen_for_all: bool) -> Draws {
        let name = step.describe();
        let before = self.seen.iter().filter(|other| **other == name).count() as u64;
        let indices = [&[before], self.indices].concat();
        let apart = |is_common: bool| match self.viewer == Viewer::Apart && !is_common {
            true => "apart ",
            false => "",
        };
        let stream = format!("augment {}{name}", apart(step.mixes()));
        let luck = format!("augment choice {}{name}", apart(is_chosen_for_all));
        let stream = Stream::new(self.seed, &stream, &indices);
        let luck = Stream::new(self.seed, &luck, &indices).uniform();
        self.seen.push(name);
        let parts: Vec<Draws> =
            step.parts().iter().map(|part| self.part(part.as_ref(), step.mixes())).collect();
        Draws { stream, luck, is_hidden: self.viewer == Viewer::Clean && !step.mixes(), parts }
    }
}

impl Draws {
    /// The draws of a step that stands alone in its chain, as a student's loader makes them.
    pub fn of(step: &dyn Augmentation, seed: u64, indices: &[u64]) -> Self {
        Namer::new(Viewer::Student, seed, indices).draws(step)
    }
    /// Each step of a level with its draws, as a student's loader makes them for an item: `indices` are epoch and item.
    pub fn each<'s>(
        chain: &'s [Arc<dyn Augmentation>],
        level: Level,
        seed: u64,
        indices: &[u64],
    ) -> Vec<(&'s dyn Augmentation, Draws)> {
        Namer::new(Viewer::Student, seed, indices).each(chain, level)
    }
}
