//! `still models`: the models that recipes can name, what each is made of, and weights for them.

mod fetch;
mod list;

use crate::error::Result;
use clap::{Args, Subcommand};

/// List the models that recipes can name, look at one of them, or fetch published weights.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Models {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Subcommand)]
enum Verb {
    Fetch(fetch::Fetch),
}

impl Models {
    /// Does what was asked.
    pub(super) fn run(self) -> Result<()> {
        match self.verb {
            Some(Verb::Fetch(fetch)) => fetch.run(),
            None => self.list.run(),
        }
    }
}
