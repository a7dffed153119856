//! `still data show`: what is in a data set.

use super::set::Set;
use crate::cli::out;
use crate::cli::words::{columns, counted, plain};
use crate::data::{Dataset, Labelling, Split, Summary};
use crate::error::{Error, Kind, Result};
use clap::Args;

/// Show what is in a data set: clips of each class and split, lengths, rates, the same file twice, and recordings that
/// are in several splits.
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    set: Set,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Doubles and clips that were left out are listed up to so many.
const LISTED: usize = 10;

impl Show {
    pub(super) fn run(self) -> Result<()> {
        let opened = self.set.open("")?;
        let summary = Summary::of(&opened.data, &opened.caches.files, &|| opened.stops())?;
        if self.json {
            let text = serde_json::to_string(&summary).map_err(|cause| {
                Error::new(Kind::Internal, "still data show", cause.to_string())
            })?;
            out(&text);
            return Ok(());
        }
        out(&told(&opened.data, &summary));
        Ok(())
    }
}

fn told(data: &Dataset, summary: &Summary) -> String {
    let kind = match data.labelling {
        Labelling::Single => "one class a clip",
        Labelling::Multi => "any number of classes a clip",
    };
    let [shortest, median, longest] = summary.seconds;
    let counts = |map: &std::collections::BTreeMap<String, usize>| {
        let one = |(what, count): (&String, &usize)| format!("{what} ({count})");
        map.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let rates = summary.rates_hz.iter().map(|(rate, n)| (format!("{rate} Hz"), *n)).collect();
    let channels = summary.channels.iter().map(|(n, clips)| (n.to_string(), *clips)).collect();
    let splits = Split::ALL.map(|split| {
        format!("{} {}", summary.splits.get(split.name()).copied().unwrap_or(0), split.name())
    });
    let mut lines = vec![
        plain(&data.name),
        format!("  clips     {}: {}", data.clips.len(), splits.join(", ")),
        format!("  classes   {}, {kind}", data.classes.len()),
        format!(
            "  seconds   {shortest:.2} to {longest:.2}, median {median:.2}; {:.2} h in all",
            summary.hours
        ),
        format!("  rates     {}", counts(&rates)),
        format!("  channels  {}", counts(&channels)),
    ];
    if summary.unlabelled > 0 {
        lines.push(format!("  unlabelled {}", summary.unlabelled));
    }
    lines.push(String::new());
    let head = ["class", " train", " validation", " test"];
    let row = |(name, counts): &(String, [usize; 3])| {
        std::iter::once(plain(name)).chain(counts.iter().map(usize::to_string)).collect()
    };
    lines.push(columns(&head, &summary.classes.iter().map(row).collect::<Vec<Vec<String>>>()));
    let mut found = Vec::new();
    for double in summary.doubles.iter().take(LISTED) {
        let worst = match (double.leaks, double.across_folds, double.contradicts) {
            (true, ..) => ", in several splits",
            (_, true, _) => ", in several folds",
            (.., true) => ", with different labels",
            _ => "",
        };
        found.push(format!("the same file{worst}: {}", double.clips.join(", ")));
    }
    let more = summary.doubles.len().saturating_sub(LISTED);
    if more > 0 {
        found.push(format!("and {more} more files that are there twice"));
    }
    if summary.torn > 0 {
        let few: Vec<&str> = summary.torn_groups.iter().take(LISTED).map(String::as_str).collect();
        let which = counted(summary.torn, "recording");
        found.push(format!("{which} with clips in several splits: {}", few.join(", ")));
    }
    for one in data.left_out.iter().take(LISTED) {
        found.push(format!("left out: {}: {}", one.file.display(), one.why));
    }
    let more = data.left_out.len().saturating_sub(LISTED);
    if more > 0 {
        found.push(format!("and {more} more clips left out"));
    }
    found.extend(data.remarks.iter().cloned());
    if found.is_empty() {
        found.push("no file is there twice, no recording is in several splits".to_string());
    }
    lines.push(String::new());
    lines.extend(found.iter().map(|line| plain(line)));
    lines.join("\n")
}
