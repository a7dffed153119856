//! Which version of the recipe was in force when, as a run's journal tells it: going on with a run, or
//! repeating it, puts the same versions into force at the same steps.

use super::check::check;
use super::compile::Compiler;
use super::source::Source;
use super::trial::NEVER_ENDS;
use super::version::Version;
use crate::error::{Error, Kind, Result};
use crate::run::{Past, version_of};
use crate::train::{Moment, Phase, Stint};
use rhai::Engine;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The versions of a run, by stage and step.
#[derive(Default)]
pub(super) struct Timeline {
    /// In the order in which they came, by the stage's name and what it was asked for.
    stints: BTreeMap<(String, String), Vec<Stint>>,
    /// What each stage was asked for last.
    grounds: BTreeMap<String, String>,
    /// Steps of the stages that came to their ends.
    ends: BTreeMap<String, usize>,
    /// After this, saves of the recipe count again; a run that is only repeated has no such moment.
    end: Option<(String, usize, Phase)>,
    /// Whether the run failed there: what stands in the files now may mend it.
    failed: bool,
    /// The folder of the run that it tells of.
    run: PathBuf,
    /// The recipe's file as the user names it.
    file: PathBuf,
    /// What it was called in each version.
    mains: BTreeMap<usize, PathBuf>,
    known: Mutex<BTreeMap<usize, Arc<Version>>>,
    /// What stands in the files now, where the run has not seen it yet.
    next: Mutex<Option<Arc<Version>>>,
    compiler: Option<Compiler>,
}

impl Timeline {
    /// What `past` tells. With `forever` nothing but it counts.
    pub fn of(past: &Past, file: &Path, forever: bool, compiler: &Compiler) -> Self {
        let mut timeline = Timeline {
            run: past.path().to_path_buf(),
            file: file.to_path_buf(),
            mains: past.mains(),
            compiler: Some(compiler.clone()),
            failed: past.failed(),
            ..Timeline::default()
        };
        let count = |event: &Value, key: &str| {
            event.get(key).and_then(Value::as_u64).map(|count| count as usize)
        };
        let mut last = None;
        for event in past.events() {
            let name = event.get("event").and_then(Value::as_str).unwrap_or_default();
            if matches!(name, "stage_end" | "store_hit")
                && let (Some(stage), Some(steps)) =
                    (event.get("name").and_then(Value::as_str), count(event, "steps"))
            {
                timeline.ends.insert(stage.to_string(), steps);
            }
            let outcome = event.get("outcome").and_then(Value::as_str).unwrap_or_default();
            let counts = match name {
                "stage" => true,
                "edit" => matches!(outcome, "in_force" | "unchanged" | "reverted"),
                _ => false,
            };
            let (Some(stage), Some(step), Some(version), true) = (
                event.get("stage").and_then(Value::as_str),
                count(event, "step"),
                count(event, "version"),
                counts,
            ) else {
                continue;
            };
            if name == "stage" {
                // It is done again, or goes on beyond its end: what is told of it from here on holds.
                timeline.ends.remove(stage);
            }
            if let Some(ground) = event.get("ground").and_then(Value::as_str) {
                timeline.grounds.insert(stage.to_string(), ground.to_string());
            }
            let phase = event.get("phase").cloned().unwrap_or_default();
            let phase: Phase = serde_json::from_value(phase).unwrap_or_default();
            timeline.add(stage, Stint { step, phase, version });
            last = Some((stage.to_string(), step, phase));
        }
        timeline.end = if forever { None } else { last };
        timeline
    }

    /// A stage that goes on, perhaps from its beginning, tells its version again; what was told before holds. What
    /// differs replaces all that came from there on.
    fn add(&mut self, stage: &str, stint: Stint) {
        let Stint { step, phase, version } = stint;
        let ground = self.grounds.get(stage).cloned().unwrap_or_default();
        if self.at(stage, &ground, step, phase) == Some(version) {
            return;
        }
        let stints = self.stints.entry((stage.to_string(), ground)).or_default();
        stints.retain(|before| (before.step, before.phase) < (step, phase));
        stints.push(stint);
    }

    /// The version that was in force last.
    pub fn last(past: &Past) -> usize {
        let versions = past.events().iter().rev().find_map(|event| {
            let counts = match event.get("event")?.as_str()? {
                "stage" => true,
                "edit" => event.get("outcome")?.as_str()? != "rejected",
                _ => false,
            };
            counts.then_some(event.get("version")?.as_u64()? as usize)
        });
        versions.unwrap_or(0)
    }

    /// The version that was read from the files last: another one may be in force, where it failed.
    pub fn seen(past: &Past) -> usize {
        let versions = past.events().iter().rev().find_map(|event| {
            let number = match event.get("event")?.as_str()? {
                "resumed" => event.get("files")?,
                "edit" => match event.get("outcome")?.as_str()? {
                    "in_force" | "unchanged" => event.get("version")?,
                    _ => return None,
                },
                _ => return None,
            };
            number.as_u64().map(|number| number as usize)
        });
        versions.unwrap_or(0)
    }

