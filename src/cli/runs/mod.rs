//! `still runs`: lists, shows, compares and moves runs.

mod alike;
mod compare;
mod diff;
mod drawn;
mod ls;
mod pack;
mod paired;
mod rm;
mod show;
mod tag;
mod tensorboard;

pub(super) use tag::check as check_tag;

use crate::error::Result;
use crate::run::{HOME_VARIABLE, Home, Past, find};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// List, show, compare, tag, remove, pack and unpack runs, and write them for TensorBoard [without a command: ls].
///
/// A run is named by its name, the beginning or any part of it that no other run has, a tag, `last`, or
/// a path to its folder.
#[derive(Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum Verb {
    Ls(ls::Ls),
    Show(show::Show),
    Compare(compare::Compare),
    Diff(diff::Diff),
    Tag(tag::Tag),
    Rm(rm::Rm),
    Pack(pack::Pack),
    Unpack(pack::Unpack),
    Tensorboard(tensorboard::Tensorboard),
}

/// Where runs are.
#[derive(Args, Clone)]
pub(in crate::cli) struct Place {
    /// The folder of the runs [default: STILL_HOME, or .still here or one folder below].
    #[arg(long, value_name = "FOLDER", global = true)]
    home: Option<PathBuf>,
}

impl Place {
    pub(in crate::cli) fn home(&self) -> Result<Home> {
        let variable = std::env::var_os(HOME_VARIABLE).map(PathBuf::from);
        find::home(self.home.clone(), variable, Path::new(""))
    }

    /// The same, for what may make a new home.
    fn new_home(&self) -> Result<Home> {
        let variable = std::env::var_os(HOME_VARIABLE).map(PathBuf::from);
        find::new_home(self.home.clone(), variable, Path::new(""))
    }

    /// The folder of the run that a user names; without a name, of the newest one, before all of one that is running.
    pub(in crate::cli) fn run_or_newest(&self, named: Option<&str>) -> Result<PathBuf> {
        match named {
            Some(named) => find::run(&|| self.home(), named),
            None => find::newest(&self.home()?),
        }
    }

    /// The runs that a user names: all that have the tag, where it is one, else one.
    pub(in crate::cli) fn runs(&self, named: &str) -> Result<Vec<Past>> {
        let paths = find::runs(&|| self.home(), named)?;
        Ok(paths.iter().map(|path| Past::open(path)).collect())
    }

    /// The run that a user names.
    pub(super) fn run(&self, named: &str) -> Result<Past> {
        find::run(&|| self.home(), named).map(|path| Past::open(&path))
    }
}

impl Runs {
    pub(super) fn run(self) -> Result<()> {
        match self.verb {
            None => ls::Ls::default().run(&self.place),
            Some(Verb::Ls(ls)) => ls.run(&self.place),
            Some(Verb::Show(show)) => show.run(&self.place),
            Some(Verb::Compare(compare)) => compare.run(&self.place),
            Some(Verb::Diff(diff)) => diff.run(&self.place),
            Some(Verb::Tag(tag)) => tag.run(&self.place),
            Some(Verb::Rm(rm)) => rm.run(&self.place),
            Some(Verb::Pack(pack)) => pack.run(&self.place),
            Some(Verb::Unpack(unpack)) => unpack.run(&self.place),
            Some(Verb::Tensorboard(board)) => board.run(&self.place),
        }
    }
}
