//! What came of several runs: the table of their stages, what failed, and how to go on.

use super::child::{End, Outcome};
use crate::cli::report::told_of;
use crate::cli::tables::{Column, fitted, folded};
use crate::cli::terminal::width;
use crate::cli::words::{counted, plain};
use crate::cli::{note, out};
use crate::error::Kind;
use crate::report::{Evidence, summary, verdict};
use crate::run::{HOME_VARIABLE, Home, Past, find};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Text is folded so where there is no terminal.
const PLAIN: usize = 100;

pub(super) struct Summary<'a> {
    pub outcomes: &'a [Outcome],
    pub home: &'a Home,
    pub tag: &'a str,
    /// Whether a signal ended all of it.
    pub stopped: bool,
}

impl Summary<'_> {
    /// That of the first run that did not end well; of all, where a signal ended it.
    pub fn code(&self) -> i32 {
        let failed = self.outcomes.iter().find_map(|outcome| match &outcome.end {
            End::Failed { code, .. } => Some(*code),
            _ => None,
        });
        match self.stopped {
            true => Kind::Interrupted.exit_code(),
            false => failed.unwrap_or(0),
        }
    }

    fn of(&self, is: impl Fn(&End) -> bool) -> Vec<&Outcome> {
        self.outcomes.iter().filter(|outcome| is(&outcome.end)).collect()
    }

    /// The runs that ended well.
    fn pasts(&self) -> Vec<Past> {
        let well = self.of(|end| *end == End::Well);
        well.into_iter().filter_map(|outcome| outcome.folder.as_deref()).map(Past::open).collect()
    }

    fn evidence(&self) -> Option<Evidence> {
        let pasts = self.pasts();
        let options = told_of(&pasts);
        Evidence::of(pasts, options).ok()
    }

    pub fn show(&self) {
        if let Some(evidence) = self.evidence() {
            out(&format!("\n{}", table(&evidence)));
        }
        let wide = Some(width().unwrap_or(PLAIN));
        let words = |text: String| note(&folded(&text, wide));
        let failed = self.of(|end| matches!(end, End::Failed { .. }));
        let labels = |of: &[&Outcome]| {
            let labels: Vec<&str> = of.iter().map(|it| it.task.label.as_str()).collect();
            labels.join("; ")
        };
        if !failed.is_empty() {
            words(format!("{} failed: {}", counted(failed.len(), "run"), labels(&failed)));
        }
        let edited = self.edited();
        if !edited.is_empty() {
            words(format!(
                "warning: the recipe was edited while these ran, so their numbers are not of the same code: {}",
                labels(&edited)
            ));
        }
        if self.stopped {
            let open = self.of(|end| matches!(end, End::Stopped | End::NotBegun));
            words(format!(
                "stopped by a signal with {} to go; the same command goes on, and what has ended comes from the store",
                counted(open.len(), "run")
            ));
        }
        if !self.of(|end| *end == End::Well).is_empty() {
            let (tag, home) = (self.tag, self.named_home());
            note(&format!(
                "page:    still report {tag}{home}\nsingly:  still runs compare {tag}{home}"
            ));
        }
    }

    /// Runs in which another version came into force, or that began with another text than the first.
    fn edited(&self) -> Vec<&Outcome> {
        let past = |outcome: &&Outcome| outcome.folder.as_deref().map(Past::open);
        let mut texts = None;
        let mut found = Vec::new();
        for outcome in self.of(|end| *end == End::Well) {
            let Some(past) = past(&outcome) else { continue };
            let own = past.texts(0);
            let other = texts.get_or_insert_with(|| own.clone()) != &own;
            if other || past.edits().iter().any(|edit| edit.outcome == "in_force") {
                found.push(outcome);
            }
        }
        found
    }

    /// What other commands must be told to find the runs from here.
    fn named_home(&self) -> String {
        let variable = std::env::var_os(HOME_VARIABLE).map(PathBuf::from);
        let found = find::home(None, variable, Path::new(""));
        let path = |home: &Home| home.path().canonicalize().ok();
        match found.is_ok_and(|found| path(&found) == path(self.home)) {
            true => String::new(),
            false => format!(" --home {}", self.home.path().display()),
        }
    }

    pub fn as_json(&self) -> Value {
        let run = |outcome: &Outcome| {
            let (state, code) = match &outcome.end {
                End::Well => ("ended", Some(0)),
                End::Failed { code, .. } => ("failed", Some(*code)),
                End::Stopped => ("stopped", Some(Kind::Interrupted.exit_code())),
                End::NotBegun => ("not begun", None),
            };
            let name = outcome.folder.as_deref().and_then(Path::file_name);
            let set: serde_json::Map<String, Value> =
                outcome.task.set.iter().map(|(name, own)| (name.clone(), json!(own))).collect();
            json!({
                "label": outcome.task.label, "set": set,
                "seed": outcome.task.seed.as_ref().and_then(|seed| seed.parse::<u64>().ok()),
                "run": name.map(|name| name.to_string_lossy()), "state": state, "code": code,
            })
        };
        let evidence = self.evidence();
        let stages = evidence.iter().flat_map(|evidence| {
            let summary = summary(evidence, &verdict(evidence));
            summary.rows.into_iter().map(move |row| {
                let known = row.estimate;
                let interval = known.as_ref().and_then(|own| own.interval);
                json!({
                    "stage": row.label, "metric": summary.measure,
                    "count": known.as_ref().map_or(0, |own| own.count),
                    "mean": known.as_ref().map(|own| own.mean),
                    "deviation": known.as_ref().and_then(|own| own.deviation),
                    "interval": interval.map(|[low, high]| json!({ "low": low, "high": high })),
                })
            })
        });
        json!({
            "tag": self.tag,
            "runs": self.outcomes.iter().map(run).collect::<Vec<_>>(),
            "stages": stages.collect::<Vec<_>>(),
        })
    }
}

/// What the stages of all runs are worth.
fn table(evidence: &Evidence) -> String {
    let verdict = verdict(evidence);
    let summary = summary(evidence, &verdict);
    let gains = summary.rows.iter().any(|row| row.cells[2] != "–");
    let rows: Vec<Vec<String>> = summary
        .rows
        .iter()
        .map(|row| {
            let [score, interval, gain, p] = row.cells.clone();
            let count = row.estimate.as_ref().map_or(0, |own| own.count);
            let mut cells = vec![plain(&row.label), count.to_string(), score, interval];
            cells.extend([gain, p].map(|cell| if gains { cell } else { String::new() }));
            cells
        })
        .collect();
    let measure = if summary.measure == "mAP" { " mAP" } else { " accuracy" };
    let columns = [
        Column::new("stage").cuts(14),
        Column::new(" n"),
        Column::new(measure),
        Column::new(" 95 %"),
        Column::new(" gain").goes(2).sparse(),
        Column::new(" p").goes(1).sparse(),
    ];
    let width = width();
    let mut text = fitted(&columns, &rows, width);
    let wide = Some(width.unwrap_or(PLAIN));
    text.push_str(&format!("\n\n{}", folded(&summary.explained, wide)));
    if let Some(claim) = &evidence.options.claim {
        let found = verdict.finding.words().to_lowercase();
        text.push_str(&format!(
            "\n\n{}",
            folded(&format!("Claim: {}: {found}.", plain(claim)), wide)
        ));
    }
    text
}
