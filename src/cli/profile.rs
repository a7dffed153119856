//! Where a stage's time went, as a small table.

use super::words::{bytes, columns};
use crate::tensor::trace::{Part, Sum, Trace};
use std::time::Duration;

/// The table; shares are of the stage's time, and those of the loader's threads of their own time.
pub(super) fn table(traced: &Trace) -> String {
    let (loader, stage): (Vec<&Sum>, Vec<&Sum>) =
        traced.sums.iter().partition(|sum| sum.part.is_of_the_loader());
    let known: Duration = stage.iter().map(|sum| sum.own).sum();
    let mut rows: Vec<Vec<String>> = stage.iter().map(|sum| row(sum, traced.length)).collect();
    let rest = traced.length.saturating_sub(known);
    rows.push(vec!["the rest".into(), seconds(rest), share(rest, traced.length)]);
    let all: Duration = loader.iter().map(|sum| sum.own).sum();
    for sum in loader {
        let mut cells = row(sum, all);
        cells[0] = format!("loader: {}", Part::name(sum.part));
        rows.push(cells);
    }
    columns(
        &[
            "PART",
            " SECONDS",
            " SHARE",
            " TIMES",
            " MS EACH",
            " TENSORS EACH",
            " READS EACH",
            " MEMORY",
        ],
        &rows,
    )
}

fn row(sum: &Sum, of: Duration) -> Vec<String> {
    let count = sum.count.max(1);
    let each = sum.own.as_secs_f64() * 1e3 / count as f64;
    vec![
        sum.part.name().to_string(),
        seconds(sum.own),
        share(sum.own, of),
        sum.count.to_string(),
        format!("{each:.3}"),
        bytes(sum.made / count),
        format!("{:.1}", sum.reads as f64 / count as f64),
        if sum.resident > 0 { bytes(sum.resident) } else { "–".into() },
    ]
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

fn share(part: Duration, of: Duration) -> String {
    format!("{:.1} %", part.as_secs_f64() / of.as_secs_f64().max(1e-9) * 100.0)
}
