//! `still data stats`: what features are normalised with, and how the clips sound.

use super::set::Set;
use crate::cli::words::{counted, plain};
use crate::cli::{note, out};
use crate::data::{ClipSource, FrontEnd, Health, Split, health};
use crate::error::{Error, Kind, Result};
use clap::Args;
use serde_json::json;
use std::sync::Arc;

/// Mean and deviation of a data set's features over the clips that train, as a front end takes them; and clips that are
/// silent or clipped.
#[derive(Args)]
pub(super) struct Stats {
    #[command(flatten)]
    set: Set,
    /// The front end, as a recipe has it.
    #[arg(long, value_name = "EXPR", default_value = "audio::fbank(#{})")]
    features: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Clips are named up to so many.
const LISTED: usize = 10;

impl Stats {
    pub(super) fn run(self) -> Result<()> {
        let opened = self.set.open("")?;
        let front = self.set.front_end(&self.features)?;
        // Asked for, not taken over.
        let front = FrontEnd { statistics: None, ..front };
        let caches = Arc::new(opened.caches);
        let stop = opened.stop.clone();
        let stops = move || stop.load(std::sync::atomic::Ordering::Relaxed);
        let sources = ClipSource::all(&opened.data, &front, &caches)?;
        let Some(train) = sources.iter().zip(Split::ALL).find(|(_, s)| *s == Split::Train) else {
            return Err(Error::new(Kind::Internal, "still data stats", "there is no split"));
        };
        let train = train.0;
        let mut all = Vec::new();
        for (source, split) in sources.iter().zip(Split::ALL) {
            all.extend(health(source, split == Split::Train, &stops)?);
        }
        let [mean, std] = train.statistics_until(&stops)?;
        let silent: Vec<&Health> = all.iter().filter(|one| one.is_silent()).collect();
        let clipped: Vec<&Health> = all.iter().filter(|one| one.clipped > 0.001).collect();
        if self.json {
            let names =
                |list: &[&Health]| list.iter().map(|one| one.clip.clone()).collect::<Vec<_>>();
            let found = json!({
                "clips": train.len(), "bins": train.bins(), "longest_frames": train.longest_frames(),
                "mean": mean, "std": std, "silent": names(&silent), "clipped": names(&clipped),
            });
            out(&found.to_string());
            return Ok(());
        }
        let clips = counted(train.len(), "clip");
        out(&format!("{}: {clips} that train, {} bins", plain(&opened.data.name), train.bins()));
        out(&format!(
            "  mean {mean:.7}, std {std:.7}: give them as mean: {mean:.7}, std: {std:.7}"
        ));
        out(&format!("  the longest clip has {} frames", train.longest_frames()));
        for (what, list) in [("silent", &silent), ("clipped", &clipped)] {
            let few: Vec<&str> = list.iter().take(LISTED).map(|one| one.clip.as_str()).collect();
            let more = if list.len() > LISTED { ", …" } else { "" };
            if !list.is_empty() {
                out(&plain(&format!("  {what}: {} ({}{more})", list.len(), few.join(", "))));
            }
        }
        if front.frames.is_some() {
            note("whole clips are measured, also where 'frames' takes a part of each");
        }
        note("frames of padding do not count; AST's own numbers were measured with them");
        Ok(())
    }
}
