//! A group compared with its baseline: pairs of results, the gain with its interval, and a test.

use super::draws;
use super::estimate::{deviation, rights};
use crate::error::{Error, Kind, Result};
use crate::metrics::{self, Metric, bootstrap_mean, mcnemar, sign_flip, student_quantile, t_test};
use crate::report::evidence::{Answers, Evidence, Group, Member, Stage};
use crate::report::words::{Measure, counted, p};
use std::collections::BTreeSet;

/// A group compared with another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its place among the groups.
    pub group: usize,
    /// That of the baseline.
    pub baseline: usize,
    /// The gains of the pairs, each with its seed and fold.
    pub gains: Vec<(String, f64)>,
    /// Their mean.
    pub gain: f64,
    /// Their standard deviation, where there are several.
    pub deviation: Option<f64>,
    /// The interval of the gain; or why there is none.
    pub interval: std::result::Result<[f64; 2], String>,
    /// The share of cases in which such an interval holds the true gain.
    pub level: f64,
    /// The p of the test.
    pub p: Option<f64>,
    /// How interval and p were made, in words.
    pub method: String,
    /// What else there is to know, in words.
    pub remarks: Vec<String>,
}

/// Sign flips beyond those that are counted.
const FLIPS: usize = 10_000;

/// Compares a group with a baseline; the interval has that level. `None` where no pair of results is known.
pub fn compare(
    evidence: &Evidence,
    group: usize,
    baseline: usize,
    level: f64,
) -> Option<Comparison> {
    let pairs = pairs(evidence, evidence.groups.get(group)?, evidence.groups.get(baseline)?);
    let score = |member: Member| evidence.score(evidence.stage(member)?);
    let known: Vec<(Member, Member, f64, f64)> = pairs
        .into_iter()
        .filter_map(|(own, other)| Some((own, other, score(own)?, score(other)?)))
        .collect();
    let gains: Vec<(String, f64)> =
        known.iter().map(|(own, _, a, b)| (evidence.repetition(*own), a - b)).collect();
    let differences: Vec<f64> = gains.iter().map(|(_, gain)| *gain).collect();
    let gain = differences.iter().sum::<f64>() / differences.len() as f64;
    let start = Comparison {
        group,
        baseline,
        deviation: deviation(&differences),
        gains,
        gain,
        interval: Err(String::new()),
        level,
        p: None,
        method: String::new(),
        remarks: Vec::new(),
    };
    match known.as_slice() {
        [] => None,
        [(own, other, ..)] => {
            let (own, other) = (evidence.stage(*own)?, evidence.stage(*other)?);
            Some(over_clips(start, own, other, evidence.measure))
        }
        several => {
            let [a, b] = [0, 1].map(|side| {
                several
                    .iter()
                    .map(|(_, _, a, b)| if side == 0 { *a } else { *b })
                    .collect::<Vec<f64>>()
            });
            Some(over_runs(start, &a, &b))
        }
    }
}

/// Results of one run and repetition, each pair once; where they share no run, those of the same seed and fold.
fn pairs(evidence: &Evidence, group: &Group, baseline: &Group) -> Vec<(Member, Member)> {
    let repetition = |member: &Member| {
        evidence.stage(*member).map(|stage| stage.repetition.clone()).unwrap_or_default()
    };
    let partner = |own: &Member| {
        let of_run: Vec<&Member> =
            baseline.members.iter().filter(|other| other.run == own.run).collect();
        let same = of_run.iter().find(|other| repetition(other) == repetition(own));
        let only = if let [only] = of_run.as_slice() { Some(only) } else { None };
        let elsewhere = || {
            let told = evidence.repetition(*own);
            let mut all = baseline.members.iter();
            all.find(|other| !told.is_empty() && evidence.repetition(**other) == told)
        };
        let found = same.or(only).map(|other| **other);
        found.or_else(|| if of_run.is_empty() { elsewhere().copied() } else { None })
    };
    let mut seen = BTreeSet::new();
    let result = |member: Member| match evidence.stage(member).and_then(Stage::result) {
        Some(result) => result,
        None => format!("{}/{}", member.run, member.stage),
    };
    let all = group.members.iter().filter_map(|own| Some((*own, partner(own)?)));
    all.filter(|(own, other)| seen.insert((result(*own), result(*other)))).collect()
}

