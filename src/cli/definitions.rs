//! `still definitions`: writes definition files for editors.

use super::out;
use crate::disk;
use crate::error::Result;
use crate::recipe;
use clap::Args;
use std::path::PathBuf;

/// Write definition files (.d.rhai) of everything that a recipe can call, for editors.
#[derive(Args)]
pub(super) struct Definitions {
    /// The folder; files of the same names there are replaced.
    #[arg(default_value = "definitions")]
    folder: PathBuf,
}

impl Definitions {
    pub(super) fn run(self) -> Result<()> {
        let files = recipe::definitions();
        for (name, text) in &files {
            let path = self.folder.join(name);
            if let Some(folder) = path.parent() {
                disk::make_folder(folder)?;
            }
            disk::write_whole(&path, text.as_bytes())?;
        }
        out(&format!("{} files in {}", files.len(), self.folder.display()));
        Ok(())
    }
}
