//! `still run` over folds, seeds and values: a process for each, so many at once, and what came of all of them.

mod child;
mod part;
mod plan;
mod summary;
mod tag;
pub(in crate::cli) mod values;
mod view;

pub(super) use part::Part;

use super::Run;
use crate::cli::signals::catch_signals;
use crate::cli::words::counted;
use crate::cli::{note, out};
use crate::error::{Error, Kind, Result};
use crate::recipe::{Listed, Signals, Source};
use crate::run::Home;
use crate::tensor::{Device, Precision};
use child::{Child, End, Outcome};
use clap::Args;
use plan::{Task, tasks};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;
use view::View;

/// Processes are looked at this often.
const LOOK: Duration = Duration::from_millis(100);

/// What varies between several runs.
#[derive(Args)]
pub(super) struct Several {
    /// Run it for each of these folds, in processes of their own: 1..5 (with both ends), or 1,3. The recipe asks for
    /// arg("fold", …).
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// The same for each of these seeds: 0..2, or 0,7. With --folds, for all combinations.
    #[arg(long, value_name = "SEEDS", conflicts_with = "seed")]
    seeds: Option<String>,
    /// The same for each of these values of an argument: lambda=0.1,0.5; can be repeated.
    #[arg(long, value_name = "NAME=VALUES")]
    each: Vec<String>,
    /// So many runs at once, which share the threads [default: as many as there are threads].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// The tag by which all of them are named afterwards [default: the recipe's name with a number].
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
}

impl Several {
    /// Whether several runs are asked for.
    ///
    /// # Errors
    /// What belongs to several, of one run.
    pub(super) fn is_asked(&self) -> Result<bool> {
        let asked = self.folds.is_some() || self.seeds.is_some() || !self.each.is_empty();
        let alone = [("--jobs", self.jobs.is_some()), ("--tag", self.tag.is_some())];
        match alone.into_iter().find(|(_, given)| *given && !asked) {
            Some((option, _)) => Err(Error::new(Kind::Usage, option, "there is only one run")
                .hint("--folds 1..5, --seeds 0..2 or --each NAME=VALUES make several")),
            None => Ok(asked),
        }
    }
}

impl Run {
    /// Runs it several times; gives the exit code: that of the first run that did not end well.
    pub(super) fn all(
        &self,
        recipe: &Path,
        set: &BTreeMap<String, String>,
        home: &Home,
    ) -> Result<i32> {
        let listed = Listed::of(&Source::read(recipe)?);
        listed.header.may_run()?;
        if let Some(error) = &listed.broken {
            return Err(error.clone());
        }
        let tasks = tasks(&self.several, &listed, set)?;
        let tag = tag::of(self.several.tag.as_deref(), home, recipe)?;
        home.ready()?;
        let threads = rayon::current_num_threads();
        let jobs = self.several.jobs.map_or(threads, usize::from).min(tasks.len()).max(1);
        let share = (threads / jobs).max(1);
        let program = std::env::current_exe().map_err(|cause| {
            Error::new(Kind::File, "finding this program's file", cause.to_string())
        })?;
        let (device, precision) = (Device::default().name(), Precision::now().name());
        let command = |task: &Task| {
            let mut command = Command::new(&program);
            command.arg("--threads").arg(share.to_string());
            command.args(["--device", &device, "--precision", precision, "run"]).args(self.words());
            for (name, value) in &task.set {
                command.arg(format!("--set={name}={value}"));
            }
            command.args(task.seed.iter().map(|seed| format!("--seed={seed}")));
            command.args(["--part", "--"]).arg(recipe);
            command
        };
        let signals = Signals::default();
        catch_signals(&signals.stop, &signals.pulse)?;
        note(&format!(
            "{} of {}, {jobs} at once with {} each",
            counted(tasks.len(), "run"),
            recipe.display(),
            counted(share, "thread")
        ));
        let view = View::new(tasks.iter().map(|task| task.label.as_str()), jobs);
        let outcomes =
            Fleet { home, tag: &tag, jobs, signals: &signals, view }.run(tasks, &command);
        let stopped = signals.stop.load(Ordering::Relaxed);
        let summary = summary::Summary { outcomes: &outcomes, home, tag: &tag, stopped };
        match self.json {
            true => out(&summary.as_json().to_string()),
            false => summary.show(),
        }
        Ok(summary.code())
    }

