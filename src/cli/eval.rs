//! `still eval`: evaluates a few statements.

use super::arguments::Arguments;
use super::signals::catch_signals;
use super::{note, out};
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Given};
use crate::script::SOURCE_BYTES;
use clap::Args;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Evaluate an expression, or several statements, and print the value of the last one.
#[derive(Args)]
pub(super) struct Eval {
    /// The text, or - for standard input, e.g. 'tensor([1, 2]).softmax(0)'.
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    text: String,
    #[command(flatten)]
    arguments: Arguments,
    /// Let it write files into this folder, and read them back.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the value as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Print the value as CSV: a table of metrics::per_class, a matrix, a list, a map.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Eval {
    pub(super) fn run(self) -> Result<()> {
        let given = Given { out: self.out, ..self.arguments.given()? };
        let (name, text) = match self.text.as_str() {
            "-" => ("<stdin>", standard_input()?),
            text => ("<eval>", text.to_string()),
        };
        // Not before: Ctrl-C must end the reading as well.
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop, &Arc::default())?;
        let value = recipe::eval(name, &text, &given, &stop, Box::new(note))?;
        if self.json {
            out(&value.json()?.to_string());
        } else if self.csv {
            out(value.csv()?.trim_end_matches(['\n', '\r']));
        } else if let Some(text) = value.text() {
            out(text);
        }
        Ok(())
    }
}

fn standard_input() -> Result<String> {
    let mut text = String::new();
    let wrong = |problem: String| Error::new(Kind::Usage, "reading standard input", problem);
    std::io::stdin()
        .take(SOURCE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|cause| wrong(cause.to_string()))?;
    if text.len() as u64 > SOURCE_BYTES {
        return Err(
            wrong("the text is too long".into()).expected(format!("{SOURCE_BYTES} bytes at most"))
        );
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}
