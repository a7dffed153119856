//! What a recipe may read: what the user named, and nothing else.

use crate::error::{Error, Kind, Result};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The environment variable with folders that recipes may read, separated as in `PATH`.
pub const ROOTS_VARIABLE: &str = "STILL_DATA_ROOTS";

/// What is said of a path that nobody has named.
pub(super) const NOT_GRANTED: &str = "the recipe may not read there";

/// Folders and files that the user named, on the command line or in the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    places: Vec<Granting>,
    /// Values of `--set`, as they were given: one that leads nowhere is only a name.
    values: Vec<String>,
    /// Those that may be just words: they allow nothing before they are asked for as paths.
    words: Vec<String>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Granting {
    /// As the user wrote it.
    shown: String,
    /// Where it is, links followed.
    real: PathBuf,
}

/// What is asked for: for the hint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    File,
    Folder,
}

impl Granted {
    /// Allows what is at `path` and below it.
    ///
    /// # Errors
    /// Nothing is there.
    pub fn add_root(&mut self, path: &Path) -> Result<()> {
        let real = path.canonicalize().map_err(|cause| {
            Error::io("--data-root", path, &cause)
                .as_kind(Kind::Usage)
                .hint("name a folder that is there; the recipe may read what is in it")
        })?;
        self.add(path.display().to_string(), real);
        Ok(())
    }

    /// Allows the folders that the environment names. One that is not on this machine is passed over: such a
    /// variable serves several.
    pub fn add_variable(&mut self, text: &OsStr) {
        for path in std::env::split_paths(text).filter(|path| !path.as_os_str().is_empty()) {
            if let Ok(real) = path.canonicalize() {
                self.add(path.display().to_string(), real);
            }
        }
    }

    /// Allows what values of arguments name, since the user typed them. A value that happens to be the root of
    /// the file system is no path, and one that does not look like a path is only one where it is used so.
    pub fn add_values<'a>(&mut self, values: impl IntoIterator<Item = &'a String>) {
        for value in values {
            match is_path(value) {
                true => self.add_value(value),
                false => self.words.push(value.clone()),
            }
            self.values.push(value.clone());
        }
    }

    fn add_value(&mut self, value: &str) {
        if let Ok(real) = Path::new(value).canonicalize()
            && real.parent().is_some()
        {
            self.add(value.to_string(), real);
        }
    }

    /// A recipe asks for an argument of this value whose default, if it has one, is `default`. Whether more is allowed
    /// than before.
    pub(super) fn is_asked(&mut self, value: &str, default: Option<&str>) -> bool {
        let path =
            default.is_none_or(|text| text.is_empty() || text.contains(':') || is_path(text));
        if !path || !self.words.iter().any(|word| word == value) {
            return false;
        }
        self.words.retain(|word| word != value);
        self.add_value(value);
        true
    }

    fn add(&mut self, shown: String, real: PathBuf) {
        if !self.places.iter().any(|place| place.real == real) {
            self.places.push(Granting { shown, real });
        }
    }

    /// What was allowed when a run began.
    pub(super) fn add_told(&mut self, told: &Value) {
        for path in told.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Ok(real) = Path::new(path).canonicalize()
                && real.parent().is_some()
            {
                self.add(path.to_string(), real);
            }
        }
    }

    /// The same for a file that stays on this machine.
    pub(super) fn told(&self) -> Value {
        self.places.iter().map(|place| json!(place.real.display().to_string())).collect()
    }

    /// Refuses a path that nobody named, whether something is there or not.
    ///
    /// # Errors
    /// Such a path; one that leads out of what was named through a link.
    pub(super) fn check(&self, operation: &str, path: &Path, wanted: Wanted) -> Result<()> {
        let real = real(path);
        let within = |real: &PathBuf| self.places.iter().any(|place| real.starts_with(&place.real));
        if real.as_ref().is_some_and(within) {
            return Ok(());
        }
        // What the user typed, and is not there: reading it will tell so.
        let typed = |value: &String| !path.as_os_str().is_empty() && Path::new(value) == path;
        if real.is_some() && !path.exists() && self.values.iter().any(typed) {
            return Ok(());
        }
        // With `..` it leads out by itself.
        let down = !path.components().any(|part| matches!(part, Component::ParentDir));
        let leads = |place: &Granting| {
            let (path, place) = (std::path::absolute(path), std::path::absolute(&place.shown));
            path.is_ok_and(|path| place.is_ok_and(|place| path.starts_with(place)))
        };
        let by_link = down && self.places.iter().any(leads);
        // Where it leads is told only where the user named the way there: no script shall learn what is where.
        let target = if by_link { real.as_deref().unwrap_or(path) } else { path };
        let folder = match wanted {
            Wanted::Folder => Some(target),
            Wanted::File => target.parent().filter(|own| !own.as_os_str().is_empty()),
        };
        let problem = match by_link {
            true => "it leads out of the folders that the recipe may read",
            false => NOT_GRANTED,
        };
        let shown: Vec<&str> = self.places.iter().map(|place| place.shown.as_str()).collect();
        let allowed = match shown.is_empty() {
            true => "a path below a folder that was given; none was".to_string(),
            false => format!("a path below {}", shown.join(", ")),
        };
        let folder = folder.unwrap_or(Path::new(".")).display();
        let hint = match self.words.iter().any(|word| Path::new(word) == path) {
            true => {
                format!("a value without a '/' is a word; as a path: --set …=./{}", path.display())
            }
            false => format!("where you want it to be read: --data-root {folder}"),
        };
        Err(Error::new(Kind::File, operation, problem)
            .expected(allowed)
            .received(format!("'{}'", path.display()))
            .hint(hint))
    }
}

/// Whether a text looks like a path, and not just like a word.
fn is_path(text: &str) -> bool {
    text.starts_with('.') || text.contains(['/', std::path::MAIN_SEPARATOR])
}

/// Where a path leads, links followed; of what is not there, where it would be. `None` where that cannot be said.
fn real(path: &Path) -> Option<PathBuf> {
    let mut at = std::path::absolute(path).ok()?;
    let mut missing = Vec::new();
    loop {
        match at.canonicalize() {
            Ok(found) => return Some(missing.iter().rev().fold(found, |to, name| to.join(name))),
            // A link that leads nowhere may lead somewhere later.
            Err(_) if at.is_symlink() => return None,
            Err(_) => missing.push(at.file_name()?.to_os_string()),
        }
        if !at.pop() {
            return None;
        }
    }
}
