//! `metrics.csv`: a row for each epoch of each stage.

use crate::disk;
use crate::error::Result;
use crate::train::Reading;

/// Columns of `metrics.csv` that every run has; what hooks log comes after them.
pub const COLUMNS: [&str; 13] = [
    "stage",
    "epoch",
    "step",
    "loss",
    "test_loss",
    "accuracy",
    "map",
    "lr",
    "lambda",
    "tau",
    "clips_per_second",
    "waiting",
    "seconds",
];

/// The whole file: its columns depend on what hooks log. A row has the stage's name and the steps at the epoch's end.
pub(super) fn csv(rows: &[(String, usize, Reading)]) -> Result<Vec<u8>> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|(_, _, reading)| &reading.logged) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let columns = COLUMNS.iter().chain(&names);
    let mut table = vec![columns.map(|name| name.to_string()).collect::<Vec<_>>()];
    for (stage, step, reading) in rows {
        let maybe = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        let mut cells = vec![
            stage.clone(),
            reading.epoch.to_string(),
            step.to_string(),
            reading.loss.to_string(),
            reading.test_loss.to_string(),
            reading.accuracy.to_string(),
            maybe(reading.map),
            reading.lr.to_string(),
            maybe(reading.lambda),
            maybe(reading.tau),
            format!("{:.1}", reading.clips_per_second),
            format!("{:.4}", reading.waiting),
            format!("{:.3}", reading.seconds),
        ];
        for name in &names {
            let logged = reading.logged.iter().find(|(known, _)| known == name);
            cells.push(maybe(logged.map(|(_, value)| *value)));
        }
        table.push(cells);
    }
    disk::csv(table)
}
