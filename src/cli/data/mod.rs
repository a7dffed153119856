//! `still data`: what is in a data set, and whether it is whole.

mod set;
mod show;
mod stats;
mod verify;

use crate::error::Result;
use clap::{Args, Subcommand};

/// Look at data sets: what is in them, their statistics, whether they are whole.
#[derive(Args)]
pub(super) struct Data {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Show(show::Show),
    Stats(stats::Stats),
    Verify(verify::Verify),
}

impl Data {
    /// Does what was asked, and gives the exit code.
    pub(super) fn run(self) -> Result<i32> {
        match self.verb {
            Verb::Show(show) => show.run().map(|()| 0),
            Verb::Stats(stats) => stats.run().map(|()| 0),
            Verb::Verify(verify) => verify.run(),
        }
    }
}
