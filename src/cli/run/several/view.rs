//! Several runs as they go: a line for each that runs on a terminal, lines of what happens elsewhere.

use super::child::{Child, End, Outcome};
use crate::cli::story::{Told, lines_of};
use crate::cli::words::{counted, plain};
use crate::cli::{lines, note};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Where nothing happens for so long, what runs is told.
const SILENCE: Duration = Duration::from_secs(60);
const BAR: &str = "{prefix} {bar:20.cyan/blue} {wide_msg}";
const TOTAL: &str = "{wide_msg}";

pub(super) struct View {
    all: usize,
    jobs: usize,
    ended: usize,
    /// What the runs that ended took.
    took: Vec<Duration>,
    spoke: Instant,
    /// Which run has said an error, or a warning, first.
    said: BTreeMap<String, String>,
    drawn: Option<Drawn>,
    /// The width of the widest label.
    width: usize,
}

/// Lines that stay at the foot of a terminal.
struct Drawn {
    multi: MultiProgress,
    total: ProgressBar,
    bars: BTreeMap<String, ProgressBar>,
}

fn styled(bar: ProgressBar, style: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

impl View {
    pub fn new<'a>(labels: impl Iterator<Item = &'a str>, jobs: usize) -> Self {
        let widths: Vec<usize> = labels.map(|label| label.chars().count()).collect();
        let drawn = std::io::stderr().is_terminal().then(|| {
            let multi = MultiProgress::new();
            let total = styled(multi.add(ProgressBar::new(widths.len() as u64)), TOTAL);
            Drawn { multi, total, bars: BTreeMap::new() }
        });
        View {
            all: widths.len(),
            jobs,
            ended: 0,
            took: Vec::new(),
            spoke: Instant::now(),
            said: BTreeMap::new(),
            drawn,
            width: widths.into_iter().max().unwrap_or(0),
        }
    }

    fn line(&mut self, text: &str) {
        match &self.drawn {
            Some(drawn) => drawn.multi.suspend(|| note(text)),
            None => note(text),
        }
        self.spoke = Instant::now();
    }

    pub fn begins(&mut self, child: &Child) {
        match &mut self.drawn {
            Some(drawn) => {
                let bar = drawn.multi.insert_before(&drawn.total, ProgressBar::new(1));
                let bar = styled(bar, BAR);
                bar.set_prefix(format!("{:<width$}", child.task.label, width = self.width));
                bar.set_message("begins");
                drawn.bars.insert(child.task.label.clone(), bar);
            }
            None => self.line(&format!("{}: begins", child.task.label)),
        }
    }

    /// Something that happened in a run. Of warnings and errors that are the same in several, the first is told whole.
    pub fn tell(&mut self, label: &str, told: &Told) {
        if told.text.starts_with("warning: ") && !self.is_new(label, &told.text) {
            return;
        }
        self.line(&format!("{label}: {}", told.text));
        let Some(message) = &told.message else { return };
        self.message(label, message);
    }

    fn is_new(&mut self, label: &str, text: &str) -> bool {
        let known = self.said.contains_key(text);
        if !known {
            self.said.insert(text.to_string(), label.to_string());
        }
        !known
    }

    fn message(&mut self, label: &str, message: &str) {
        if let Some(first) = self.said.get(message).cloned() {
            if first != label {
                self.line(&format!("  as in {first}"));
            }
            return;
        }
        self.is_new(label, message);
        let text: Vec<String> = lines_of(message).map(|line| format!("  {line}")).collect();
        self.line(&text.join("\n"));
    }

    pub fn ended(&mut self, outcome: &Outcome, took: Duration) {
        let label = &outcome.task.label;
        if let Some(bar) = self.drawn.as_mut().and_then(|drawn| drawn.bars.remove(label)) {
            bar.finish_and_clear();
        }
        self.ended += 1;
        let count = format!("{} of {}", self.ended, self.all);
        match &outcome.end {
            End::Well => {
                self.took.push(took);
                self.line(&format!("{label}: ended after {} ({count})", lines::time(took)));
            }
            End::Failed { error, .. } => {
                self.line(&format!("{label}: failed ({count})"));
                self.message(label, error);
            }
            End::Stopped => self.line(&format!("{label}: stopped")),
            End::NotBegun => {}
        }
    }

    pub fn stops(&mut self, running: usize) {
        self.line(&format!(
            "stopping: {} a checkpoint",
            match running {
                1 => "the run makes".to_string(),
                many => format!("{many} runs make"),
            }
        ));
    }

    /// Shows where those that run are.
    pub fn draw(&mut self, running: &[Child], waiting: usize) {
        let total = self.total(running.len(), waiting);
        if let Some(drawn) = &self.drawn {
            for child in running {
                let Some(bar) = drawn.bars.get(&child.task.label) else { continue };
                if let Some(stand) = Stand::of(child) {
                    bar.set_length(stand.steps.max(1));
                    bar.set_position(stand.step);
                    bar.set_message(stand.text);
                }
            }
            drawn.total.set_message(total);
        } else if self.spoke.elapsed() > SILENCE {
            let stand = |child: &Child| {
                let told = Stand::of(child).map(|stand| format!(" at {}", stand.text));
                format!("{}{}", child.task.label, told.unwrap_or_default())
            };
            let runs: Vec<String> = running.iter().map(stand).collect();
            self.line(&format!("{total}: {}", runs.join("; ")));
        }
    }

    fn total(&self, running: usize, waiting: usize) -> String {
        let mut text = format!("{} of {} ended", self.ended, counted(self.all, "run"));
        if running + waiting == 0 || self.took.is_empty() {
            return text;
        }
        let mean = self.took.iter().sum::<Duration>() / self.took.len() as u32;
        // Those that run have half of their time before them, on average.
        let left = (waiting as f64 + running as f64 / 2.0) / self.jobs.max(1) as f64;
        text.push_str(&format!(", about {} left", lines::time(mean.mul_f64(left))));
        text
    }

    pub fn done(&mut self) {
        if let Some(drawn) = self.drawn.take() {
            drawn.total.finish_and_clear();
        }
    }
}

/// Where a run stands.
struct Stand {
    step: u64,
    steps: u64,
    text: String,
}

impl Stand {
    fn of(child: &Child) -> Option<Self> {
        let following = child.following.as_ref()?;
        let course = following.picture().current()?;
        let mut text = plain(&course.stage.name);
        let (mut step, mut steps) = (course.steps(), course.steps_planned.unwrap_or(0));
        if let Some(live) = following.live() {
            (step, steps) = (live.step, live.steps);
            text.push_str(&format!(", step {step}/{steps}"));
            if let Some(loss) = live.loss {
                text.push_str(&format!(", loss {loss:.3}"));
            }
            let left = live.seconds_left.and_then(|s| Duration::try_from_secs_f64(s).ok());
            if let Some(left) = left {
                text.push_str(&format!(", {} left", lines::time(left)));
            }
        }
        Some(Stand { step, steps, text })
    }
}
