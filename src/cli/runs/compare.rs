//! `still runs compare`.

use super::Place;
use super::alike::{Seeds, groups, over_seeds};
use super::paired;
use crate::cli::curves::{LEVEL, best_worth, curve_of, worth, worth_of};
use crate::cli::sure::{between, sure, told};
use crate::cli::tables::{Column, fitted, folded};
use crate::cli::terminal::{speaks_unicode, width};
use crate::cli::words::plain;
use crate::cli::{lines, out};
use crate::error::{Error, Kind, Result};
use crate::metrics::newcombe;
use crate::run::{Past, PastStage, State};
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// A curve has so many letters.
const CURVE: usize = 12;
/// Text is folded so where there is no terminal.
const PLAIN: usize = 100;

/// Compare what the stages of several runs gave: values with intervals, differences, means over seeds.
///
/// Stages go by their names, differences against the first run or --baseline. Runs of the same recipe, never edited,
/// with the same arguments and other seeds, are also told as mean ± standard deviation (n − 1). For what two
/// runs were told (arguments, options, recipes side by side) there is `still runs diff A B`.
#[derive(Args)]
pub(super) struct Compare {
    /// Runs: names or parts of them, tags, `last`, or paths. A tag that several have means all of them.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// The run that the others are compared with [default: the first].
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Print it as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// What is compared.
struct Compared {
    runs: Vec<Past>,
    stages: Vec<Vec<PastStage>>,
    states: Vec<State>,
    baseline: usize,
}

/// A stage of a run beside that of the baseline.
struct Cell<'a> {
    run: usize,
    stage: &'a PastStage,
    /// Against the baseline's stage.
    difference: Option<f64>,
    /// Its own interval.
    sure: Option<(f64, f64)>,
    /// That of the difference, and whether it is of the same clips.
    interval: Option<((f64, f64), bool)>,
}

/// A stage over several seeds.
struct Spread<'a> {
    stage: &'a str,
    is_map: bool,
    members: Vec<usize>,
    seeds: Seeds,
}

impl Compare {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let mut runs: Vec<Past> = Vec::new();
        let mut add = |run: Past| -> usize {
            let same = |known: &Past| {
                let path = |run: &Past| run.path().canonicalize().ok();
                known.path() == run.path() || path(known).is_some() && path(known) == path(&run)
            };
            // Named twice, it is shown once.
            let known = runs.iter().position(same);
            known.unwrap_or_else(|| {
                runs.push(run);
                runs.len() - 1
            })
        };
        let baseline = self.baseline.as_ref().map(|named| place.run(named)).transpose()?;
        let baseline = baseline.map_or(0, &mut add);
        for named in &self.runs {
            for run in place.runs(named)? {
                add(run);
            }
        }
        if runs.len() < 2 {
            return Err(Error::new(Kind::Usage, "still runs compare", "only one run is named")
                .received(runs.first().map(|run| plain(run.name())).unwrap_or_default())
                .hint("name several; `still runs show` shows one, `still runs ls` lists them"));
        }
        let compared = Compared {
            stages: runs.iter().map(Past::stages).collect(),
            states: runs.iter().map(Past::state).collect(),
            runs,
            baseline,
        };
        match self.json {
            true => out(&compared.as_json().to_string()),
            false => compared.show(width(), speaks_unicode()),
        }
        Ok(())
    }
}

