//! Sums over an epoch, as they stand after each of its steps.

use super::event::SoFar;
use super::exact;
use super::hooks::Reading;
use super::step::StepReport;
use serde::{Deserialize, Serialize};

/// Sums over the epoch that is going on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub loss: f64,
    pub clips: usize,
    pub last: Option<LastStep>,
    #[serde(with = "exact::pairs")]
    pub logged: Vec<(String, f64)>,
    /// Seconds of steps so far.
    pub seconds: f64,
    /// Seconds of these that were spent waiting for data.
    #[serde(default)]
    pub waited: f64,
}

/// The settings of the newest step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LastStep {
    pub lr: f64,
    #[serde(with = "exact::maybe")]
    pub lambda: Option<f64>,
    #[serde(with = "exact::maybe")]
    pub tau: Option<f64>,
}

impl Tally {
    pub fn add(&mut self, report: StepReport, clips: usize, logged: Vec<(String, f64)>) {
        self.loss += report.loss * clips as f64;
        self.clips += clips;
        let StepReport { lr, lambda, tau, .. } = report;
        self.last = Some(LastStep { lr, lambda, tau });
        self.logged.extend(logged);
    }

    /// The epoch so far.
    pub fn so_far(&self) -> SoFar {
        SoFar {
            loss: self.loss / self.clips.max(1) as f64,
            clips_per_second: self.clips as f64 / self.seconds.max(1e-9),
            waiting: self.waited / self.seconds.max(1e-9),
        }
    }

    pub fn reading(&self, epoch: usize) -> Reading {
        let SoFar { loss, clips_per_second, waiting } = self.so_far();
        Reading {
            epoch,
            loss,
            test_loss: 0.0,
            accuracy: 0.0,
            map: None,
            lr: self.last.map_or(0.0, |last| last.lr),
            lambda: self.last.and_then(|last| last.lambda),
            tau: self.last.and_then(|last| last.tau),
            clips_per_second,
            waiting,
            seconds: self.seconds,
            logged: mean_by_name(&self.logged),
        }
    }
}

/// The mean of each name's numbers, in the order of their first mention.
pub(super) fn mean_by_name(logged: &[(String, f64)]) -> Vec<(String, f64)> {
    let mut means: Vec<(String, f64, usize)> = Vec::new();
    for (name, value) in logged {
        match means.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, count)) => {
                *sum += value;
                *count += 1;
            }
            None => means.push((name.clone(), *value, 1)),
        }
    }
    means.into_iter().map(|(name, sum, count)| (name, sum / count as f64)).collect()
}
