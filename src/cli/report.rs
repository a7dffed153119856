//! `still report`: what runs gave, as a page.

use super::out;
use super::runs::Place;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::recipe::{REPORT, about, write_report};
use crate::report::{Expected, Options, csv, markdown, verdict};
use crate::run::Past;
use clap::Args;
use std::path::{Path, PathBuf};

/// Write a report on a run, or on several that differ in seed or fold: one HTML file, which asks no network for anything.
///
/// It says whether the claim of the recipe holds as far as the numbers go, and has tables, learning curves, confusion,
/// calibration, and the clips that changed.
#[derive(Args)]
pub(super) struct Report {
    /// The runs: names or parts of them, tags, `last`, or paths. A tag that several have means all of them.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Where the page goes [default: report.html in the run's folder; of several runs in this folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The stage that others are compared with.
    #[arg(long, value_name = "STAGE")]
    baseline: Option<String>,
    /// The stage that the claim is about [default: all but baseline and teachers].
    #[arg(long, value_name = "STAGE")]
    about: Option<String>,
    /// What is claimed [default: what the recipe says].
    #[arg(long, value_name = "TEXT")]
    claim: Option<String>,
    /// What the claim expects of that stage, compared with the baseline [default: what the recipe says, or better].
    #[arg(long, value_name = "better|worse|same", value_parser = expected)]
    expected: Option<Expected>,
    /// The least difference that counts, as a share: 0.02 for two points.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    margin: Option<f64>,
    /// All stages of the runs, also those that the recipe's own report leaves out.
    #[arg(long)]
    all: bool,
    /// Write the numbers as CSV, too: one row for each stage of each run.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a summary in Markdown, too.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

fn expected(text: &str) -> std::result::Result<Expected, String> {
    Expected::named(text).ok_or_else(|| "better, worse or same".into())
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share from 0 to 1".into()) }
}

impl Report {
    pub(super) fn run(self) -> Result<()> {
        let mut runs = Vec::new();
        for named in &self.runs {
            for run in self.place.runs(named)? {
                if runs.iter().any(|known: &Past| known.name() == run.name()) {
                    return Err(Error::new(Kind::Usage, "still report", "a run is named twice")
                        .received(run.name().to_string()));
                }
                runs.push(run);
            }
        }
        let file = match (&self.output, runs.as_slice()) {
            (Some(file), _) => file.clone(),
            (None, [only]) => only.path().join(REPORT),
            (None, _) => PathBuf::from(REPORT),
        };
        let told = told_of(&runs);
        let options = Options {
            claim: self.claim.clone().or(told.claim),
            baseline: self.baseline.clone().or(told.baseline),
            about: self.about.clone().or(told.about),
            expected: self.expected.unwrap_or(told.expected),
            margin: self.margin.unwrap_or(told.margin),
            stages: if self.all { Vec::new() } else { told.stages.clone() },
            ..told
        };
        if options.expected == Expected::Same && options.margin <= 0.0 {
            return Err(Error::new(Kind::Usage, "still report", "`same` needs a margin above 0")
                .hint("--margin 0.02 for two points"));
        }
        let evidence = write_report(runs, options, &file)?;
        let verdict = verdict(&evidence);
        out(&format!("{}: {}", file.display(), verdict.finding.words().to_lowercase()));
        for sentence in verdict
            .sentences
            .iter()
            .chain(verdict.comparisons.is_empty().then_some(&verdict.tested))
        {
            out(&format!("  {sentence}"));
        }
        if let Some(file) = &self.csv {
            put(file, &csv(&evidence)?)?;
        }
        if let Some(file) = &self.markdown {
            put(file, markdown(&evidence).as_bytes())?;
        }
        Ok(())
    }
}

/// What the recipes of several runs say of a report on them: the words of the first, and the stages of all.
pub(super) fn told_of(runs: &[Past]) -> Options {
    let told = runs.first().map(about).unwrap_or_default();
    // Stages that one run's recipe names are looked for in all of them.
    let mut stages: Vec<String> = Vec::new();
    for run in runs {
        let named = Options::told(run).stages;
        if named.is_empty() {
            return Options { stages: Vec::new(), ..told };
        }
        stages.extend(named);
    }
    Options { stages, ..told }
}

fn put(file: &Path, bytes: &[u8]) -> Result<()> {
    disk::write_whole(file, bytes)?;
    out(&file.display().to_string());
    Ok(())
}
