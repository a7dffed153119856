//! `still models`: what is done with models from the shell.

mod fetch;

use crate::error::Result;
use clap::{Args, Subcommand};

/// Fetch published weights.
#[derive(Args)]
pub(super) struct Models {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Fetch(fetch::Fetch),
}

impl Models {
    /// Does what was asked.
    pub(super) fn run(self) -> Result<()> {
        match self.verb {
            Verb::Fetch(fetch) => fetch.run(),
        }
    }
}
