//! The table that a run prints of its stages.

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

/// How good a model is, in the measure of its data.
pub fn score(accuracy: f64, map: Option<f64>) -> String {
    match map {
        Some(map) => format!("mAP {map:.3}"),
        None => format!("{:.1} %", accuracy * 100.0),
    }
}
