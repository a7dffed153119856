//! The curves of a stage: what they are called, where they come from, and how their values are written.

use super::spark::{column_of, spark};
use super::words::percent;
use crate::metrics::wilson;
use crate::run::{Course, Edit, PastEpoch, PastStage};

/// The level of all intervals.
pub(super) const LEVEL: f64 = 0.95;

/// What a curve shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    Loss,
    /// Accuracy, or mean average precision.
    Worth,
    Lr,
    Lambda,
    Tau,
}

impl Curve {
    pub const ALL: [Curve; 5] = [Curve::Loss, Curve::Worth, Curve::Lr, Curve::Lambda, Curve::Tau];

    /// Its name in a stage; without Greek where that cannot be shown.
    pub fn name(self, course: &Course, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Curve::Loss, _) => "loss",
            (Curve::Worth, _) if course.stage.map.is_some() => "mAP",
            (Curve::Worth, _) => "accuracy",
            (Curve::Lr, _) => "lr",
            (Curve::Lambda, true) => "λ",
            (Curve::Lambda, false) => "lambda",
            (Curve::Tau, true) => "τ",
            (Curve::Tau, false) => "tau",
        }
    }

    /// Its value after an epoch.
    pub fn of(self, epoch: &PastEpoch) -> Option<f64> {
        match self {
            Curve::Loss => epoch.loss,
            Curve::Worth => epoch.main(),
            Curve::Lr => epoch.lr,
            Curve::Lambda => epoch.lambda,
            Curve::Tau => epoch.tau,
        }
    }

    /// Its values, an epoch each.
    pub fn values(self, course: &Course) -> Vec<Option<f64>> {
        course.epochs.iter().map(|epoch| self.of(epoch)).collect()
    }

    /// A value in words; `is_map` says whether worth is mean average precision.
    pub fn text(self, value: f64, is_map: bool) -> String {
        match self {
            Curve::Loss => number(value),
            Curve::Worth if is_map => format!("{value:.3}"),
            Curve::Worth => percent(Some(value)),
            Curve::Lr if value == 0.0 => "0".into(),
            Curve::Lr => format!("{value:.1e}"),
            Curve::Lambda | Curve::Tau => format!("{value:.2}"),
        }
    }

    /// The best of its values, where one is better than another.
    pub fn best(self, values: &[Option<f64>]) -> Option<f64> {
        let known = values.iter().flatten().copied().filter(|value| value.is_finite());
        match self {
            Curve::Loss => known.min_by(f64::total_cmp),
            Curve::Worth => known.max_by(f64::total_cmp),
            Curve::Lr | Curve::Lambda | Curve::Tau => None,
        }
    }
}

/// A number with about four digits.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e5 || (size > 0.0 && size < 1e-3) => format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// How good a stage is, in the measure of its data.
pub(super) fn worth(stage: &PastStage) -> String {
    worth_of(stage.main(), stage.map.is_some())
}

/// That of its best epoch.
pub(super) fn best_worth(stage: &PastStage) -> String {
    worth_of(stage.best_main(), stage.map.is_some())
}

/// A worth in words.
pub(super) fn worth_of(value: Option<f64>, is_map: bool) -> String {
    match value {
        Some(value) if is_map => format!("mAP {value:.3}"),
        value => percent(value),
    }
}

/// The interval of a stage's accuracy on the clips that test; of a stage that has ended, since epochs may be judged
/// on others.
pub(super) fn surety(stage: &PastStage) -> Option<(f64, f64)> {
    let (found, clips) = stage.found().filter(|_| stage.done)?;
    Some(wilson(found, clips, LEVEL))
}

/// An interval of shares in percent: `[67.2, 85.3]`.
pub(super) fn between(interval: Option<(f64, f64)>) -> String {
    interval
        .map_or(String::new(), |(low, high)| format!("[{:.1}, {:.1}]", low * 100.0, high * 100.0))
}

/// What intervals are, for below a table.
pub(super) const WILSON: &str =
    "95 %: Wilson's interval of the accuracy, from the number of test clips.";

/// A sparkline of a summary's curve.
pub(super) fn curve_of(stage: &PastStage, width: usize, unicode: bool) -> String {
    let values: Vec<Option<f64>> = stage.curve.iter().copied().map(Some).collect();
    if values.len() < 2 { String::new() } else { spark(&values, width, unicode) }
}

/// The sign of an edit under a curve.
pub(super) fn sign(edit: &Edit) -> Option<char> {
    match edit.outcome.as_str() {
        "in_force" => Some('^'),
        "rejected" => Some('x'),
        "reverted" => Some('<'),
        _ => None,
    }
}

/// A line of the signs of a stage's edits, under a sparkline of so many letters; empty without any.
pub(super) fn signs(course: &Course, edits: &[Edit], width: usize) -> String {
    let count = course.epochs.len();
    let mut line = vec![' '; width.min(count)];
    let own = edits.iter().filter(|edit| edit.stage.as_ref() == Some(&course.stage.name));
    for (step, sign) in own.filter_map(|edit| Some((edit.step?, sign(edit)?))) {
        // It shows in the epoch that it came in.
        let epoch = course.epochs.iter().position(|epoch| epoch.step > step);
        let column = column_of(epoch.unwrap_or(count.saturating_sub(1)), count, width);
        if let Some(place) = line.get_mut(column) {
            *place = if *place == ' ' || *place == sign { sign } else { '*' };
        }
    }
    line.into_iter().collect::<String>().trim_end().to_string()
}
