//! A recipe's text as it stands in its file.

use crate::disk;
use crate::error::{Error, Kind, Place, Result};
use crate::script::SOURCE_BYTES;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The text of a recipe at one moment.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as the user names it.
    pub file: PathBuf,
    /// The file's name in messages.
    pub name: String,
    /// Its text.
    pub text: Arc<str>,
    /// BLAKE3 of its text.
    pub hash: String,
}

impl Source {
    /// Reads a recipe.
    ///
    /// # Errors
    /// A file that cannot be read or is not UTF-8.
    pub fn read(file: &Path) -> Result<Self> {
        let text =
            disk::read_text_up_to(file, SOURCE_BYTES).map_err(|error| match error.kind() {
                Kind::Data => error.as_kind(Kind::Script),
                _ => with_ending(file, error.as_kind(Kind::Usage)),
            })?;
        // Some editors begin a file with a mark that is no part of it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Ok(Source::of(file, text))
    }

    /// A text that is called `file` in messages, wherever it comes from.
    pub fn of(file: impl AsRef<Path>, text: &str) -> Self {
        Source {
            file: file.as_ref().to_path_buf(),
            name: file.as_ref().display().to_string(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            text: text.into(),
        }
    }

    /// A line of it, counted from 1, and a column of that, for errors about it.
    pub fn place(&self, line: usize, column: Option<usize>) -> Place {
        let (file, text) = (self.file.clone(), Some(self.text.clone()));
        Place { file, line, column, text, note: String::new() }
    }
}

/// Names the recipe that is there where only its ending was left out.
fn with_ending(file: &Path, error: Error) -> Error {
    let whole = file.with_added_extension("rhai");
    let meant = !file.exists() && whole.is_file();
    if meant { error.hint(format!("did you mean {}?", whole.display())) } else { error }
}
