//! What a report is made of: runs, their stages, and the stages that belong together over seeds and folds.

mod answers;
pub(super) mod names;
mod stage;
mod told;

pub use answers::Answers;
pub use names::shared;
pub use stage::{Stage, answers, time_of};

use super::words::Measure;
use crate::error::{Error, Kind, Result, unknown};
use crate::run::Past;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a claim expects of a stage, compared with its baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// It is better, by more than the margin.
    #[default]
    Better,
    /// It is worse, by more than the margin.
    Worse,
    /// It differs by less than the margin.
    Same,
}

impl Expected {
    /// Their names.
    pub const NAMES: [(&'static str, Expected); 3] =
        [("better", Expected::Better), ("worse", Expected::Worse), ("same", Expected::Same)];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Expected::NAMES.into_iter().find(|(own, _)| *own == name).map(|(_, own)| own)
    }
}

/// What a report is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What stands above it; the recipe's first line.
    pub title: Option<String>,
    /// What the recipe claims.
    pub claim: Option<String>,
    /// What it expects, in words.
    pub expects: Option<String>,
    /// The stage that others are compared with, by its name, with or without seed and fold.
    pub baseline: Option<String>,
    /// The stage that the claim is about; without it, all that are not baseline or teacher.
    pub about: Option<String>,
    /// What is claimed of it.
    pub expected: Expected,
    /// The least difference that counts, as a share: 0.02 for two points.
    pub margin: f64,
    /// The stages that the report is of; all without any.
    pub stages: Vec<String>,
}

/// A run.
pub struct Run {
    /// Its folder.
    pub past: Past,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// What it was told that others of the report were not: `lambda=0.3`. Seeds and folds aside.
    pub setting: String,
    /// What `still.lock` says.
    pub lock: Value,
}

/// A stage of one of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The run's place.
    pub run: usize,
    /// The stage's place in it.
    pub stage: usize,
}

/// Stages that are one but for seed and fold.
pub struct Group {
    /// What they are called.
    pub label: String,
    /// All of them; the same result may be among them several times, where it came from the store.
    pub members: Vec<Member>,
}

/// Everything that a report is made of.
pub struct Evidence {
    /// What it is about.
    pub options: Options,
    /// The runs, in the order in which they were named.
    pub runs: Vec<Run>,
    /// The stages that belong together, in the order in which they appear.
    pub groups: Vec<Group>,
    /// How many groups there are beyond these.
    pub left_out: usize,
    /// What all are measured by.
    pub measure: Measure,
}

/// More stages than anybody reads of.
const MOST_GROUPS: usize = 200;
/// Arguments that say which repetition a run is.
const REPETITIONS: [&str; 2] = ["seed", "fold"];

impl Evidence {
    /// Reads runs.
    ///
    /// # Errors
    /// No runs; runs without a stage that gave anything; a stage that is named and not there.
    pub fn of(runs: Vec<Past>, options: Options) -> Result<Self> {
        let settings = settings(&runs);
        let mut runs: Vec<Run> = runs
            .into_iter()
            .zip(settings)
            .map(|(past, setting)| Run {
                stages: stage::stages(&past),
                lock: lock_of(past.path()),
                past,
                setting,
            })
            .collect();
        for run in &mut runs {
            let named = |stage: &Stage| {
                options.stages.is_empty() || options.stages.contains(&stage.past.name)
            };
            run.stages.retain(|stage| named(stage) && stage.score().is_some());
        }
        if runs.iter().all(|run| run.stages.is_empty()) {
            return Err(Error::new(
                Kind::Data,
                "making a report",
                "no stage of it gave anything yet",
            )
            .received(runs.iter().map(|run| run.past.name()).collect::<Vec<_>>().join(", "))
            .hint("a report needs one finished epoch at least"));
        }
        let mut groups = groups(&runs);
        let left_out = groups.len().saturating_sub(MOST_GROUPS);
        groups.truncate(MOST_GROUPS);
        let all = || runs.iter().flat_map(|run| &run.stages);
        let measure = match all().all(|stage| stage.map.is_some()) {
            true => Measure::Map,
            false => Measure::Accuracy,
        };
        let evidence = Evidence { options, runs, groups, left_out, measure };
        for name in evidence.options.baseline.iter().chain(&evidence.options.about) {
            evidence.named("making a report", name)?;
        }
        Ok(evidence)
    }

    /// A stage.
    pub fn stage(&self, member: Member) -> Option<&Stage> {
        self.runs.get(member.run)?.stages.get(member.stage)
    }

