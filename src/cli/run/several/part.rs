//! A run that is one of several: what it tells the process that began it, by lines of JSON on standard output. Its
//! standard error has the mistake that ended it, and nothing else.

use crate::cli::lines;
use crate::error::Result;
use crate::recipe::Display;
use crate::tensor::trace::Trace;
use crate::train::{Event, Observer};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// What such a run says that does not stand in its journal.
pub(super) enum Said {
    /// Its folder is there, of this name.
    Run(String),
    /// The recipe printed it, or the run has waited for something.
    Line(String),
    /// A remark on the recipe.
    Warning(String),
}

impl Said {
    fn tell(&self) {
        let line = match self {
            Said::Run(name) => json!({ "run": name }),
            Said::Line(text) => json!({ "line": text }),
            Said::Warning(text) => json!({ "warning": text }),
        };
        // Nobody listens any more where the other process is gone; then this one ends, too.
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// What a line says.
    pub fn of(line: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| Some(told.get(key)?.as_str()?.to_string());
        text("run")
            .map(Said::Run)
            .or_else(|| text("line").map(Said::Line))
            .or_else(|| text("warning").map(Said::Warning))
    }
}

/// Shows a run to the process that began it.
pub(in crate::cli) struct Part;

impl Observer for Part {
    fn observe(&mut self, _event: &Event) -> Result<()> {
        Ok(())
    }
}

impl Display for Part {
    fn say(&mut self, text: &str) {
        Said::Line(text.to_string()).tell();
    }

    fn report(&mut self, _table: &str) {}

    fn warn(&mut self, text: &str) {
        Said::Warning(text.to_string()).tell();
    }

    fn made(&mut self, _name: &str, _took: Option<Duration>, _age: Option<Duration>) {}

    fn profile(&mut self, stage: &str, traced: &Trace, file: &Path) {
        self.say(&lines::profiled(stage, traced, file));
    }

    fn began(&mut self, folder: &Path) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Said::Run(name.to_string()).tell();
    }

    fn wrote(&mut self, _what: &str, _path: &Path) {}
}
