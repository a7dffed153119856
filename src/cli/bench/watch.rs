//! What is being measured, for whoever waits.

use crate::cli::note;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Where nobody watches a bar, a line is written so long after the last one.
const QUIET: Duration = Duration::from_secs(10);

/// A bar on a terminal, lines elsewhere where it takes long.
pub(super) struct Watch {
    bar: Option<ProgressBar>,
    at: usize,
    of: usize,
    told: Instant,
}

impl Watch {
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{bar:24.cyan/blue} {pos}/{len}  {msg}")
            {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar
        });
        Watch { bar, at: 0, of: 0, told: Instant::now() }
    }

    /// So many more parts come.
    pub(super) fn more(&mut self, parts: usize) {
        self.of += parts;
        if let Some(bar) = &self.bar {
            bar.set_length(self.of as u64);
        }
    }

    /// A part begins.
    pub(super) fn next(&mut self, what: &str) {
        self.at += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.at.saturating_sub(1) as u64);
                bar.set_message(what.to_string());
                bar.tick();
            }
            None if self.told.elapsed() >= QUIET => {
                note(&format!("{}/{} {what}", self.at, self.of));
                self.told = Instant::now();
            }
            None => {}
        }
    }

    /// A line that stays.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
