//! Two runs on the same clips: what each found, clip by clip.

use crate::data::Logits;
use crate::metrics::{Draws, argmax_rows, bootstrap_mean};
use crate::report::precision_gain;
use crate::run::{PREDICTIONS, Past, PastStage, slug};
use std::collections::BTreeMap;

/// Which of the clips that test were found, by their ids; None where that is not kept, clips have several labels, or
/// what is kept is not of the result.
fn found(run: &Past, stage: &PastStage) -> Option<BTreeMap<String, bool>> {
    let path = run.path().join(PREDICTIONS).join(format!("{}.safetensors", slug(&stage.name)));
    let all = Logits::read(&path).ok()?;
    let mut found = BTreeMap::new();
    for (row, id) in all.ids().iter().enumerate() {
        let target = all.target(row)?;
        let is_single = target.iter().filter(|share| **share != 0.0).count() == 1;
        let best = |row: &[f32]| argmax_rows(row, all.width()).first().copied();
        let right = is_single.then(|| best(target))?;
        found.insert(id.clone(), best(all.row(row)) == right);
    }
    let share = found.values().filter(|right| **right).count() as f64 / found.len().max(1) as f64;
    (share - stage.accuracy?).abs().lt(&1e-6).then_some(found)
}

/// The interval of how much better `own` is than `base` on the same clips: a bootstrap of the clips. None where it is
/// not known of both what they found, or the clips are not the same.
pub(super) fn interval(own: (&Past, &PastStage), base: (&Past, &PastStage)) -> Option<(f64, f64)> {
    if own.1.map.is_some() && base.1.map.is_some() {
        let gain = precision_gain((own.0.path(), own.1), (base.0.path(), base.1));
        return gain.map(|[low, high]| (low, high));
    }
    if own.1.map.is_some() || base.1.map.is_some() {
        return None;
    }
    let (own, base) = (found(own.0, own.1)?, found(base.0, base.1)?);
    if !own.keys().eq(base.keys()) {
        return None;
    }
    let gain = |(own, base): (&bool, &bool)| f64::from(*own) - f64::from(*base);
    let gains: Vec<f64> = own.values().zip(base.values()).map(gain).collect();
    let interval = bootstrap_mean(&gains, &Draws::default()).ok()?;
    Some((interval.low, interval.high))
}
