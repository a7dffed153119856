//! The table of a run's stages.

use super::curves::{best_worth, worth};
use super::lines;
use super::sure::{between, sure, told};
use super::tables::{Column, fitted, folded};
use super::words::plain;
use crate::run::PastStage;
use std::path::Path;
use std::time::Duration;

/// What the stages of the run in a folder are and gave, with a word on intervals where there are some.
pub(super) fn table(run: &Path, stages: &[PastStage], width: Option<usize>) -> String {
    let dash = || "–".to_string();
    let row = |stage: &PastStage| {
        let seconds = stage.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        vec![
            plain(&stage.name),
            stage.kind.as_deref().map_or_else(dash, plain),
            stage.model.as_deref().map_or_else(dash, plain),
            worth(stage),
            between(sure(run, stage), stage.map.is_some()),
            best_worth(stage),
            stage.steps.map_or_else(dash, |steps| steps.to_string()),
            seconds.map_or_else(dash, lines::time),
            fate(stage).to_string(),
        ]
    };
    let columns = [
        Column::new("stage").cuts(14),
        Column::new("kind").goes(5),
        Column::new("model").goes(3),
        Column::new(" accuracy"),
        Column::new("95 %").goes(1).sparse(),
        Column::new(" best").goes(2),
        Column::new(" steps").goes(6),
        Column::new(" time").goes(4),
        Column::new(""),
    ];
    let table = fitted(&columns, &stages.iter().map(row).collect::<Vec<_>>(), width);
    let any = |is_map: bool| {
        let mut own = stages.iter().filter(|stage| stage.map.is_some() == is_map);
        own.any(|stage| sure(run, stage).is_some())
    };
    match told(any(false), any(true)) {
        none if none.is_empty() => table,
        told => format!("{table}\n{}", folded(&told, width)),
    }
}

/// How far a stage has come.
pub(super) fn fate(stage: &PastStage) -> &'static str {
    match (stage.from_store, stage.done) {
        (true, _) => "from the store",
        (false, true) => "done",
        (false, false) => "not done",
    }
}
