//! The numbers as a table for other programs: one row for each stage of each run.

use super::evidence::{Evidence, Member, Stage};
use super::judge::verdict;
use crate::disk;
use crate::error::Result;
use crate::metrics::ece;

/// The bins of the calibration error.
const BINS: usize = 15;
const HEAD: [&str; 25] = [
    "run",
    "stage",
    "group",
    "repetition",
    "setting",
    "kind",
    "model",
    "teacher",
    "seed",
    "accuracy",
    "best_accuracy",
    "map",
    "best_map",
    "test_loss",
    "ece",
    "gain",
    "baseline",
    "epochs",
    "steps",
    "parameters",
    "seconds",
    "clips_test",
    "from_store",
    "key",
    "weights_blake3",
];

/// A table as CSV.
///
/// # Errors
/// None that a run could cause.
pub fn csv(evidence: &Evidence) -> Result<Vec<u8>> {
    let mut rows = vec![HEAD.map(str::to_string).to_vec()];
    let verdict = verdict(evidence);
    for (run, of) in evidence.runs.iter().enumerate() {
        for (place, stage) in of.stages.iter().enumerate() {
            let member = Member { run, stage: place };
            let group = evidence.groups.iter().position(|own| own.members.contains(&member));
            let told = evidence.repetition(member);
            let compared = verdict.comparisons.iter().map(|(own, _)| own);
            let compared = compared.into_iter().find(|own| Some(own.group) == group);
            // A gain belongs to a pair of results, which its seed and fold name.
            let gain = compared.and_then(|own| match own.gains.as_slice() {
                [(_, only)] => Some(*only),
                several => several.iter().find(|(own, _)| *own == told).map(|(_, gain)| *gain),
            });
            let baseline = compared.and_then(|own| evidence.groups.get(own.baseline));
            let label =
                group.and_then(|group| evidence.groups.get(group)).map(|own| own.label.clone());
            let cells = Cells {
                run: of.past.name(),
                label: label.unwrap_or_else(|| stage.label.clone()),
                told,
                setting: &of.setting,
                gain,
                baseline: baseline.map(|own| own.label.clone()).filter(|_| gain.is_some()),
            };
            rows.push(cells.of(stage));
        }
    }
    disk::csv(rows)
}

/// What a row has beside its stage.
struct Cells<'a> {
    run: &'a str,
    label: String,
    told: String,
    setting: &'a str,
    gain: Option<f64>,
    baseline: Option<String>,
}

impl Cells<'_> {
    fn of(self, stage: &Stage) -> Vec<String> {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let count = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let past = &stage.past;
        let last = stage.epochs.last();
        let error = stage.answers.as_ref().ok().and_then(|answers| {
            let believed = answers.believed(0..answers.len()).ok()?;
            ece(&believed, answers.labelling, BINS, None).ok()
        });
        vec![
            self.run.to_string(),
            past.name.clone(),
            self.label,
            self.told,
            self.setting.to_string(),
            past.kind.clone().unwrap_or_default(),
            past.model.clone().unwrap_or_default(),
            stage.teacher.clone().unwrap_or_default(),
            count(stage.seed),
            number(past.accuracy),
            number(past.best_accuracy),
            number(stage.map),
            number(stage.best_map),
            number(last.and_then(|own| own.test_loss)),
            number(error),
            number(self.gain),
            self.baseline.unwrap_or_default(),
            count(last.map(|own| own.epoch)),
            count(past.steps),
            count(past.parameters),
            number(past.seconds),
            count(stage.answers.as_ref().ok().map(|own| own.len() as u64)),
            past.from_store.to_string(),
            past.key.clone().unwrap_or_default(),
            past.weights_blake3.clone().unwrap_or_default(),
        ]
    }
}
