//! Batches from worker threads: the same ones in the same order for any number of workers.

use super::augmentation::{Augmentation, HostBatch, Mix};
use super::making::{Drawn, Maker};
use super::sampler::Sampler;
use super::source::ClipSource;
use crate::error::{Error, Kind, Result};
use crate::tensor::trace::{self, Part};
use crate::tensor::{Device, Tensor};
use crossbeam_channel::{Receiver, bounded};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Batches that a worker may have ready before anybody asks.
const AHEAD: usize = 2;

/// How a teacher is shown the clips that its student sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Teaching {
    /// The very same batch.
    #[default]
    Consistent,
    /// The same clips, mixed in the same way, but with other draws of all other augmentations.
    Independent,
    /// The same clips, mixed in the same way, without any other augmentation.
    Clean,
    /// Not at all: what it says of each clip as it is was stored before.
    Stored,
}

impl Teaching {
    /// Their names in recipes.
    pub const NAMES: [(&'static str, Teaching); 4] = [
        ("consistent", Teaching::Consistent),
        ("independent", Teaching::Independent),
        ("clean", Teaching::Clean),
        ("stored", Teaching::Stored),
    ];

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        Teaching::NAMES.iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }
}

/// What a training step gets.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Features `[batch, frames, bins]`.
    pub input: Tensor,
    /// What a teacher sees, where that is something else.
    pub teacher_input: Option<Tensor>,
    /// Labels `[batch, classes]`; soft where clips were mixed.
    pub target: Tensor,
    /// Clips in the batch.
    pub clips: usize,
    /// Which clips of the split each row is made of.
    pub mixes: Arc<Vec<Mix>>,
    /// 0 where a student sees it, 1 where it is what a teacher with draws of its own sees.
    pub view: usize,
}

/// How batches are made.
#[derive(Clone, Debug)]
pub struct LoaderOptions {
    /// Clips in a batch; the last one of an epoch may be smaller.
    pub batch: usize,
    /// Names all random streams.
    pub seed: u64,
    /// Threads that make batches; 0 makes them when they are asked for.
    pub workers: usize,
    /// Which clips an epoch takes, and in which order.
    pub sampler: Sampler,
    /// How a teacher is shown the clips.
    pub teaching: Teaching,
    /// Whether the part of a longer clip is drawn, where the front end says so; its middle otherwise.
    pub draws: bool,
    /// Where the tensors are made.
    pub device: Device,
}

impl LoaderOptions {
    /// Every clip once, in order, made when it is asked for: for evaluation.
    pub fn in_order(batch: usize, device: &Device) -> Self {
        LoaderOptions {
            batch,
            seed: 0,
            workers: 0,
            sampler: Sampler::Sequential,
            teaching: Teaching::Consistent,
            draws: false,
            device: device.clone(),
        }
    }
}

/// Makes the batches of any epoch.
#[derive(Clone)]
pub struct Loader {
    maker: Arc<Maker>,
    weights: Option<Arc<Vec<f64>>>,
    options: LoaderOptions,
}

impl Loader {
    /// A loader over `source` with an augmentation chain.
    ///
    /// # Errors
    /// A batch of no clips; a step on samples after one on features; weights that make no sense.
    pub fn new(
        source: Arc<ClipSource>,
        chain: Vec<Arc<dyn Augmentation>>,
        options: LoaderOptions,
    ) -> Result<Self> {
        if options.batch == 0 {
            return Err(Error::out_of_range("loading", "batch", "at least 1", "0"));
        }
        options.sampler.check(source.len())?;
        let weights = options.sampler.weights(source.clips(), source.classes()).map(Arc::new);
        let maker =
            Arc::new(Maker::new(source, chain, options.seed, options.teaching, options.draws)?);
        Ok(Loader { maker, weights, options })
    }

    fn clips(&self) -> usize {
        self.maker.source.len()
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        self.clips().div_ceil(self.options.batch)
    }

    /// All batches of `epoch`, in order.
    pub fn epoch(&self, epoch: usize) -> Batches {
        self.epoch_from(epoch, 0)
    }

    /// The batches of `epoch` from number `first` on.
    pub fn epoch_from(&self, epoch: usize, first: usize) -> Batches {
        let LoaderOptions { sampler, seed, .. } = &self.options;
        let weights = self.weights.as_deref().map(Vec::as_slice);
        let order = sampler.order(weights, self.clips(), *seed, epoch);
        let order = Arc::new(Drawn::counted(order, self.clips()));
        let workers = self.options.workers.min(self.batches().saturating_sub(first));
        let lanes = (0..workers)
            .map(|worker| {
                let (sender, receiver) = bounded(AHEAD);
                let (loader, order) = (self.clone(), order.clone());
                let work = move || {
                    // Worker w of n makes every n-th batch; the consumer asks in turn.
                    for index in (first + worker..loader.batches()).step_by(workers) {
                        if sender.send(loader.make(epoch, index, &order)).is_err() {
                            return; // nobody waits any more
                        }
                    }
                };
                // A machine that has no thread left makes the batches in this one.
                let spawned = std::thread::Builder::new().name("loader".into()).spawn(work);
                spawned.ok().map(|_| receiver)
            })
            .collect();
        let waited = Duration::ZERO;
        Batches { loader: self.clone(), epoch, order, lanes, first, next: first, waited }
    }

    fn make(&self, epoch: usize, index: usize, order: &[Drawn]) -> Result<Batch> {
        let start = index * self.options.batch;
        let end = (start + self.options.batch).min(order.len());
        let clips = order.get(start..end).unwrap_or_default();
        let made = || self.maker.make(epoch, index, clips);
        let (own, teacher) = trace::span(Part::Batches, made)?;
        let HostBatch { clips, frames, bins, classes, .. } = own;
        let on = &self.options.device;
        let shape = [clips, frames, bins];
        let teacher_input = match teacher {
            Some(batch) => Some(Tensor::from_values(batch.features, &shape, on)?),
            None => None,
        };
        Ok(Batch {
            input: Tensor::from_values(own.features, &shape, on)?,
            teacher_input,
            target: Tensor::from_values(own.targets, &[clips, classes], on)?,
            clips,
            mixes: Arc::new(own.mixes),
            view: 0,
        })
    }
}

/// The batches of one epoch.
pub struct Batches {
    loader: Loader,
    epoch: usize,
    order: Arc<Vec<Drawn>>,
    lanes: Vec<Option<Receiver<Result<Batch>>>>,
    first: usize,
    next: usize,
    waited: Duration,
}

impl Batches {
    /// How long whoever asked for batches had to wait for them so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.loader.batches() {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let lane = (index - self.first)
            .checked_rem(self.lanes.len())
            .and_then(|lane| self.lanes.get(lane));
        let lane = lane.and_then(Option::as_ref);
        let begun = Instant::now();
        let made = match lane {
            None => self.loader.make(self.epoch, index, &self.order),
            Some(lane) => lane.recv().unwrap_or_else(|_| {
                Err(Error::new(Kind::Internal, "loading a batch", "a worker thread ended early"))
            }),
        };
        self.waited += begun.elapsed();
        Some(made)
    }
}
