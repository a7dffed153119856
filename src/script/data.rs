//! Bindings of `dataset`.

use super::Host;
use super::options::Options;
use super::raise::{Raw, placed, raw};
use super::register::functions;
use super::value;
use crate::data::{
    Batch, Dataset, Esc50Options, FrontEnd, Loader, LoaderOptions, esc50, esc50_checked, synth,
};
use crate::error::{Error, Kind, Result, unknown};
use rhai::{Engine, FuncRegistration, Map, Module, NativeCallContext, exported_module};
use std::path::Path;
use std::sync::Arc;

/// A data set as a script holds it.
pub(super) type DatasetHandle = Arc<Dataset>;

const ESC50: &str = "dataset::esc50";

/// The names as a script sees them; the functions that need the host are registered here.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let comments = [
        "/// Reads a data set in ESC-50's layout: `audio/*.wav` and `meta/esc50.csv`.",
        "///",
        "/// \"still:example\" is a small set of synthesised sounds that Stillroom makes itself.",
        "/// Options: `fold` (5): the fold that tests, the others train; `per_class`: at most so many",
        "/// clips of each class in each split, for a quick try.",
        "/// Errors: a folder that nobody allowed (`--data-root`, or the value of a `--set`), a missing folder or",
        "/// table, a damaged row, a missing, empty or cut-off file.",
        "///",
        "/// ```rhai",
        "/// dataset::esc50(\"still:example\", #{ fold: 1 }).classes == 10",
        "/// ```",
    ];
    let asked = host.clone();
    FuncRegistration::new("esc50")
        .with_comments(comments)
        .with_params_info(["folder: &str", "options: Map", "Dataset"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext, folder: &str, options: Map| -> Raw<DatasetHandle> {
                placed(&call, open(asked.as_ref(), folder, options))
            },
        );
    let asked = host.clone();
    FuncRegistration::new("esc50")
        .with_comments([
            "/// As `esc50(folder, options)`, with all options as they stand.",
            "///",
            "/// ```rhai",
            "/// dataset::esc50(\"still:example\").test_clips > 10",
            "/// ```",
        ])
        .with_params_info(["folder: &str", "Dataset"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext, folder: &str| -> Raw<DatasetHandle> {
                placed(&call, open(asked.as_ref(), folder, Map::new()))
            },
        );
    engine.register_static_module("dataset", module.into());
    engine.register_global_module(exported_module!(getters).into());
    bind_batches(engine, host);
}

fn open(host: &dyn Host, folder: &str, options: Map) -> Result<DatasetHandle> {
    let options = Options::new(ESC50, options)?;
    let mut own = Esc50Options::default();
    options.count("fold", &mut own.fold)?;
    let whole = |value| value::count_of(ESC50, "'per_class'", value);
    own.per_class = options.get("per_class").map(whole).transpose()?;
    let mut dataset = match folder {
        synth::NAME => esc50(&host.example_data()?, &own)?,
        folder => {
            // What is in the folder may lead out of it.
            let check = |path: &Path| {
                let found = host.readable(ESC50, &path.to_string_lossy())?;
                if found == path {
                    return Ok(());
                }
                // A file of the run's own is called so, too: it is not what would be read.
                Err(Error::new(Kind::File, ESC50, "a clip is called as a file that the run wrote")
                    .received(path.display().to_string())
                    .hint("save it under another name"))
            };
            esc50_checked(&host.readable_folder(ESC50, folder)?, &own, &check)?
        }
    };
    dataset.name = folder.to_string();
    Ok(Arc::new(dataset))
}

/// The batches of one epoch, as a script goes through them.
#[derive(Clone)]
pub(super) struct BatchList {
    loader: Loader,
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
    let chain: Vec<super::augment::Step> = options.list("augment", step)?.unwrap_or_default();
    let (mut batch, mut seed, mut epoch) = (32, host.seed() as usize, 0);
    options.count("batch", &mut batch)?;
    options.count("seed", &mut seed)?;
    options.count("epoch", &mut epoch)?;
    let split = options.text("split")?.unwrap_or_else(|| "train".to_string());
    let trains = match split.as_str() {
        "train" => true,
        "test" => false,
        other => return Err(unknown(operation, "split", other, &["train", "test"])),
    };
    let mut shuffle = trains;
    options.flag("shuffle", &mut shuffle)?;
    let features = host.features(data, &front.unwrap_or_else(FrontEnd::standard))?;
    features.ready(&|| host.interruption().is_some())?;
    let source = if trains { features.train } else { features.test };
    let settings = LoaderOptions {
        batch,
        seed: seed as u64,
        workers: host.workers(),
        shuffle,
        device: host.device(),
    };
    Ok(BatchList { loader: Loader::new(source, chain, settings)?, epoch, host: host.clone() })
}

fn bind_batches(engine: &mut Engine, host: &Arc<dyn Host>) {
    engine.register_iterator_result::<BatchList, Batch>();
    let (asked, plain) = (host.clone(), host.clone());
    let mut module = Module::new();
    functions! { &mut module;
        /// The batches of one epoch, to go through: `for batch in data.batches(#{ batch: 16 }) { … }`.
        ///
        /// A batch has `input` `[batch, frames, mels]`, `target` `[batch, classes]` and `clips`.
        /// Options: `features` (`audio::fbank(#{})`), `augment` ([]), `batch` (32), `split` ("train", or
        /// "test"), `shuffle` (true for "train"), `seed` (what `--seed` says), `epoch` (0): each has an order
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
    engine.register_global_module(exported_module!(batch).into());
}

#[rhai::export_module]
mod batch {
    use super::BatchList;
    use crate::data::Batch;
    use crate::tensor::Tensor;

    /// The features of the clips, `[batch, frames, mels]`.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let shapes = [];
    /// for batch in batches { shapes.push(batch.input.shape); }
    /// shapes[0][0] == 4 && shapes[0][2] == 16
    /// ```
    #[rhai_fn(get = "input", pure)]
    pub fn input(batch: &mut Batch) -> Tensor {
        batch.input.clone()
    }

    /// The labels of the clips, `[batch, classes]`; soft where clips were mixed.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let shapes = [];
    /// for batch in batches { shapes.push(batch.target.shape); }
    /// shapes[0] == [4, data.classes]
    /// ```
    #[rhai_fn(get = "target", pure)]
    pub fn target(batch: &mut Batch) -> Tensor {
        batch.target.clone()
    }

    /// The number of clips.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// let clips = 0;
    /// for batch in batches { clips += batch.clips; }
    /// clips == data.train_clips
    /// ```
    #[rhai_fn(get = "clips", pure)]
    pub fn clips(batch: &mut Batch) -> i64 {
        batch.clips as i64
    }

    /// The number of batches.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// let batches = data.batches(#{ batch: 4, features: audio::fbank(#{ mels: 16, hop_ms: 50 }) });
    /// batches.count * 4 >= data.train_clips
    /// ```
    #[rhai_fn(get = "count", pure)]
    pub fn count(batches: &mut BatchList) -> i64 {
        batches.loader.batches() as i64
    }
}

#[rhai::export_module]
mod getters {
    use super::DatasetHandle;
    use rhai::Array;

    /// The number of classes.
    ///
    /// ```rhai
    /// dataset::esc50("still:example").classes == 10
    /// ```
    #[rhai_fn(get = "classes", pure)]
    pub fn classes(data: &mut DatasetHandle) -> i64 {
        data.classes.len() as i64
    }

    /// The names of the classes, in their order.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.class_names.len() == data.classes
    /// ```
    #[rhai_fn(get = "class_names", pure)]
    pub fn class_names(data: &mut DatasetHandle) -> Array {
        data.classes.iter().map(|name| name.clone().into()).collect()
    }

    /// The number of clips that train.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.train_clips == 10
    /// ```
    #[rhai_fn(get = "train_clips", pure)]
    pub fn train_clips(data: &mut DatasetHandle) -> i64 {
        data.train.len() as i64
    }

    /// The number of clips that test.
    ///
    /// ```rhai
    /// let data = dataset::esc50("still:example", #{ per_class: 1 });
    /// data.test_clips == 10
    /// ```
    #[rhai_fn(get = "test_clips", pure)]
    pub fn test_clips(data: &mut DatasetHandle) -> i64 {
        data.test.len() as i64
    }
}
