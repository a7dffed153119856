//! From a recipe's options to a reader, and what it left out.

use super::DatasetHandle;
use crate::data::{
    AudioSetOptions, CsvOptions, Dataset, Esc50Options, FoldersOptions, Folds, Fsd50kOptions,
    JsonOptions, Labelling, OnBad, Reach, ReadOptions, Segments, Split, audioset, csv, esc50,
    fetch, folders, fsd50k, json, speech_commands, synth, urbansound8k,
};
use crate::error::{Error, Kind, Result, unknown};
use crate::script::Host;
use crate::script::options::Options;
use crate::script::value;
use rhai::{Dynamic, Map};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Clips that were left out are told by name up to so many.
const NAMED: usize = 3;

/// One call of a reader.
struct Call<'a> {
    host: &'a Arc<dyn Host>,
    operation: &'static str,
    options: Options<'static>,
}

impl<'a> Call<'a> {
    fn new(host: &'a Arc<dyn Host>, operation: &'static str, options: Map) -> Result<Self> {
        Ok(Call { host, operation, options: Options::new(operation, options)? })
    }

    /// The options that all readers have.
    fn read(&self) -> Result<ReadOptions> {
        let whole = |value| value::count_of(self.operation, "'per_class'", value);
        let per_class = self.options.get("per_class").map(whole).transpose()?;
        let on_bad = match self.options.text("on_bad")?.as_deref() {
            None | Some("error") => OnBad::Error,
            Some("skip") => OnBad::Skip,
            Some(other) => {
                return Err(unknown(self.operation, "'on_bad'", other, &["error", "skip"]));
            }
        };
        Ok(ReadOptions { per_class, on_bad })
    }

    /// `fold` and `validation_fold`.
    fn folds(&self, mut test: usize) -> Result<Folds> {
        self.options.count("fold", &mut test)?;
        let whole = |value| value::count_of(self.operation, "'validation_fold'", value);
        let validation = self.options.get("validation_fold").map(whole).transpose()?;
        Ok(Folds { test, validation })
    }

    fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        self.options.list(key, value::text_of)
    }

    /// A file that may be read.
    fn file(&self, path: &str) -> Result<PathBuf> {
        self.host.readable(self.operation, path)
    }

    fn folder(&self, path: &str) -> Result<PathBuf> {
        self.host.readable_folder(self.operation, path)
    }

    fn maybe_folder(&self, key: &str) -> Result<Option<PathBuf>> {
        self.options.text(key)?.map(|path| self.folder(&path)).transpose()
    }

    /// Reads a set, calls it `name`, and tells what was left out.
    fn done(
        &self,
        name: &str,
        read: impl FnOnce(&Reach) -> Result<Dataset>,
    ) -> Result<DatasetHandle> {
        // What is in the folder may lead out of it.
        let check = |path: &Path| {
            let text = path.to_string_lossy();
            let found = match path.is_dir() {
                true => self.host.readable_folder(self.operation, &text)?,
                false => self.host.readable(self.operation, &text)?,
            };
            if found == path {
                return Ok(());
            }
            // A file of the run's own is called so, too: it is not what would be read.
            let problem = "a clip is called as a file that the run wrote";
            Err(Error::new(Kind::File, self.operation, problem)
                .received(path.display().to_string())
                .hint("save it under another name"))
        };
        self.read_with(name, &check, read)
    }

    fn read_with(
        &self,
        name: &str,
        check: &dyn Fn(&Path) -> Result<()>,
        read: impl FnOnce(&Reach) -> Result<Dataset>,
    ) -> Result<DatasetHandle> {
        let caches = self.host.caches();
        let stop = || self.host.interruption().is_some();
        let mut dataset = read(&Reach { check, index: &caches.files, stop: &stop })?;
        dataset.name = name.to_string();
        if let Some(text) = left_out(&dataset) {
            self.host.warn(&text);
        }
        for remark in dataset.remarks.iter() {
            self.host.warn(&format!("{}: {remark}", dataset.name));
        }
        Ok(Arc::new(dataset))
    }
}

