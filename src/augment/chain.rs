//! Steps of steps: with a probability, one or some of several, in any order. Each inner step has a stream of its own
//! (see [`Draws`]), so what else is in a group changes none of its numbers.

use crate::data::{Augmentation, Draws, HostBatch, Level, Pool, Spectrogram, Wave};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

type Step = Arc<dyn Augmentation>;

fn told(steps: &[Step]) -> String {
    let all: Vec<String> = steps.iter().map(|step| step.describe()).collect();
    format!("[{}]", all.join(", "))
}

/// The one level of a group's steps.
fn common_level(operation: &str, steps: &[Step]) -> Result<Level> {
    let Some(first) = steps.first() else {
        return Err(Error::new(Kind::Range, operation, "there is no step")
            .expected("at least one step: [augment::gain([-6, 6])]"));
    };
    match steps.iter().find(|step| step.level() != first.level()) {
        None => Ok(first.level()),
        Some(other) => {
            let tell = |step: &Step| format!("{} on {}", step.describe(), step.level().name());
            Err(Error::new(
                Kind::Script,
                operation,
                "the steps of a group work on different things",
            )
            .expected("all on samples, all on features, or all on batches")
            .received(format!("{} and {}", tell(first), tell(other)))
            .hint(
                "make a group for each: samples come first in a chain, then features, then batches",
            ))
        }
    }
}

/// A group that does some of its parts, in an order of its own.
trait Group: Send + Sync {
    fn told(&self) -> String;
    fn steps(&self) -> &[Step];
    /// Which parts are done, in order, by the luck of each.
    fn order(&self, luck: &[f64]) -> Vec<usize>;
}

/// The places of `luck`, the least luck first.
fn by_luck(luck: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..luck.len()).collect();
    let of = |place: &usize| luck.get(*place).copied().unwrap_or_default();
    order.sort_by(|a, b| of(a).total_cmp(&of(b)));
    order
}

/// Each part that is done, with its draws.
fn done<'a, G: Group>(
    group: &'a G,
    draws: &'a mut Draws,
) -> impl Iterator<Item = (&'a Step, &'a mut Draws)> {
    let luck: Vec<f64> = draws.parts.iter().map(|part| part.luck).collect();
    let mut parts: Vec<Option<&mut Draws>> = draws.parts.iter_mut().map(Some).collect();
    let each = move |place: usize| {
        let (step, own) = (group.steps().get(place)?, parts.get_mut(place)?.take()?);
        (!own.is_hidden).then_some((step, own))
    };
    group.order(&luck).into_iter().filter_map(each)
}

/// A step that is done with a probability.
#[derive(Clone)]
pub struct Chance {
    probability: f64,
    step: [Step; 1],
}

impl Chance {
    /// `step` with `probability`, 0 to 1.
    pub fn new(probability: f64, step: Step) -> Self {
        Chance { probability, step: [step] }
    }
}

impl Group for Chance {
    fn told(&self) -> String {
        let step = self.step.iter().map(|step| step.describe()).collect::<String>();
        format!("chance({}, {step})", self.probability)
    }

    fn steps(&self) -> &[Step] {
        &self.step
    }

    fn order(&self, luck: &[f64]) -> Vec<usize> {
        by_luck(luck)
            .into_iter()
            .filter(|at| luck.get(*at).is_some_and(|l| *l < self.probability))
            .collect()
    }
}

/// So many of several steps, as they stand; all choices are equally likely.
#[derive(Clone)]
pub struct Pick {
    count: usize,
    steps: Vec<Step>,
}

impl Pick {
    /// `count` of `steps`.
    ///
    /// # Errors
    /// No steps, fewer than `count`, or steps of different levels.
    pub fn new(operation: &str, count: usize, steps: Vec<Step>) -> Result<Self> {
        common_level(operation, &steps)?;
        match count <= steps.len() {
            true => Ok(Pick { count, steps }),
            false => {
                Err(Error::new(Kind::Range, operation, "there are fewer steps than are to be done")
                    .expected(format!("at most {}", steps.len()))
                    .received(count.to_string()))
            }
        }
    }
}

impl Group for Pick {
    fn told(&self) -> String {
        match self.count {
            1 => format!("one_of({})", told(&self.steps)),
            count => format!("some_of({count}, {})", told(&self.steps)),
        }
    }

    fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn order(&self, luck: &[f64]) -> Vec<usize> {
        let mut chosen: Vec<usize> = by_luck(luck).into_iter().take(self.count).collect();
        chosen.sort_unstable();
        chosen
    }
}

/// Several steps in any order, all orders equally likely.
#[derive(Clone)]
pub struct Shuffled {
    steps: Vec<Step>,
}

impl Shuffled {
    /// All of `steps`.
    ///
    /// # Errors
    /// No steps, or steps of different levels.
    pub fn new(operation: &str, steps: Vec<Step>) -> Result<Self> {
        common_level(operation, &steps)?;
        Ok(Shuffled { steps })
    }
}

impl Group for Shuffled {
    fn told(&self) -> String {
        format!("shuffled({})", told(&self.steps))
    }

    fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn order(&self, luck: &[f64]) -> Vec<usize> {
        by_luck(luck)
    }
}

impl<G: Group> Augmentation for G {
    fn describe(&self) -> String {
        self.told()
    }

    fn level(&self) -> Level {
        // All have the same one.
        self.steps().first().map_or(Level::Wave, |step| step.level())
    }

    fn parts(&self) -> &[Step] {
        self.steps()
    }

    fn wave(&self, wave: &mut Wave, pool: &dyn Pool, draws: &mut Draws) -> Result<()> {
        done(self, draws).try_for_each(|(step, own)| step.wave(wave, pool, own))
    }

    fn clip(&self, clip: &mut Spectrogram, draws: &mut Draws) {
        done(self, draws).for_each(|(step, own)| step.clip(clip, own));
    }

    fn batch(&self, batch: &mut HostBatch, draws: &mut Draws) {
        done(self, draws).for_each(|(step, own)| step.batch(batch, own));
    }
}
