//! `still data`: what is done with data sets from the shell.

mod bar;
mod check;
mod fetch;
mod set;
mod show;
mod stats;
mod verify;

pub(super) use bar::Bar;
pub(super) use set::set_named;

use crate::data::fetch::{DATA_VARIABLE, data_folder};
use crate::error::{Error, Kind, Result};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Fetch published data sets, look at sets, and say whether they are whole.
#[derive(Args)]
pub(super) struct Data {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Fetch(fetch::Fetch),
    Verify(verify::Verify),
    Check(check::Check),
    Show(show::Show),
    Stats(stats::Stats),
}

impl Data {
    /// Does what was asked, and gives the exit code.
    pub(super) fn run(self) -> Result<i32> {
        match self.verb {
            Verb::Fetch(fetch) => fetch.run().map(|()| 0),
            Verb::Verify(verify) => verify.run(),
            Verb::Check(check) => check.run(),
            Verb::Show(show) => show.run().map(|()| 0),
            Verb::Stats(stats) => stats.run().map(|()| 0),
        }
    }
}

/// The folder of sets: the one that is given, or the environment's.
fn folder_of_sets(given: Option<PathBuf>) -> Result<PathBuf> {
    given.or_else(data_folder).ok_or_else(|| {
        Error::new(Kind::Usage, "still data", "it is not known where data sets go")
            .hint(format!("say so with --to FOLDER or {DATA_VARIABLE}=FOLDER"))
    })
}
