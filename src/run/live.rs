//! `live.json`: where a stage stands between two epochs. Only for those who look on: it may be lost at any
//! time, and nothing is computed from it.

use super::said::{count, number, text, time_of};
use crate::disk;
use crate::train::{Moment, SoFar, StepReport};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Its name in a run's folder.
pub(super) const FILE: &str = "live.json";
/// It is written no more often than this, and no less often than that.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Writing it may take one part of so many of the time.
const SHARE: u32 = 1000;
/// So many means of losses are kept; then two and two become one.
const MEANS: usize = 64;
/// What is longer is not ours.
const LONGEST: u64 = 1 << 16;

/// Where a stage stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// When this was written, in UTC.
    pub at: Option<SystemTime>,
    /// The stage.
    pub stage: String,
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// The epoch that is going on, from 1.
    pub epoch: u64,
    /// Epochs in all.
    pub epochs: u64,
    /// Mean training loss of this epoch so far.
    pub loss: Option<f64>,
    /// Learning rate of the last step.
    pub lr: Option<f64>,
    /// λ of the last step, where there is one.
    pub lambda: Option<f64>,
    /// τ of the last step, where there is one.
    pub tau: Option<f64>,
    /// Training clips a second in this epoch.
    pub clips_per_second: Option<f64>,
    /// The share of this epoch's time that was spent waiting for data.
    pub waiting: Option<f64>,
    /// What is left of the stage, in seconds, at the speed so far.
    pub seconds_left: Option<f64>,
    /// The step from which on losses are known.
    pub from: u64,
    /// Steps in each mean of `losses`.
    pub every: u64,
    /// Mean training losses of one block of steps after the other.
    pub losses: Vec<f64>,
}

impl Live {
    /// What stands in the folder of a run.
    pub fn of(folder: &Path) -> Option<Self> {
        let text = disk::read_text_up_to(&folder.join(FILE), LONGEST).ok()?;
        Live::read(&serde_json::from_str(&text).ok()?)
    }

    fn read(value: &Value) -> Option<Self> {
        let losses = value.get("losses").and_then(Value::as_array);
        Some(Live {
            at: time_of(value),
            stage: text(value, "stage")?,
            step: count(value, "step")?,
            steps: count(value, "steps")?,
            epoch: count(value, "epoch")?,
            epochs: count(value, "epochs")?,
            loss: number(value, "loss"),
            lr: number(value, "lr"),
            lambda: number(value, "lambda"),
            tau: number(value, "tau"),
            clips_per_second: number(value, "clips_per_second"),
            waiting: number(value, "waiting"),
            seconds_left: number(value, "seconds_left"),
            from: count(value, "from").unwrap_or(0),
            every: count(value, "every").unwrap_or(1).max(1),
            losses: losses.into_iter().flatten().filter_map(Value::as_f64).collect(),
        })
    }

    /// The course of the losses as at most so many means, each at the step in the middle of its block.
    pub fn course(&self, most: usize) -> impl Iterator<Item = (f64, f64)> {
        let blocks = self.losses.len().div_ceil(most.max(1)).max(1);
        self.losses.chunks(blocks).enumerate().map(move |(index, losses)| {
            let middle = (index * blocks) as f64 + losses.len() as f64 / 2.0;
            let mean = losses.iter().sum::<f64>() / losses.len() as f64;
            (self.from as f64 + middle * self.every as f64, mean)
        })
    }
}

/// Writes `live.json`.
pub(super) struct Writer {
    path: PathBuf,
    written: Option<Instant>,
    pause: Duration,
    begun: Instant,
    /// When the stage began to wait for an edit.
    waits: Option<Instant>,
    from: usize,
    every: usize,
    losses: Vec<f64>,
    /// Sum and number of those that are not in `losses` yet.
    open: (f64, usize),
}

impl Writer {
    pub fn new(folder: &Path) -> Self {
        Writer {
            path: folder.join(FILE),
            written: None,
            pause: PAUSES.0,
            begun: Instant::now(),
            waits: None,
            from: 0,
            every: 1,
            losses: Vec::new(),
            open: (0.0, 0),
        }
    }

    /// A stage begins, or goes on, after so many steps.
    pub fn begin(&mut self, step: usize) {
        *self = Writer { path: std::mem::take(&mut self.path), ..Writer::new(Path::new("")) };
        self.from = step;
    }

    /// The stage waits for an edit: that time is not the steps'.
    pub fn wait(&mut self) {
        self.waits = Some(Instant::now());
    }

    /// It goes on.
    pub fn go_on(&mut self) {
        if let Some(waited) = self.waits.take() {
            self.begun += waited.elapsed();
        }
    }

    /// A step is done.
    pub fn step(&mut self, moment: &Moment, report: &StepReport, so_far: &SoFar) {
        self.add(report.loss);
        if self.written.is_some_and(|written| written.elapsed() < self.pause) {
            return;
        }
        let now = Instant::now();
        let line = self.told(moment, report, so_far);
        // A disk that is full is told by those who write what matters.
        let _ = disk::write_quick(&self.path, line.to_string().as_bytes());
        self.pause = (now.elapsed() * SHARE).clamp(PAUSES.0, PAUSES.1);
        self.written = Some(now);
    }

    fn add(&mut self, loss: f64) {
        self.open = (self.open.0 + loss, self.open.1 + 1);
        if self.open.1 < self.every {
            return;
        }
        self.losses.push(self.open.0 / self.open.1 as f64);
        self.open = (0.0, 0);
        if self.losses.len() == 2 * MEANS {
            self.losses = self.losses.chunks(2).map(|two| (two[0] + two[1]) / 2.0).collect();
            self.every *= 2;
        }
    }

    fn told(&self, moment: &Moment, report: &StepReport, so_far: &SoFar) -> Value {
        let step = moment.step + 1;
        let done = step.saturating_sub(self.from).max(1);
        let left = moment.steps.saturating_sub(step) as f64;
        let left = self.begun.elapsed().as_secs_f64() / done as f64 * left;
        // Six digits are more than anybody sees.
        let brief = |value: f64| format!("{value:.5e}").parse::<f64>().unwrap_or(value);
        json!({
            "at": humantime::format_rfc3339_millis(disk::now()).to_string(),
            "stage": &*moment.stage, "step": step, "steps": moment.steps,
            "epoch": moment.epoch + 1, "epochs": moment.epochs,
            "loss": brief(so_far.loss), "lr": report.lr, "lambda": report.lambda,
            "tau": report.tau, "clips_per_second": brief(so_far.clips_per_second),
            "waiting": brief(so_far.waiting), "seconds_left": brief(left),
            "from": self.from, "every": self.every,
            "losses": self.losses.iter().map(|loss| brief(*loss)).collect::<Vec<_>>(),
        })
    }

    /// The stage is done.
    pub fn end(&mut self) {
        let _ = disk::remove_quick(&self.path);
    }
}
