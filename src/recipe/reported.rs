//! The report that a recipe asks for: written when its run ends.

use super::header::Header;
use super::session::{Session, lock};
use super::setup::Entry;
use super::source::Source;
use crate::disk;
use crate::error::Result;
use crate::report::{Evidence, Options, page};
use crate::run::{Past, Record};
use crate::train::Trained;
use std::path::Path;

/// The report's file in the folder of a run.
pub const REPORT: &str = "report.html";

/// What a report on a run is about: what its recipe said in `report(…)`, and what its header claims.
pub fn about(past: &Past) -> Options {
    let told = Options::told(past);
    let (name, texts) = (past.main_of(0), past.texts(0));
    let text = texts.iter().find(|(file, _)| Path::new(file) == name).or_else(|| texts.first());
    let Some((name, text)) = text else { return told };
    let header = Header::of(&Source::of(name, text));
    let title = Some(header.title.clone()).filter(|title| !title.is_empty());
    let field = |name: &str| header.get(name).map(str::to_string);
    Options {
        title: told.title.or(title),
        claim: told.claim.or_else(|| field("claim")),
        expects: told.expects.or_else(|| field("expects")),
        ..told
    }
}

/// Writes the page of a report on runs.
///
/// # Errors
/// Runs that gave nothing, stages that are not there, a file that cannot be written.
pub fn write_report(runs: Vec<Past>, options: Options, file: &Path) -> Result<Evidence> {
    let evidence = Evidence::of(runs, options)?;
    disk::write_whole(file, page(&evidence).as_bytes())?;
    Ok(evidence)
}

impl Session {
    /// Notes what a report is to be about.
    pub(super) fn ask_report(&self, stages: &[Trained], options: &Options) {
        let Some(record) = self.record.get() else { return };
        let names = stages.iter().map(|stage| stage.name.clone()).collect();
        let told = Options { stages: names, ..options.clone() };
        lock(record).event("report", told.to_json());
    }

    /// Writes the report that the recipe asked for, where it did. What goes wrong is told, and costs the run nothing.
    pub(super) fn write_report(&self, record: &mut Record) {
        let folder = record.folder().path().to_path_buf();
        let past = Past::open(&folder);
        // What a replay writes is gone at its end.
        let asked = past.events_of("report").next().is_some();
        if !asked || matches!(self.setup.entry, Entry::Replay(_)) {
            return;
        }
        let (options, file) = (about(&past), folder.join(REPORT));
        match write_report(vec![past], options, &file) {
            Ok(_) => self.display().wrote("report", &file),
            Err(error) => {
                self.display().warn(&format!("no report was written: {}", error.headline()))
            }
        }
    }
}
