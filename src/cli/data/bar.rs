//! How far a fetch is: a bar on a terminal, a line now and then elsewhere.

use crate::cli::note;
use crate::cli::signals::catch_signals;
use crate::cli::words::bytes;
use crate::data::fetch::Watch;
use crate::error::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const KNOWN: &str =
    "{msg} {bar:24.cyan/blue} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left";
const UNKNOWN: &str = "{msg} {bytes}  {bytes_per_sec}";

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows a fetch on standard error, and stops it at Ctrl-C.
pub(in crate::cli) struct Bar {
    stop: Arc<AtomicBool>,
    terminal: bool,
    bar: Option<ProgressBar>,
    what: String,
    total: Option<u64>,
    done: u64,
    told: Instant,
}

impl Bar {
    pub(super) fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop, &Arc::default())?;
        Ok(Bar { stop, ..Bar::deaf() })
    }

    /// One that leaves Ctrl-C to the system, which ends the program.
    pub(in crate::cli) fn deaf() -> Self {
        let stop = Arc::default();
        let terminal = std::io::stderr().is_terminal();
        let (what, told) = (String::new(), Instant::now());
        Bar { stop, terminal, bar: None, what, total: None, done: 0, told }
    }

    fn line(&self) -> String {
        let done = bytes(self.done);
        match self.total.filter(|total| *total > 0) {
            Some(total) => {
                let percent = 100.0 * self.done as f64 / total as f64;
                format!("{}: {done} of {}, {percent:.0} %", self.what, bytes(total))
            }
            None => format!("{}: {done}", self.what),
        }
    }
}

impl Watch for Bar {
    fn told(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    fn begin(&mut self, what: &str, total: Option<u64>, at: u64) {
        (self.what, self.total, self.done) = (what.to_string(), total, at);
        self.told = Instant::now();
        if !self.terminal {
            note(&self.line());
            return;
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template = if total.is_some() { KNOWN } else { UNKNOWN };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(what.to_string());
        bar.set_position(at);
        bar.reset_eta();
        self.bar = Some(bar);
    }

    fn advance(&mut self, count: u64) {
        self.done += count;
        if let Some(bar) = &self.bar {
            bar.inc(count);
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            note(&self.line());
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
