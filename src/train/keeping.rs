//! What of a stage is kept: everything that going on from between two steps needs.

use super::average::Sum;
use super::checkpoint::{Checkpoint, Head};
use super::event::{Event, Observer};
use super::hooks::Hooks;
use super::stage::Stage;
use crate::error::{Error, Kind, Result};
use crate::tensor::trace::{self, Part};
use std::sync::Arc;

impl Stage {
    /// Goes to where a checkpoint was made.
    pub fn take_up(&mut self, checkpoint: Checkpoint, hooks: &mut dyn Hooks) -> Result<()> {
        let Checkpoint { head, tensors } = checkpoint;
        if head.epoch > self.moment.epochs || head.batch > self.loader.batches() {
            return Err(Error::new(Kind::Data, "going on", "the checkpoint is beyond the stage")
                .expected(format!("{} epochs at most", self.moment.epochs))
                .received(format!("epoch {}, batch {}", head.epoch, head.batch)));
        }
        self.learner.bench.load(&tensors, &head.manners)?;
        self.moment.epoch = head.epoch;
        self.moment.step = head.step;
        let own = super::bench::under(&tensors, "hooks/");
        hooks.take_up(&self.moment, &head.hooks, &own, head.knew_length)?;
        self.moment.readings =
            Arc::new(head.readings.iter().map(|(_, reading)| reading.clone()).collect());
        self.batch = head.batch;
        self.tally = head.tally;
        self.readings = head.readings;
        self.history = head.history;
        self.lengths = head.lengths;
        self.tested = head.tested;
        self.sum = Sum::of(&tensors, head.average);
        if self.lengths.last().is_none_or(|[_, steps]| *steps != self.moment.steps) {
            self.lengths.push([head.step, self.moment.steps]);
        }
        self.before = head.seconds;
        Ok(())
    }

    /// Everything that going on needs.
    pub fn freeze(&self, hooks: &mut dyn Hooks) -> Result<Checkpoint> {
        let belongings = hooks.belongings();
        let mut tensors = self.learner.bench.tensors()?;
        let own = belongings.tensors.into_iter();
        tensors.extend(own.map(|(name, tensor)| (format!("hooks/{name}"), tensor)));
        tensors.extend(self.sum.tensors());
        let head = Head {
            identity: self.identity.clone(),
            epoch: self.moment.epoch,
            batch: self.batch,
            step: self.moment.step,
            steps: self.moment.steps,
            seconds: self.seconds(),
            readings: self.readings.clone(),
            tally: self.tally.clone(),
            history: self.history.clone(),
            lengths: self.lengths.clone(),
            knew_length: hooks.knew_length(),
            tested: self.tested,
            average: self.sum.head(),
            manners: self.learner.bench.nets.iter().map(|(_, net)| net.manner()).collect(),
            hooks: belongings.value,
            lost: belongings.lost,
        };
        Ok(Checkpoint { head, tensors })
    }

    /// Tells everything that going on needs.
    pub fn checkpoint(&self, hooks: &mut dyn Hooks, observer: &mut dyn Observer) -> Result<()> {
        trace::span(Part::Logging, || {
            let checkpoint = self.freeze(hooks)?;
            observer.observe(&Event::Checkpoint { moment: &self.moment, checkpoint: &checkpoint })
        })
    }
}
