//! From a listing to a data set: permission, doubles, missing files, lengths and rates.

use super::{Listed, Listing, OnBad, Reach, ReadOptions};
use crate::audio::decode;
use crate::data::clip::{Clip, Span, Split, at_row};
use crate::data::dataset::{Dataset, LeftOut, few};
use crate::data::index::{Facts, FileIndex};
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The set that a listing tells of.
///
/// # Errors
/// A file that nobody allowed; a clip that is listed twice; a clip that cannot be read, unless such are left out; a set
/// with nothing to train.
pub(super) fn finish(listing: Listing, options: &ReadOptions, reach: &Reach) -> Result<Dataset> {
    let Listing { name, labelling, classes, class_ids, clips, lists, mut left_out, mut remarks } =
        listing;
    let operation = format!("reading the data set {name}");
    check_classes(&operation, &classes)?;
    check_doubles(&operation, &clips)?;
    let mut clips = clips;
    if let Some(count) = options.per_class {
        let mut takes = few(count);
        clips.retain(|clip| takes(clip.split, clip.labels.first().copied()));
    }
    check_reach(&clips, reach)?;
    let surveyed: Vec<Result<Clip>> = clips
        .par_iter()
        .map(|clip| {
            if (reach.stop)() {
                return Err(Error::new(Kind::Interrupted, &operation, "stopped by a signal"));
            }
            survey(clip, options.on_bad, reach.index)
        })
        .collect();
    reach.index.save();
    let mut kept = Vec::with_capacity(surveyed.len());
    let mut beyond = Vec::new();
    for (outcome, listed) in surveyed.into_iter().zip(clips) {
        match outcome {
            Ok(clip) => {
                beyond.extend(ends_beyond(&listed, &clip));
                kept.push(clip);
            }
            Err(error) if options.on_bad == OnBad::Skip && error.kind() != Kind::Interrupted => {
                left_out.push(LeftOut { why: why(&error), file: listed.file, row: listed.row });
            }
            Err(error) => return Err(error),
        }
    }
    if !kept.iter().any(|clip| clip.split == Split::Train) {
        let mut error = Error::new(Kind::Data, &operation, "no clip is left to train");
        if !left_out.is_empty() {
            let told = left_out
                .iter()
                .take(TOLD)
                .map(|one| format!("{}: {}", one.file.display(), one.why));
            let more = left_out.len().saturating_sub(TOLD);
            let more = (more > 0).then(|| format!("and {more} more"));
            error = error
                .received(format!("{} left out", left_out.len()))
                .hint(told.chain(more).collect::<Vec<_>>().join("\n"));
        }
        return Err(error);
    }
    if let Some(first) = beyond.first() {
        let parts = if beyond.len() == 1 { "part ends" } else { "parts end" };
        remarks.push(format!("{} {parts} behind the end of the file: {first}", beyond.len()));
    }
    let (clips, left_out, remarks) = (kept.into(), left_out.into(), remarks.into());
    Ok(Dataset { name, labelling, classes, class_ids, clips, lists, left_out, remarks })
}

/// So many clips that were left out are listed where none is left.
const TOLD: usize = 20;

/// So many seconds are what people round to.
const ROUNDING: f64 = 0.1;

/// A part that is listed as longer than what there is of it, with its row.
fn ends_beyond(listed: &Listed, clip: &Clip) -> Option<String> {
    let ([_, to], span) = (listed.seconds?, clip.span?);
    let end = (span.start + span.samples) as f64 / f64::from(clip.rate_hz.max(1));
    let row = listed.row.as_ref().map(|row| format!(" in line {}", row.line));
    let told = format!("{} to {to} s{}, of {end:.3} s", listed.id, row.unwrap_or_default());
    (to.is_finite() && to > end + ROUNDING).then_some(told)
}

/// For a clip that is not there, and others of which nothing better can be said.
const SKIP: &str =
    "where that is so: on_bad: \"skip\" leaves such clips out, counts and lists them";

/// Two classes of one name could not be told apart.
fn check_classes(operation: &str, classes: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match classes.iter().find(|name| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some(twice) => {
            let numbers: Vec<String> = classes
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == twice)
                .map(|(number, _)| number.to_string())
                .collect();
            Err(Error::new(Kind::Data, operation, "two classes have one name")
                .received(format!(
                    "'{twice}', as classes {}, counted from 0",
                    numbers.join(" and ")
                ))
                .hint("is a name or a number wrong in one row of the table?"))
        }
    }
}

