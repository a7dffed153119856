//! `still watch`: follows a run in the terminal, also one of another process.

mod charts;
mod plain;
pub(super) mod screen;
mod session;
pub(super) mod view;

use super::runs::Place;
use super::stages;
use crate::error::Result;
use crate::run::{Course, Following, Live, PastStage, Picture, State};
use clap::Args;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The run is looked at this often.
const LOOK: Duration = Duration::from_millis(250);

/// Follow a run live: curves, λ, τ and learning rate, edits, speed, what is left, the result.
///
/// Leaving (q, Esc or Ctrl-C) ends only the view; the run goes on. Where standard output is no terminal, what happens
/// is printed line by line until the run ends.
#[derive(Args)]
pub(super) struct Watch {
    /// The run: its name or a part of it, a tag, `last`, or a path [default: the newest that is running, or else
    /// the newest].
    run: Option<String>,
    /// Print lines even to a terminal.
    #[arg(long)]
    lines: bool,
    #[command(flatten)]
    place: Place,
}

impl Watch {
    pub(super) fn run(self) -> Result<i32> {
        let folder = self.place.run_or_newest(self.run.as_deref())?;
        let following = Following::open(&folder);
        match std::io::stdout().is_terminal() && !self.lines {
            true => session::watch(following),
            false => plain::watch(following).map(|()| 0),
        }
    }
}

/// A run as it is shown at one moment.
pub struct Seen<'a> {
    pub name: &'a str,
    pub path: &'a Path,
    pub picture: &'a Picture,
    pub state: State,
    pub live: Option<&'a Live>,
    /// Where its losses are known, even if an epoch has ended since.
    pub trail: Option<&'a Live>,
    pub is_gone: bool,
    pub now: SystemTime,
}

impl<'a> Seen<'a> {
    fn of(following: &'a Following) -> Self {
        Seen {
            name: following.name(),
            path: following.path(),
            picture: following.picture(),
            state: following.state(),
            live: following.live(),
            trail: following.trail(),
            is_gone: following.is_gone(),
            now: SystemTime::now(),
        }
    }

    /// Where the stage stands, if that is known and it is this one.
    fn live_of(&self, course: &Course) -> Option<&'a Live> {
        self.live.filter(|live| live.stage == course.stage.name)
    }

    /// What its stages gave, as a table.
    fn table(&self, width: Option<usize>) -> String {
        let stages: Vec<PastStage> = self.picture.courses().iter().map(Course::summary).collect();
        if stages.is_empty() { String::new() } else { stages::table(self.path, &stages, width) }
    }
}
