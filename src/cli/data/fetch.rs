//! `still data fetch`: a published data set from the net.

use super::bar::Bar;
use super::folder_of_sets;
use crate::cli::out;
use crate::cli::words::bytes;
use crate::data::fetch::{self, Options, Patience};
use crate::error::{Error, Kind, Result};
use clap::Args;
use std::path::PathBuf;

/// Download a published data set: esc50, speech_commands, fsd50k or urbansound8k. What was cut off goes on where it was,
/// every checksum is verified, and the set gets its name when all of it is there.
#[derive(Args)]
pub(super) struct Fetch {
    /// The set.
    #[arg(value_name = "NAME")]
    name: String,
    /// The folder of sets [default: STILL_DATA, or datasets in STILL_HOME, or the system's folder for data].
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// A mirror: the archives are asked for below this address.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// A list of your own, with names, addresses and checksums of archives.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// Keep the archives when they are unpacked.
    #[arg(long)]
    keep_archives: bool,
}

impl Fetch {
    pub(super) fn run(self) -> Result<()> {
        let set = match &self.list {
            Some(list) => fetch::listed(list, &self.name)?,
            None => fetch::published(&self.name)?,
        };
        if let Some(from) = self.from.as_deref().filter(|from| !is_address(from)) {
            return Err(Error::new(
                Kind::Usage,
                "still data fetch",
                "--from is no address of the web",
            )
            .expected("http://… or https://…")
            .received(from));
        }
        let folder = folder_of_sets(self.to)?;
        let options = Options {
            folder,
            from: self.from,
            keep_archives: self.keep_archives,
            patience: Patience::default(),
        };
        let fetched = fetch::fetch(&set, &options, &mut Bar::new()?)?;
        let (place, size) = (fetched.folder.display(), bytes(fetched.bytes));
        match fetched.was_there {
            true => out(&format!("{place} is there already: {} files, {size}", fetched.files)),
            false => out(&format!("{place}: {} files, {size}", fetched.files)),
        }
        Ok(())
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty())
}
