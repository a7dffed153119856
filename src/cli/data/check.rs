//! `still data check`: decodes every clip.

use super::set::Set;
use crate::cli::words::{counted, plain};
use crate::cli::{note, out};
use crate::error::Result;
use clap::Args;
use serde_json::json;

/// Decode every clip of a data set, and list those that are missing or damaged; exit code 4 where there are some.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    set: Set,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<i32> {
        let opened = self.set.open("on_bad: \"skip\"")?;
        let data = &opened.data;
        let bad = data.left_out.iter().map(|one| {
            let row = one.row.as_ref().map(|row| format!("{}:{}", row.list.display(), row.line));
            (one.file.display().to_string(), row, one.why.clone())
        });
        let bad: Vec<_> = bad.collect();
        if self.json {
            let bad =
                bad.iter().map(|(file, row, why)| json!({ "file": file, "row": row, "why": why }));
            out(&json!({ "clips": data.clips.len(), "bad": bad.collect::<Vec<_>>() }).to_string());
        } else {
            for (file, row, why) in &bad {
                let row = row.as_deref().map_or_else(String::new, |row| format!("  ({row})"));
                out(&plain(&format!("{file}: {why}{row}")));
            }
            let whole = counted(data.clips.len(), "clip");
            let is = if data.clips.len() == 1 { "is" } else { "are" };
            let not = if bad.len() == 1 { "is" } else { "are" };
            note(&format!("{whole} {is} whole, {} {not} not", bad.len()));
        }
        Ok(if bad.is_empty() { 0 } else { crate::error::Kind::Data.exit_code() })
    }
}
