//! The batches of an epoch, for loops of a recipe's own.

use super::{DatasetHandle, sampler_of};
use crate::data::{Batch, FrontEnd, Loader, LoaderOptions, Sampler, Split, Teaching};
use crate::error::{Result, unknown};
use crate::script::Host;
use crate::script::augment::Step;
use crate::script::options::Options;
use crate::script::raise::{Raw, raw};
use crate::script::register::functions;
use crate::script::value;
use rhai::{Engine, Map, Module};
use std::sync::Arc;

/// The batches of one epoch, as a script goes through them.
#[derive(Clone)]
pub(in crate::script) struct BatchList {
    pub(super) loader: Loader,
    epoch: usize,
    host: Arc<dyn Host>,
}

impl IntoIterator for BatchList {
    type Item = Raw<Batch>;
    type IntoIter = Box<dyn Iterator<Item = Raw<Batch>>>;

    fn into_iter(self) -> Self::IntoIter {
        let host = self.host;
        Box::new(self.loader.epoch(self.epoch).map(move |batch| {
            host.meter().progress();
            raw(batch)
        }))
    }
}

fn batches(host: &Arc<dyn Host>, data: &DatasetHandle, options: Map) -> Result<BatchList> {
    let operation = "batches";
    let options = Options::new(operation, options)?;
    let front = options.native("features", "a front end: audio::fbank(…)")?;
    let step = |operation: &str, what: &str, value: &rhai::Dynamic| {
        value::native_of(operation, what, "an augmentation: augment::time_roll()", value)
    };
    let chain: Vec<Step> = options.list("augment", step)?.unwrap_or_default();
    let (mut batch, mut seed, mut epoch) = (32, host.seed() as usize, 0);
    options.count("batch", &mut batch)?;
    options.count("seed", &mut seed)?;
    options.count("epoch", &mut epoch)?;
    let name = options.text("split")?.unwrap_or_else(|| "train".to_string());
    let known = Split::ALL.map(Split::name);
    let split = Split::named(&name).ok_or_else(|| unknown(operation, "split", &name, &known))?;
    let standard = if split == Split::Train { Sampler::Shuffled } else { Sampler::Sequential };
    let sampler = sampler_of(operation, &options)?.unwrap_or(standard);
    let features = host.features(data, &front.unwrap_or_else(FrontEnd::standard))?;
    features.ready(&|| host.interruption().is_some())?;
    let source = match split {
        Split::Train => features.train,
        Split::Validation => features.validation,
        Split::Test => features.test,
    };
    let settings = LoaderOptions {
        batch,
        seed: seed as u64,
        workers: host.workers(),
        sampler,
        teaching: Teaching::Consistent,
        draws: split == Split::Train,
        device: host.device(),
    };
    Ok(BatchList { loader: Loader::new(source, chain, settings)?, epoch, host: host.clone() })
}

pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    engine.register_iterator_result::<BatchList, Batch>();
    let (asked, plain) = (host.clone(), host.clone());
    let mut module = Module::new();
    functions! { &mut module;
        /// The batches of one epoch, to go through: `for batch in data.batches(#{ batch: 16 }) { … }`.
        ///
        /// A batch has `input` `[batch, frames, mels]`, `target` `[batch, classes]` and `clips`.
        /// Options: `features` (`audio::fbank(#{})`), `augment` ([]), `batch` (32), `split` ("train",
        /// "validation" or "test"), `sampler` ("shuffled" for clips that train, else "sequential"; or "balanced"), `seed` (what `--seed` says), `epoch` (0): each has an order
        /// and augmentations of its own.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example", #{ per_class: 1 });
        /// let clips = 0;
        /// for batch in data.batches(#{ batch: 16, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) }) {
        ///     clips += batch.clips;
        /// }
        /// clips == data.train_clips
        /// ```
        fn "batches"(data: DatasetHandle, options: Map) -> BatchList { batches(&asked, &data, options) }

        /// As `batches(options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example", #{ per_class: 1 });
        /// data.batches().count == 1
        /// ```
        fn "batches"(data: DatasetHandle) -> BatchList { batches(&plain, &data, Map::new()) }
    }
    engine.register_global_module(module.into());
}