    /// What all runs are told, as words of a command line, but for the recipe and what varies.
    fn words(&self) -> Vec<OsString> {
        // Whatever is added to the command line must be handed on, or left out here.
        let Run { recipe: _, set, seed, new, fresh, manner, several: _, json: _, part: _, help: _ } =
            self;
        let mut words = manner.words();
        words.extend(set.iter().map(|text| OsString::from(format!("--set={text}"))));
        words.extend(seed.map(|seed| OsString::from(format!("--seed={seed}"))));
        words.extend(new.then(|| OsString::from("--new")));
        words.extend(fresh.iter().map(|name| match name.as_str() {
            "" => OsString::from("--fresh"),
            name => OsString::from(format!("--fresh={name}")),
        }));
        words
    }
}

/// Processes that run side by side.
struct Fleet<'a> {
    home: &'a Home,
    tag: &'a str,
    jobs: usize,
    signals: &'a Signals,
    view: View,
}

impl Fleet<'_> {
    fn run(mut self, tasks: Vec<Task>, command: &dyn Fn(&Task) -> Command) -> Vec<Outcome> {
        let mut waiting: VecDeque<Task> = tasks.into();
        let mut running: Vec<Child> = Vec::new();
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut stops = false;
        loop {
            if self.signals.stop.load(Ordering::Relaxed) && !std::mem::replace(&mut stops, true) {
                self.view.stops(running.len());
                running.iter_mut().for_each(Child::stop);
            }
            while !stops && running.len() < self.jobs {
                let Some(task) = waiting.pop_front() else { break };
                match Child::begin(task.clone(), command(&task)) {
                    Ok(child) => {
                        self.view.begins(&child);
                        running.push(child);
                    }
                    Err(cause) => {
                        let error =
                            Error::new(Kind::File, "beginning a process", cause.to_string());
                        let (code, error) = (error.exit_code(), error.render(false));
                        let end = End::Failed { code, error };
                        let failed = Outcome { task, folder: None, end };
                        self.view.ended(&failed, Duration::ZERO);
                        outcomes.push(failed);
                    }
                }
            }
            if running.is_empty() {
                break;
            }
            std::thread::sleep(LOOK);
            self.signals.pulse.fetch_add(1, Ordering::Relaxed);
            let mut place = 0;
            while let Some(child) = running.get_mut(place) {
                let status = child.status();
                self.look(child);
                let Some(status) = status else {
                    place += 1;
                    continue;
                };
                let child = running.remove(place);
                let (label, took) = (child.task.label.clone(), child.begun.elapsed());
                let (outcome, news) = child.outcome(self.home, status, stops);
                news.iter().for_each(|told| self.view.tell(&label, told));
                self.view.ended(&outcome, took);
                outcomes.push(outcome);
            }
            self.view.draw(&running, waiting.len());
        }
        self.view.done();
        let not_begun = |task: Task| Outcome { task, folder: None, end: End::NotBegun };
        outcomes.extend(waiting.into_iter().map(not_begun));
        outcomes.sort_by_key(|outcome| outcome.task.place);
        outcomes
    }

    /// Takes in what a process says, and tells it.
    fn look(&mut self, child: &mut Child) {
        let known = child.following.is_some();
        let news = child.news(self.home);
        if !known && let Some(following) = &child.following {
            // What cannot be tagged can still be named.
            if let Err(error) = tag::give(following.path(), self.tag) {
                note(&format!(
                    "warning: {}: it gets no tag: {}",
                    child.task.label,
                    error.headline()
                ));
            }
        }
        news.iter().for_each(|told| self.view.tell(&child.task.label, told));
    }
}
