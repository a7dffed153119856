//! `still runs diff`.

use super::Place;
use crate::cli::lines;
use crate::cli::out;
use crate::cli::words::{columns, percent, plain};
use crate::error::Result;
use crate::run::{Past, PastStage};
use clap::Args;
use serde_json::{Value, json};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 48;
/// After so long, the differences of texts need not be the shortest ones.
const PATIENCE: Duration = Duration::from_secs(2);

/// Compare two runs: arguments, options of the stages, the recipes that were in force last, results.
///
/// It says why two runs differ; `still runs compare` says how good the stages of any number of runs are, and how
/// sure that is.
#[derive(Args)]
pub(super) struct Diff {
    /// A run: its name or a part of it, a tag, `last`, or a path.
    a: String,
    /// Another one.
    b: String,
    /// Print it as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// A setting that differs: whose it is, its name, both values.
struct Setting {
    stage: Option<String>,
    name: String,
    values: [Option<String>; 2],
}

impl Diff {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let (a, b) = (place.run(&self.a)?, place.run(&self.b)?);
        if self.json {
            out(&as_json(&a, &b).to_string());
            return Ok(());
        }
        out(&format!("a: {}\nb: {}", plain(a.name()), plain(b.name())));
        let differ: Vec<Vec<String>> = settings(&a, &b).iter().map(Setting::row).collect();
        match differ.is_empty() {
            true => out("\nArguments and options are the same."),
            false => out(&format!("\n{}", columns(&["", "a", "b"], &differ))),
        }
        let texts = recipes(&a, &b);
        match texts.is_empty() {
            true => out("\nThe recipes are the same."),
            false => out(&format!("\n{}", texts.trim_end())),
        }
        let measured = results(&a.stages(), &b.stages());
        if !measured.is_empty() {
            let head = ["stage", "", " a", " b", " b - a"];
            out(&format!("\n{}", columns(&head, &measured)));
        }
        Ok(())
    }
}

impl Setting {
    /// As a row of a table; long values are cut.
    fn row(&self) -> Vec<String> {
        let stage = self.stage.as_ref().map(|stage| format!("{}: ", plain(stage)));
        let name = format!("{}{}", stage.unwrap_or_default(), plain(&self.name));
        let cell = |value: &Option<String>| value.as_deref().map_or("–".into(), short);
        let [a, b] = self.values.each_ref().map(cell);
        vec![name, a, b]
    }
}

/// What differs, each in whole: settings, recipes, and the stages of both.
fn as_json(a: &Past, b: &Past) -> Value {
    let settings: Vec<Value> = settings(a, b)
        .into_iter()
        .map(|Setting { stage, name, values: [a, b] }| {
            json!({ "stage": stage, "name": name, "a": a, "b": b })
        })
        .collect();
    json!({
        "a": a.name(), "b": b.name(), "settings": settings, "recipes": recipes(a, b),
        "stages": { "a": a.stages(), "b": b.stages() },
    })
}

/// What the runs were told, where it differs.
fn settings(a: &Past, b: &Past) -> Vec<Setting> {
    let mut rows = changes(&facts(a), &facts(b));
    let (of_a, of_b) = (options(a), options(b));
    let shared = of_a.iter().filter_map(|(stage, options)| {
        let (_, others) = of_b.iter().find(|(name, _)| name == stage)?;
        Some((stage, changes(options, others)))
    });
    let shared: Vec<(&String, Vec<Setting>)> = shared.collect();
    // What differs in the same way in every stage is told once.
    let everywhere = |setting: &Setting| {
        let is = |other: &Setting| (&other.name, &other.values) == (&setting.name, &setting.values);
        shared.len() > 1 && shared.iter().all(|(_, changes)| changes.iter().any(is))
    };
    for (index, (stage, changes)) in shared.iter().enumerate() {
        for setting in changes {
            let everywhere = everywhere(setting);
            let stage = if everywhere { "every stage" } else { stage.as_str() };
            if index == 0 || !everywhere {
                let (name, values) = (setting.name.clone(), setting.values.clone());
                rows.push(Setting { stage: Some(stage.to_string()), name, values });
            }
        }
    }
    rows
}

