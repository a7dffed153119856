//! A script's look at each clip: to filter and to relabel.

use super::DatasetHandle;
use crate::data::{Clip, Dataset};
use crate::error::{Error, Kind, Result};
use crate::script::raise::{Raw, raw};
use crate::script::register::functions;
use crate::script::truth::truth;
use crate::script::value;
use rhai::{Array, Dynamic, FnPtr, FuncRegistration, Map, Module, NativeCallContext};
use std::sync::Arc;

/// What a script sees of a clip.
pub const CLIP_KEYS: [&str; 11] = [
    "id", "file", "path", "class", "labels", "split", "fold", "group", "seconds", "rate_hz",
    "channels",
];

/// A clip as a script sees it.
fn shown(data: &Dataset, clip: &Clip) -> Map {
    let names: Array = clip
        .labels
        .iter()
        .filter_map(|(class, _)| data.classes.get(*class))
        .map(|name| name.clone().into())
        .collect();
    let whole = |number: usize| Dynamic::from(number as i64);
    let file = clip.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let values = [
        clip.id.clone().into(),
        file.into(),
        clip.file.display().to_string().into(),
        names.first().cloned().unwrap_or(Dynamic::UNIT),
        names.into(),
        clip.split.name().into(),
        clip.fold.map_or(Dynamic::UNIT, whole),
        clip.group.clone().map_or(Dynamic::UNIT, Dynamic::from),
        clip.seconds().into(),
        whole(clip.rate_hz as usize),
        whole(clip.channels),
    ];
    CLIP_KEYS.into_iter().map(Into::into).zip(values).collect()
}

fn filter(call: &NativeCallContext, data: &DatasetHandle, keep: &FnPtr) -> Raw<DatasetHandle> {
    data.filter(|clip| {
        let said: Dynamic = keep.call_within_context(call, (shown(data, clip),))?;
        raw(truth("filter", &said))
    })
    .map(Arc::new)
}

fn relabel(call: &NativeCallContext, data: &DatasetHandle, names: &FnPtr) -> Raw<DatasetHandle> {
    data.relabel(|clip| {
        let said: Dynamic = names.call_within_context(call, (shown(data, clip),))?;
        let name = |value: &Dynamic| value::text_of("relabel", "a class", value);
        match said.read_lock::<Array>() {
            Some(names) => raw(names.iter().map(name).collect()),
            None => Ok(vec![raw(name(&said))?]),
        }
    })
    .map(Arc::new)
}

fn clip(data: &DatasetHandle, index: &Dynamic) -> Result<Map> {
    let index = value::count_of("clip", "the index", index)?;
    let found = data.clips.get(index).ok_or_else(|| {
        Error::new(Kind::Range, "clip", "there is no such clip")
            .expected(format!("0 to {}", data.clips.len().saturating_sub(1)))
            .received(index.to_string())
    })?;
    Ok(shown(data, found))
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// One clip, counted from 0 over all splits, as a map: `id`, `file`, `path`, `class` and `labels` (names), `split`,
        /// `fold`, `group`, `seconds`, `rate_hz`, `channels`; what a set does not know is `()`.
        ///
        /// Errors: an index beyond the clips.
        ///
        /// ```rhai
        /// let clip = dataset::esc50("still:example").clip(0);
        /// clip.seconds == 1.5 && clip.rate_hz == 16000 && clip.labels == [clip.class]
        /// ```
        fn "clip"(data: DatasetHandle, index: Dynamic) -> Map { clip(&data, &index) }
    }
    FuncRegistration::new("filter")
        .in_global_namespace()
        .with_comments([
            "/// The clips of which the function says `true`. It gets a map: `id`, `file`, `path`, `class` and `labels` (names), `split`,",
            "/// `fold`, `group`, `seconds`, `rate_hz`, `channels`; what a set does not know is `()`.",
            "///",
            "/// ```rhai",
            "/// let data = dataset::esc50(\"still:example\");",
            "/// data.filter(|clip| clip.fold != 3).clips == 400",
            "/// ```",
        ])
        .with_params_info(["data: DatasetHandle", "keep: FnPtr", "DatasetHandle"])
        .set_into_module(module, |call: NativeCallContext, data: DatasetHandle, keep: FnPtr| {
            filter(&call, &data, &keep)
        });
    FuncRegistration::new("relabel")
        .in_global_namespace()
        .with_comments([
            "/// New labels: the function gets a clip as `filter` does, and gives a class's name or an array of them. Classes",
            "/// are those that occur, in the order of the alphabet.",
            "///",
            "/// ```rhai",
            "/// let data = dataset::esc50(\"still:example\");",
            "/// data.relabel(|clip| if clip.fold > 3 { \"late\" } else { \"early\" }).class_names == [\"early\", \"late\"]",
            "/// ```",
        ])
        .with_params_info(["data: DatasetHandle", "names: FnPtr", "DatasetHandle"])
        .set_into_module(module, |call: NativeCallContext, data: DatasetHandle, names: FnPtr| {
            relabel(&call, &data, &names)
        });
}
