//! How sure the mean average precision of a single stage is, from what its run keeps of each clip: the numbers of the
//! page, for those who ask for nothing else.

use super::draws;
use crate::metrics::{Metric, bootstrap, bootstrap_difference};
use crate::report::evidence::{Answers, answers};
use crate::run::PastStage;
use std::path::Path;

const METRIC: &str = "average_precision";
/// What a stage says of its clips must have given its score, but for rounding.
const NEAR: f64 = 1e-6;

/// The 95 % interval of a stage's mean average precision: a bootstrap of the clips that test. None where clips have one label,
/// the stage has not ended, or the run in that folder does not keep what it said.
pub fn precision(run: &Path, stage: &PastStage) -> Option<[f64; 2]> {
    let all = answers_of(run, stage)?;
    let scored = all.scored(0..all.len()).ok()?;
    let metric = Metric::named("report", METRIC).ok()?;
    let drawn =
        bootstrap(&scored, &metric, &draws(scored.clips() * scored.classes(), 0.95)).ok()?;
    (drawn.value - stage.map?).abs().lt(&NEAR).then_some([drawn.low, drawn.high])
}

/// The same of how much larger `own` is than `base`, where both heard the same clips: they are drawn for both at once.
pub fn precision_gain(own: (&Path, &PastStage), base: (&Path, &PastStage)) -> Option<[f64; 2]> {
    let (a, b) = (answers_of(own.0, own.1)?, answers_of(base.0, base.1)?);
    let pairs = a.paired(&b)?;
    let first = a.scored(pairs.iter().map(|(own, _)| *own)).ok()?;
    let second = b.scored(pairs.iter().map(|(_, other)| *other)).ok()?;
    let metric = Metric::named("report", METRIC).ok()?;
    let draws = draws(first.clips() * first.classes() * 4, 0.95);
    let drawn = bootstrap_difference(&first, &second, &metric, &draws).ok()?;
    let told = own.1.map? - base.1.map?;
    (drawn.value - told).abs().lt(&(2.0 * NEAR)).then_some([drawn.low, drawn.high])
}

fn answers_of(run: &Path, stage: &PastStage) -> Option<Answers> {
    let is_map = stage.done && stage.map.is_some();
    is_map.then(|| answers(run, &stage.name, true).ok()).flatten()
}
