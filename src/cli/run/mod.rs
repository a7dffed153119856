//! `still run`: runs a recipe.

pub(super) mod several;

use super::access::Access;
use super::signals::{catch_request, catch_signals, stop_with_parent};
use super::words::plain;
use super::{out, progress};
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Declared, Display, Entry, Fresh, Listed, Setup, Signals, Source};
use crate::run::{CheckpointPolicy, HOME_VARIABLE, Home, Results};
use clap::{Args, CommandFactory};
use several::{Part, Several};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Run a recipe, once or for several folds, seeds and values of an argument.
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
    /// Begin a new run, whatever was cut off before.
    #[arg(long)]
    new: bool,
    /// Compute a stage again whatever the store has; all stages without a name. Begins a new run.
    #[arg(long, value_name = "STAGE", num_args = 0..=1, default_missing_value = "")]
    fresh: Vec<String>,
    #[command(flatten)]
    several: Several,
    #[command(flatten)]
    manner: Manner,
    /// Be one of several runs, for the process that began it.
    #[arg(long, hide = true)]
    part: bool,
    /// Print the results as one line of JSON at the end of standard output.
    #[arg(long)]
    json: bool,
    /// Print help; with a recipe, its arguments too.
    #[arg(short, long)]
    help: bool,
}

/// How a run is carried out, whichever it is.
#[derive(Args)]
pub(super) struct Manner {
    /// Threads that prepare batches; any number gives the same batches.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=256))]
    workers: u16,
    /// Seconds that a hook may take, 0 for any time; `on_epoch`, and steps and networks of the recipe's own,
    /// may take ten times as long [default: 60, or as the run had it that is resumed].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    hook_seconds: Option<f64>,
    /// What to do where a hook fails and no version before it is left [default: pause where somebody sees it, that
    /// is where standard error is a terminal, and stop elsewhere].
    #[arg(long, value_enum)]
    on_error: Option<OnError>,
    /// Make a checkpoint after so many steps, beside those after some time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_steps: Option<u32>,
    /// Make a checkpoint after so many minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 1.0, value_parser = minutes)]
    checkpoint_minutes: f64,
    /// Tell at the end of each stage where its time went, and write it into the run's folder, for a browser's trace viewer.
    #[arg(long)]
    profile: bool,
    #[command(flatten)]
    access: Access,
}

/// What to do where a hook fails.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnError {
    /// Wait for an edit.
    Pause,
    /// End the run; `still resume` goes on with it.
    Stop,
}

impl OnError {
    /// Where the command line says nothing. A run that waits where nobody sees it would wait for ever.
    fn standard() -> Self {
        if std::io::stderr().is_terminal() { OnError::Pause } else { OnError::Stop }
    }
}

fn minutes(text: &str) -> std::result::Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    let sensible = (0.0..=1e6).contains(&minutes);
    if sensible { Ok(minutes) } else { Err("0 to 1000000 minutes".into()) }
}

impl Manner {
    /// Runs a recipe and shows it; `typed` are the arguments of this command line.
    pub(super) fn run(
        &self,
        setup: Setup,
        typed: &BTreeMap<String, String>,
        json: bool,
    ) -> Result<()> {
        let results = self.carry_out(setup, typed, progress::display(), listening()?)?;
        if json {
            out(&results.to_json()?);
        }
        Ok(())
    }

    fn carry_out(
        &self,
        setup: Setup,
        typed: &BTreeMap<String, String>,
        display: Box<dyn Display>,
        signals: Signals,
    ) -> Result<Results> {
        let mut granted = self.access.granted()?;
        granted.add_values(typed.values());
        let setup = Setup {
            granted,
            max_operations: self.access.operations().unwrap_or(setup.max_operations),
            cache_bytes: self.access.cache_bytes()?,
            workers: usize::from(self.workers),
            profile: self.profile,
            hook_seconds: self.hook_seconds.unwrap_or(setup.hook_seconds),
            patient: self.on_error.unwrap_or_else(OnError::standard) == OnError::Pause,
            checkpoints: CheckpointPolicy {
                steps: self.checkpoint_steps.map(|steps| steps as usize),
                every: Duration::from_secs_f64(self.checkpoint_minutes * 60.0),
            },
            ..setup
        };
        recipe::run(setup, display, signals)
    }

