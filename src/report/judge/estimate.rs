//! What a group is worth, and how sure that is.

use super::{RESAMPLES, draws};
use crate::metrics::{Draws, Metric, bootstrap, bootstrap_mean};
use crate::report::evidence::{Answers, Evidence, Group, Stage};
use crate::report::words::Measure;

/// What an interval is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// So many clips of one stage, in so many samples of them.
    Clips(usize, usize),
    /// So many runs, seeds or folds.
    Runs(usize),
    /// There is none, since …
    Nothing(String),
}

/// What a group is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// How many results there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n − 1), where there are several.
    pub deviation: Option<f64>,
    /// The 95 % interval of the mean, by percentiles of a bootstrap.
    pub interval: Option<[f64; 2]>,
    /// What the interval is over.
    pub over: Over,
}

/// Fewer numbers drawn with replacement give no ends.
const LEAST_RUNS: usize = 3;

/// The standard deviation of a sample; nothing of fewer than two numbers.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square: f64 = values.iter().map(|own| (own - mean) * (own - mean)).sum();
    (values.len() > 1).then(|| (square / (count - 1.0)).sqrt())
}

/// What a group is worth. `None` where no number is known.
pub fn estimate(evidence: &Evidence, group: &Group) -> Option<Estimate> {
    let stages = evidence.results(group);
    let values: Vec<f64> = stages.iter().filter_map(|stage| evidence.score(stage)).collect();
    let count = values.len();
    if count == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    let none = |why: &str| (None, Over::Nothing(why.to_string()));
    let (interval, over) = match (count, stages.as_slice()) {
        (1, [stage]) => over_clips(stage, evidence.measure),
        (1, _) => none("one result of several is known"),
        (few, _) if few < LEAST_RUNS => none("two results are too few"),
        _ => {
            let draws = Draws { resamples: RESAMPLES, level: 0.95, seed: 0 };
            match bootstrap_mean(&values, &draws) {
                Ok(own) => (Some([own.low, own.high]), Over::Runs(count)),
                Err(error) => none(&error.headline()),
            }
        }
    };
    Some(Estimate { count, mean, deviation: deviation(&values), interval, over })
}

fn over_clips(stage: &Stage, measure: Measure) -> (Option<[f64; 2]>, Over) {
    let answers = match &stage.answers {
        Ok(answers) => answers,
        Err(why) => return (None, Over::Nothing(why.clone())),
    };
    let drawn = match measure {
        Measure::Accuracy => {
            let right = rights(answers);
            let draws = draws(right.len(), 0.95);
            bootstrap_mean(&right, &draws).map(|own| (own, draws.resamples))
        }
        Measure::Map => answers.scored(0..answers.len()).and_then(|all| {
            let draws = draws(all.clips() * all.classes(), 0.95);
            let metric = Metric::named("report", "average_precision")?;
            Ok((bootstrap(&all, &metric, &draws)?, draws.resamples))
        }),
    };
    match drawn {
        Ok((own, resamples)) => (Some([own.low, own.high]), Over::Clips(answers.len(), resamples)),
        Err(error) => (None, Over::Nothing(error.headline())),
    }
}

/// 1 for each clip whose class was found, else 0.
pub fn rights(answers: &Answers) -> Vec<f64> {
    (0..answers.len()).map(|clip| f64::from(u8::from(answers.right(clip)))).collect()
}