/// A clip that is listed twice could train and test.
fn check_doubles(operation: &str, clips: &[Listed]) -> Result<()> {
    let mut ids: BTreeMap<&str, &Listed> = BTreeMap::new();
    let mut seen: BTreeMap<(&Path, Option<[u64; 2]>), &Listed> = BTreeMap::new();
    for clip in clips {
        let part = clip.seconds.map(|seconds| seconds.map(f64::to_bits));
        let name = clip.file.file_name().unwrap_or(clip.file.as_os_str()).to_string_lossy();
        let twice = [
            (seen.insert((&clip.file, part), clip), "a file is listed twice", name.as_ref()),
            (ids.insert(&clip.id, clip), "two clips have one name", clip.id.as_str()),
        ];
        for (before, problem, what) in twice {
            let Some(before) = before else { continue };
            let already = match &before.row {
                Some(row) if clip.row.as_ref().is_some_and(|own| own.list == row.list) => {
                    format!(", in line {} already", row.line)
                }
                Some(row) => {
                    let list = row.list.file_name().unwrap_or(row.list.as_os_str());
                    format!(", in line {} of {} already", row.line, list.to_string_lossy())
                }
                None => String::new(),
            };
            let error =
                Error::new(Kind::Data, operation, problem).received(format!("{what}{already}"));
            return Err(at_row(clip.row.as_ref(), error));
        }
    }
    Ok(())
}

/// Every folder that clips are in, and every clip that is a link, must be one that may be read.
fn check_reach(clips: &[Listed], reach: &Reach) -> Result<()> {
    let folders: BTreeSet<&Path> = clips.iter().filter_map(|clip| clip.file.parent()).collect();
    folders.into_iter().try_for_each(|folder| (reach.check)(folder))?;
    // A link that leads nowhere is a clip that is missing, which is told with its row.
    for clip in clips.iter().filter(|clip| clip.file.is_symlink() && clip.file.exists()) {
        (reach.check)(&clip.file).map_err(|error| at_row(clip.row.as_ref(), error))?;
    }
    Ok(())
}

/// Reads a clip's header, or, where bad clips are left out, all of it.
fn survey(clip: &Listed, on_bad: OnBad, index: &FileIndex) -> Result<Clip> {
    let look = || {
        if on_bad == OnBad::Skip {
            decode::read(&clip.file, &decode::ReadOptions::default())?;
        }
        let info = decode::probe(&clip.file)?;
        let decode::Info { rate_hz, samples, channels, .. } = info;
        Ok(Facts { rate_hz, samples, channels, is_whole: on_bad == OnBad::Skip })
    };
    let enough = |facts: &Facts| facts.is_whole || on_bad == OnBad::Error;
    let placed = |error: Error| {
        let hinted = error.report().hint.is_some();
        let error = at_row(clip.row.as_ref(), error);
        if hinted { error } else { error.hint(SKIP) }
    };
    let facts = index.facts(&clip.file, enough, look).map_err(placed)?;
    let span = clip.seconds.map(|seconds| part(clip, seconds, &facts)).transpose()?;
    Ok(Clip {
        span,
        samples: span.map_or(facts.samples, |span| span.samples),
        labels: sorted(&clip.labels),
        id: clip.id.clone(),
        file: clip.file.clone(),
        row: clip.row.clone(),
        split: clip.split,
        fold: clip.fold,
        group: clip.group.clone(),
        rate_hz: facts.rate_hz,
        channels: facts.channels,
    })
}

/// The part of a file between two times.
fn part(clip: &Listed, [from, to]: [f64; 2], facts: &Facts) -> Result<Span> {
    let at = |seconds: f64| (seconds * f64::from(facts.rate_hz)).round() as usize;
    let (start, end) = (at(from), at(to).min(facts.samples));
    if end > start {
        return Ok(Span { start, samples: end - start });
    }
    let length = facts.samples as f64 / f64::from(facts.rate_hz.max(1));
    let doing = format!("reading {}", clip.file.display());
    let error = Error::new(Kind::Data, doing, "nothing of the file is between these times")
        .expected(format!("times within its {length:.3} s, the second one later"))
        .received(format!("{from} s to {to} s"));
    Err(at_row(clip.row.as_ref(), error))
}

/// Why a clip could not be read, in a line.
fn why(error: &Error) -> String {
    let report = error.report();
    match &report.received {
        Some(received) => format!("{} ({received})", report.problem),
        None => report.problem.clone(),
    }
}

/// Labels in rising order, each once.
fn sorted(labels: &[usize]) -> Vec<(usize, f32)> {
    let once: BTreeSet<usize> = labels.iter().copied().collect();
    once.into_iter().map(|label| (label, 1.0)).collect()
}
