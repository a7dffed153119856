//! Which runs are begun: one for each combination of what varies.

use super::Several;
use super::values::{MOST, values};
use crate::cli::words::plain;
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Listed};
use std::collections::BTreeMap;

/// One of several runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// Its place among them.
    pub place: usize,
    /// What tells it from the others: `fold 2, seed 0`.
    pub label: String,
    /// Arguments that it gets beside those of all.
    pub set: Vec<(String, String)>,
    /// Its seed, where seeds vary.
    pub seed: Option<String>,
}

/// Something that varies: an argument, or the seed.
struct Axis {
    option: String,
    /// None is the seed.
    argument: Option<String>,
    values: Vec<String>,
}

const FOLD: &str = "fold";

fn axes(several: &Several) -> Result<Vec<Axis>> {
    let mut all = Vec::new();
    for text in &several.each {
        let (name, list) = recipe::assignment(text).map_err(|_| {
            Error::new(Kind::Usage, "--each", "this is no assignment")
                .expected("NAME=VALUES, e.g. lambda=0.1,0.5")
                .received(format!("'{text}'"))
        })?;
        let option = format!("--each {name}");
        let values = values(&option, &list, false)?;
        all.push(Axis { option, argument: Some(name), values });
    }
    // The folds of a seed follow each other, so that what was stopped early has whole rounds of them.
    if let Some(text) = &several.seeds {
        let values = values("--seeds", text, true)?;
        all.push(Axis { option: "--seeds".into(), argument: None, values });
    }
    if let Some(text) = &several.folds {
        let values = values("--folds", text, true)?;
        all.push(Axis { option: "--folds".into(), argument: Some(FOLD.into()), values });
    }
    Ok(all)
}

/// All runs; `set` is what all of them are told. Refuses what no run could do, before any begins.
///
/// # Errors
/// Values that are none, an argument that varies twice or is told as well, one that the recipe never asks for or that
/// does not fit it, too many runs.
pub(super) fn tasks(
    several: &Several,
    listed: &Listed,
    set: &BTreeMap<String, String>,
) -> Result<Vec<Task>> {
    let axes = axes(several)?;
    for (place, axis) in axes.iter().enumerate() {
        let Some(name) = &axis.argument else { continue };
        let twice = axes[..place].iter().any(|other| other.argument.as_ref() == Some(name));
        if twice || set.contains_key(name) {
            let problem = match twice {
                true => format!("argument '{name}' varies twice"),
                false => format!("--set gives argument '{name}' one value already"),
            };
            return Err(Error::new(Kind::Usage, &axis.option, problem).hint("give it once"));
        }
        if !listed.asks_for(name) {
            let problem =
                format!("the recipe has no argument '{name}': all runs would be the same");
            let hint = match name.as_str() {
                FOLD => "let it ask: dataset::esc50(…, #{ fold: arg(\"fold\", 1) })".to_string(),
                _ => format!("let it ask: arg(\"{name}\", …)"),
            };
            return Err(Error::new(Kind::Usage, &axis.option, problem).hint(hint));
        }
    }
    let count = axes.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.values.len()));
    if count.is_none_or(|count| count > MOST) {
        let sizes: Vec<String> = axes.iter().map(|axis| axis.values.len().to_string()).collect();
        return Err(Error::new(Kind::Usage, "still run", "these are too many runs")
            .expected(format!("{MOST} at most"))
            .received(sizes.join(" × ")));
    }
    let mut tasks = vec![Task { place: 0, label: String::new(), set: Vec::new(), seed: None }];
    for axis in &axes {
        let with = |task: &Task, value: &String| {
            let mut task = task.clone();
            match &axis.argument {
                Some(name) => task.set.push((name.clone(), value.clone())),
                None => task.seed = Some(value.clone()),
            }
            task
        };
        tasks =
            tasks.iter().flat_map(|task| axis.values.iter().map(|own| with(task, own))).collect();
    }
    for (place, task) in tasks.iter_mut().enumerate() {
        (task.place, task.label) = (place, task.told());
        let mut all = set.clone();
        all.extend(task.set.iter().cloned());
        listed.check(&all)?;
    }
    Ok(tasks)
}

impl Task {
    fn told(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let fold = self.set.iter().find(|(name, _)| name == FOLD);
        let others = self.set.iter().filter(|(name, _)| name != FOLD);
        parts.extend(others.map(|(name, value)| plain(&format!("{name}={value}"))));
        parts.extend(fold.map(|(_, value)| format!("fold {}", plain(value))));
        parts.extend(self.seed.as_ref().map(|seed| format!("seed {seed}")));
        parts.join(", ")
    }
}