    /// The same as words of a command line, for another process.
    fn words(&self) -> Vec<OsString> {
        // Whatever is added to the command line must be handed on here.
        let Manner {
            workers,
            hook_seconds,
            on_error,
            checkpoint_steps,
            checkpoint_minutes,
            profile,
            access,
        } = self;
        let mut words = access.words();
        let mut add = |text: String| words.push(text.into());
        add(format!("--workers={workers}"));
        hook_seconds.iter().for_each(|seconds| add(format!("--hook-seconds={seconds}")));
        add(format!("--checkpoint-minutes={checkpoint_minutes}"));
        checkpoint_steps.iter().for_each(|steps| add(format!("--checkpoint-steps={steps}")));
        // Nobody could be asked in the middle of several.
        add(match on_error.unwrap_or(OnError::Stop) {
            OnError::Pause => "--on-error=pause".into(),
            OnError::Stop => "--on-error=stop".into(),
        });
        if *profile {
            add("--profile".into());
        }
        words
    }
}

/// What a run hears from outside.
fn listening() -> Result<Signals> {
    let signals = Signals::default();
    catch_signals(&signals.stop, &signals.pulse)?;
    catch_request(&signals.checkpoint)?;
    Ok(signals)
}

impl Run {
    /// Gives the exit code.
    pub(super) fn run(self) -> Result<i32> {
        if self.help {
            return self.help().map(|()| 0);
        }
        let mut this = self;
        // `--fresh recipe.rhai`: nobody calls a stage so.
        if this.recipe.is_none()
            && let Some(place) = this.fresh.iter().position(|name| name.ends_with(".rhai"))
        {
            this.recipe = Some(PathBuf::from(std::mem::take(&mut this.fresh[place])));
        }
        let recipe = this.recipe.clone().ok_or_else(|| {
            Error::new(Kind::Usage, "still run", "no recipe is named")
                .hint("still run scripts/quickstart.rhai")
        })?;
        let set: BTreeMap<_, _> =
            this.set.iter().map(|text| recipe::assignment(text)).collect::<Result<_>>()?;
        let home = Home::of(&recipe, std::env::var_os(HOME_VARIABLE).map(PathBuf::from));
        if this.several.is_asked()? {
            return this.all(&recipe, &set, &home);
        }
        let fresh = match this.fresh.as_slice() {
            [] => Fresh::None,
            names if names.iter().any(String::is_empty) => Fresh::All,
            names => Fresh::Named(names.to_vec()),
        };
        let new = this.new || fresh != Fresh::None;
        let entry = if new { Entry::New } else { Entry::Run };
        let setup =
            Setup { set: set.clone(), seed: this.seed, entry, fresh, ..Setup::new(recipe, home) };
        if this.part {
            let signals = listening()?;
            stop_with_parent(&signals.stop, &signals.pulse)?;
            return this.manner.carry_out(setup, &set, Box::new(Part), signals).map(|_| 0);
        }
        this.manner.run(setup, &set, this.json).map(|()| 0)
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

/// The recipe's header and its arguments.
fn describe(recipe: &Path) -> Result<()> {
    let listed = Listed::of(&Source::read(recipe)?);
    let (header, arguments) = (&listed.header, listed.arguments());
    let findings = header.findings();
    findings.iter().for_each(super::tell);
    // What keeps it from running here is no reason to hide what it is for.
    if header.may_run().is_ok()
        && let Some(error) = &listed.broken
    {
        return Err(error.clone());
    }
    out(&format!("{}:", recipe.display()));
    let text = format!("{}\n\n{}", header.title, header.text);
    for line in text.trim().lines() {
        out(format!("  {}", plain(line)).trim_end());
    }
    if !header.fields().is_empty() {
        out("");
    }
    let width = header.fields().iter().map(|field| field.name.len() + 1).max().unwrap_or(0);
    for field in header.fields() {
        out(&format!("  {:<width$} {}", format!("{}:", field.name), plain(&field.value)));
    }
    if header.may_run().is_err() {
        return Ok(());
    }
    if arguments.is_empty() {
        out("\nThe recipe takes no arguments.");
        return Ok(());
    }
    out("\nArguments (--set NAME=VALUE):");
    let width = arguments.iter().map(|argument| argument.name.len()).max().unwrap_or(0);
    for Declared { name, default, .. } in arguments {
        match default {
            Some(default) => out(&format!("  {name:<width$}  [default: {default}]")),
            None => out(&format!("  {name:<width$}  (must be given)")),
        }
    }
    Ok(())
}

/// A time that is none is told before anything runs.
pub(super) fn seconds(text: &str) -> std::result::Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_string())?;
    match std::time::Duration::try_from_secs_f64(number) {
        Ok(_) => Ok(number),
        Err(cause) => Err(cause.to_string()),
    }
}
