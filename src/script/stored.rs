//! `kd::stored` and `kd::store`: what a teacher said of clips, in a file.

use super::Host;
use super::options::Options;
use super::register::{functions, namespaced, property};
use super::value::{list_of, text_of};
use crate::data::{Logits, Split};
use crate::error::{Error, Kind, Result, unknown};
use crate::script::data::DatasetHandle;
use crate::tensor::{DType, Device, Tensor};
use crate::train::{MissingClasses, MissingClips, StoredLogits};
use rhai::{Array, Dynamic, FuncRegistration, Map, Module};
use std::sync::Arc;

/// The functions of `kd` that need the host.
pub(super) fn namespaced(module: &mut Module, host: &Arc<dyn Host>) {
    let [reads, plain, writes] = [host.clone(), host.clone(), host.clone()];
    namespaced! { module;
        /// What a teacher said of clips, out of a file: a teacher for `distill` that needs no network.
        ///
        /// `.safetensors` has a tensor `logits` `[clips, classes]` and, in its head's metadata, `ids` and `classes` as lists in
        /// JSON (`still predict --logits` and `kd::store` write it); `.npz` has the arrays `ids`, `logits` and, if it likes, `classes`;
        /// `.csv` has a column `id` and one for each class. Clips are found by their ids in the data set, classes by their names or
        /// ids, in any order; without names of classes they stand in the data's order.
        ///
        /// Options: `missing` ("error"): what becomes of clips that train and are not in the file: "skip" leaves them out of the teacher's
        /// term (see `ctx.taught`), "labels" takes their labels for the teacher's word; `missing_classes` ("error"): "never" lets
        /// the teacher say of every clip that it is none of these. Of a mixed clip the teacher says the mean of the probabilities
        /// of its parts, by their shares. Errors: a file that nobody allowed (`--data-root`, or the value of a `--set`), or that is
        /// damaged; ids that stand twice, numbers that are not finite.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example", #{ per_class: 1 });
        /// let ids = data.ids("train");
        /// kd::store("said.safetensors", ids, tensor::zeros([ids.len(), data.classes]), data.class_names);
        /// kd::stored("said.safetensors", #{ missing: "skip" }).clips == data.train_clips
        /// ```
        fn "stored"(path: &str, options: Map) -> StoredLogits { stored(reads.as_ref(), path, options) }

        /// As `kd::stored(path, options)`, where all clips and classes must be there.
        ///
        /// ```rhai
        /// kd::store("two.safetensors", ["a", "b"], tensor([[1, 2], [3, 4]]), ["dog", "cat"]);
        /// kd::stored("two.safetensors").classes == ["dog", "cat"]
        /// ```
        fn "stored"(path: &str) -> StoredLogits { stored(plain.as_ref(), path, Map::new()) }

        /// Writes what a teacher said: logits `[clips, classes]` with the clips' ids and the names of the classes, as
        /// `kd::stored` reads it. The path is one below the folder `files` of the run; it ends in `.safetensors`.
        ///
        /// Errors: numbers of clips or classes that do not fit, ids that stand twice, numbers that are not finite.
        ///
        /// ```rhai
        /// kd::store("one.safetensors", ["a"], tensor([[0.5, -1]]), ["dog", "cat"]);
        /// kd::stored("one.safetensors").logits(["a"]).to_array() == [[0.5, -1.0]]
        /// ```
        fn "store"(path: &str, ids: Array, logits: Tensor, classes: Array) -> () {
            store(writes.as_ref(), path, ids, &logits, classes)
        }
    }
}

