//! What the epochs of stages gave: `metrics.csv`.

use crate::run::COLUMNS;
use crate::train::Reading;
use std::path::Path;

/// The reading of an epoch, and whose it is.
pub struct Row {
    /// The stage.
    pub stage: String,
    /// Steps at the epoch's end.
    pub step: usize,
    /// Its numbers.
    pub reading: Reading,
}

/// The rows of a run's `metrics.csv`, in their order; none where there is no such file, and without those that cannot
/// be read.
pub fn read(folder: &Path) -> Vec<Row> {
    let Ok(mut table) = csv::Reader::from_path(folder.join("metrics.csv")) else {
        return Vec::new();
    };
    let head: Vec<String> = match table.headers() {
        Ok(head) => head.iter().map(str::to_string).collect(),
        Err(_) => return Vec::new(),
    };
    table.records().flatten().filter_map(|cells| row(&head, &cells)).collect()
}

fn row(head: &[String], cells: &csv::StringRecord) -> Option<Row> {
    let cell = |name: &str| cells.get(head.iter().position(|own| own == name)?);
    let number = |name: &str| cell(name)?.parse::<f64>().ok();
    let or_nan = |name: &str| number(name).unwrap_or(f64::NAN);
    let logged = head
        .iter()
        .zip(cells)
        .filter(|(name, _)| !COLUMNS.contains(&name.as_str()))
        .filter_map(|(name, cell)| Some((name.clone(), cell.parse().ok()?)))
        .collect();
    let reading = Reading {
        epoch: cell("epoch")?.parse().ok()?,
        loss: or_nan("loss"),
        test_loss: or_nan("test_loss"),
        accuracy: or_nan("accuracy"),
        map: number("map"),
        lr: or_nan("lr"),
        lambda: number("lambda"),
        tau: number("tau"),
        clips_per_second: or_nan("clips_per_second"),
        waiting: or_nan("waiting"),
        seconds: or_nan("seconds"),
        logged,
    };
    Some(Row { stage: cell("stage")?.to_string(), step: cell("step")?.parse().ok()?, reading })
}
