//! How sure a stage's number is, whichever its data have: what tables say beside results.

use super::curves::{self, WILSON, surety};
use crate::report::precision;
use crate::run::PastStage;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A run's stage with its result, and its interval if it has one.
type Known = BTreeMap<(PathBuf, String, u64), Option<(f64, f64)>>;

/// Wilson's interval of an accuracy; of mean average precision that of a bootstrap, from what the run in
/// that folder keeps of each clip.
pub(super) fn sure(run: &Path, stage: &PastStage) -> Option<(f64, f64)> {
    // Views ask again and again, and a bootstrap takes its time.
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let Some(map) = stage.map.filter(|_| stage.done) else { return surety(stage) };
    let key = (run.to_path_buf(), stage.name.clone(), map.to_bits());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(key).or_insert_with(|| precision(run, stage).map(|[low, high]| (low, high)))
}

/// An interval in the words of its measure: `[67.2, 85.3]` in percent, `[0.512, 0.630]` of mean average precision.
pub(super) fn between(interval: Option<(f64, f64)>, is_map: bool) -> String {
    match interval {
        Some((low, high)) if is_map => format!("[{low:.3}, {high:.3}]"),
        other => curves::between(other),
    }
}

/// What intervals are, for below a table: of accuracies, of mean average precision.
pub(super) fn told(accuracy: bool, map: bool) -> String {
    let drawn = "95 % of mAP: a bootstrap of the clips that test.";
    match (accuracy, map) {
        (true, true) => format!("{WILSON} {drawn}"),
        (true, false) => WILSON.into(),
        (false, true) => drawn.into(),
        (false, false) => String::new(),
    }
}
