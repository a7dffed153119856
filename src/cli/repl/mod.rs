//! `still repl`: a shell for scripts.

mod editor;
mod history;

use super::arguments::Arguments;
use super::{note, out, tell};
use crate::error::{Error, Kind, Result, unknown};
use crate::recipe::{Repl, Source, is_whole};
use clap::Args;
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const HELP: &str = "\
an expression or statements  evaluates them, and prints the value
:type EXPR                   what the value of an expression is
:doc NAME                    what a function, property, namespace or module does
:vars                        imports, variables and functions so far
:load FILE                   evaluates a file
:reset                       forgets everything
:quit                        ends it, as quit, exit and Ctrl-D do
Tab completes names; Ctrl-C clears the line, or stops what runs. What is not closed goes on in the next line.";

const COMMANDS: [&str; 8] =
    [":help", ":type", ":doc", ":vars", ":load", ":reset", ":quit", ":exit"];

/// Try things out: a shell for expressions and functions, with everything kept from line to line.
#[derive(Args)]
pub(super) struct ReplOf {
    #[command(flatten)]
    arguments: Arguments,
    /// Neither read nor write the file of earlier lines.
    #[arg(long)]
    no_history: bool,
}

impl ReplOf {
    pub(super) fn run(self) -> Result<()> {
        let given = self.arguments.given()?;
        let stop = Arc::new(AtomicBool::new(false));
        let idle = Arc::new(AtomicBool::new(false));
        catch_interrupt(&stop, &idle)?;
        let repl = Repl::new(&given, &stop, Box::new(note));
        if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
            let path = if self.no_history { None } else { history::path() };
            return editor::talk(repl, path);
        }
        read(repl, &idle)
    }
}

/// Ctrl-C stops what runs; where nothing runs it ends the program.
fn catch_interrupt(stop: &Arc<AtomicBool>, idle: &Arc<AtomicBool>) -> Result<()> {
    use signal_hook::consts::SIGINT;
    use signal_hook::flag;
    let code = Kind::Interrupted.exit_code();
    flag::register_conditional_shutdown(SIGINT, code, idle.clone())
        .and_then(|_| flag::register_conditional_shutdown(SIGINT, code, stop.clone()))
        .and_then(|_| flag::register(SIGINT, stop.clone()))
        .map_err(|cause| Error::new(Kind::Internal, "catching signals", cause.to_string()))?;
    Ok(())
}

/// Without a terminal: lines as they come, values on standard output, mistakes on standard error.
fn read(mut repl: Repl, idle: &AtomicBool) -> Result<()> {
    let mut text = String::new();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        idle.store(true, Ordering::Relaxed);
        let line = lines.next().transpose();
        idle.store(false, Ordering::Relaxed);
        let line = line.map_err(|cause| {
            Error::new(Kind::Usage, "reading standard input", cause.to_string())
        })?;
        let ended = line.is_none();
        if let Some(line) = line {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
        }
        if !ended && !goes_in(&text) {
            continue;
        }
        if !handle(&mut repl, &std::mem::take(&mut text)) || ended {
            return Ok(());
        }
    }
}

/// Whether an input is handled as it is, or goes on.
fn goes_in(text: &str) -> bool {
    text.trim_start().starts_with(':') || is_whole(text)
}

/// Does what an input says; whether the session goes on.
fn handle(repl: &mut Repl, text: &str) -> bool {
    let input = text.trim();
    if input.is_empty() {
        return true;
    }
    let word = input.trim_end_matches([';', ' ']).trim_end_matches("()");
    if matches!(word, "exit" | "quit") && !repl.knows(word) {
        return false;
    }
    let outcome = match input.starts_with(':') {
        false => repl.eval(text),
        true => {
            let (verb, rest) = input.split_once(char::is_whitespace).unwrap_or((input, ""));
            if matches!(verb, ":quit" | ":exit" | ":q") {
                return false;
            }
            command(repl, verb, rest.trim())
        }
    };
    match outcome {
        Ok(Some(text)) => out(&text),
        Ok(None) => {}
        Err(error) => tell(&error),
    }
    true
}

fn command(repl: &mut Repl, verb: &str, rest: &str) -> Result<Option<String>> {
    let needs = |what: &str| {
        let error = Error::new(Kind::Usage, verb, format!("it needs {what}"));
        if rest.is_empty() { Err(error) } else { Ok(()) }
    };
    match verb {
        ":help" | ":h" | ":?" => Ok(Some(HELP.to_string())),
        ":vars" => Ok(Some(repl.vars().join("\n")).filter(|text| !text.is_empty())),
        ":reset" => {
            repl.reset();
            Ok(None)
        }
        ":type" => {
            needs("an expression")?;
            repl.type_of(rest).map(Some)
        }
        ":doc" => {
            needs("a name, e.g. kd::kl")?;
            repl.doc(rest).map(Some)
        }
        ":load" => {
            needs("a file")?;
            let source = Source::read(Path::new(rest))?;
            repl.eval(&source.text)
        }
        _ => Err(unknown("still repl", "command", verb, &COMMANDS).as_kind(Kind::Usage)),
    }
}
