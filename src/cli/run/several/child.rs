//! A process that runs one of several runs, as the one that began it sees it.

use super::part::Said;
use super::plan::Task;
use crate::cli::story::{Told, Tone, told};
use crate::error::{Error, Kind};
use crate::run::{Following, Happening, Home};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// So many bytes of what a process says at its end are kept.
const LONGEST: u64 = 1 << 16;

/// A process that runs.
pub(super) struct Child {
    pub task: Task,
    pub begun: Instant,
    process: std::process::Child,
    /// Closing it asks the process to stop.
    input: Option<ChildStdin>,
    said: Receiver<Said>,
    error: Option<JoinHandle<String>>,
    reads: Option<JoinHandle<()>>,
    /// Its run, once its folder is there.
    pub following: Option<Following>,
    /// Entries of the journal that were told.
    told: usize,
}

/// How one of several runs came out.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub task: Task,
    /// Its run's folder, where it came so far.
    pub folder: Option<PathBuf>,
    pub end: End,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Well,
    /// By a mistake, or its process was killed.
    Failed {
        code: i32,
        error: String,
    },
    /// It was asked to.
    Stopped,
    /// It did not begin, since all were asked to stop.
    NotBegun,
}

impl Child {
    /// Begins a process.
    ///
    /// # Errors
    /// One that the system does not begin.
    pub fn begin(task: Task, mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let (input, out) = (process.stdin.take(), process.stdout.take());
        let err = process.stderr.take();
        let (tell, said) = channel();
        let reads = thread("still said").spawn(move || {
            let lines = out.into_iter().flat_map(|out| BufReader::new(out).split(b'\n'));
            for line in lines.map_while(std::io::Result::ok) {
                let said = Said::of(&String::from_utf8_lossy(&line));
                if said.is_some_and(|said| tell.send(said).is_err()) {
                    return;
                }
            }
        })?;
        let error = thread("still errors").spawn(move || {
            let Some(mut err) = err else { return String::new() };
            let mut text = Vec::new();
            let _ = err.by_ref().take(LONGEST).read_to_end(&mut text);
            // A full pipe would hold the process up.
            let _ = std::io::copy(&mut err, &mut std::io::sink());
            String::from_utf8_lossy(&text).trim_end().to_string()
        })?;
        let begun = Instant::now();
        Ok(Child {
            task,
            begun,
            process,
            input,
            said,
            error: Some(error),
            reads: Some(reads),
            following: None,
            told: 0,
        })
    }

    /// Asks it to stop: it makes a checkpoint and ends.
    pub fn stop(&mut self) {
        self.input = None;
    }

    /// How it ended, where it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        // What cannot be asked for is gone.
        self.process.try_wait().unwrap_or_else(|_| Some(ExitStatus::default()))
    }

    /// What has happened since it was asked last. `home` is where its run is.
    pub fn news(&mut self, home: &Home) -> Vec<Told> {
        let line = |text: String, tone: Tone| Told { text, message: None, tone };
        let mut news = Vec::new();
        while let Ok(said) = self.said.try_recv() {
            match said {
                Said::Run(name) => self.follow(&home.path().join("runs").join(name)),
                Said::Line(text) => news.push(line(text, Tone::Plain)),
                Said::Warning(text) => news.push(line(format!("warning: {text}"), Tone::Warning)),
            }
        }
        let Some(following) = &mut self.following else { return news };
        following.poll();
        let picture = following.picture();
        let new = picture.log_since(self.told.min(picture.told()));
        news.extend(new.filter(|entry| is_news(&entry.what)).map(|entry| told(entry, picture)));
        self.told = picture.told();
        news
    }

    fn follow(&mut self, folder: &Path) {
        let following = Following::open(folder);
        let picture = following.picture();
        // What other processes did of it before is none of the news.
        let since = picture.log().rev().position(|entry| entry.what == Happening::WentOn);
        self.told = since.map_or(0, |since| picture.told() - since);
        self.following = Some(following);
    }

    /// How it came out; `stops` says that it was asked to stop.
    pub fn outcome(mut self, home: &Home, status: ExitStatus, stops: bool) -> (Outcome, Vec<Told>) {
        // What it said last comes when its pipes are closed.
        let error = self.error.take().and_then(|error| error.join().ok()).unwrap_or_default();
        let _ = self.reads.take().map(JoinHandle::join);
        let news = self.news(home);
        let folder = self.following.as_ref().map(|following| following.path().to_path_buf());
        let end = match status.code() {
            Some(0) => End::Well,
            Some(130) if stops => End::Stopped,
            Some(code) => End::Failed { code, error },
            None => End::Failed { code: Kind::Interrupted.exit_code(), error: killed(status) },
        };
        (Outcome { task: self.task, folder, end }, news)
    }
}

fn thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.into())
}

/// What is told of a run beside its beginning and its end.
fn is_news(what: &Happening) -> bool {
    match what {
        Happening::StageEnded { .. } | Happening::Recalled { .. } | Happening::Made { .. } => true,
        Happening::Paused(_) | Happening::Continued { .. } => true,
        Happening::Edited(edit) => edit.outcome != "unchanged",
        // The process says warnings itself, also those that its journal lacks.
        Happening::Began | Happening::WentOn | Happening::Stage { .. } => false,
        Happening::Epoch { .. } | Happening::Warned(_) => false,
        Happening::Ended | Happening::Failed(_) | Happening::Interrupted(_) => false,
    }
}

/// A process that was given no time to say anything.
fn killed(status: ExitStatus) -> String {
    let error = Error::new(Kind::Interrupted, "the run", format!("its process is gone: {status}"));
    error
        .hint(
            "the same command goes on with it; a system that is short of memory ends processes so",
        )
        .render(false)
}
