//! `still runs rm`.

use super::Place;
use crate::cli::words::{bytes, counted};
use crate::cli::{note, out};
use crate::disk::{self, Lock};
use crate::error::{Error, Kind, Result};
use crate::run::{Past, RUN_LOCK};
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

/// Remove runs, with all their files.
#[derive(Args)]
pub(super) struct Rm {
    /// The runs: names or parts of them, tags, `last`, or paths.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

impl Rm {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        // All of them are found before the first one goes.
        let mut found: Vec<Past> = Vec::new();
        for named in &self.runs {
            let past = place.run(named)?;
            if past.state().lives() {
                return Err(alive(&past));
            }
            if !is_ours(&past) {
                let doing = format!("removing {named}");
                return Err(Error::new(Kind::Usage, doing, "this folder may be more than a run")
                    .expected("a folder in runs/, or one whose events.jsonl begins a run"));
            }
            if !found.iter().any(|known| known.path() == past.path()) {
                found.push(past);
            }
        }
        let size = found.iter().map(|past| disk::size_of(past.path())).fold(0, u64::saturating_add);
        if !self.yes && !agreed(&found, size)? {
            note("nothing was removed");
            return Ok(());
        }
        for past in &found {
            // A run that is resumed right now has it.
            let lock = past.path().join(RUN_LOCK);
            let held = if lock.exists() { Lock::try_take(&lock)? } else { None };
            if lock.exists() && held.is_none() {
                return Err(alive(past));
            }
            disk::remove_folder(&past.path().canonicalize().unwrap_or(past.path().into()))?;
            out(&format!("removed {}", past.name()));
        }
        note(&format!(
            "{} freed; `still gc` frees results that only they needed, ten minutes after those were \
             written or used",
            bytes(size)
        ));
        Ok(())
    }
}

/// Whether a folder is a run's and nothing else: `rm .` must not empty a project that happens to have a
/// results.json.
fn is_ours(past: &Past) -> bool {
    let path = past.path().canonicalize().unwrap_or_default();
    let within = path.parent().and_then(Path::file_name).is_some_and(|name| name == "runs");
    within || past.events_of("run").next().is_some()
}

fn alive(past: &Past) -> Error {
    Error::new(Kind::Usage, format!("removing {}", past.name()), "the run is still running")
        .hint("end it with Ctrl-C or SIGTERM first")
}

/// Asks on a terminal; elsewhere nobody could answer.
fn agreed(runs: &[Past], size: u64) -> Result<bool> {
    let what = match runs {
        [only] => only.name().to_string(),
        several => counted(several.len(), "run"),
    };
    if !std::io::stdin().is_terminal() {
        return Err(Error::new(
            Kind::Usage,
            format!("removing {what}"),
            "nobody can be asked here",
        )
        .hint("--yes removes without asking"));
    }
    for past in runs {
        note(&format!("  {}", past.name()));
    }
    let _ = write!(std::io::stderr(), "remove {what} for good, {}? [y/N] ", bytes(size));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
