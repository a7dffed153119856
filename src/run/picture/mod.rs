//! A run as its events tell it, one after the other.

mod course;
mod edit;
mod happening;

pub use course::{Course, PastEpoch, PastStage};
pub use edit::Edit;
pub use happening::{Entry, Happening, Pause};

use super::readings::COLUMNS;
use super::said::{count, number, text, time_of, word};
use super::state::{State, Turns};
use crate::disk;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::path::Path;
use std::time::SystemTime;

/// So many of the newest entries are kept.
const KEPT: usize = 1000;
/// A table of metrics that is longer is not looked at.
const LONGEST_TABLE: u64 = 1 << 28;

/// A run as its events tell it.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The recipe as the command line named it.
    pub recipe: Option<String>,
    /// The hash of the recipe's text.
    pub blake3: Option<String>,
    /// Its seed.
    pub seed: Option<u64>,
    /// The arguments that were given, those of a later start included.
    pub set: Map<String, Value>,
    /// When it began, in UTC.
    pub started: Option<SystemTime>,
    /// When the last thing happened.
    pub last: Option<SystemTime>,
    /// Its edits, in the order in which they came.
    pub edits: Vec<Edit>,
    /// Why it waits, where it does.
    pub pause: Option<Pause>,
    /// What ended it, where that was a mistake or a signal.
    pub message: Option<String>,
    courses: Vec<Course>,
    /// The stage that began last.
    current: Option<usize>,
    log: VecDeque<Entry>,
    /// Entries that there ever were.
    told: usize,
    turns: Turns,
}

impl Picture {
    /// Takes the next event in; what it does not know, it passes over.
    pub fn take(&mut self, event: &Value) {
        let Some(name) = word(event, "event") else { return };
        let at = time_of(event);
        self.started = self.started.or(at);
        self.last = at.or(self.last);
        self.turns.take(name);
        let stage = text(event, "stage").or_else(|| text(event, "name"));
        let step = count(event, "step").unwrap_or(0);
        let message = || text(event, "message").unwrap_or_default();
        let what = match (name, stage) {
            ("run" | "resumed", _) => {
                self.head(event);
                if name == "run" { Happening::Began } else { Happening::WentOn }
            }
            ("stage", Some(stage)) => {
                self.course_of(&stage).begin(event);
                self.current = self.courses.iter().position(|it| it.stage.name == stage);
                Happening::Stage { stage, step }
            }
            ("epoch", Some(stage)) => {
                self.course_of(&stage).reached(event);
                Happening::Epoch { stage, step }
            }
            ("store_hit", Some(stage)) => {
                self.course_of(&stage).recall(event);
                Happening::Recalled { stage }
            }
            ("stage_end", Some(stage)) => {
                self.course_of(&stage).end(event);
                Happening::StageEnded { stage }
            }
            ("edit", _) => {
                let edit = Edit::of(event);
                self.edits.push(edit.clone());
                Happening::Edited(edit)
            }
            ("paused", stage) => {
                let stage = stage.unwrap_or_default();
                let pause = Pause { stage, step, message: message(), at };
                self.pause = Some(pause.clone());
                Happening::Paused(pause)
            }
            ("continued", stage) => {
                self.pause = None;
                Happening::Continued { stage: stage.unwrap_or_default(), step }
            }
            ("made", _) => {
                let name = text(event, "made").unwrap_or_default();
                Happening::Made { name, seconds: number(event, "seconds") }
            }
            ("store_hit", None) => match text(event, "made") {
                Some(name) => Happening::Made { name, seconds: None },
                None => return,
            },
            ("warning", _) => Happening::Warned(message()),
            ("end", _) => Happening::Ended,
            ("failed", _) => Happening::Failed(self.ends(message())),
            ("interrupted", _) => Happening::Interrupted(self.ends(message())),
            _ => return,
        };
        self.told += 1;
        self.log.push_back(Entry { at, what });
        if self.log.len() > KEPT {
            self.log.pop_front();
        }
    }

    fn head(&mut self, event: &Value) {
        self.recipe = text(event, "recipe").or(self.recipe.take());
        self.blake3 = text(event, "blake3").or(self.blake3.take());
        self.seed = self.seed.or(count(event, "seed"));
        if let Some(set) = event.get("set").and_then(Value::as_object) {
            self.set.extend(set.clone());
        }
        (self.pause, self.message) = (None, None);
    }

    fn ends(&mut self, message: String) -> String {
        (self.pause, self.message) = (None, Some(message.clone()));
        message
    }

    /// Takes in what `results.json` says of a stage.
    pub(super) fn take_result(&mut self, result: &Value) {
        if let Some(name) = text(result, "name") {
            self.course_of(&name).end(result);
        }
    }

    /// Whether a stage's epochs stand in `metrics.csv` alone: it came from the store, or its journal lacks them.
    pub(super) fn wants_metrics(&self) -> bool {
        self.courses.iter().any(lacks_epochs)
    }

    /// Takes the epochs of such stages from the table in a run's folder.
    pub(super) fn take_metrics(&mut self, folder: &Path) {
        if !self.wants_metrics() {
            return;
        }
        let path = folder.join("metrics.csv");
        let Ok(bytes) = disk::read_regular(&path, LONGEST_TABLE) else { return };
        let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
        let Ok(columns) = table.headers().cloned() else { return };
        let lacking: Vec<bool> = self.courses.iter().map(lacks_epochs).collect();
        for row in table.records().filter_map(Result::ok) {
            let cell = |name: &str| {
                let column = columns.iter().position(|known| known == name)?;
                row.get(column)?.parse().ok()
            };
            let name = row.get(0).unwrap_or_default();
            let course = self.courses.iter_mut().zip(&lacking);
            let found = course.filter(|(_, lacks)| **lacks).find(|(it, _)| it.stage.name == name);
            if let Some((course, _)) = found {
                let logged = columns.iter().zip(&row).filter(|(name, _)| !COLUMNS.contains(name));
                let value = |(name, cell): (&str, &str)| Some((name.into(), cell.parse().ok()?));
                course.take_row(&cell, logged.filter_map(value).collect());
            }
        }
    }

    fn course_of(&mut self, name: &str) -> &mut Course {
        let index = self.courses.iter().position(|it| it.stage.name == name).unwrap_or_else(|| {
            self.courses.push(Course::new(name));
            self.courses.len() - 1
        });
        &mut self.courses[index]
    }

    /// Its stages, in the order in which they began.
    pub fn courses(&self) -> &[Course] {
        &self.courses
    }

    /// The stage of that name.
    pub fn course(&self, name: &str) -> Option<&Course> {
        self.courses.iter().find(|course| course.stage.name == name)
    }

    /// The stage that is being done: the one that began last and has not ended.
    pub fn current(&self) -> Option<&Course> {
        self.courses.get(self.current?).filter(|course| !course.stage.done)
    }

    /// How far it has come; `lives` says whether its process does.
    pub fn state(&self, lives: bool) -> State {
        self.turns.state(lives)
    }

    /// The newest entries, the oldest of them first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.log.iter()
    }

    /// Those after the first `told` that there ever were.
    pub fn log_since(&self, told: usize) -> impl Iterator<Item = &Entry> {
        self.log.iter().skip(self.log.len().saturating_sub(self.told.saturating_sub(told)))
    }

    /// How many entries there ever were.
    pub fn told(&self) -> usize {
        self.told
    }
}

fn lacks_epochs(course: &Course) -> bool {
    course.stage.done && course.epochs.is_empty()
}