/// The methods of what `kd::stored` gave, and of a data set what its ids are.
pub(super) fn methods(module: &mut Module) {
    functions! { module;
        /// The logits of these clips, f32 `[clips, classes]`, in their order and in the file's order of classes.
        ///
        /// Errors: a clip that is not in the file.
        ///
        /// ```rhai
        /// kd::store("three.safetensors", ["a", "b"], tensor([[1, 2], [3, 4]]), ["dog", "cat"]);
        /// kd::stored("three.safetensors").logits(["b", "a"]).to_array() == [[3.0, 4.0], [1.0, 2.0]]
        /// ```
        fn "logits"(stored: StoredLogits, ids: Array) -> Tensor { rows(&stored, ids) }

        /// The ids of the clips of a split, in the order of `data.batches(#{ split: …, sampler: "sequential" })`; of those that
        /// train it is the order of `ctx.places`.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example", #{ per_class: 1 });
        /// data.ids("test").len() == data.test_clips && data.ids("train").contains(data.clip(0).id)
        /// ```
        fn "ids"(data: DatasetHandle, split: &str) -> Array { ids(&data, split) }
    }
    let mut getter =
        |name: &str, gives: &str, doc: [&str; 2], read: fn(&StoredLogits) -> Dynamic| {
            FuncRegistration::new(format!("get${name}"))
                .in_global_namespace()
                .with_comments(property(doc))
                .with_params_info(["stored: StoredLogits", gives])
                .set_into_module(module, move |stored: &mut StoredLogits| read(stored));
        };
    getter("clips", "i64", CLIPS, |stored| (stored.logits.ids().len() as i64).into());
    getter("classes", "Array", CLASSES, |stored| {
        let names = stored.logits.classes().iter().map(|name| Dynamic::from(name.clone()));
        names.collect::<Array>().into()
    });
}

const CLIPS: [&str; 2] = [
    "How many clips are in the file.",
    "kd::store(\"four.safetensors\", [\"a\"], tensor([[1, 2]]), []); kd::stored(\"four.safetensors\").clips == 1",
];
const CLASSES: [&str; 2] = [
    "The names of the classes, in the order of the file; empty where it has none.",
    "kd::store(\"five.safetensors\", [\"a\"], tensor([[1, 2]]), []); kd::stored(\"five.safetensors\").classes == []",
];

fn stored(host: &dyn Host, path: &str, options: Map) -> Result<StoredLogits> {
    let operation = "kd::stored";
    let options = Options::new(operation, options)?;
    fn choice<T: Copy>(options: &Options, key: &str, names: &[(&str, T)]) -> Result<Option<T>> {
        let Some(given) = options.text(key)? else { return Ok(None) };
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        match names.iter().find(|(name, _)| *name == given) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                Err(unknown(options.operation(), &format!("value of '{key}':"), &given, &known))
            }
        }
    }
    let clips = choice(&options, "missing", &MissingClips::NAMES)?.unwrap_or_default();
    let classes = choice(&options, "missing_classes", &MissingClasses::NAMES)?.unwrap_or_default();
    let file = host.readable(operation, path)?;
    let logits = Logits::read(&file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_string();
    Ok(StoredLogits { name, logits: Arc::new(logits), clips, classes })
}

fn texts(operation: &str, what: &str, values: Array) -> Result<Vec<String>> {
    list_of(operation, what, &values.into(), text_of)
}

fn store(host: &dyn Host, path: &str, ids: Array, logits: &Tensor, classes: Array) -> Result<()> {
    let operation = "kd::store";
    let (ids, classes) = (texts(operation, "ids", ids)?, texts(operation, "classes", classes)?);
    let shape = logits.shape();
    if shape.len() != 2 || shape[0] != ids.len() {
        return Err(Error::new(Kind::Shape, operation, "the logits do not fit the clips")
            .expected(format!("[{}, classes], for the {} ids", ids.len(), ids.len()))
            .received(logits.describe()));
    }
    if !path.ends_with(".safetensors") {
        return Err(Error::new(Kind::Usage, operation, "the path has another ending")
            .expected("a path that ends in .safetensors")
            .received(path));
    }
    let values = logits.detached()?.to(DType::F32)?.to_values()?;
    let logits =
        Logits::new(ids, classes, values, None).map_err(|error| error.during(operation))?;
    logits.write(&host.writable(operation, path)?)
}

fn rows(stored: &StoredLogits, ids: Array) -> Result<Tensor> {
    let operation = "logits";
    let ids = texts(operation, "ids", ids)?;
    let logits = &stored.logits;
    let mut values = Vec::with_capacity(ids.len() * logits.width());
    for id in &ids {
        let place = logits.find(id).ok_or_else(|| {
            Error::new(Kind::Data, operation, format!("the clip '{id}' is not in {}", stored.name))
                .near(id, logits.ids().iter().map(String::as_str))
        })?;
        values.extend_from_slice(logits.row(place));
    }
    Tensor::from_values(values, &[ids.len(), logits.width()], &Device::default())
}

fn ids(data: &DatasetHandle, split: &str) -> Result<Array> {
    let known = Split::ALL.map(Split::name);
    let split = Split::named(split).ok_or_else(|| unknown("ids", "split", split, &known))?;
    Ok(data.of(split).map(|clip| Dynamic::from(clip.id.clone())).collect())
}