/// What was listed but is not among the clips.
fn left_out(dataset: &Dataset) -> Option<String> {
    let count = dataset.left_out.len();
    if count == 0 {
        return None;
    }
    let few = dataset.left_out.iter().take(NAMED).map(|one| {
        let name = one.file.file_name().unwrap_or(one.file.as_os_str()).to_string_lossy();
        format!("{name}: {}", one.why)
    });
    let few: Vec<String> = few.collect();
    let rest = if count > NAMED { "; …" } else { "" };
    let all = count + dataset.clips.len();
    Some(format!("{}: {count} of {all} clips left out ({}{rest})", dataset.name, few.join("; ")))
}

/// Reads a set that `still data fetch` put in place: whoever fetched it lets it be read, and nothing outside of it.
pub(super) fn read_fetched(
    host: &Arc<dyn Host>,
    name: &'static str,
    options: Map,
) -> Result<DatasetHandle> {
    let operation = match name {
        "esc50" => "dataset::esc50",
        "fsd50k" => "dataset::fsd50k",
        "speech_commands" => "dataset::speech_commands",
        _ => "dataset::urbansound8k",
    };
    let call = Call::new(host, operation, options)?;
    let missing = |problem: String| {
        Error::new(Kind::File, operation, problem)
            .hint(format!("`still data fetch {name}` fetches it, or give its folder"))
    };
    let found = fetch::installed(name)
        .ok_or_else(|| missing(format!("no {name} was fetched to this machine")))?;
    let root = found.canonicalize().map_err(|cause| missing(cause.to_string()))?;
    let check = |path: &Path| match path.canonicalize() {
        Ok(whole) if !whole.starts_with(&root) => {
            Err(Error::new(Kind::File, operation, "a link leads out of the data set")
                .received(path.display().to_string()))
        }
        _ => Ok(()),
    };
    let read = call.read()?;
    let set = |reach: &Reach| match name {
        "esc50" => {
            let mut own = Esc50Options { folds: call.folds(5)?, esc10: false, read };
            call.options.flag("esc10", &mut own.esc10)?;
            esc50(&root, &own, reach)
        }
        "fsd50k" => fsd50k(&root, &Fsd50kOptions { read }, reach),
        "speech_commands" => speech_commands(&root, &read, reach),
        _ => urbansound8k(&root, call.folds(10)?, &read, reach),
    };
    call.read_with(name, &check, set)
}

pub(super) fn read_esc50(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::esc50", options)?;
    let mut own = Esc50Options { folds: call.folds(5)?, esc10: false, read: call.read()? };
    call.options.flag("esc10", &mut own.esc10)?;
    if folder == synth::NAME {
        let made = host.example_data()?;
        let mut dataset = esc50(&made, &own, &Reach::anywhere(&host.caches().files))?;
        dataset.name = folder.to_string();
        return Ok(Arc::new(dataset));
    }
    if folder.starts_with("still:") {
        return Err(unknown("dataset::esc50", "built-in set", folder, &[synth::NAME]));
    }
    let path = call.folder(folder)?;
    call.done(folder, |reach| esc50(&path, &own, reach))
}

pub(super) fn read_fsd50k(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::fsd50k", options)?;
    let (path, own) = (call.folder(folder)?, Fsd50kOptions { read: call.read()? });
    call.done(folder, |reach| fsd50k(&path, &own, reach))
}

pub(super) fn read_audioset(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::audioset", options)?;
    let mut own = AudioSetOptions { read: call.read()?, ..AudioSetOptions::default() };
    if let Some(name) = call.options.text("train")? {
        let names = Segments::NAMES.map(|(name, _)| name);
        let found = Segments::NAMES.iter().find(|(own, _)| *own == name);
        own.train = found.ok_or_else(|| unknown(call.operation, "'train'", &name, &names))?.1;
    }
    own.audio = call.maybe_folder("audio")?;
    own.strong = call.options.text("strong")?.map(|path| call.file(&path)).transpose()?;
    call.options.flag("propagate", &mut own.propagate)?;
    let path = call.folder(folder)?;
    call.done(folder, |reach| audioset(&path, &own, reach))
}

pub(super) fn read_commands(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::speech_commands", options)?;
    let (path, read) = (call.folder(folder)?, call.read()?);
    call.done(folder, |reach| speech_commands(&path, &read, reach))
}