    /// Whether a version that was read from the files was taken up or refused: it is not tried again.
    pub fn judged(past: &Past, number: usize) -> bool {
        let is = |event: &Value, key: &str| {
            event.get(key).and_then(Value::as_u64) == Some(number as u64)
        };
        let (mut read, mut judged) = (number == 0, number == 0);
        for event in past.events() {
            let word = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
            match (word("event"), word("outcome")) {
                ("resumed", _) => read = is(event, "files"),
                ("edit", "in_force" | "unchanged") => judged |= is(event, "version"),
                // What took too long may get more time now.
                ("edit", "rejected") if word("message").contains(NEVER_ENDS) => {}
                ("edit", "rejected") => judged |= read,
                _ => {}
            }
        }
        judged
    }

    /// What it tells of a stage, and not of one of the same name that was asked for something else.
    fn of_stage(&self, stage: &str, ground: &str) -> Option<&Vec<Stint>> {
        // A run of an older Stillroom did not say what a stage was asked for.
        let key = |ground: &str| (stage.to_string(), ground.to_string());
        let exact = self.stints.get(&key(ground)).or_else(|| self.stints.get(&key("")));
        // A repetition may find its data elsewhere, or be asked of another build: its stages are the same.
        let mut same = self.stints.iter().filter(|((name, _), _)| name == stage);
        let only = match (same.next(), same.next()) {
            (Some((_, stints)), None) if self.end.is_none() => Some(stints),
            _ => None,
        };
        exact.or(only)
    }

    /// Whether the stage was edited while it ran: a result without the edits is none of its.
    pub fn edited(&self, stage: &str, ground: &str) -> bool {
        self.of_stage(stage, ground).is_some_and(|all| all.len() > 1)
    }

    /// Whether it says what is in force just now, in a stage that was asked for `ground`.
    pub fn rules(&self, moment: &Moment, ground: &str) -> bool {
        let Some(stints) = self.of_stage(&moment.stage, ground) else { return false };
        let Some((stage, step, phase)) = &self.end else { return !stints.is_empty() };
        // Steps beyond the end that it had are new.
        if self.ends.get(&*moment.stage).is_some_and(|steps| moment.step >= *steps) {
            return false;
        }
        **stage != *moment.stage || (moment.step, moment.phase) <= (*step, *phase)
    }

    /// Whether the run failed at this moment, the last one that is told of.
    pub fn failed_at(&self, moment: &Moment) -> bool {
        let here = |(stage, step, phase): &(String, usize, Phase)| {
            **stage == *moment.stage && (*step, *phase) == (moment.step, moment.phase)
        };
        self.failed && self.end.as_ref().is_some_and(here)
    }

    /// The version that is in force in a stage after so many steps.
    pub fn at(&self, stage: &str, ground: &str, step: usize, phase: Phase) -> Option<usize> {
        let stints = self.of_stage(stage, ground)?.iter();
        let before = stints.rev().find(|stint| (stint.step, stint.phase) <= (step, phase));
        before.map(|stint| stint.version)
    }

    /// Whether what stands in the files now is an edit in this stage, which the run was cut off in.
    pub fn edits_next(&self, stage: &str) -> bool {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.is_some() && self.end.as_ref().is_some_and(|(last, ..)| last == stage)
    }

    /// What stands in the files now, once: it is an edit where it is not in force.
    pub fn take_next(&self, in_force: usize) -> Option<Arc<Version>> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.filter(|version| version.number != in_force)
    }

    /// What stands in the files when a run goes on: it comes into force when all is as it was.
    pub fn then(&self, version: Arc<Version>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
    }

    /// A version that need not be compiled again.
    pub fn know(&self, version: Arc<Version>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(version.number, version);
    }

    /// A version as the run kept it.
    ///
    /// # Errors
    /// Files that are gone, or do not compile any more.
    pub fn version(&self, engine: &Engine, number: usize) -> Result<Arc<Version>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known.get(&number) {
            return Ok(version.clone());
        }
        let compiler = self.compiler.as_ref().ok_or_else(|| {
            Error::new(Kind::Internal, "a version of the recipe", "it was not kept")
        })?;
        let folder = version_of(&self.run, number);
        let kept = folder.join(self.mains.get(&number).unwrap_or(&self.file));
        let version = compile_kept(engine, compiler, &kept, &self.file, number)?;
        known.insert(number, version.clone());
        Ok(version)
    }
}

/// Compiles a version from the file `kept`, in the folder in which a run kept it.
///
/// # Errors
/// Files that are gone, or do not compile any more.
pub(super) fn compile_kept(
    engine: &Engine,
    compiler: &Compiler,
    kept: &Path,
    file: &Path,
    number: usize,
) -> Result<Arc<Version>> {
    let during = |error: Error| error.note(format!("version {number} of the run"));
    // It is called as it was called when it stood there: there its successor is looked for.
    let text = Source::read(kept).map_err(during)?.text;
    let source = Source::of(file, &text);
    let folder = super::session::folder_of(kept);
    let compiled = compiler.resolver.rooted(folder, || compiler.compile(engine, source));
    let compiled = compiled.map_err(|refused| during(refused.error))?;
    Ok(Arc::new(check(number, compiled, compiler)?.into_version()))
}
