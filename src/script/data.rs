//! Bindings of `dataset`.

use super::Host;
use super::options::Options;
use super::raise::{Raw, placed};
use super::value;
use crate::data::{Dataset, Esc50Options, esc50, synth};
use crate::error::Result;
use rhai::{Engine, FuncRegistration, Map, Module, NativeCallContext, exported_module};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A data set as a script holds it.
pub(super) type Handle = Arc<Dataset>;

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
        "/// Errors: a missing folder or table, a damaged row, a missing, empty or cut-off file.",
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
            move |call: NativeCallContext, folder: &str, options: Map| -> Raw<Handle> {
                placed(&call, open(asked.as_ref(), folder, options))
            },
        );
    let asked = host.clone();
    FuncRegistration::new("esc50")
        .with_comments(["/// As `esc50(folder, options)`, with all options as they stand."])
        .with_params_info(["folder: &str", "Dataset"])
        .set_into_module(
            &mut module,
            move |call: NativeCallContext, folder: &str| -> Raw<Handle> {
                placed(&call, open(asked.as_ref(), folder, Map::new()))
            },
        );
    engine.register_static_module("dataset", module.into());
    engine.register_global_module(exported_module!(getters).into());
}

fn open(host: &dyn Host, folder: &str, options: Map) -> Result<Handle> {
    let options = Options::new(ESC50, options, &["fold", "per_class"])?;
    let mut own = Esc50Options::default();
    options.count("fold", &mut own.fold)?;
    let whole = |value| value::count_of(ESC50, "'per_class'", value);
    own.per_class = options.get("per_class").map(whole).transpose()?;
    let path = match folder {
        synth::NAME => host.example_data()?,
        folder => PathBuf::from(folder),
    };
    let mut dataset = esc50(Path::new(&path), &own)?;
    dataset.name = folder.to_string();
    Ok(Arc::new(dataset))
}

#[rhai::export_module]
mod getters {
    use super::Handle;
    use rhai::Array;

    /// The number of classes.
    #[rhai_fn(get = "classes", pure)]
    pub fn classes(data: &mut Handle) -> i64 {
        data.classes.len() as i64
    }

    /// The names of the classes, in their order.
    #[rhai_fn(get = "class_names", pure)]
    pub fn class_names(data: &mut Handle) -> Array {
        data.classes.iter().map(|name| name.clone().into()).collect()
    }

    /// The number of clips that train.
    #[rhai_fn(get = "train_clips", pure)]
    pub fn train_clips(data: &mut Handle) -> i64 {
        data.train.len() as i64
    }

    /// The number of clips that test.
    #[rhai_fn(get = "test_clips", pure)]
    pub fn test_clips(data: &mut Handle) -> i64 {
        data.test.len() as i64
    }
}
