//! `still replay`: repeats a run and compares what it gives.

use super::access::Access;
use super::runs::Place;
use super::signals::catch_signals;
use super::{note, out, progress};
use crate::error::{Error, Kind, Result};
use crate::recipe::{Replayed, Setup, Signals, replay};
use crate::run::{Home, Means, Past};
use crate::tensor::{Device, Precision};
use clap::Args;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Repeat a run with its edits at their steps, and compare the weights of each stage.
///
/// Everything is computed anew in a temporary folder; the run and the store stay as they are.
#[derive(Args)]
pub(super) struct Replay {
    /// The run: its name, a part of it, a tag, `last`, or its folder.
    run: String,
    /// Give an argument another value, e.g. where the data are on this machine; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Threads that prepare batches; any number gives the same batches.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=256))]
    workers: u16,
    /// Seconds that a hook may take, 0 for any time [default: as many as it had].
    #[arg(long, value_name = "SECONDS", value_parser = super::run::seconds)]
    hook_seconds: Option<f64>,
    /// Print the comparison as one line of JSON at the end of standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    place: Place,
}

impl Replay {
    /// The run.
    pub(super) fn past(&self) -> Result<Past> {
        self.place.run(&self.run)
    }

    /// 0 where all weights are the same, 1 where some are not.
    pub(super) fn run(self) -> Result<i32> {
        let past = self.past()?;
        let set = self.set.iter().map(|text| crate::recipe::assignment(text));
        let set: BTreeMap<_, _> = set.collect::<Result<_>>()?;
        let mut granted = self.access.granted()?;
        granted.add_values(set.values());
        let home = tempfile::tempdir().map_err(|cause| {
            Error::new(Kind::File, "still replay", "no temporary folder")
                .received(cause.to_string())
        })?;
        let signals = Signals::default();
        catch_signals(&signals.stop, &signals.pulse)?;
        let workers = usize::from(self.workers);
        let like = Setup {
            set,
            workers,
            granted,
            cache_bytes: self.access.cache_bytes()?,
            ..Setup::new(PathBuf::new(), Home::of(Path::new(""), Some(home.path().into())))
        };
        let means = Means {
            device: None,
            precision: Precision::chosen().map(|chosen| chosen.name().to_string()),
            hook_seconds: self.hook_seconds,
            max_operations: self.access.operations(),
        };
        let all = replay(past.path(), &like, &means, progress::display, &signals)?;
        let same = all.iter().all(Replayed::is_same);
        if self.json {
            let stages = all.iter().map(|one| {
                json!({
                    "stage": one.stage, "then": one.then, "now": one.now, "same": one.is_same(),
                })
            });
            let stages: Vec<_> = stages.collect();
            out(&json!({ "run": past.name(), "same": same, "stages": stages }).to_string());
        } else {
            all.iter().for_each(|one| out(&told(one)));
        }
        // A run can go on elsewhere than where it began.
        let here = Device::default().name();
        let then = past.events().iter().filter_map(|event| event.get("device")?.as_str());
        let then: BTreeSet<&str> = then.filter(|name| *name != here && !same).collect();
        if !then.is_empty() {
            let then = then.into_iter().collect::<Vec<_>>().join(" and ");
            note(&format!(
                "it was computed on {then}, and now on {here}: other devices have other last digits"
            ));
        }
        Ok(i32::from(!same))
    }
}

fn told(one: &Replayed) -> String {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let Replayed { stage, then, now } = one;
    match now {
        Some(now) if now == then => format!("{stage}: the same weights, {}", short(now)),
        Some(now) => format!("{stage}: OTHER weights, {} then, {} now", short(then), short(now)),
        None => format!("{stage}: did not come up"),
    }
}