/// `a`, `b`, … `z`, `a1`, `b1`, …
fn label(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

impl Compared {
    /// The names of all stages, in the order of the baseline's, then of the others'.
    fn names(&self) -> Vec<&str> {
        let own = self.stages.get(self.baseline).into_iter();
        let mut names: Vec<&str> = Vec::new();
        for stage in own.chain(&self.stages).flatten() {
            if !names.contains(&stage.name.as_str()) {
                names.push(&stage.name);
            }
        }
        names
    }

    fn stage(&self, run: usize, name: &str) -> Option<&PastStage> {
        self.stages.get(run)?.iter().find(|stage| stage.name == name)
    }

    fn cells<'a>(&'a self, name: &str) -> Vec<Cell<'a>> {
        let base = self.stage(self.baseline, name);
        let cell = |run: usize| {
            let stage = self.stage(run, name)?;
            let base = base.filter(|_| run != self.baseline);
            // Accuracy against mean average precision would be a number without meaning.
            let base = base.filter(|base| base.map.is_some() == stage.map.is_some());
            let both = base.and_then(|base| stage.main().zip(base.main()));
            let interval = || {
                let base = base.filter(|base| stage.done && base.done)?;
                let (own_run, base_run) = (self.runs.get(run)?, self.runs.get(self.baseline)?);
                let paired = paired::interval((own_run, stage), (base_run, base));
                let strangers = || Some(newcombe(stage.found()?, base.found()?, LEVEL));
                paired.map(|paired| (paired, true)).or_else(|| Some((strangers()?, false)))
            };
            let difference = both.map(|(own, base)| own - base);
            let sure = self.runs.get(run).and_then(|run| sure(run.path(), stage));
            Some(Cell { run, stage, difference, sure, interval: interval() })
        };
        (0..self.runs.len()).filter_map(cell).collect()
    }

    fn spreads(&self) -> Vec<Spread<'_>> {
        let groups = groups(&self.runs);
        let mut spreads = Vec::new();
        for stage in self.names() {
            for group in &groups {
                let has = |run: &usize| self.stage(*run, stage).is_some_and(|stage| stage.done);
                let members: Vec<usize> = group.iter().copied().filter(has).collect();
                let own: Vec<&PastStage> =
                    members.iter().filter_map(|run| self.stage(*run, stage)).collect();
                let is_map = own.iter().any(|stage| stage.map.is_some());
                if let Some(seeds) = over_seeds(&own) {
                    spreads.push(Spread { stage, is_map, members, seeds });
                }
            }
        }
        spreads
    }

    fn show(&self, width: Option<usize>, unicode: bool) {
        out(&self.legend(width));
        let base = label(self.baseline);
        let mut rows = Vec::new();
        let (mut paired, mut strangers, mut known) = (false, false, [false, false]);
        for name in self.names() {
            let mut first = plain(name);
            for Cell { run, stage, difference, sure, interval } in self.cells(name) {
                let is_map = stage.map.is_some();
                let points = |value: f64| match stage.map {
                    Some(_) => format!("{value:+.3}"),
                    None => format!("{:+.1}", value * 100.0),
                };
                let seconds = stage.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
                // A star says that the interval takes the clips of both as strangers.
                let (ends, star) = match interval {
                    Some((ends, paired)) => {
                        (between(Some(ends), is_map), if paired { "" } else { "*" })
                    }
                    None => (String::new(), ""),
                };
                known[usize::from(is_map)] |= sure.is_some();
                paired |= interval.is_some_and(|(_, paired)| paired);
                strangers |= interval.is_some_and(|(_, paired)| !paired);
                rows.push(vec![
                    std::mem::take(&mut first),
                    label(run),
                    worth(stage),
                    between(sure, is_map),
                    difference.map(points).unwrap_or_default(),
                    format!("{ends}{star}"),
                    best_worth(stage),
                    curve_of(stage, CURVE, unicode),
                    match (stage.from_store, stage.done) {
                        (true, _) => "store".into(),
                        (false, true) => seconds.map_or("–".into(), lines::time),
                        (false, false) => "not done".into(),
                    },
                ]);
            }
        }
        if rows.is_empty() {
            out("\nNone of these runs has a stage.");
            return;
        }
        let minus = match base.as_str() {
            "a" => " − a",
            "b" => " − b",
            _ => " − baseline",
        };
        let columns = [
            Column::new("stage").cuts(14),
            Column::new("run"),
            Column::new(" result"),
            Column::new("95 %").goes(2).sparse(),
            Column::new(minus),
            Column::new("95 %").goes(3).sparse(),
            Column::new(" best").goes(4),
            Column::new("curve").goes(1).sparse(),
            Column::new(" time").goes(5),
        ];
        let table = fitted(&columns, &rows, width);
        out(&format!("\n{table}"));
        let spreads = self.spreads();
        if !spreads.is_empty() {
            out(&format!("\n{}", self.over_seeds(&spreads, width)));
        }
        let mut notes = Vec::new();
        // What had no room needs no word.
        let intervals = table.matches("95 %").count();
        if intervals > 0 && known.contains(&true) {
            notes.push(told(known[0], known[1]));
        }
        if paired && intervals > 1 {
            notes.push("Of differences: a bootstrap of the clips that both heard.".into());
        }
        if strangers && intervals > 1 {
            notes.push(
                "*: Newcombe's, as if each run had heard clips of its own; wide where they heard the same.".into(),
            );
        }
        if !spreads.is_empty() {
            notes.push("±: the standard deviation over seeds (n − 1).".into());
        }
        if !notes.is_empty() {
            out(&format!("\n{}", folded(&notes.join(" "), Some(width.unwrap_or(PLAIN)))));
        }
    }

    /// Which letter is which run.
    fn legend(&self, width: Option<usize>) -> String {
        let sets: Vec<_> = self.runs.iter().map(Past::set).collect();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        let rows: Vec<Vec<String>> = self
            .runs
            .iter()
            .zip(&sets)
            .enumerate()
            .map(|(index, (run, set))| {
                // What all were told alike says nothing about their differences.
                let differs =
                    |name: &String| sets.iter().any(|other| other.get(name) != set.get(name));
                let told = set.iter().filter(|(name, _)| differs(name));
                let told: Vec<String> =
                    told.map(|(name, value)| plain(&format!("{name}={}", text(value)))).collect();
                let seed = run.head().get("seed").map(text);
                let base = if index == self.baseline { "baseline" } else { "" };
                vec![
                    label(index),
                    plain(run.name()),
                    self.states.get(index).map_or("", |state| state.word()).into(),
                    seed.unwrap_or_default(),
                    base.into(),
                    told.join(" "),
                ]
            })
            .collect();
        let columns = [
            Column::new(""),
            Column::new("run").cuts(30),
            Column::new("state").goes(2),
            Column::new(" seed").goes(3).sparse(),
            Column::new("").goes(1).sparse(),
            Column::new("arguments").goes(4).cuts(16).sparse(),
        ];
        fitted(&columns, &rows, width)
    }

    fn over_seeds(&self, spreads: &[Spread], width: Option<usize>) -> String {
        let base = |spread: &Spread| {
            let other = spreads.iter().find(|other| {
                other.stage == spread.stage && other.members.contains(&self.baseline)
            })?;
            let own = other.members == spread.members;
            (!own && other.is_map == spread.is_map).then_some(spread.seeds.mean - other.seeds.mean)
        };
        let rows: Vec<Vec<String>> = spreads
            .iter()
            .map(|spread| {
                let Seeds { count, mean, deviation, least, greatest } = spread.seeds;
                let small = |value: f64, signed: bool| match (spread.is_map, signed) {
                    (true, false) => format!("{value:.3}"),
                    (false, false) => format!("{:.1}", value * 100.0),
                    (true, true) => format!("{value:+.3}"),
                    (false, true) => format!("{:+.1}", value * 100.0),
                };
                let members: Vec<String> = spread.members.iter().map(|run| label(*run)).collect();
                vec![
                    plain(spread.stage),
                    members.join(" "),
                    count.to_string(),
                    format!(
                        "{} ± {}",
                        worth_of(Some(mean), spread.is_map),
                        small(deviation, false)
                    ),
                    format!("{} … {}", small(least, false), small(greatest, false)),
                    base(spread).map(|value| small(value, true)).unwrap_or_default(),
                ]
            })
            .collect();
        let columns = [
            Column::new("over seeds").cuts(14),
            Column::new("runs").cuts(8),
            Column::new(" n"),
            Column::new("mean"),
            Column::new("range").goes(2),
            Column::new(" of means").goes(1).sparse(),
        ];
        fitted(&columns, &rows, width)
    }

    fn as_json(&self) -> Value {
        let ends = |interval: Option<(f64, f64)>| {
            interval.map(|(low, high)| json!({ "low": low, "high": high }))
        };
        let runs: Vec<Value> = self
            .runs
            .iter()
            .zip(&self.states)
            .enumerate()
            .map(|(index, (run, state))| {
                json!({
                    "label": label(index), "run": run.name(), "path": run.path(), "state": state,
                    "seed": run.head().get("seed"), "set": run.set(),
                })
            })
            .collect();
        let mut stages = Vec::new();
        for name in self.names() {
            for Cell { run, stage, difference, sure, interval } in self.cells(name) {
                stages.push(json!({
                    "stage": name, "run": label(run),
                    "metric": if stage.map.is_some() { "map" } else { "accuracy" },
                    "value": stage.main(), "interval": ends(sure),
                    "interval_method": sure.map(|_| if stage.map.is_some() { "bootstrap" } else { "wilson" }),
                    "best": stage.best_main(), "test_clips": stage.test_clips,
                    "difference": difference,
                    "difference_interval": ends(interval.map(|(ends, _)| ends)),
                    "difference_method": interval.map(|(_, paired)| {
                        if paired { "paired_bootstrap" } else { "newcombe" }
                    }),
                    "seconds": stage.seconds, "done": stage.done, "from_store": stage.from_store,
                    "curve": stage.curve,
                }));
            }
        }
        let seeds: Vec<Value> = self
            .spreads()
            .iter()
            .map(|Spread { stage, is_map, members, seeds }| {
                json!({
                    "stage": stage, "metric": if *is_map { "map" } else { "accuracy" },
                    "runs": members.iter().map(|run| label(*run)).collect::<Vec<_>>(),
                    "count": seeds.count, "mean": seeds.mean, "deviation": seeds.deviation,
                    "least": seeds.least, "greatest": seeds.greatest,
                })
            })
            .collect();
        json!({
            "runs": runs, "baseline": label(self.baseline), "level": LEVEL,
            "stages": stages, "seeds": seeds,
        })
    }
}