pub(super) fn read_urban(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::urbansound8k", options)?;
    let (path, folds, read) = (call.folder(folder)?, call.folds(10)?, call.read()?);
    call.done(folder, |reach| urbansound8k(&path, folds, &read, reach))
}

pub(super) fn read_folders(
    host: &Arc<dyn Host>,
    folder: &str,
    options: Map,
) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::folders", options)?;
    let (path, own) = (call.folder(folder)?, FoldersOptions { read: call.read()? });
    call.done(folder, |reach| folders(&path, &own, reach))
}

pub(super) fn read_json(host: &Arc<dyn Host>, options: Map) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::json", options)?;
    let mut lists = Vec::new();
    let mut name = None;
    for split in Split::ALL {
        if let Some(path) = call.options.text(split.name())? {
            lists.push((split, call.file(&path)?));
            name.get_or_insert(path);
        }
    }
    let Some(name) = name else {
        return Err(call.options.missing("train", "the path of a list, a string"));
    };
    let labels = call.options.text("labels")?;
    let labels =
        labels.ok_or_else(|| call.options.missing("labels", "the table of labels, a string"))?;
    let labelling = match call.options.text("labelling")?.as_deref() {
        None | Some("multi") => Labelling::Multi,
        Some("single") => Labelling::Single,
        Some(other) => {
            return Err(unknown(call.operation, "'labelling'", other, &["single", "multi"]));
        }
    };
    let (labels, audio) = (call.file(&labels)?, call.maybe_folder("audio")?);
    let own = JsonOptions { lists, labels, labelling, audio, read: call.read()? };
    call.done(&name, |reach| json(&own, reach))
}

pub(super) fn read_csv(host: &Arc<dyn Host>, file: &str, options: Map) -> Result<DatasetHandle> {
    let call = Call::new(host, "dataset::csv", options)?;
    let options = &call.options;
    let mut own = CsvOptions { read: call.read()?, ..CsvOptions::default() };
    own.audio = call.maybe_folder("audio")?;
    own.file = options.text("file")?.unwrap_or(own.file);
    own.ending = options.text("ending")?.unwrap_or_default();
    own.label = options.text("label")?;
    own.labels = options.text("labels")?;
    if own.labels.is_none() && options.get("label_separator").is_some() {
        let error = Error::new(Kind::Type, "dataset::csv", "'label_separator' has no meaning here");
        return Err(error.hint("the column of a clip's several labels is 'labels'"));
    }
    own.label_separator = options.text("label_separator")?.unwrap_or(own.label_separator);
    own.classes = call.texts("classes")?;
    own.split = options.text("split")?;
    own.id = options.text("id")?;
    own.group = options.text("group")?;
    own.fold = options.text("fold_column")?;
    if options.get("fold").is_some() {
        own.fold.get_or_insert_with(|| "fold".to_string());
        own.folds = Some(call.folds(1)?);
    }
    own.times = match (options.text("start")?, options.text("end")?) {
        (None, None) => None,
        (Some(start), Some(end)) => Some([start, end]),
        (Some(_), None) => return Err(options.missing("end", "a column, since 'start' is given")),
        (None, Some(_)) => return Err(options.missing("start", "a column, since 'end' is given")),
    };
    let splits: Map =
        options.native("splits", "a map: #{ dev: \"validation\" }")?.unwrap_or_default();
    for (name, to) in splits {
        own.splits.push((name.to_string(), split_of(call.operation, &to)?));
    }
    if let Some(separator) = options.text("separator")? {
        let &[byte] = separator.as_bytes() else {
            return Err(Error::new(
                Kind::Range,
                call.operation,
                "'separator' is no single character",
            )
            .expected("\",\", \";\" or \"\\t\"")
            .received(format!("'{separator}'")));
        };
        own.separator = byte;
    }
    let path = call.file(file)?;
    call.done(file, |reach| csv(&path, &own, reach))
}

fn split_of(operation: &str, given: &Dynamic) -> Result<Split> {
    let name = value::text_of(operation, "a split", given)?;
    let known = Split::ALL.map(Split::name);
    Split::named(&name).ok_or_else(|| unknown(operation, "split", &name, &known))
}
