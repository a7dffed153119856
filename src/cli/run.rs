//! `still run`: runs a recipe.

use super::{catch_signals, out, progress};
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Declared, Patience, Setup};
use crate::run::{HOME_VARIABLE, Home};
use clap::{Args, CommandFactory};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Run a recipe.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Run {
    /// The recipe, a .rhai file.
    recipe: Option<PathBuf>,
    /// Give an argument of the recipe a value; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The seed of all random numbers [default: 0, or what the recipe says].
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Threads that prepare batches; any number gives the same batches.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=256))]
    workers: u16,
    /// Seconds that a hook may take, 0 for any time; `on_epoch`, and steps and networks of the recipe's own,
    /// may take ten times as long.
    #[arg(long, value_name = "SECONDS", default_value_t = recipe::HOOK_SECONDS, value_parser = seconds)]
    hook_seconds: f64,
    /// Print the results as one line of JSON at the end of standard output.
    #[arg(long)]
    json: bool,
    /// Print help; with a recipe, its arguments too.
    #[arg(short, long)]
    help: bool,
}

impl Run {
    pub(super) fn run(self) -> Result<()> {
        if self.help {
            return self.help();
        }
        let recipe = self.recipe.clone().ok_or_else(|| {
            Error::new(Kind::Usage, "still run", "no recipe is named")
                .hint("still run scripts/quickstart.rhai")
        })?;
        let set = self.set.iter().map(|text| recipe::assignment(text)).collect::<Result<_>>()?;
        let home = Home::of(&recipe, std::env::var_os(HOME_VARIABLE).map(PathBuf::from));
        let setup = Setup {
            recipe,
            set,
            seed: self.seed,
            workers: usize::from(self.workers),
            home,
            hook_seconds: self.hook_seconds,
            patience: Patience::default(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop)?;
        let results = recipe::run(setup, progress::display(), stop)?;
        if self.json {
            out(&results.to_json()?);
        }
        Ok(())
    }

    fn help(&self) -> Result<()> {
        let mut still = super::Still::command();
        if let Some(run) = still.find_subcommand_mut("run") {
            out(&run.clone().bin_name("still run").render_help().to_string());
        }
        match &self.recipe {
            Some(recipe) => describe(recipe),
            None => Ok(()),
        }
    }
}

/// The recipe's own text and its arguments.
fn describe(recipe: &Path) -> Result<()> {
    let (doc, arguments) = recipe::help(recipe)?;
    out(&format!("{}:", recipe.display()));
    for line in doc.lines() {
        out(format!("  {line}").trim_end());
    }
    if arguments.is_empty() {
        out("\nThe recipe takes no arguments.");
        return Ok(());
    }
    out("\nArguments (--set NAME=VALUE):");
    let width = arguments.iter().map(|argument| argument.name.len()).max().unwrap_or(0);
    for Declared { name, default, .. } in &arguments {
        match default {
            Some(default) => out(&format!("  {name:<width$}  [default: {default}]")),
            None => out(&format!("  {name:<width$}  (must be given)")),
        }
    }
    Ok(())
}

/// A time that is none is told before anything runs.
fn seconds(text: &str) -> std::result::Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_string())?;
    match std::time::Duration::try_from_secs_f64(number) {
        Ok(_) => Ok(number),
        Err(cause) => Err(cause.to_string()),
    }
}
