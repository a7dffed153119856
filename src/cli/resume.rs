//! `still resume`: goes on with a run, whatever was changed since.

use super::run::Manner;
use super::runs::Place;
use crate::error::{Error, Kind, Result};
use crate::recipe::{Entry, Setup, assignment};
use crate::run::{Home, Past};
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Go on with a run: with other arguments or another recipe, where they are given.
///
/// Stages that ended stay as they are; one that shall have more epochs goes on from its end. What is new in
/// the recipe's functions is an edit at the step where the run goes on.
#[derive(Args)]
pub(super) struct Resume {
    /// The run: its name, a part of it, a tag, `last`, or its folder.
    run: String,
    /// Give an argument of the recipe another value; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Another recipe.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    manner: Manner,
    /// Print the results as one line of JSON at the end of standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Resume {
    /// The run.
    pub(super) fn past(&self) -> Result<Past> {
        self.place.run(&self.run)
    }

    pub(super) fn run(self) -> Result<()> {
        let past = self.past()?;
        let recipe = match self.recipe {
            Some(recipe) => recipe,
            None => recipe_of(&past)?,
        };
        let told = past.start().cloned();
        let told = told.unwrap_or_default();
        let strings = |value: Value| value.as_str().map(String::from);
        let before = past.set().into_iter();
        let mut set: std::collections::BTreeMap<String, String> =
            before.filter_map(|(name, value)| Some((name, strings(value)?))).collect();
        let typed: std::collections::BTreeMap<_, _> =
            self.set.iter().map(|text| assignment(text)).collect::<Result<_>>()?;
        set.extend(typed.clone());
        let (means, standard) = (past.means(), Setup::new(recipe, home_of(&past)));
        let setup = Setup {
            set,
            seed: told.get("given_seed").and_then(Value::as_u64),
            entry: Entry::Resume(past.path().to_path_buf()),
            hook_seconds: means.hook_seconds.unwrap_or(standard.hook_seconds),
            max_operations: means.max_operations.unwrap_or(standard.max_operations),
            ..standard
        };
        self.manner.run(setup, &typed, self.json)
    }
}

/// The recipe as it stands in its file now.
fn recipe_of(past: &Past) -> Result<PathBuf> {
    let told = past.start();
    let text = |key: &str| Some(PathBuf::from(told?.get(key)?.as_str()?));
    let full = past.origin();
    // As the user named it, where that still leads there.
    let leads = |named: &PathBuf| {
        let (one, other) = (named.canonicalize().ok(), full.as_ref()?.canonicalize().ok());
        Some(one? == other?)
    };
    let named = text("recipe").filter(|named| leads(named).unwrap_or(false));
    match named.or_else(|| full.clone().filter(|file| file.is_file())) {
        Some(recipe) => Ok(recipe),
        None => {
            let error =
                Error::new(Kind::Usage, "still resume", "the recipe of this run is not there");
            let error = match full {
                Some(file) => error.expected(format!("{}", file.display())),
                None => error,
            };
            let kept = past.path().join("recipe");
            Err(error.hint(format!("--recipe FILE; its versions are in {}", kept.display())))
        }
    }
}

/// The home that a run's folder is in.
pub(super) fn home_of(past: &Past) -> Home {
    let folder = past.path().parent().and_then(Path::parent);
    Home::of(Path::new(""), folder.map(Path::to_path_buf))
}
