//! Cases on both sides, in turn.

use super::cases::Case;
use super::side::{Kin, Side};
use crate::cli::bench::measure::{Times, time};
use crate::cli::bench::watch::Watch;
use crate::error::{Error, Kind, Result};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// About so long is one turn of a side, where once takes less.
const TURN_SECONDS: f64 = 0.1;
/// Repeats of a turn at most.
const MOST: f64 = 2_000.0;
/// Threads of the side that is not asked spin for a while before they sleep.
const PAUSE: Duration = Duration::from_millis(20);

/// How thoroughly it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Care {
    /// Turns of each side at least.
    pub rounds: usize,
    /// About how long a case takes, both sides together.
    pub seconds: f64,
    /// Whether whole passes are done once more in processes of their own, for their memory.
    pub memory: bool,
}

/// One side of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub times: Times,
    /// The most memory of a process that did nothing else, and before it did that.
    pub peak: Option<u64>,
    pub idle: Option<u64>,
}

/// A case with what was found: ours, and PyTorch's or why there is none.
pub(crate) struct Row {
    pub case: Case,
    pub ours: std::result::Result<Found, String>,
    pub theirs: Option<std::result::Result<Found, String>>,
}

/// All that measures.
pub(crate) struct Runner {
    kins: Vec<Kin>,
    sides: Vec<Side>,
    threads: usize,
    care: Care,
}

impl Runner {
    /// Our side, and PyTorch's where there is a Python.
    pub(crate) fn new(python: Option<Kin>, threads: usize, care: Care) -> Result<Self> {
        let kins: Vec<Kin> = std::iter::once(Kin::Own).chain(python).collect();
        let sides = kins.iter().map(|kin| Side::start(kin, threads)).collect::<Result<Vec<_>>>()?;
        for side in &sides[1..] {
            let missing = side.about["versions"].as_object().into_iter().flatten();
            let missing: Vec<String> = missing
                .filter(|(_, version)| version.as_str().is_some_and(|own| own.starts_with("none")))
                .map(|(name, version)| format!("{name}: {}", version.as_str().unwrap_or_default()))
                .collect();
            if !missing.is_empty() {
                crate::cli::note(&format!("some cases will lack PyTorch: {}", missing.join("; ")));
            }
        }
        Ok(Runner { kins, sides, threads, care })
    }

    /// What PyTorch's side says of itself.
    pub(crate) fn versions(&self) -> Value {
        self.sides.get(1).map_or(Value::Null, |side| side.about["versions"].clone())
    }

    /// Measures a case.
    ///
    /// # Errors
    /// A process that cannot be started. What a side says is told in the row.
    pub(crate) fn measured(&mut self, case: &Case, watch: &mut Watch) -> Result<Row> {
        watch.next(&format!("{} {}, {}", case.name, case.shape, case.pass));
        let start = json!({ "do": "start", "case": case.work });
        let mut found: Vec<std::result::Result<Found, Error>> = Vec::new();
        let mut turns = Vec::new();
        for side in &mut self.sides {
            let started = side.ask(&start).and_then(|told| seconds(&told));
            // What was slow at first is not in the second one.
            let once = started.as_ref().ok().and_then(|all| all.last().copied()).unwrap_or(0.0);
            turns.push((TURN_SECONDS / once.max(1e-9)).clamp(1.0, MOST) as u64);
            found.push(started.map(|_| Found::default()));
        }
        let begun = Instant::now();
        for round in 0.. {
            let over = begun.elapsed().as_secs_f64() >= self.care.seconds;
            if round >= self.care.rounds && over {
                break;
            }
            for ((side, own), times) in self.sides.iter_mut().zip(&mut found).zip(&turns) {
                if own.is_err() {
                    continue;
                }
                std::thread::sleep(PAUSE);
                let told = side.ask(&json!({ "do": "repeat", "times": times }));
                match told.and_then(|told| seconds(&told)) {
                    Ok(all) => own.iter_mut().for_each(|own| own.times.0.extend(&all)),
                    Err(error) => *own = Err(error),
                }
            }
            if found.iter().all(std::result::Result::is_err) {
                break;
            }
        }
        if self.care.memory && case.whole {
            for (kin, own) in self.kins.iter().zip(&mut found) {
                let Ok(own) = own else { continue };
                let mut side = Side::start(kin, self.threads)?;
                let peak = |side: &mut Side| -> Result<Option<u64>> {
                    Ok(side.ask(&json!({ "do": "peak" }))?["bytes"].as_u64())
                };
                own.idle = peak(&mut side)?;
                side.ask(&start)?;
                own.peak = peak(&mut side)?;
            }
        }
        for (kin, own) in self.kins.iter().zip(&found) {
            if let Err(error) = own {
                let who = if matches!(kin, Kin::Own) { "ours" } else { "PyTorch's" };
                let what = format!("{} {}, {}", case.name, case.shape, case.pass);
                watch.say(&format!("warning: {what}: {who} is missing: {}", reason(error)));
            }
        }
        let mut found = found.into_iter().map(|own| own.map_err(|error| reason(&error)));
        let ours = found.next().unwrap_or_else(|| Err(reason(&nothing())));
        Ok(Row { case: case.clone(), ours, theirs: found.next() })
    }
}

fn nothing() -> Error {
    Error::new(Kind::Internal, "still bench", "nothing was measured")
}

fn reason(error: &Error) -> String {
    error.report().problem.clone()
}

fn seconds(told: &Value) -> Result<Vec<f64>> {
    let all = told["seconds"].as_array().ok_or_else(nothing)?;
    Ok(all.iter().filter_map(Value::as_f64).collect())
}

impl Row {
    /// Ours over PyTorch's, of times.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (self.ours.as_ref().ok()?, self.theirs.as_ref()?.as_ref().ok()?);
        Some(ours.times.median() / theirs.times.median().max(1e-12))
    }

    /// As it stands in a record.
    pub(crate) fn facts(&self) -> Value {
        let side = |own: &std::result::Result<Found, String>| match own {
            Ok(own) => json!({
                "median_seconds": own.times.median(),
                "p95_seconds": own.times.quantile(0.95),
                "repeats": own.times.0.len(),
                "peak_bytes": own.peak,
                "idle_bytes": own.idle,
            }),
            Err(reason) => json!({ "error": reason }),
        };
        json!({
            "name": self.case.name,
            "shape": self.case.shape,
            "pass": self.case.pass,
            "ours": side(&self.ours),
            "pytorch": self.theirs.as_ref().map_or(Value::Null, side),
            "ratio": self.ratio(),
        })
    }
}

/// Words of a time in a record, or a dash.
pub(crate) fn told(side: &Value) -> String {
    side["median_seconds"].as_f64().map_or("–".into(), time)
}