/// What differs.
fn changes(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Setting> {
    a.keys()
        .chain(b.keys().filter(|name| !a.contains_key(*name)))
        .map(|name| (name, [a.get(name).cloned(), b.get(name).cloned()]))
        .filter(|(_, [a, b])| a != b)
        .map(|(name, values)| Setting { stage: None, name: name.clone(), values })
        .collect()
}

fn short(value: &str) -> String {
    let mut text: String = plain(value).chars().take(LONGEST).collect();
    if value.chars().count() > LONGEST {
        text.push('…');
    }
    text
}

/// What a run was given on the command line, and what it ran on.
fn facts(run: &Past) -> BTreeMap<String, String> {
    let head = run.head();
    let mut facts = BTreeMap::new();
    for key in ["seed", "still", "device"] {
        if let Some(value) = head.get(key) {
            facts.insert(key.to_string(), text_of(value));
        }
    }
    if let Some(recipe) = run.recipe() {
        let name = Path::new(&recipe).file_name().map(|name| name.to_string_lossy().to_string());
        facts.insert("recipe".into(), name.unwrap_or(recipe));
    }
    for (name, value) in run.set() {
        facts.insert(format!("--set {name}"), text_of(&value));
    }
    facts
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The options of each stage, by their paths in its `stage` event; the last one of a name counts.
fn options(run: &Past) -> Vec<(String, BTreeMap<String, String>)> {
    let mut stages: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for event in run.events_of("stage") {
        let Some(name) = event.get("stage").and_then(Value::as_str) else { continue };
        let mut flat = BTreeMap::new();
        let options = event.as_object().into_iter().flatten();
        // Steps and parameters follow from the others, and stand with the results.
        let own = [
            "at",
            "event",
            "stage",
            "steps",
            "step",
            "parameters",
            "device",
            "key",
            "ground",
            "version",
            "pretrained",
        ];
        for (key, value) in options.filter(|(key, _)| !own.contains(&key.as_str())) {
            flatten(key, value, &mut flat);
        }
        stages.retain(|(known, _)| known != name);
        stages.push((name.to_string(), flat));
    }
    stages
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| flatten(&format!("{path}.{key}"), value, flat));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let numbered = items.iter().enumerate();
            numbered.for_each(|(index, item)| flatten(&format!("{path}[{index}]"), item, flat));
        }
        other => drop(flat.insert(path.to_string(), text_of(other))),
    }
}

/// Unified differences of the texts that were in force last.
fn recipes(a: &Past, b: &Past) -> String {
    let (of_a, of_b) = (texts(a), texts(b));
    let none = String::new();
    let mut names: Vec<&String> = of_a.keys().chain(of_b.keys()).collect();
    names.sort();
    names.dedup();
    let mut told = String::new();
    for name in names {
        let (old, new) = (of_a.get(name).unwrap_or(&none), of_b.get(name).unwrap_or(&none));
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
        let (old_name, new_name) = (format!("a/{name}"), format!("b/{name}"));
        let mut unified = diff.unified_diff();
        let text = unified.context_radius(3).header(&old_name, &new_name).to_string();
        for line in text.lines() {
            told.push_str(&plain(&line.replace('\t', "    ")));
            told.push('\n');
        }
    }
    told
}

/// The texts of the version that was in force last; the recipe itself goes by one name, so that two
/// files that hold one experiment are compared.
fn texts(run: &Past) -> BTreeMap<String, String> {
    let own = run.main_of(run.version() as usize).to_string_lossy().to_string();
    let texts = run.texts(run.version());
    let main = texts.iter().map(|(name, _)| name).find(|name| {
        let last = name.rsplit('/').next();
        last == Some(own.as_str())
    });
    let main = main.cloned();
    texts
        .into_iter()
        .map(|(name, text)| {
            (if Some(&name) == main.as_ref() { "the recipe".into() } else { name }, text)
        })
        .collect()
}

/// What the stages gave, side by side.
fn results(a: &[PastStage], b: &[PastStage]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let only_b = b.iter().filter(|stage| !a.iter().any(|other| other.name == stage.name));
    for name in a.iter().chain(only_b).map(|stage| stage.name.as_str()) {
        let find = |all: &[PastStage]| all.iter().find(|stage| stage.name == name).cloned();
        let (a, b) = (find(a), find(b));
        let missing = PastStage::default();
        let (a, b) = (a.as_ref().unwrap_or(&missing), b.as_ref().unwrap_or(&missing));
        let mut first = plain(name);
        for [what, left, right, difference] in measures(a, b) {
            rows.push(vec![std::mem::take(&mut first), what, left, right, difference]);
        }
    }
    rows
}

fn measures(a: &PastStage, b: &PastStage) -> Vec<[String; 4]> {
    let share = |what: &str, a: Option<f64>, b: Option<f64>| {
        let points = a.zip(b).map(|(a, b)| format!("{:+.1}", (b - a) * 100.0));
        [what.to_string(), percent(a), percent(b), points.unwrap_or_default()]
    };
    let count = |what: &str, a: Option<u64>, b: Option<u64>| {
        let text = |count: Option<u64>| count.map_or("–".into(), |count| count.to_string());
        let more = a.zip(b).map(|(a, b)| i128::from(b) - i128::from(a));
        let more = more.filter(|more| *more != 0).map(|more| format!("{more:+}"));
        [what.to_string(), text(a), text(b), more.unwrap_or_default()]
    };
    let time = |seconds: Option<f64>| {
        let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        span.map_or("–".into(), lines::time)
    };
    let mut rows = vec![
        share("accuracy", a.accuracy, b.accuracy),
        share("best", a.best_accuracy, b.best_accuracy),
        count("steps", a.steps, b.steps),
        count("parameters", a.parameters, b.parameters),
        ["time".into(), time(a.seconds), time(b.seconds), String::new()],
    ];
    if let (Some(a), Some(b)) = (&a.weights_blake3, &b.weights_blake3) {
        let brief = |hash: &str| plain(&hash.chars().take(8).collect::<String>());
        let same = if a == b { "the same" } else { "differ" };
        rows.push(["weights".into(), brief(a), brief(b), same.into()]);
    }
    rows
}
