//! Sets as values: selected, relabelled, joined.

use super::DatasetHandle;
use crate::error::Result;
use crate::script::options::Options;
use crate::script::register::functions;
use crate::script::value;
use rhai::{Array, Map, Module};
use std::collections::BTreeMap;
use std::sync::Arc;

fn select(data: &DatasetHandle, names: &Array) -> Result<DatasetHandle> {
    let name = |one| value::text_of("select", "a class", one);
    let names = names.iter().map(name).collect::<Result<Vec<_>>>()?;
    data.select(&names).map(Arc::new)
}

fn map_labels(data: &DatasetHandle, names: Map) -> Result<DatasetHandle> {
    let each = |(old, new): (rhai::Identifier, rhai::Dynamic)| {
        let new = match new.is_unit() {
            true => None,
            false => Some(value::text_of("map_labels", "a class's new name", &new)?),
        };
        Ok((old.to_string(), new))
    };
    let names: BTreeMap<String, Option<String>> =
        names.into_iter().map(each).collect::<Result<_>>()?;
    data.map_labels(&names).map(Arc::new)
}

fn windows(data: &DatasetHandle, options: Map) -> Result<DatasetHandle> {
    let options = Options::new("windows", options)?;
    let mut seconds = f64::NAN;
    options.number("seconds", &mut seconds)?;
    if seconds.is_nan() {
        return Err(options.missing("seconds", "the length of a window, a number"));
    }
    let mut hop = seconds;
    options.number("hop_seconds", &mut hop)?;
    data.windows(seconds, hop).map(Arc::new)
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The clips of these classes, in this order of classes.
        ///
        /// Errors: a class that is not there.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example");
        /// let two = data.select([data.class_names[3], data.class_names[0]]);
        /// two.class_names == [data.class_names[3], data.class_names[0]] && two.train_clips == 40 * 2
        /// ```
        fn "select"(data: DatasetHandle, classes: Array) -> DatasetHandle { select(&data, &classes) }

        /// Classes by new names: several may get the same one, `()` takes a class and its clips away, and those that
        /// are not mentioned keep theirs. So the labels of one set become those of another.
        ///
        /// Errors: a class that is not there.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example");
        /// let names = #{};
        /// names[data.class_names[0]] = "one";
        /// names[data.class_names[1]] = "one";
        /// names[data.class_names[2]] = ();
        /// let fewer = data.map_labels(names);
        /// fewer.classes == data.classes - 2 && fewer.class_names[0] == "one"
        /// ```
        fn "map_labels"(data: DatasetHandle, names: Map) -> DatasetHandle { map_labels(&data, names) }

        /// The clips of both sets; classes are joined by name.
        ///
        /// Errors: a clip that is in both.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example");
        /// data.only("train").concat(data.only("test")).clips == data.clips
        /// ```
        fn "concat"(data: DatasetHandle, other: DatasetHandle) -> DatasetHandle {
            data.concat(&other).map(Arc::new)
        }

        /// The same clips without labels, for a teacher to label.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").unlabelled().class_counts().sum().item() == 0.0
        /// ```
        fn "unlabelled"(data: DatasetHandle) -> DatasetHandle { Ok(Arc::new(data.unlabelled())) }

        /// Each clip as windows: long recordings become many clips. The last window of a clip may be shorter.
        ///
        /// Options: `seconds` (required), `hop_seconds` (as `seconds`). Windows of one clip stay together where the set
        /// is shared out.
        /// Errors: lengths that are no positive numbers; more than four million windows.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example");
        /// data.windows(#{ seconds: 0.5 }).clips == 3 * data.clips
        /// ```
        fn "windows"(data: DatasetHandle, options: Map) -> DatasetHandle { windows(&data, options) }
    }
}
