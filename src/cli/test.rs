//! `still test`: runs the tests of recipes and modules.

use super::arguments::Arguments;
use super::signals::catch_signals;
use super::{note, out, tell};
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, TestReport, TestSetup, Tested};
use clap::Args;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The exit code where a test failed.
const FAILED: i32 = 1;
/// The longest that a test may be given.
const LONGEST_SECONDS: f64 = 86_400.0;

/// Run the functions test_* of recipes and modules.
#[derive(Args)]
pub(super) struct Test {
    /// Recipes, folders of them, `std` or modules such as std/hinton [default: the current folder].
    files: Vec<PathBuf>,
    /// Run the tests of the standard library too.
    #[arg(long)]
    std: bool,
    /// Run only tests with this text in FILE::NAME.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Tests that run at a time [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Seconds after which a test has failed.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    timeout: f64,
    #[command(flatten)]
    arguments: Arguments,
    /// Print the results as one line of JSON instead; lines go to standard error.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(super) fn run(self) -> Result<i32> {
        let json = self.json;
        let setup = self.setup()?;
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop, &Arc::default())?;
        let print = move |text: &str| if json { note(text) } else { out(text) };
        let report = recipe::test(&setup, &stop, &mut |tested| print(&line(tested, json)))?;
        report.broken.iter().for_each(tell);
        for form in &report.passed_over {
            note(&format!("warning: {form} is left out: a test takes no parameters"));
        }
        for tested in &report.tested {
            if let Some(error) = &tested.failure {
                print(&failure(tested, error, json));
            }
        }
        print(&summary(&report));
        if json {
            out(&as_json(&report).to_string());
        }
        Ok(match report.broken.first() {
            Some(error) => error.exit_code(),
            None if report.failed() > 0 => FAILED,
            None => 0,
        })
    }

    fn setup(self) -> Result<TestSetup> {
        if !(self.timeout > 0.0 && self.timeout <= LONGEST_SECONDS) {
            return Err(Error::new(Kind::Usage, "--timeout", "the time is out of range")
                .expected(format!("more than 0, up to {LONGEST_SECONDS} seconds"))
                .received(self.timeout.to_string()));
        }
        let mut files = self.files;
        if files.is_empty() {
            files.push(PathBuf::new());
        }
        if self.std {
            files.push(PathBuf::from("std"));
        }
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Ok(TestSetup {
            files,
            filter: self.filter,
            jobs: self.jobs.map_or_else(cores, usize::from),
            timeout: Duration::from_secs_f64(self.timeout),
            given: self.arguments.given()?,
        })
    }
}

/// Whether the stream that lines go to shows colours.
fn colours(json: bool) -> bool {
    let terminal =
        if json { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    terminal && std::env::var_os("NO_COLOR").is_none()
}

fn line(tested: &Tested, json: bool) -> String {
    let (word, code) = if tested.failure.is_none() { ("ok    ", "32") } else { ("FAILED", "1;31") };
    let word = match colours(json) {
        true => format!("\x1b[{code}m{word}\x1b[0m"),
        false => word.to_string(),
    };
    format!("{word}  {}  {:.2} s", tested.label(), tested.seconds)
}

fn failure(tested: &Tested, error: &Error, json: bool) -> String {
    let mut text = format!("\n{}\n", tested.label());
    for line in &tested.printed {
        text.push_str(&format!("  | {line}\n"));
    }
    text.push_str(&error.render(colours(json)));
    text
}

fn summary(report: &TestReport) -> String {
    let (all, failed) = (report.tested.len(), report.failed());
    let gap = if failed > 0 { "\n" } else { "" };
    let broken = match report.broken_files {
        0 => String::new(),
        1 => ", 1 file cannot be tested".to_string(),
        count => format!(", {count} files cannot be tested"),
    };
    format!("{gap}{} passed, {failed} failed{broken}, {:.2} s", all - failed, report.seconds)
}

fn as_json(report: &TestReport) -> Value {
    let told = |error: &Error| json!({ "kind": error.kind().word(), "message": error.headline(), "text": error.to_string() });
    let tests: Vec<Value> = report
        .tested
        .iter()
        .map(|tested| {
            json!({
                "file": tested.file, "name": tested.name, "line": tested.line,
                "ok": tested.failure.is_none(), "seconds": tested.seconds,
                "printed": tested.printed, "error": tested.failure.as_ref().map(told),
            })
        })
        .collect();
    json!({
        "passed": report.tested.len() - report.failed(), "failed": report.failed(),
        "seconds": report.seconds, "tests": tests, "passed_over": report.passed_over,
        "broken": report.broken.iter().map(told).collect::<Vec<_>>(),
    })
}
