//! `still data verify`: whether a data set on the disk is what it was.

use super::bar::Bar;
use super::folder_of_sets;
use crate::cli::out;
use crate::cli::words::{counted, plain};
use crate::data::fetch::{self, Against, Verdict, Watch};
use crate::error::{Error, Kind, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// Say what is missing, changed or too much in a data set: against the record of its fetch, or else against its own lists
/// and what is published of it.
#[derive(Args)]
pub(super) struct Verify {
    /// A fetched set's name, or a folder [default: all fetched sets].
    #[arg(value_name = "NAME|FOLDER")]
    set: Option<String>,
    /// The folder of sets [default: as for fetch].
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// So many names of each sort are shown.
const SHOWN: usize = 20;

impl Verify {
    pub(super) fn run(self) -> Result<i32> {
        let folders = match &self.set {
            Some(named) => vec![self.find(named)?],
            None => self.all()?,
        };
        let mut watch = Bar::new()?;
        let mut is_well = true;
        for folder in folders {
            let verdict = fetch::verify(&folder, &mut watch);
            watch.end();
            let verdict = verdict?;
            is_well &= verdict.is_well();
            out(&told(&folder, &verdict));
        }
        Ok(if is_well { 0 } else { Kind::Data.exit_code() })
    }

    /// A name goes before a folder of the same name; a path has a separator.
    fn find(&self, named: &str) -> Result<PathBuf> {
        let is_name = !named.contains(['/', '\\']) && !named.starts_with('.');
        let sets = folder_of_sets(self.to.clone());
        if let (true, Ok(sets)) = (is_name, &sets)
            && let Some(folder) = fetch::installed_in(sets, named)
        {
            return Ok(folder);
        }
        if Path::new(named).exists() {
            return Ok(PathBuf::from(named));
        }
        let error =
            Error::new(Kind::File, "still data verify", format!("there is no set '{named}'"));
        Err(match sets {
            Ok(sets) if is_name => error
                .received(format!("neither a set in {} nor a folder here", sets.display()))
                .hint(format!("still data fetch {named}")),
            _ => error.received("no such folder"),
        })
    }

    fn all(&self) -> Result<Vec<PathBuf>> {
        let sets = folder_of_sets(self.to.clone())?;
        let entries = std::fs::read_dir(&sets).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries
            .filter_map(|entry| fetch::installed_in(&sets, entry.file_name().to_str()?))
            .collect();
        folders.sort();
        if folders.is_empty() {
            let problem = format!("no set was fetched to {}", sets.display());
            return Err(Error::new(Kind::File, "still data verify", problem)
                .hint("name a folder, or fetch a set with `still data fetch NAME`"));
        }
        Ok(folders)
    }
}

fn told(folder: &Path, verdict: &Verdict) -> String {
    let against = match &verdict.against {
        Against::Record => "the record of its fetch".to_string(),
        Against::Lists(name) => format!("the lists of {name}'s layout, which tell names only"),
        Against::Published(name) => format!("its lists and {name}'s published checksums"),
    };
    let state = if verdict.is_well() { "well" } else { "not well" };
    let files = counted(verdict.files, "file");
    let mut lines = vec![format!("{}: {state}; {files} against {against}", folder.display())];
    if let Some(whole) = &verdict.whole {
        lines.push(format!("  {whole}"));
    }
    for (word, names) in
        [("missing", &verdict.missing), ("changed", &verdict.changed), ("extra", &verdict.extra)]
    {
        lines.extend(names.iter().take(SHOWN).map(|name| format!("  {word}  {}", plain(name))));
        if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.push(format!("  {word}  and {more} more"));
        }
    }
    lines.join("\n")
}
