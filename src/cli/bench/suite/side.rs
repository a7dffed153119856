//! A process that does cases when it is asked: ours, or PyTorch's.

use crate::error::{Error, Kind, Result};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// PyTorch's side.
const SCRIPT: &str = include_str!("../../../../tests/bench/suite.py");
/// So much of what a process said last is told where it ends.
const TOLD: usize = 400;

/// How a side is started.
#[derive(Clone, Debug)]
pub(crate) enum Kin {
    /// This program.
    Own,
    /// A Python that has PyTorch.
    Python(PathBuf),
}

/// A process, ready for requests.
pub(crate) struct Side {
    name: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: std::fs::File,
    /// What it said of itself.
    pub about: Value,
}

impl Side {
    pub(crate) fn start(kin: &Kin, threads: usize) -> Result<Side> {
        let (name, mut command) = match kin {
            Kin::Own => {
                let own = std::env::current_exe();
                let own = own.map_err(|cause| failed("this program", &cause))?;
                let mut command = Command::new(own);
                command.args(["bench", "--worker", "--threads"]).arg(threads.to_string());
                ("this program".to_string(), command)
            }
            Kin::Python(python) => {
                let mut command = Command::new(python);
                command.args(["-c", SCRIPT]).arg(threads.to_string());
                (python.display().to_string(), command)
            }
        };
        let errors = tempfile::tempfile().map_err(|cause| failed(&name, &cause))?;
        let theirs = errors.try_clone().map_err(|cause| failed(&name, &cause))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(theirs);
        let mut child = command.spawn().map_err(|cause| {
            failed(&name, &cause)
                .hint("--python names a Python that has torch, torchaudio, timm and soundfile")
        })?;
        let (input, output) = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => (input, BufReader::new(output)),
            _ => return Err(Error::new(Kind::Internal, name, "it has no pipes")),
        };
        let mut side = Side { name, child, input, output, errors, about: Value::Null };
        side.about = side.heard()?;
        Ok(side)
    }

    /// One request and its answer.
    ///
    /// # Errors
    /// A process that ended; what it says went wrong.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Value> {
        let sent = writeln!(self.input, "{request}").and_then(|()| self.input.flush());
        let told = match sent {
            Ok(()) => self.heard()?,
            Err(_) => return Err(self.ended()),
        };
        match told["error"].as_str() {
            Some(error) => Err(Error::new(Kind::Data, self.name.as_str(), error)),
            None => Ok(told),
        }
    }

    fn heard(&mut self) -> Result<Value> {
        let mut line = String::new();
        loop {
            line.clear();
            match self.output.read_line(&mut line) {
                Ok(0) | Err(_) => return Err(self.ended()),
                // Whatever a library prints is passed over.
                Ok(_) => {
                    if let Ok(told @ Value::Object(_)) = serde_json::from_str(&line) {
                        return Ok(told);
                    }
                }
            }
        }
    }

    fn ended(&mut self) -> Error {
        let _ = self.child.kill();
        let status = self.child.wait().map(|status| status.to_string()).unwrap_or_default();
        let mut said = String::new();
        let _ = self.errors.seek(SeekFrom::Start(0));
        let _ = (&self.errors).take(1 << 20).read_to_string(&mut said);
        let start = said.trim_end().char_indices().rev().nth(TOLD).map_or(0, |(at, _)| at);
        let said = said[start..].trim().to_string();
        let error = Error::new(Kind::Data, self.name.as_str(), "the process ended");
        let error = error.received(if said.is_empty() { status } else { said });
        match Path::new(&self.name).is_file() {
            true => error.hint("it needs torch, torchaudio, timm and soundfile"),
            false => error,
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(name: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::File, name, "it cannot be started").received(cause.to_string())
}
