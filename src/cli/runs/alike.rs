//! Runs that differ in their seeds alone.

use crate::metrics::quantile;
use crate::run::{Past, PastStage};
use serde_json::{Map, Value};

/// What a run computes, but for the seed.
#[derive(Clone, PartialEq)]
struct Asked {
    texts: Vec<(String, String)>,
    set: Map<String, Value>,
}

/// Runs of one recipe with the same arguments, each with another seed: their places in the list.
pub(super) fn groups(runs: &[Past]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Asked, Vec<(Seed, usize)>)> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let Some(asked) = asked(run) else { continue };
        let seed = seed(run);
        match groups.iter_mut().find(|(known, _)| *known == asked) {
            // The same seed gives the same result, and counts once.
            Some((_, members)) if members.iter().any(|(known, _)| *known == seed) => {}
            Some((_, members)) => members.push((seed, index)),
            None => groups.push((asked, vec![(seed, index)])),
        }
    }
    let several = groups.into_iter().filter(|(_, members)| members.len() > 1);
    several.map(|(_, members)| members.into_iter().map(|(_, index)| index).collect()).collect()
}

type Seed = (Option<Value>, Option<Value>);

fn seed(run: &Past) -> Seed {
    (run.head().get("seed").cloned(), run.set().get("seed").cloned())
}

/// None of a run whose recipe is not known, or was edited while it ran.
fn asked(run: &Past) -> Option<Asked> {
    let edited = run.edits().iter().any(|edit| edit.outcome == "in_force");
    let texts = run.texts(0);
    let mut set = run.set();
    set.remove("seed");
    set.sort_keys();
    (!edited && !texts.is_empty()).then_some(Asked { texts, set })
}

/// What several seeds gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seeds {
    pub count: usize,
    pub mean: f64,
    /// The standard deviation of a sample: with n − 1.
    pub deviation: f64,
    pub least: f64,
    pub greatest: f64,
}

/// What a stage gave in several runs; None where fewer than two have it at its end.
pub(super) fn over_seeds(stages: &[&PastStage]) -> Option<Seeds> {
    let ended = stages.iter().filter(|stage| stage.done);
    let mut values: Vec<f64> = ended.filter_map(|stage| stage.main()).collect();
    if values.len() < 2 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(Seeds {
        count,
        mean,
        deviation: (squares / (count - 1) as f64).sqrt(),
        least: quantile(&values, 0.0),
        greatest: quantile(&values, 1.0),
    })
}
