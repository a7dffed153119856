//! Where fetched sets are.

use super::record::RECORD;
use std::env;
use std::path::{Path, PathBuf};

/// The environment variable that says where fetched sets are.
pub const DATA_VARIABLE: &str = "STILL_DATA";

/// The folder of fetched sets by the environment: `STILL_DATA`; else `datasets` in `STILL_HOME`; else
/// `stillroom/datasets` where the system keeps data of programs (`XDG_DATA_HOME` or `~/.local/share`,
/// `~/Library/Application Support`, `%LOCALAPPDATA%`). `None` where there is not even a home folder.
pub fn data_folder() -> Option<PathBuf> {
    folder_by(&|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

/// As [`data_folder`], in an environment that is given.
pub fn folder_by(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(folder) = variable(DATA_VARIABLE) {
        return Some(folder);
    }
    if let Some(home) = variable("STILL_HOME") {
        return Some(home.join("datasets"));
    }
    let home = || variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let system = if cfg!(windows) {
        variable("LOCALAPPDATA").or_else(|| Some(home()?.join("AppData").join("Local")))
    } else if cfg!(target_os = "macos") {
        Some(home()?.join("Library").join("Application Support"))
    } else {
        // The XDG specification has relative paths ignored.
        let given = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
        given.or_else(|| Some(home()?.join(".local").join("share")))
    };
    Some(system?.join("stillroom").join("datasets"))
}

/// The folder of the set called `name` if it was fetched, by the environment's [`data_folder`]. A set that is
/// half there has no folder of this name.
pub fn installed(name: &str) -> Option<PathBuf> {
    installed_in(&data_folder()?, name)
}

/// As [`installed`], in a folder of sets that is given.
pub fn installed_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let folder = folder.join(name);
    folder.join(RECORD).is_file().then_some(folder)
}