    /// The stages of a group, each result once.
    pub fn results<'a>(&'a self, group: &Group) -> Vec<&'a Stage> {
        self.distinct(group).into_iter().filter_map(|member| self.stage(member)).collect()
    }

    /// The members of a group, each result once.
    pub fn distinct(&self, group: &Group) -> Vec<Member> {
        let mut seen = BTreeSet::new();
        let is_new = |member: &&Member| {
            let result = self.stage(**member).and_then(Stage::result);
            result.is_none_or(|result| seen.insert(result))
        };
        group.members.iter().filter(is_new).copied().collect()
    }

    /// What a stage is worth, in the report's measure.
    pub fn score(&self, stage: &Stage) -> Option<f64> {
        match self.measure {
            Measure::Accuracy => stage.past.accuracy,
            Measure::Map => stage.map,
        }
    }

    /// The groups of that name: those called so, those of a stage of that name, or those whose name begins so.
    ///
    /// # Errors
    /// None of them.
    pub fn named(&self, operation: &str, name: &str) -> Result<Vec<usize>> {
        let of = |fits: &dyn Fn(&Group) -> bool| -> Vec<usize> {
            let all = self.groups.iter().enumerate();
            all.filter(|(_, group)| fits(group)).map(|(index, _)| index).collect()
        };
        let plain = |group: &Group| group.label.split(" · ").next().unwrap_or_default().to_string();
        let member = |member: &Member| self.stage(*member).is_some_and(|own| own.past.name == name);
        let kinds: [&dyn Fn(&Group) -> bool; 4] = [
            &|group| group.label == name,
            &|group| plain(group) == name,
            &|group| group.members.iter().any(member),
            &|group| {
                group.label.strip_prefix(name).is_some_and(|rest| rest.starts_with([',', ' ']))
            },
        ];
        match kinds.iter().map(|kind| of(kind)).find(|found| !found.is_empty()) {
            Some(found) => Ok(found),
            None => {
                let known: Vec<&str> = self.groups.iter().map(|own| own.label.as_str()).collect();
                Err(unknown(operation, "stage", name, &known).as_kind(Kind::Usage))
            }
        }
    }

    /// The group that taught a group, where it is among these.
    pub fn teacher(&self, group: usize) -> Option<usize> {
        let members = &self.groups.get(group)?.members;
        let (member, teacher) = members
            .iter()
            .find_map(|member| Some((member, self.stage(*member)?.teacher.clone()?)))?;
        self.groups.iter().position(|own| {
            let is = |other: &Member| {
                other.run == member.run
                    && self.stage(*other).is_some_and(|stage| stage.past.name == teacher)
            };
            own.members.iter().any(is)
        })
    }

    /// Whether a group taught another one of these.
    pub fn teaches(&self, group: usize) -> bool {
        (0..self.groups.len()).any(|other| self.teacher(other) == Some(group))
    }

    /// Which seed and fold a stage is of, in words; empty where nothing says it.
    pub fn repetition(&self, member: Member) -> String {
        let (Some(run), Some(stage)) = (self.runs.get(member.run), self.stage(member)) else {
            return String::new();
        };
        if !stage.repetition.is_empty() {
            return stage.repetition.clone();
        }
        let set = run.past.set();
        let fold = set.get("fold").map(|fold| format!("fold {}", plain(fold)));
        let seed = stage.seed.or_else(|| run.past.head().get("seed")?.as_u64());
        let seed = seed.map(|seed| format!("seed {seed}"));
        [fold, seed].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A value as the command line has it.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn lock_of(folder: &Path) -> Value {
    let bytes = std::fs::read(folder.join("still.lock")).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What each of the runs was told that not all were, seeds and folds aside.
fn settings(runs: &[Past]) -> Vec<String> {
    let told = |run: &Past| -> BTreeMap<String, String> {
        let set = run.set().into_iter().filter(|(name, _)| !REPETITIONS.contains(&name.as_str()));
        let mut told: BTreeMap<String, String> =
            set.map(|(name, value)| (name, plain(&value))).collect();
        let recipe = run.recipe().unwrap_or_default();
        let name = Path::new(&recipe).file_stem().map(|name| name.to_string_lossy().to_string());
        told.insert("recipe".into(), name.unwrap_or_default());
        told
    };
    let all: Vec<BTreeMap<String, String>> = runs.iter().map(told).collect();
    let differs = |name: &String| {
        let values: BTreeSet<Option<&String>> = all.iter().map(|own| own.get(name)).collect();
        values.len() > 1
    };
    let names: BTreeSet<String> = all.iter().flat_map(BTreeMap::keys).cloned().collect();
    let names: Vec<String> = names.into_iter().filter(differs).collect();
    let one = |own: &BTreeMap<String, String>| {
        let value = |name: &String| Some(format!("{name}={}", own.get(name)?));
        names.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    };
    all.iter().map(one).collect()
}

/// The stages that belong together: of one label, and of one setting where settings make a difference.
fn groups(runs: &[Run]) -> Vec<Group> {
    let stages = || {
        runs.iter().enumerate().flat_map(|(run, own)| {
            own.stages.iter().enumerate().map(move |(stage, of)| (Member { run, stage }, own, of))
        })
    };
    // Where a label has the same results under every setting, the settings do not matter for it.
    let mut found: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for (_, run, stage) in stages() {
        let of = found.entry(&stage.label).or_default().entry(&run.setting).or_default();
        of.extend(stage.result());
    }
    let matters = |label: &str| {
        let of = found.get(label);
        of.is_some_and(|own| own.values().collect::<BTreeSet<_>>().len() > 1)
    };
    let mut groups: Vec<Group> = Vec::new();
    for (member, run, stage) in stages() {
        let label = match !run.setting.is_empty() && matters(&stage.label) {
            true => format!("{} · {}", stage.label, run.setting),
            false => stage.label.clone(),
        };
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.members.push(member),
            None => groups.push(Group { label, members: vec![member] }),
        }
    }
    groups
}
