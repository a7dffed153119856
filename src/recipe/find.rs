//! Which files may have tests: those named, those below a folder, the standard library.

use super::source::Source;
use crate::error::{Error, Kind, Result, unknown};
use crate::script::stdlib;
use std::path::{Path, PathBuf};

/// What all modules of the standard library together are called.
const STD: &str = "std";

/// Sources in order, and what could not be read of what nobody named.
#[derive(Default)]
pub(super) struct Found {
    pub sources: Vec<Source>,
    pub broken: Vec<Error>,
}

/// The sources that `named` means: files, folders, modules of the standard library. The folder `home` is
/// left out: runs keep copies of recipes there.
///
/// # Errors
/// A name that means nothing, or a file that cannot be read.
pub(super) fn find(named: &[PathBuf], home: Option<&Path>) -> Result<Found> {
    let home = home.and_then(|home| home.canonicalize().ok());
    let mut found = Found::default();
    for path in named {
        let name = path.to_string_lossy();
        if name == STD {
            found.sources.extend(stdlib::MODULES.iter().map(module));
        } else if let Some(known) = stdlib::find(&name) {
            found.sources.push(module(&known));
        } else if path.is_dir() || path.as_os_str().is_empty() {
            below(path, home.as_deref(), &mut found);
        } else if name.starts_with("std/") && !path.exists() {
            let known: Vec<&str> = stdlib::MODULES.iter().map(|module| module.name).collect();
            return Err(unknown("still test", "module", &name, &known).as_kind(Kind::Usage));
        } else {
            found.sources.push(Source::read(path)?);
        }
    }
    let mut names = std::collections::BTreeSet::new();
    found.sources.retain(|source| names.insert(source.name.clone()));
    Ok(found)
}

fn module(module: &stdlib::StdModule) -> Source {
    Source::of(module.name, module.text)
}

/// All recipes below `folder`, in the order of their paths. Hidden folders and links to folders are
/// passed by.
fn below(folder: &Path, home: Option<&Path>, found: &mut Found) {
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(shown).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(cause) => return found.broken.push(Error::io("reading", shown, &cause)),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
        let hidden = name.to_string_lossy().starts_with('.');
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_home = home.is_some_and(|home| path.canonicalize().is_ok_and(|own| own == home));
            if !hidden && !is_home {
                below(&path, home, found);
            }
        } else if !hidden && path.extension().is_some_and(|own| own == "rhai") && path.is_file() {
            match Source::read(&path) {
                Ok(source) => found.sources.push(source),
                Err(error) => found.broken.push(error),
            }
        }
    }
}
