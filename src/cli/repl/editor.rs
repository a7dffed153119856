//! The session on a terminal: editing, earlier lines, completion.

use super::{COMMANDS, goes_in, handle, history};
use crate::cli::note;
use crate::error::{Error, Kind, Result};
use crate::recipe::Repl;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

/// What the editor asks while a line is typed.
struct Asked(Rc<RefCell<Repl>>);

impl Completer for Asked {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let begun = line.get(..at).unwrap_or(line);
        if begun.starts_with(':') && !begun.contains(char::is_whitespace) {
            let fits = COMMANDS.iter().filter(|command| command.starts_with(begun));
            return Ok((0, fits.map(|command| command.to_string()).collect()));
        }
        Ok(self.0.borrow().complete(line, at))
    }
}

impl Validator for Asked {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(match goes_in(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Hinter for Asked {
    type Hint = String;
}

impl Highlighter for Asked {}

impl Helper for Asked {}

fn broken(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, "reading the terminal", cause.to_string())
}

/// Talks until the user ends it. Earlier lines are those in the file `kept`, if there is one.
///
/// # Errors
/// A terminal that cannot be read.
pub(super) fn talk(repl: Repl, mut kept: Option<PathBuf>) -> Result<()> {
    let repl = Rc::new(RefCell::new(repl));
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut editor: Editor<Asked, MemHistory> =
        Editor::with_history(config, MemHistory::new()).map_err(broken)?;
    editor.set_helper(Some(Asked(repl.clone())));
    for input in kept.iter().flat_map(|path| history::read(path)) {
        editor.add_history_entry(input).map_err(broken)?;
    }
    note(&format!(
        "still {} · :help tells what can be typed, Ctrl-D ends",
        env!("CARGO_PKG_VERSION")
    ));
    loop {
        let input = match editor.readline("> ") {
            Ok(input) => input,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(cause) => return Err(broken(cause)),
        };
        if !input.trim().is_empty() {
            editor.add_history_entry(input.as_str()).map_err(broken)?;
            if let Some(path) = &kept
                && let Err(error) = history::add(path, &input)
            {
                // Told once; a session goes on without.
                note(&format!("no history is kept: {}", error.headline()));
                kept = None;
            }
        }
        if !handle(&mut repl.borrow_mut(), &input) {
            return Ok(());
        }
    }
}
