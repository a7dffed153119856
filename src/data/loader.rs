//! Batches from worker threads: the same ones in the same order for any number of workers.

use super::{Augmentation, ClipSource, HostBatch};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use crossbeam_channel::{Receiver, bounded};
use std::sync::Arc;

/// Batches that a worker may have ready before anybody asks.
const AHEAD: usize = 2;

/// What a training step gets.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Features `[batch, frames, mels]`.
    pub input: Tensor,
    /// Labels `[batch, classes]`; soft where clips were mixed.
    pub target: Tensor,
    /// Clips in the batch.
    pub clips: usize,
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
    /// Whether each epoch has an order of its own.
    pub shuffle: bool,
    /// Where the tensors are made.
    pub device: Device,
}

/// Makes the batches of any epoch.
#[derive(Clone)]
pub struct Loader {
    source: Arc<ClipSource>,
    chain: Arc<Vec<Arc<dyn Augmentation>>>,
    options: LoaderOptions,
}

impl Loader {
    /// A loader over `source` with an augmentation chain.
    pub fn new(
        source: Arc<ClipSource>,
        chain: Vec<Arc<dyn Augmentation>>,
        options: LoaderOptions,
    ) -> Result<Self> {
        if options.batch == 0 {
            return Err(Error::new(Kind::Range, "loading", "'batch' is out of range")
                .expected("at least 1")
                .received("0"));
        }
        Ok(Loader { source, chain: Arc::new(chain), options })
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        self.source.len().div_ceil(self.options.batch)
    }

    /// All batches of `epoch`, in order.
    pub fn epoch(&self, epoch: usize) -> Batches {
        self.epoch_from(epoch, 0)
    }

    /// The batches of `epoch` from number `first` on.
    pub fn epoch_from(&self, epoch: usize, first: usize) -> Batches {
        let order = if self.options.shuffle {
            Stream::new(self.options.seed, "order", &[epoch as u64]).permutation(self.source.len())
        } else {
            (0..self.source.len()).collect()
        };
        let order = Arc::new(order);
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
        Batches { loader: self.clone(), epoch, order, lanes, first, next: first }
    }

    fn make(&self, epoch: usize, index: usize, order: &[usize]) -> Result<Batch> {
        let start = index * self.options.batch;
        let end = (start + self.options.batch).min(order.len());
        let clips = order.get(start..end).unwrap_or_default();
        let (frames, mels) = (self.source.frames(), self.source.mels());
        let classes = self.source.classes();
        let mut host = HostBatch {
            clips: clips.len(),
            frames,
            mels,
            classes,
            features: Vec::with_capacity(clips.len() * frames * mels),
            targets: vec![0.0; clips.len() * classes],
        };
        for (place, clip) in clips.iter().enumerate() {
            let mut features = self.source.features(*clip)?.to_vec();
            for (stage, mut random) in self.streams(epoch, *clip) {
                stage.clip(&mut features, frames, mels, &mut random);
            }
            host.features.append(&mut features);
            let label = place * classes + self.source.class(*clip);
            if let Some(cell) = host.targets.get_mut(label) {
                *cell = 1.0;
            }
        }
        for (stage, mut random) in self.streams(epoch, self.source.len() + index) {
            stage.batch(&mut host, &mut random);
        }
        let shape = [host.clips, frames, mels];
        Ok(Batch {
            input: Tensor::from_values(host.features, &shape, &self.options.device)?,
            target: Tensor::from_values(
                host.targets,
                &[host.clips, classes],
                &self.options.device,
            )?,
            clips: host.clips,
        })
    }

    /// Each stage with its stream for item `index` of `epoch`. A stream is named by the stage and by
    /// how often it stood in the chain before, so adding another stage changes no other's numbers.
    fn streams(
        &self,
        epoch: usize,
        index: usize,
    ) -> impl Iterator<Item = (&dyn Augmentation, Stream)> {
        let seed = self.options.seed;
        let mut seen: Vec<String> = Vec::new();
        self.chain.iter().map(move |stage| {
            let name = stage.describe();
            let before = seen.iter().filter(|other| **other == name).count() as u64;
            let indices = [before, epoch as u64, index as u64];
            let stream = Stream::new(seed, &format!("augment {name}"), &indices);
            seen.push(name);
            (stage.as_ref(), stream)
        })
    }
}

/// The batches of one epoch.
pub struct Batches {
    loader: Loader,
    epoch: usize,
    order: Arc<Vec<usize>>,
    lanes: Vec<Option<Receiver<Result<Batch>>>>,
    first: usize,
    next: usize,
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
        Some(match lane {
            None => self.loader.make(self.epoch, index, &self.order),
            Some(lane) => lane.recv().unwrap_or_else(|_| {
                Err(Error::new(Kind::Internal, "loading a batch", "a worker thread ended early"))
            }),
        })
    }
}