/// Over seeds, folds or runs: Student's t of the differences.
fn over_runs(start: Comparison, a: &[f64], b: &[f64]) -> Comparison {
    let count = a.len();
    let (test, flips) = match (t_test(a, b), sign_flip(a, b, FLIPS, 0)) {
        (Ok(test), Ok(flips)) => (test, flips),
        (Err(error), _) | (_, Err(error)) => {
            return Comparison { interval: Err(error.headline()), ..start };
        }
    };
    let error = start.deviation.unwrap_or(0.0) / (count as f64).sqrt();
    let reach = student_quantile(0.5 + start.level / 2.0, count as f64 - 1.0) * error;
    let above = start.gains.iter().filter(|(_, gain)| *gain > 0.0).count();
    let mut remarks = vec![format!(
        "Of {} the gain is above zero in {above}; {} by flipping signs.",
        counted(count, "pair"),
        p(flips.p)
    )];
    if start.gains.iter().any(|(told, _)| told.contains("fold")) {
        remarks.push(
            "Folds share the clips that they train on, so this p is somewhat too small.".into(),
        );
    }
    if count < 5 {
        remarks.push(format!(
            "{count} pairs are few: the interval trusts that gains scatter normally."
        ));
    }
    Comparison {
        interval: Ok([start.gain - reach, start.gain + reach]),
        p: Some(test.p),
        method: format!(
            "Student's paired t test and interval over {count} pairs of the same run, seed and fold"
        ),
        remarks,
        ..start
    }
}

/// Over the clips of one result.
fn over_clips(start: Comparison, own: &Stage, other: &Stage, measure: Measure) -> Comparison {
    let tested = match (&own.answers, &other.answers) {
        (Ok(a), Ok(b)) => by_clips(&start, a, b, measure),
        (Err(why), _) | (_, Err(why)) => {
            return Comparison { interval: Err(why.clone()), ..start };
        }
    };
    match tested {
        Ok(compared) => compared,
        Err(error) => Comparison { interval: Err(error.headline()), ..start },
    }
}

fn by_clips(start: &Comparison, a: &Answers, b: &Answers, measure: Measure) -> Result<Comparison> {
    let pairs = a.paired(b).ok_or_else(|| {
        Error::new(Kind::Data, "comparing", "the two were not tested on the same clips")
    })?;
    let once = "One result of each: the interval says how sure the gain of these two networks is on other clips of this \
                kind, not how much another seed would change it."
        .to_string();
    if measure == Measure::Map {
        let scored = [
            a.scored(pairs.iter().map(|(own, _)| *own))?,
            b.scored(pairs.iter().map(|(_, other)| *other))?,
        ];
        let [first, second] = &scored;
        let draws = draws(first.clips() * first.classes() * 4, start.level);
        let metric = Metric::named("report", "average_precision")?;
        let told = metrics::compare(first, second, &metric, &draws)?;
        return Ok(Comparison {
            interval: Ok([told.difference.low, told.difference.high]),
            p: Some(told.permutation_p),
            method: format!(
                "a paired bootstrap over {} in {} samples, and a permutation test that swaps the two networks' scores of clips",
                counted(pairs.len(), "clip"),
                draws.resamples
            ),
            remarks: vec![once],
            ..start.clone()
        });
    }
    let (of_a, of_b) = (rights(a), rights(b));
    let [mine, theirs]: [Vec<f64>; 2] = [
        pairs.iter().filter_map(|(own, _)| of_a.get(*own).copied()).collect(),
        pairs.iter().filter_map(|(_, other)| of_b.get(*other).copied()).collect(),
    ];
    let differences: Vec<f64> = mine.iter().zip(&theirs).map(|(a, b)| a - b).collect();
    let draws = draws(differences.len(), start.level);
    let drawn = bootstrap_mean(&differences, &draws)?;
    let is = |all: &[f64]| all.iter().map(|own| *own > 0.5).collect::<Vec<bool>>();
    let test = mcnemar(&is(&mine), &is(&theirs))?;
    let count = |sign: f64| differences.iter().filter(|own| **own == sign).count();
    Ok(Comparison {
        interval: Ok([drawn.low, drawn.high]),
        p: Some(test.p),
        method: format!(
            "a paired bootstrap over {} in {} samples, and McNemar's exact test",
            counted(pairs.len(), "clip"),
            draws.resamples
        ),
        remarks: vec![
            format!(
                "{} right with it and wrong with the baseline, {} the other way round.",
                match count(1.0) {
                    1 => "1 clip is".to_string(),
                    many => format!("{many} clips are"),
                },
                count(-1.0)
            ),
            once,
        ],
        ..start.clone()
    })
}
