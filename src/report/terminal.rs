//! The tables for a terminal: that which a run prints of its stages, and what several runs gave.

use super::evidence::Evidence;
use super::judge::{Estimate, Verdict, estimate};
use super::page::{cells, explained};
use super::words::thousands;
use crate::run::StageResult;
use crate::train::StageKind;

/// The stages as a table in plain text, columns as wide as they need to be.
pub fn table(stages: &[StageResult]) -> String {
    let head = ["stage", "model", "learnt from", "accuracy", "best", "parameters", "time"];
    let mut rows = vec![head.map(String::from)];
    rows.extend(stages.iter().map(row));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            // Words stand left, numbers right.
            if column < 3 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text.push_str(&line(row));
        text.push('\n');
        if index == 0 {
            let rule: usize = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
            text.push_str(&"─".repeat(rule));
            text.push('\n');
        }
    }
    text
}

fn row(stage: &StageResult) -> [String; 7] {
    let source = match stage.kind {
        StageKind::Train => "labels",
        StageKind::Distill => "labels + teacher",
        StageKind::EachStep => "its own steps",
    };
    [
        stage.name.clone(),
        stage.model.clone(),
        source.to_string(),
        score(stage.accuracy, stage.map),
        score(stage.best_accuracy, stage.best_map),
        thousands(stage.parameters as u64),
        format!("{:.1} s", stage.seconds),
    ]
}

/// What stages are worth that several runs have, as the page has it.
pub struct Summary {
    /// What is measured: accuracy or mAP.
    pub measure: &'static str,
    /// The stages with what is known of each.
    pub rows: Vec<SummaryRow>,
    /// What the intervals are over.
    pub explained: String,
}

/// A stage of several runs.
pub struct SummaryRow {
    /// Its name without seed and fold.
    pub label: String,
    /// Its numbers; none where no result is known.
    pub estimate: Option<Estimate>,
    /// Mean with deviation, interval, gain with its interval, and p, in words; a dash where there is none.
    pub cells: [String; 4],
}

/// What several runs gave; `verdict` is that of the same evidence.
pub fn summary(evidence: &Evidence, verdict: &Verdict) -> Summary {
    let estimates: Vec<_> = evidence.groups.iter().map(|group| estimate(evidence, group)).collect();
    let row = |(index, estimate): (usize, &Option<Estimate>)| {
        let compared = verdict.comparisons.iter().map(|(own, _)| own);
        let compared = compared.into_iter().find(|own| own.group == index);
        let [_, _, score, interval, gain, p, ..] =
            cells(evidence, index, estimate.as_ref(), compared);
        SummaryRow {
            label: evidence.groups.get(index).map(|own| own.label.clone()).unwrap_or_default(),
            estimate: estimate.clone(),
            cells: [score, interval, gain, p],
        }
    };
    Summary {
        measure: evidence.measure.name(),
        rows: estimates.iter().enumerate().map(row).collect(),
        explained: explained(evidence, &estimates, verdict),
    }
}

/// How good a model is, in the measure of its data.
pub fn score(accuracy: f64, map: Option<f64>) -> String {
    match map {
        Some(map) => format!("mAP {map:.3}"),
        None => format!("{:.1} %", accuracy * 100.0),
    }
}
