//! The figures of a report.

pub(super) mod calibration;
mod classes;
mod clips;
mod confusion;
mod curves;
mod gains;
mod spectrogram;
mod teacher;

pub use calibration::calibration;
pub use classes::class_gains;
pub use clips::changed_clips;
pub use confusion::confusion;
pub use curves::curves;
pub use gains::gains;
pub use teacher::teacher;

use super::draw::{series, swatch};
use super::evidence::{Answers, Evidence};
use maud::{Markup, html};

/// So many groups are drawn at most where each has a figure of its own.
const MOST_PANELS: usize = 6;

/// What tells the series of a figure apart: colour, mark and name.
pub fn key(entries: impl Iterator<Item = (usize, String)>) -> Markup {
    html! {
        ul.key {
            @for (index, name) in entries {
                li.(series(index)) { (swatch(index)) " " (name) }
            }
        }
    }
}

/// The label of a group.
fn label(evidence: &Evidence, group: usize) -> &str {
    evidence.groups.get(group).map_or("?", |own| own.label.as_str())
}

/// The answers of a group's results that are about the same classes; or why there are none.
fn answers(evidence: &Evidence, group: usize) -> Result<Vec<&Answers>, String> {
    let Some(own) = evidence.groups.get(group) else { return Err("there is no such stage".into()) };
    let stages = evidence.results(own);
    let mut kept: Vec<&Answers> = Vec::new();
    for stage in &stages {
        if let Ok(answers) = &stage.answers
            && kept.first().is_none_or(|first| {
                first.classes == answers.classes && first.labelling == answers.labelling
            })
        {
            kept.push(answers);
        }
    }
    match (kept.is_empty(), stages.first()) {
        (false, _) => Ok(kept),
        (true, Some(stage)) => {
            Err(stage.answers.as_ref().err().cloned().unwrap_or_else(|| "nothing is known".into()))
        }
        (true, None) => Err("it gave nothing".into()),
    }
}

/// The groups that are worth a figure of their own: baseline, those that are compared, their teachers, and then others.
fn foremost(evidence: &Evidence, compared: &[(usize, usize)]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let teachers = compared.iter().filter_map(|(group, _)| evidence.teacher(*group));
    let wanted = compared.iter().map(|(_, baseline)| *baseline);
    let wanted = wanted.chain(compared.iter().map(|(group, _)| *group)).chain(teachers);
    for group in wanted.chain(0..evidence.groups.len()) {
        if !order.contains(&group) {
            order.push(group);
        }
    }
    order.truncate(MOST_PANELS);
    order
}
