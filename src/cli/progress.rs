//! Progress: a bar on a terminal, plain lines elsewhere. Results go to standard output, everything
//! else to standard error.

use super::{lines, note, out, tell};
use crate::error::{Error, Result};
use crate::recipe::Display;
use crate::tensor::trace::Trace;
use crate::train::{Event, Observer, Outcome};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

const STYLE: &str = "{prefix} {bar:24.cyan/blue} {pos}/{len}  {msg}";

/// How much of the newest step goes into the shown loss.
const SMOOTHING: f64 = 0.1;

/// What shows a run.
pub(super) fn display() -> Box<dyn Display> {
    let terminal = std::io::stderr().is_terminal();
    Box::new(Progress { terminal, bar: None, epochs: 0, loss: 0.0, shown: None })
}

struct Progress {
    terminal: bool,
    bar: Option<ProgressBar>,
    epochs: usize,
    /// Smoothed.
    loss: f64,
    shown: Option<Shown>,
}

/// What the bar says beside the loss.
struct Shown {
    begun: Instant,
    clips: usize,
    steps: usize,
    accuracy: Option<f64>,
}

impl Progress {
    /// A line on standard error, above the bar if there is one.
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    fn tell(&self, error: &Error) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(error)),
            None => tell(error),
        }
    }

    fn begin(&mut self, name: &str, steps: usize, step: usize) {
        self.shown = Some(Shown { begun: Instant::now(), clips: 0, steps: 0, accuracy: None });
        if !self.terminal {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(name.to_string());
        bar.set_position(step as u64);
        bar.reset_eta();
        self.bar = Some(bar);
    }

    fn step(&mut self, loss: f64, clips: usize) {
        let first = self.shown.as_ref().is_none_or(|shown| shown.clips == 0);
        self.loss = if first { loss } else { self.loss + SMOOTHING * (loss - self.loss) };
        let Some(shown) = &mut self.shown else { return };
        shown.clips += clips;
        let Some(bar) = &self.bar else { return };
        bar.inc(1);
        let elapsed = shown.begun.elapsed();
        shown.steps += 1;
        let left = bar.length().unwrap_or(0).saturating_sub(bar.position());
        let accuracy = match shown.accuracy {
            Some(accuracy) => format!("  accuracy {:.1} %", accuracy * 100.0),
            None => String::new(),
        };
        bar.set_message(format!(
            "loss {:.4}{accuracy}  {:.0} clips/s  {} left",
            self.loss,
            shown.clips as f64 / elapsed.as_secs_f64().max(1e-6),
            lines::time(elapsed.mul_f64(left as f64 / shown.steps as f64)),
        ));
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Started { plan, parameters, steps, step, pretrained, .. } => {
                self.line(&lines::started(plan, *parameters, *steps, *step));
                for line in pretrained.map(|own| own.to_string()).iter().flat_map(|own| own.lines())
                {
                    self.line(&format!("  {line}"));
                }
                self.epochs = plan.epochs;
                self.begin(&plan.name, *steps, *step);
            }
            Event::Checkpoint { .. } => {}
            Event::Paused { moment, failure } => {
                self.line(&lines::paused(moment));
                self.tell(failure);
            }
            Event::Continued { moment } => self.line(&lines::continued(moment)),
            Event::Recalled { trained, age, elsewhere, .. } => {
                self.line(&lines::recalled(trained, *age, elsewhere.as_deref()));
            }
            Event::Stepped { report, clips, .. } => {
                self.step(report.loss, *clips);
            }
            Event::Changed { moment, change } => {
                self.line(&lines::changed(moment.step, change));
                if let Outcome::Rejected(error) | Outcome::Reverted(error) = &change.outcome {
                    self.tell(error);
                }
            }
            Event::Epoch { stage, reading, .. } => {
                if let Some(shown) = &mut self.shown {
                    shown.accuracy = Some(reading.accuracy);
                }
                // A terminal has the bar; what a line can say is in metrics.csv as well.
                if self.bar.is_none() {
                    self.line(&lines::epoch(stage, self.epochs, reading));
                }
            }
            Event::Ended { trained } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                self.shown = None;
                self.line(&lines::ended(trained));
            }
        }
        Ok(())
    }
}

impl Display for Progress {
    fn say(&mut self, text: &str) {
        self.line(text);
    }

    fn report(&mut self, table: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| out(table.trim_end())),
            None => out(table.trim_end()),
        }
    }

    fn made(&mut self, name: &str, took: Option<Duration>, age: Option<Duration>) {
        self.line(&lines::made(name, took, age));
    }

    fn profile(&mut self, stage: &str, traced: &Trace, file: &Path) {
        self.line(&lines::profiled(stage, traced, file));
    }

    fn warn(&mut self, text: &str) {
        self.line(&format!("warning: {text}"));
    }
}
