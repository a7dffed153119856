//! `still models`: the models that recipes can name, and what each is made of.

mod list;

use crate::error::Result;
use clap::{Args, Subcommand};

/// List the models that recipes can name, or what one of them is made of.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Models {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Subcommand)]
enum Verb {}

impl Models {
    pub(super) fn run(self) -> Result<()> {
        match self.verb {
            Some(verb) => match verb {},
            None => self.list.run(),
        }
    }
}
