//! Event files that TensorBoard reads: a folder for each stage, numbers by step with the time at which they were made.

mod proto;
mod record;

use super::evidence::{Evidence, Run, Stage, plain, time_of};
use crate::disk;
use crate::error::Result;
use crate::run::{PastEpoch, slug};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// An event file in memory.
pub struct Scalars(Vec<u8>);

impl Scalars {
    /// A file that begins at a time, in seconds since 1970.
    pub fn begin(wall_time: f64) -> Self {
        let mut file = Vec::new();
        record::append(&mut file, &proto::version(wall_time));
        Scalars(file)
    }

    /// Adds a number of a step.
    pub fn scalar(&mut self, wall_time: f64, step: u64, tag: &str, value: f64) {
        record::append(&mut self.0, &proto::scalar(wall_time, step, tag, value as f32));
    }

    /// Adds a text in Markdown.
    pub fn text(&mut self, wall_time: f64, tag: &str, text: &str) {
        record::append(&mut self.0, &proto::text(wall_time, 0, tag, text));
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Writes the stages of all runs into a folder: `RUN/STAGE/events.out.tfevents.SECONDS.still`. Gives the files.
///
/// # Errors
/// A folder that cannot be written.
pub fn write(evidence: &Evidence, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for run in &evidence.runs {
        for stage in &run.stages {
            let place = folder.join(slug(run.past.name())).join(slug(&stage.past.name));
            disk::make_folder(&place)?;
            let begun = seconds(run.past.started().unwrap_or(UNIX_EPOCH));
            let file = place.join(format!("events.out.tfevents.{:010}.still", begun as u64));
            disk::write_whole(&file, of_stage(run, stage).bytes())?;
            files.push(file);
        }
    }
    Ok(files)
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn of_stage(run: &Run, stage: &Stage) -> Scalars {
    let begun = seconds(run.past.started().unwrap_or(UNIX_EPOCH));
    let mut file = Scalars::begin(begun);
    file.text(begun, "hparams", &settings(run, stage));
    // What came from the store was computed at a time that this run did not write down: its epochs are
    // counted back from when it was taken.
    let end = stage.ended.or_else(|| run.past.events().last().and_then(time_of));
    let end = end.map_or(begun, seconds);
    let took = |own: &PastEpoch| own.seconds.filter(|s| s.is_finite()).unwrap_or(0.0);
    let mut left: f64 = stage.epochs.iter().map(took).sum();
    for epoch in &stage.epochs {
        left -= took(epoch);
        let wall = epoch.at.map_or(end - left.max(0.0), seconds);
        for (tag, value) in numbers(epoch) {
            file.scalar(wall, epoch.step, &tag, value);
        }
    }
    file
}

/// The numbers of an epoch, each with its tag.
fn numbers(own: &PastEpoch) -> Vec<(String, f64)> {
    let known = [
        ("loss/train", own.loss),
        ("loss/test", own.test_loss),
        ("score/accuracy", own.accuracy),
        ("score/map", own.map),
        ("settings/lr", own.lr),
        ("settings/lambda", own.lambda),
        ("settings/tau", own.tau),
        ("speed/clips_per_second", own.clips_per_second),
        ("speed/waiting", own.waiting),
    ];
    let known = known.into_iter().filter_map(|(tag, value)| Some((tag.to_string(), value?)));
    let logged = own.logged.iter().map(|(name, value)| (format!("logged/{name}"), *value));
    known.chain(logged).collect()
}

/// What the run was told, as a table in Markdown.
fn settings(run: &Run, stage: &Stage) -> String {
    let count = |value: Option<u64>| value.map(|value| value.to_string());
    let mut rows: Vec<(String, String)> = [
        ("run", Some(run.past.name().to_string())),
        ("stage", Some(stage.past.name.clone())),
        ("kind", stage.past.kind.clone()),
        ("model", stage.past.model.clone()),
        ("teacher", stage.teacher.clone()),
        ("seed", count(stage.seed)),
        ("parameters", count(stage.past.parameters)),
        ("key", stage.past.key.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_string(), value?)))
    .collect();
    rows.extend(
        run.past.set().into_iter().map(|(name, value)| (format!("--set {name}"), plain(&value))),
    );
    let mut text = "| | |\n|---|---|\n".to_string();
    for (name, value) in rows {
        text.push_str(&format!(
            "| {} | {} |\n",
            name.replace('|', "\\|"),
            value.replace('|', "\\|")
        ));
    }
    text
}
