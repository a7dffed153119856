//! `still bench --suite`: operations and whole steps, beside PyTorch's, in one run.

pub(super) mod cases;
mod own;
pub(super) mod runner;
pub(super) mod side;
pub(super) mod table;
pub(super) mod worker;

use super::watch::Watch;
use crate::cli::machine;
use crate::data::synth;
use crate::disk;
use crate::error::{Error, Kind, Result};
use cases::{Case, epoch, operations, wholes};
use runner::{Care, Runner};
use serde_json::{Value, json};
use side::Kin;
use std::path::{Path, PathBuf};

/// What is asked of the suite.
pub(super) struct Order {
    pub python: Option<PathBuf>,
    pub threads: usize,
    pub quick: bool,
    /// Words of which one must stand in a case's name, shape or pass.
    pub only: Vec<String>,
    /// A record whose other cases are kept.
    pub keep: Option<PathBuf>,
}

impl Order {
    pub(super) fn care(&self) -> Care {
        match self.quick {
            true => Care { rounds: 2, seconds: 0.4, memory: false },
            false => Care { rounds: 3, seconds: 2.0, memory: true },
        }
    }

    pub(super) fn runner(&self) -> Result<Runner> {
        Runner::new(self.python.clone().map(Kin::Python), self.threads, self.care())
    }

    pub(super) fn wants(&self, case: &Case) -> bool {
        let text = format!("{} {} {}", case.name, case.shape, case.pass).to_lowercase();
        self.only.is_empty() || self.only.iter().any(|word| text.contains(&word.to_lowercase()))
    }
}

/// The record of all cases that are wanted; `each` is given it after each of them.
///
/// # Errors
/// Words that fit no case, a Python that does not answer, whatever our side says.
pub(super) fn measured(order: &Order, each: &dyn Fn(&Value) -> Result<()>) -> Result<Value> {
    let home = tempfile::tempdir()
        .map_err(|cause| Error::new(Kind::File, "a folder for clips", cause.to_string()))?;
    let mut all = operations();
    all.extend(wholes(order.quick));
    all.push(epoch(home.path().to_path_buf()));
    all.retain(|case| order.wants(case));
    if all.is_empty() {
        return Err(Error::new(Kind::Usage, "--only", "no case has this in its name")
            .received(order.only.join(", ")));
    }
    let kept = order.keep.as_deref().map(read).transpose()?;
    for case in &mut all {
        if let cases::Work::Epoch { data, .. } = &mut case.work {
            *data = synth::example(home.path())?;
        }
    }
    let mut runner = order.runner()?;
    let mut watch = Watch::new();
    watch.more(all.len());
    let (mut found, mut whole) = (Vec::new(), Value::Null);
    for case in &all {
        found.push(runner.measured(case, &mut watch)?.facts());
        let record = json!({
            "machine": machine::facts(order.threads),
            "pytorch": runner.versions(),
            "cases": found,
        });
        let record = match &kept {
            Some(kept) => merged(kept.clone(), record),
            None => record,
        };
        // Whoever ends it early has what was measured.
        each(&record)?;
        whole = record;
    }
    watch.end();
    Ok(whole)
}

fn read(path: &Path) -> Result<Value> {
    let doing = format!("--keep {}", path.display());
    let bytes = disk::read_regular(path, 64 << 20)?;
    let record: Value = serde_json::from_slice(&bytes)
        .map_err(|cause| Error::new(Kind::Data, &doing, cause.to_string()))?;
    match record["cases"].is_array() {
        true => Ok(record),
        false => Err(Error::new(Kind::Data, doing, "this is no record of the suite")),
    }
}

/// The new record with the old one's other cases, in the order of the suite.
fn merged(old: Value, mut new: Value) -> Value {
    let name = |case: &Value| ["name", "shape", "pass"].map(|key| case[key].to_string());
    let taken = |record: &mut Value| match record["cases"].take() {
        Value::Array(cases) => cases,
        _ => Vec::new(),
    };
    let mut old = old;
    let (before, mut cases) = (taken(&mut old), taken(&mut new));
    let fresh: Vec<_> = cases.iter().map(name).collect();
    cases.extend(before.into_iter().filter(|case| !fresh.contains(&name(case))));
    let mut order = operations();
    order.extend(wholes(false));
    let order: Vec<[String; 3]> = order
        .iter()
        .map(|case| [&case.name, &case.shape, case.pass].map(|text| json!(text).to_string()))
        .collect();
    // What the suite has no more, and the epoch, stand last.
    cases.sort_by_key(|case| order.iter().position(|own| *own == name(case)).unwrap_or(usize::MAX));
    new["cases"] = Value::Array(cases);
    new
}

/// The whole record as a page shows it.
pub(super) fn page(record: &Value) -> String {
    table::markdown(record)
}
